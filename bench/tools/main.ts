/**
 * Runs migration tools of npm through the action's own code, each on a real server: `npm run test:tools`, with `-- Knex` for
 * those whose name has the word. Writes the table of docs/migration-tools.md, in which the others keep the rows of their last
 * run (bench/results/tools.json). With SAVE_OUTPUTS=<folder> what the tools print when a migration fails is kept, from which
 * `__tests__/fixtures/tool-outputs` was made.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCluster } from '../../sandbox/postgres/index.ts'
import { SETUPS } from './setups.ts'
import { type Outcome, play } from './stories.ts'
import { type Rows, renderTable, rowOf } from './table.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const wanted = process.argv.slice(2)
const chosen = SETUPS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
const cluster = await startCluster({ version: 17 })
// The sandbox's certificate signs itself; Neon's are public.
const trusted = join(tmpdir(), `neon-tools-${process.pid}.pem`)
writeFileSync(trusted, cluster.certificate)
process.env.NODE_EXTRA_CA_CERTS = trusted
const outcomes: Outcome[] = []
try {
  for (const setup of chosen) {
    const outcome = await play(setup, cluster)
    outcomes.push(outcome)
    const { problems, secondsToEnd, secondsOfNextRun } = outcome
    console.log(
      `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${setup.name}: after a cancel nothing runs after ${secondsToEnd.toFixed(1)} s, the next run took ${secondsOfNextRun.toFixed(1)} s`,
    )
    for (const problem of problems) console.log(`       ${problem}`)
    if (problems.length > 0) console.log(outcome.log.replace(/^/gm, '         '))
  }
  writeTable()
  process.exitCode = outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1
} finally {
  await cluster.stop()
  await rm(trusted, { force: true })
}

function writeTable(): void {
  const results = join(ROOT, 'bench', 'results')
  const kept = join(results, 'tools.json')
  mkdirSync(results, { recursive: true })
  const rows: Rows = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Rows) : {}
  for (const outcome of outcomes) rows[outcome.setup.name] = rowOf(outcome)
  writeFileSync(kept, `${JSON.stringify(rows, null, 2)}\n`)
  const table = renderTable(rows)
  if (table === null) return
  const page = join(ROOT, 'docs', 'migration-tools.md')
  const text = readFileSync(page, 'utf8')
  writeFileSync(
    page,
    text.replace(/(<!-- tools -->\n)[\s\S]*?(<!-- \/tools -->)/, (_, open, close) => `${open}\n${table}\n${close}`),
  )
}
