import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import postgres from 'postgres'
import { ActionError, errorCode } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type ConnectionUrl, connectionUrl } from './connection-url.ts'
import { connectSocket, hungUp } from './socket.ts'
import { type Encryption, encryptionsOf } from './tls.ts'

/** A row as the server sends it: every value is text or null. */
export type Row = Record<string, unknown>

/** One connection that keeps its session, on which queries may be pipelined without limit. */
export interface Database {
  readonly sql: postgres.ReservedSql
  /** The answer to {@link ConnectOptions.first}: its rows, or a list of rows for each of several statements, or the error. */
  readonly first: Promise<unknown>
  /** The server's major version, 14 to 18, as it says by itself behind the login; 0 where it does not (a pooler may not). */
  readonly version: number
  /** False once the connection is gone; a query sent then throws CONNECTION_CLOSED. */
  isOpen(): boolean
  /** Resolves when the connection is gone. postgres.js never answers a query sent after an error and before that. */
  readonly gone: Promise<void>
  /** Ends the connection, in 5 s at the latest, and resolves when it is gone. */
  close(): Promise<void>
  /** Tells the server that this is the end, without the round trip until it agrees. Only when all answers are there. */
  leave(): Promise<void>
}

/** Neon's computes start when somebody comes, and are waited for; any other server is there or is not. */
export type ServerKind = 'neon' | 'foreign'

/** How to reach a database. */
export interface ConnectOptions {
  /** `postgresql://user:password@host:port/database?sslmode=…`, as `readConnectionUrl` takes it. */
  url: string
  /** Whose server it is; judged by the host's name unless told, and a sandbox's Neon has none of Neon's names. */
  kind?: ServerKind
  /** Session settings such as `lock_timeout`; set on the connection, so that `reset all` comes back to them. */
  settings?: Record<string, string>
  /**
   * One message that is sent right behind the login, `select 1` if not told: a round trip saved for who has to ask
   * something first. An error in it is none of {@link openDatabase}; it is in {@link Database.first}.
   */
  first?: string
  /** Told each NOTICE of the server. */
  onNotice?(notice: postgres.Notice): void
}

// More than any chain of messages we send: below it postgres.js falls back to one query per round trip.
const UNLIMITED_PIPELINE = 1_000_000
// For the connection and the login, where the URL has no connect_timeout.
const CONNECT_SECONDS = { neon: 15, foreign: 10 }

/**
 * Opens one connection and reserves it. Throws the driver's error (its `code` is a SQLSTATE or a system code) when the
 * server cannot be reached or refuses; see `waitUntilReady` for a server that may still be starting.
 */
export async function openDatabase(runtime: Runtime, options: ConnectOptions): Promise<Database> {
  runtime.signal.throwIfAborted()
  const url = connectionUrl(options.url)
  const [first, second] = encryptionsOf(url)
  try {
    return await open(runtime, { options, url, encryption: first })
  } catch (error) {
    if (!second || !(error instanceof postgres.PostgresError)) throw error
    return await open(runtime, { options, url, encryption: second }).catch((again: unknown) => {
      throw errorCode(again) === 'TLS_NOT_OFFERED' ? error : again
    })
  }
}

interface Way {
  options: ConnectOptions
  url: ConnectionUrl
  encryption: Encryption
}

async function open(runtime: Runtime, { options, url, encryption }: Way): Promise<Database> {
  const { host, port, database, user, password } = url
  const seconds = url.connectSeconds ?? CONNECT_SECONDS[options.kind ?? (url.isNeon ? 'neon' : 'foreign')]
  let isOpen = true
  let loggedIn = false
  let version = 0
  let socket: Socket | undefined
  const gone = Promise.withResolvers<void>()
  const attempts = new AbortController()
  let deadline: NodeJS.Timeout | undefined
  // A variable, not an argument: the driver's types lack max_pipeline.
  const driverOptions = {
    // Host and port are for the driver's messages only.
    ...{ host, port, database, user, password },
    // The socket comes with TLS: what the driver makes for `prefer` has a buffer of 16 kB, and it does not see that a
    // server has no TLS where it must have.
    ssl: false,
    socket: async () => {
      // The driver comes back without a pause, for ever, to a server that hangs up before the login.
      if (socket) throw hungUp()
      socket = await connectSocket({ host, port, seconds, encryption, signal: attempts.signal })
      return socket
    },
    max: 1,
    // By default the driver ends a connection after 30 to 60 minutes, in the middle of a long migration too.
    max_lifetime: 0,
    prepare: false,
    fetch_types: false,
    max_pipeline: UNLIMITED_PIPELINE,
    connect_timeout: seconds,
    connection: {
      ...{ application_name: 'neon-postgres-setup', ...url.startup, ...options.settings },
      ...(url.applicationName ? { application_name: url.applicationName } : {}),
    },
    // The server tells its settings once the login is through, privileges on the database included.
    onparameter: (name: string, value: string) => {
      loggedIn = true
      if (name === 'server_version') version = Number.parseInt(value, 10) || 0
    },
    onclose: () => {
      isOpen = false
      gone.resolve()
    },
    onnotice:
      options.onNotice ?? ((notice) => runtime.log.debug(`postgres: ${notice.severity ?? ''} ${notice.message ?? ''}`)),
  }
  const pool = postgres(driverOptions)
  const cancelled = Promise.withResolvers<never>()
  cancelled.promise.catch(() => undefined)
  // A cancelled run must not wait for a statement: closing the socket makes the server roll back.
  const abort = () => {
    cancelled.reject(runtime.signal.reason)
    attempts.abort(runtime.signal.reason)
    pool.end({ timeout: 0 }).catch(() => undefined)
  }
  runtime.signal.addEventListener('abort', abort, { once: true })
  const close = async () => {
    runtime.signal.removeEventListener('abort', abort)
    attempts.abort(goneError())
    await Promise.race([
      pool.end({ timeout: isOpen && loggedIn ? 5 : 0 }).catch(() => undefined),
      cancelled.promise.catch(() => undefined),
    ])
  }
  try {
    // postgres.js hangs for ever when reserve() is the first call of a pool, hence the query before it.
    // It also never answers a query that waits for a connection when the pool is ended, hence the race.
    deadline = setTimeout(() => cancelled.reject(tooLate(url, seconds)), seconds * 1000)
    const first: Promise<unknown> = Promise.resolve(pool.unsafe(options.first ?? 'select 1').simple())
    const login = first.catch((error: unknown) => {
      if (!loggedIn || !isOpen) throw error
    })
    await Promise.race([login, cancelled.promise])
    clearTimeout(deadline)
    const sql = await Promise.race([pool.reserve(), cancelled.promise])
    return {
      sql: guarded(runtime, sql, () => isOpen),
      first,
      version,
      isOpen: () => isOpen && !runtime.signal.aborted,
      gone: gone.promise,
      async close() {
        if (isOpen) sql.release()
        await close()
      },
      async leave() {
        if (!isOpen) return await close()
        runtime.signal.removeEventListener('abort', abort)
        sql.release()
        pool.end().catch(() => undefined)
        // What is left to come must not keep the process.
        socket?.unref()
        await setImmediate()
      },
    }
  } catch (error) {
    clearTimeout(deadline)
    await close()
    // A server that never answers does not hang up either.
    socket?.destroy()
    runtime.signal.throwIfAborted()
    throw error
  }
}

/**
 * Opens a connection, does work on it and closes it. Throws what the work throws, the driver's error of
 * {@link openDatabase}, and an Error with code CONNECTION_CLOSED as soon as the connection is gone, whatever the driver
 * still owes an answer to.
 */
export async function withDatabase<T>(
  runtime: Runtime,
  options: ConnectOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(runtime, options)
  try {
    const result = await Promise.race([work(database), lost(runtime, database)])
    await database.leave()
    return result
  } catch (error) {
    // Whatever the driver says when its socket is gone, that is why.
    const isLost = !database.isOpen() && !(error instanceof ActionError || error instanceof postgres.PostgresError)
    await database.close()
    runtime.signal.throwIfAborted()
    throw isLost ? goneError() : error
  }
}

/**
 * Refuses queries once the connection is gone, in the place of the driver: it writes to a socket that is not there any more,
 * outside of any promise, and so ends the process.
 */
function guarded(runtime: Runtime, sql: postgres.ReservedSql, isOpen: () => boolean): postgres.ReservedSql {
  const check = (): void => {
    runtime.signal.throwIfAborted()
    if (!isOpen()) throw goneError()
  }
  return new Proxy(sql, {
    apply(target, self, texts) {
      check()
      return Reflect.apply(target, self, texts)
    },
    get(target, name) {
      if (name === 'unsafe') check()
      return Reflect.get(target, name)
    },
  })
}

/** A promise that only ever rejects: when the connection is gone, or with the reason of a cancelled run. */
export function lost(runtime: Runtime, database: Database): Promise<never> {
  const rejection = database.gone.then(() => {
    runtime.signal.throwIfAborted()
    throw goneError()
  })
  rejection.catch(() => undefined)
  return rejection
}

/** The error of a connection that is gone. */
export function goneError(): Error {
  return Object.assign(new Error('the connection was lost'), { code: 'CONNECTION_CLOSED' })
}

function tooLate({ address }: ConnectionUrl, seconds: number): Error {
  return Object.assign(new Error(`no login at ${address} within ${seconds} s`), { code: 'CONNECT_TIMEOUT' })
}
