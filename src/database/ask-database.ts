import { ActionError, errorCode, errorMessage } from '../runtime/errors.ts'
import { backoff, retry } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type ConnectOptions, type Database, withDatabase } from './connect.ts'
import { connectionUrl } from './connection-url.ts'
import { isPassing } from './ready.ts'

/** Work on a database, and what to call it when it fails. */
export interface Question extends ConnectOptions {
  /** `count the tables`: reads on after "Could not". */
  what: string
}

const ATTEMPTS = 3

/**
 * Does work that may be done twice, up to three times in all while a connection fails for a cause that passes: it is lost, the
 * server has no room or starts anew. Throws the last failure as it is.
 */
export async function tryAgain<T>(runtime: Runtime, work: () => Promise<T>): Promise<T> {
  return await retry(
    {
      clock: runtime.clock,
      signal: runtime.signal,
      decide: (error, attempt) => (attempt < ATTEMPTS && isPassing(error) ? backoff(attempt, 500, 2000) : 'stop'),
      onWait: (error) => runtime.log.info(`Connecting to the database again: ${errorMessage(error)}`),
    },
    work,
  )
}

/** {@link withDatabase} for work that may be done twice, by {@link tryAgain}. */
export async function tryDatabase<T>(
  runtime: Runtime,
  options: ConnectOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return await tryAgain(runtime, () => withDatabase(runtime, options, work))
}

/**
 * {@link tryDatabase} for whoever has no better word for a failure: what the driver throws becomes an {@link ActionError}
 * that says what was being done and where. Throws that, and what the work throws as one.
 */
export async function askDatabase<T>(
  runtime: Runtime,
  { what, ...options }: Question,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  try {
    return await tryDatabase(runtime, options, work)
  } catch (error) {
    runtime.signal.throwIfAborted()
    throw databaseFailure(error, { what, url: options.url })
  }
}

/** What the driver threw, as an {@link ActionError}; one that is it already stays. */
export function databaseFailure(error: unknown, { what, url }: Pick<Question, 'what' | 'url'>): ActionError {
  if (error instanceof ActionError) return error
  const { database, address } = connectionUrl(url)
  return new ActionError(`Could not ${what} in the database ${database} at ${address}: ${errorMessage(error)}.`, {
    advice: 'Run the job again; if it stays, look at the server and at what the role may do there.',
    title: errorCode(error),
  })
}
