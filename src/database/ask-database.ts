import { ActionError, errorCode, errorMessage } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type ConnectOptions, type Database, withDatabase } from './connect.ts'
import { connectionUrl } from './connection-url.ts'

/** Work on a database, and what to call it when it fails. */
export interface Question extends ConnectOptions {
  /** `count the tables`: reads on after "Could not". */
  what: string
}

/**
 * {@link withDatabase} for whoever has no better word for a failure: what the driver throws becomes an {@link ActionError}
 * that says what was being done and where. Throws that, and what the work throws as one.
 */
export async function askDatabase<T>(
  runtime: Runtime,
  { what, ...options }: Question,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  try {
    return await withDatabase(runtime, options, work)
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
