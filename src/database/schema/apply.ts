import { seconds } from '../../clock.ts'
import { ActionError, errorCode, errorMessage } from '../../errors.ts'
import type { SchemaResult } from '../../model.ts'
import type { Runtime } from '../../runtime.ts'
import { type Decision, decide } from './decide.ts'
import { directUrl } from './direct.ts'
import { connectionLost, isServerError } from './failure.ts'
import { type LedgerRow, READ_LEDGER, toLedgerRow } from './ledger.ts'
import { isLocked, TRY_LOCK, waitForLock } from './lock.ts'
import type { ApplyOptions, SchemaPolicy } from './policy.ts'
import { refuseForbidden, warn } from './refuse.ts'
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
  return withSession(runtime, { options, settings: sessionSettings(options) }, async (session) => {
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
}

/**
 * Does work on a session of the direct host and closes it, with which the lock goes. A connection that is lost on the way
 * becomes an {@link ActionError}.
 */
export async function withSession<T>(
  runtime: Runtime,
  { options, settings }: SessionUse,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(runtime, { url: directUrl(runtime, options.url), settings })
  try {
    return await work(session)
  } catch (error) {
    runtime.signal.throwIfAborted()
    throw error instanceof ActionError || isServerError(error) || session.isOpen() ? error : connectionLost(error)
  } finally {
    await session.close()
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

interface LedgerState {
  ledger: LedgerRow[]
  hasLedger: boolean
  serverVersion: number
}

/** Takes the lock and reads the ledger in one round trip when nobody else has it. */
async function lockAndRead(runtime: Runtime, session: Session, policy: SchemaPolicy): Promise<LedgerState> {
  const version = session.send("select pg_catalog.current_setting('server_version_num') as version")
  const [locked, state, versionRows] = await Promise.all([session.send(TRY_LOCK), readLedger(session), version])
  const serverVersion = Number(versionRows[0]?.version)
  if (isLocked(locked)) return { ...state, serverVersion }
  await waitForLock(runtime, session, policy.lockWaitMilliseconds)
  // The run we waited for has written to it.
  return { ...(await readLedger(session)), serverVersion }
}

/** Reads the ledger if there is one. Throws an {@link ActionError} when the role may not. */
export async function readLedger(session: Session): Promise<Omit<LedgerState, 'serverVersion'>> {
  try {
    return { ledger: (await session.send(READ_LEDGER)).map(toLedgerRow), hasLedger: true }
  } catch (error) {
    if (errorCode(error) === '42P01') return { ledger: [], hasLedger: false }
    if (errorCode(error) !== '42501') throw error
    throw new ActionError(`Could not read the ledger: ${errorMessage(error)}.`, {
      advice:
        'Apply the schema with the role that did it first, or let that role grant all on schema neon_setup and its tables to this one.',
      title: '42501',
    })
  }
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
