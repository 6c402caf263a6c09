/** Applies the folder `sql` below the working directory with the action's own engine; the benchmark runs its bundle as a process. */

import { applySchema, readSchema } from '../../src/database/schema/index.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'

const workspace = process.cwd()
const secrets = createSecrets(() => undefined)
const runtime = {
  log: createLog(secrets, systemClock),
  clock: systemClock,
  secrets,
  signal: new AbortController().signal,
}
const source = await readSchema({ workspace, bundledDirectory: workspace, entries: ['sql'] })
const result = await applySchema(runtime, {
  url: process.env.DATABASE_URL ?? '',
  source,
  // The defaults of the action.
  policy: {
    transaction: 'file',
    lockWaitMilliseconds: 60_000,
    lockTimeout: '10s',
    statementTimeout: '10min',
    onEdit: 'reset',
    outOfOrder: 'warn',
    showDetail: false,
  },
  branchId: 'br-bench',
  isPreview: true,
  runId: '1',
  commitSha: '0'.repeat(40),
})
if (result.failure) throw new Error(`${result.failure.file}: ${result.failure.message}`)
