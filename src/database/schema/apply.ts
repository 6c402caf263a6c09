import type { SchemaResult, SqlFailure } from '../../model.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { baselineHint } from './decision/adopt.ts'
import { decide } from './decision/decide.ts'
import { NeedsReset, refuseForbidden, warn } from './decision/refuse.ts'
import { ledgerChanges } from './execution/ledger-changes.ts'
import { isLocked, TRY_LOCK, waitForLock } from './execution/lock.ts'
import { type RunContext, runTasks } from './execution/run-tasks.ts'
import type { Session } from './execution/session.ts'
import { isOfTheMoment } from './failure/failure.ts'
import { didSomething, type LedgerRow, READ_LEDGER, readLedger, rowsOf } from './ledger/ledger.ts'
import type { ApplyOptions, SchemaPolicy } from './policy.ts'
import { summarize, tellResult } from './result.ts'
import { sessionSettings, withSession } from './with-session.ts'

/**
 * Applies the files that the ledger does not have, in order, and returns what became of each. A failing SQL statement is
 * `failure` in the result. Throws an {@link ActionError} when another run keeps the lock, a file was edited or is out of
 * order and the policy forbids it, the ledger cannot be kept, or the connection is lost; a `NeedsReset` when the preview
 * has to be replayed. In each of these cases running it again goes on where this run ended.
 */
export function applySchema(runtime: Runtime, options: ApplyOptions): Promise<SchemaResult> {
  const started = runtime.clock.now()
  const use = { options, settings: sessionSettings(options), first: LOCK_AND_READ }
  return withSession(runtime, use, async (session) => {
    const { ledger, hasLedger, serverVersion } = await lockAndRead(runtime, session, options.policy)
    const decision = decide(ledger, options)
    await refuseForbidden(decision, options)
    const warnings = warn(runtime, decision, options)
    const failure = await runAll(runtime, { session, decision, options, hasLedger, serverVersion }, ledger)
    const told = failure && { ...failure, ...baselineHint(failure, decision, options) }
    const result = {
      ...summarize(runtime, { decision, options, started, warnings }),
      ...(told ? { failure: told } : {}),
    }
    tellResult(runtime, result)
    return result
  })
}

type Context = Omit<RunContext, 'tasks' | 'changes'>

/**
 * Runs the files of the pull request's base, and then its own. Throws a {@link NeedsReset} when one of the base does not run
 * on what the preview holds by now: on what the parent has, it may.
 */
async function runAll(
  runtime: Runtime,
  context: Context,
  ledger: readonly LedgerRow[],
): Promise<SqlFailure | undefined> {
  const { decision, options } = context
  const changes = ledgerChanges(decision, options)
  const ofBase = decision.tasks.filter((task) => task.ofBase)
  const own = decision.tasks.filter((task) => !task.ofBase)
  if (!options.aroundBase || ofBase.length === 0) {
    return await runTasks(runtime, { ...context, tasks: decision.tasks, changes })
  }
  let failure: SqlFailure | undefined
  await options.aroundBase(async () => {
    failure = await runTasks(runtime, { ...context, tasks: ofBase, changes })
  })
  if (!failure) return await runTasks(runtime, { ...context, hasLedger: true, tasks: own, changes: [] })
  // Where nothing ran on this preview alone, the parent has what failed, and a reset would bring nothing else, on each push.
  const holdsOwn = ledger.some((row) => row.branch === options.branchId && didSomething(row))
  const mayReset = options.isPreview && options.isUsed && holdsOwn && options.policy.onEdit === 'reset'
  if (!mayReset || isOfTheMoment(failure) || options.base?.lacking.length) return failure
  const { file, message } = failure
  throw new NeedsReset({ failed: { files: [file], branch: options.base?.branch ?? 'the base', message } })
}

// One message, so that a run with nothing to apply is the login and no more. At any other isolation level the ledger would be
// read as it was before the lock was there.
const LOCK_AND_READ = [
  'begin isolation level read committed',
  TRY_LOCK,
  "select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as server_version",
  READ_LEDGER,
  'commit',
].join(';\n')

interface LedgerState {
  ledger: LedgerRow[]
  hasLedger: boolean
  serverVersion: number
}

/** Makes sure of the lock and reads the ledger; both came with the login when nobody else has the lock. */
async function lockAndRead(runtime: Runtime, session: Session, policy: SchemaPolicy): Promise<LedgerState> {
  const first = await session.first
  const serverVersion = Number(first.find((row) => 'server_version' in row)?.server_version)
  let reading = readLedger(first)
  if (!isLocked(first)) {
    await waitForLock(runtime, session, policy.lockWaitMilliseconds)
    // The run we waited for has written to it.
    reading = readLedger(await session.send(READ_LEDGER))
  }
  return { ledger: rowsOf(reading), hasLedger: reading.rows !== undefined, serverVersion }
}
