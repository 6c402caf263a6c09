import { seconds } from '../../clock.ts'
import { ActionError } from '../../errors.ts'
import type { SchemaResult } from '../../model.ts'
import type { Runtime } from '../../runtime.ts'
import { type Decision, decide } from './decision/decide.ts'
import { refuseForbidden, warn } from './decision/refuse.ts'
import { directUrl } from './direct.ts'
import { connectionLost, isServerError } from './failure/failure.ts'
import { type LedgerRow, READ_LEDGER, readLedger, rowsOf } from './ledger/ledger.ts'
import { isLocked, TRY_LOCK, waitForLock } from './lock.ts'
import type { ApplyOptions, SchemaPolicy } from './policy.ts'
import { runTasks } from './run.ts'
import { openSession, type Session } from './session.ts'

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
    refuseForbidden(decision, options)
    const warnings = warn(runtime, decision, options)
    const failure = await runTasks(runtime, { session, decision, options, hasLedger, serverVersion })
    const result = { ...summarize(runtime, { decision, options, started, warnings }), ...(failure ? { failure } : {}) }
    tellResult(runtime, result)
    return result
  })
}

/** On which session to do the work. */
export interface SessionUse {
  options: ApplyOptions
  settings: Record<string, string>
  /** A message that is sent with the login. */
  first?: string
}

/**
 * Does work on a session of the direct host and closes it, with which the lock goes. A connection that is lost on the way
 * becomes an {@link ActionError}.
 */
export async function withSession<T>(
  runtime: Runtime,
  { options, settings, first }: SessionUse,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(runtime, {
    url: directUrl(runtime, options.url),
    settings,
    ...(first ? { first } : {}),
  })
  try {
    const result = await work(session)
    await session.leave()
    return result
  } catch (error) {
    const isLost = !(error instanceof ActionError || isServerError(error) || session.isOpen())
    await session.close()
    runtime.signal.throwIfAborted()
    throw isLost ? connectionLost(error) : error
  }
}

/** The result without a failure, from what the files have become. */
export function summarize(
  runtime: Runtime,
  from: { decision: Decision; options: ApplyOptions; started: number; warnings: string[] },
): SchemaResult {
  const files = from.decision.results
  const count = (state: string) => files.filter((file) => file.state === state).length
  return {
    source: from.options.source.description,
    files,
    applied: count('applied'),
    unchanged: count('unchanged'),
    pending: count('pending'),
    milliseconds: runtime.clock.now() - from.started,
    warnings: from.warnings,
  }
}

/** What is set on the connection, so that `reset all` comes back to it after each file. */
export function sessionSettings({ policy, runId }: ApplyOptions): Record<string, string> {
  return {
    application_name: `neon-postgres-setup run ${runId}`.slice(0, 63),
    lock_timeout: policy.lockTimeout,
    statement_timeout: policy.statementTimeout,
    idle_in_transaction_session_timeout: '5min',
    // A cancelled run closes its socket; the server then ends the statement it is in.
    client_connection_check_interval: '2s',
  }
}

// One message, so that a run with nothing to apply is the login and no more. At any other isolation level the ledger would be
// read as it was before the lock was there.
const LOCK_AND_READ = [
  'begin isolation level read committed',
  TRY_LOCK,
  "select pg_catalog.current_setting('server_version_num')::int4 as server_version",
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

function tellResult({ log }: Runtime, { files, failure, applied, unchanged, milliseconds }: SchemaResult): void {
  for (const file of files) {
    if (file.state === 'applied')
      log.info(`applied ${file.path} (${file.statements} statements, ${file.milliseconds} ms)`)
    for (const note of file.state === 'unchanged' ? [] : file.notes) log.info(`  ${file.path}: ${note}`)
  }
  log.info(`${applied} files applied, ${unchanged} unchanged, in ${seconds(milliseconds)}`)
  if (!failure) return
  log.info(`${failure.file}:${failure.line}:${failure.column}: ${failure.sqlstate} ${failure.message}`)
  log.info(failure.excerpt)
  for (const text of [failure.detail, failure.hint, failure.where]) if (text) log.info(text)
  log.info(failure.consequence)
}
