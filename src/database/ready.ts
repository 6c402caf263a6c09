import { ActionError, errorCode, errorMessage } from '../runtime/errors.ts'
import { backoff, retry } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type ConnectOptions, type Database, withDatabase } from './connect.ts'

const READY_WITHIN = 60_000

/** Whether a failed connection is worth another try: nothing listens yet, or the server is still starting. */
function isStarting(error: unknown): boolean {
  const code = errorCode(error)
  return (
    [
      'ECONNREFUSED',
      'ECONNRESET',
      'CONNECT_TIMEOUT',
      'CONNECTION_CLOSED',
      'CONNECTION_ENDED',
      'CONNECTION_DESTROYED',
      'ETIMEDOUT',
      'EPIPE',
      'ENOTFOUND',
      'EAI_AGAIN',
    ].includes(code) ||
    ['57P01', '57P03', '53300', '08006', '08P01'].includes(code) ||
    /couldn't connect to compute node/i.test(errorMessage(error))
  )
}

/**
 * Connects with backoff until `select 1` is answered, and returns the milliseconds that took. Waits only for causes that
 * pass (nothing listens, the compute starts); a wrong password or a missing database fails at once.
 * @param look at what the connection was answered; what it throws counts as a failed connection.
 */
export async function waitUntilReady(
  runtime: Runtime,
  options: ConnectOptions,
  look: (database: Database) => Promise<void> = async () => undefined,
): Promise<number> {
  const started = runtime.clock.now()
  const host = new URL(options.url).host
  try {
    await retry(
      {
        clock: runtime.clock,
        signal: runtime.signal,
        decide: (error, attempt, elapsed) =>
          isStarting(error) && elapsed < READY_WITHIN ? backoff(attempt, 100, 3000) : 'stop',
        onWait: (error) => runtime.log.progress(`Waiting for ${host} to accept connections: ${errorMessage(error)}`),
      },
      () => withDatabase(runtime, options, look),
    )
  } catch (error) {
    runtime.signal.throwIfAborted()
    throw new ActionError(`Could not log in at ${host}: ${errorMessage(error)}.`, {
      advice: isStarting(error)
        ? 'The compute did not start in time: look at the branch in the Neon console, then run the job again.'
        : 'Check the database, the role and its password.',
      title: errorCode(error),
    })
  }
  return runtime.clock.now() - started
}
