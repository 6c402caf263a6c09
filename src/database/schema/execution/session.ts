import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ActionError, errorCode, errorMessage } from '../../../runtime/errors.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { tryAgain } from '../../ask-database.ts'
import { type ConnectOptions, goneError, lost, openDatabase, type Row } from '../../connect.ts'
import { connectionUrl } from '../../connection-url.ts'

/** One connection that takes messages without waiting for the answers before them. */
export interface Session {
  /** The rows of the message that came with the login, or the server's error. */
  readonly first: Promise<Row[]>
  /** Sends one simple-query message and returns the rows of all its statements. Rejects with the server's error. */
  send(text: string): Promise<Row[]>
  /** The same for a statement of the user, whose rows nobody needs. */
  run(text: string): Promise<void>
  /** Sends `COPY … FROM stdin` with its rows. Nothing else may be sent until it settles. */
  copy(text: string, rows: string): Promise<void>
  isOpen(): boolean
  close(): Promise<void>
  /** As {@link close}, without waiting for the server. Only when all answers are there. */
  leave(): Promise<void>
}

// One CopyData message each: small enough not to hold a large file twice.
const COPY_CHUNK = 1 << 20

/** Opens a {@link Session}. Throws an {@link ActionError} when the database cannot be reached or refuses the login. */
export async function openSession(runtime: Runtime, options: ConnectOptions): Promise<Session> {
  const database = await tryAgain(runtime, () => openDatabase(runtime, options)).catch((error: unknown) => {
    runtime.signal.throwIfAborted()
    if (error instanceof ActionError) throw error
    const { address, database } = connectionUrl(options.url)
    throw new ActionError(`Could not log in to the database ${database} at ${address}: ${errorMessage(error)}.`, {
      advice: 'Check host, database, role and password, then run the job again.',
      title: errorCode(error),
    })
  })
  const gone = lost(runtime, database)
  const answered = <T>(answer: PromiseLike<T>): Promise<T> => Promise.race([answer, gone])
  // Every use must call `execute` or `forEach` at once: a query that is only awaited is sent later than those.
  const query = (text: string) => {
    runtime.signal.throwIfAborted()
    if (!database.isOpen()) throw goneError()
    return database.sql.unsafe(text).simple()
  }
  const first = database.first.then(flatten)
  first.catch(() => undefined)
  return {
    first,
    async send(text) {
      return flatten(await answered(query(text).execute()))
    },
    async run(text) {
      await answered(query(text).forEach(dropRow))
    },
    async copy(text, rows) {
      await answered(copyRows(query(text), rows))
    },
    isOpen: () => database.isOpen(),
    close: () => database.close(),
    leave: () => database.leave(),
  }
}

function dropRow(): void {}

/** A message of several statements gives a list of results, one of a single statement its rows. */
function flatten(result: unknown): Row[] {
  return (result as (Row | Row[])[]).flat()
}

/** The two callbacks that postgres.js calls on a query; its types keep them to itself. */
interface Settling {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * Feeds a COPY. postgres.js settles the query when the server asks for the rows and then drops an error that comes after the
 * last row, so we listen to the second answer ourselves: the result, or the error.
 */
function copyRows(query: PromiseLike<unknown> & { execute(): unknown }, rows: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settling = query as unknown as Settling
    const passOn = { resolve: settling.resolve, reject: settling.reject }
    settling.resolve = (value) => {
      passOn.resolve(undefined)
      if (isWritable(value)) feed(value, rows, reject)
      else resolve()
    }
    settling.reject = (error) => {
      passOn.resolve(undefined)
      reject(error)
    }
    query.execute()
    query.then(undefined, reject)
  })
}

function isWritable(value: unknown): value is NodeJS.WritableStream {
  return typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function'
}

function feed(stream: NodeJS.WritableStream, rows: string, reject: (error: unknown) => void): void {
  const bytes = Buffer.from(rows)
  const chunks = function* () {
    for (let at = 0; at < bytes.length; at += COPY_CHUNK) yield bytes.subarray(at, at + COPY_CHUNK)
  }
  // An error before the last row destroys the stream with the server's error, which `reject` of the query also tells.
  pipeline(Readable.from(chunks()), stream).catch(reject)
}
