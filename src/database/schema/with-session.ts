import { ActionError } from '../../runtime/errors.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { databaseFailure } from '../ask-database.ts'
import { directUrl } from './execution/direct-url.ts'
import { openSession, type Session } from './execution/session.ts'
import { connectionLost, isServerError } from './failure/failure.ts'
import type { ApplyOptions } from './policy.ts'

/** On which session to do the work. */
export interface SessionUse {
  options: ApplyOptions
  settings: Record<string, string>
  /** A message that is sent with the login. */
  first?: string
}

/**
 * Does work on a session of the direct host and closes it, with which the lock goes. A connection that is lost on the way
 * becomes an {@link ActionError}, as does what the server refused of our own messages.
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
    throw isLost ? connectionLost(error) : databaseFailure(error, { what: 'read the ledger', url: options.url })
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
