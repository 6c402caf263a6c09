import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import postgres from 'postgres'
import type { Runtime } from '../runtime/runtime.ts'
import { connectSocket, type SocketTarget, UNLIMITED_BUFFER } from './socket.ts'

/** A row as the server sends it: every value is text or null. */
export type Row = Record<string, unknown>

/** One connection that keeps its session, on which queries may be pipelined without limit. */
export interface Database {
  readonly sql: postgres.ReservedSql
  /** The answer to {@link ConnectOptions.first}: its rows, or a list of rows for each of several statements, or the error. */
  readonly first: Promise<unknown>
  /** False once the connection is gone; a query sent then would crash the process inside postgres.js. */
  isOpen(): boolean
  /** Resolves when the connection is gone. postgres.js never answers a query sent after an error and before that. */
  readonly gone: Promise<void>
  /** Ends the connection, in 5 s at the latest, and resolves when it is gone. */
  close(): Promise<void>
  /** Tells the server that this is the end, without the round trip until it agrees. Only when all answers are there. */
  leave(): Promise<void>
}

/** How to reach a database. */
export interface ConnectOptions {
  /** `postgresql://user:password@host:port/database?sslmode=…` */
  url: string
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
const CONNECT_TIMEOUT_SECONDS = 15

/** TLS as postgres.js takes it. */
type Tls = false | { rejectUnauthorized: boolean; checkServerIdentity?: () => undefined }

/**
 * The `ssl` option for postgres.js from a connection URL. Neon's certificates are public, so on its hosts they are
 * verified; elsewhere `sslmode` decides as libpq does (https://www.postgresql.org/docs/current/libpq-ssl.html).
 */
export function sslOption(url: URL): Tls {
  const mode = url.searchParams.get('sslmode') ?? 'prefer'
  if (isNeonHost(url.hostname)) return { rejectUnauthorized: true }
  if (mode === 'disable' || mode === 'allow' || mode === 'prefer') return false
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { rejectUnauthorized: mode === 'verify-full' }
}

/** The same TLS options with a write buffer that never reports itself full; see {@link UNLIMITED_BUFFER}. */
function pipelined(tls: Tls): Tls | (Exclude<Tls, false> & { highWaterMark: number }) {
  return tls && { ...tls, highWaterMark: UNLIMITED_BUFFER }
}

/** Whether a host is one of Neon's. */
export function isNeonHost(host: string): boolean {
  return /\.neon\.(tech|build)$/i.test(host)
}

/**
 * Opens one connection and reserves it. Throws the driver's error (its `code` is a SQLSTATE or a system code) when the
 * server cannot be reached or refuses; see `waitUntilReady` for a server that may still be starting.
 */
export async function openDatabase(runtime: Runtime, options: ConnectOptions): Promise<Database> {
  runtime.signal.throwIfAborted()
  const url = new URL(options.url)
  let open = true
  let loggedIn = false
  let socket: Socket | undefined
  const gone = Promise.withResolvers<void>()
  let deadline: NodeJS.Timeout | undefined
  // A variable, not an argument: the driver's types lack max_pipeline.
  const driverOptions = {
    host: decodeURIComponent(url.hostname),
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    ssl: pipelined(sslOption(url)),
    socket: async (target: SocketTarget) => {
      socket = await connectSocket(target, CONNECT_TIMEOUT_SECONDS)
      return socket
    },
    max: 1,
    // By default the driver ends a connection after 30 to 60 minutes, in the middle of a long migration too.
    max_lifetime: 0,
    prepare: false,
    fetch_types: false,
    max_pipeline: UNLIMITED_PIPELINE,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    connection: { application_name: 'neon-postgres-setup', ...options.settings },
    // The server tells its settings once the login is through, privileges on the database included.
    onparameter: () => {
      loggedIn = true
    },
    onclose: () => {
      open = false
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
    pool.end({ timeout: 0 }).catch(() => undefined)
  }
  runtime.signal.addEventListener('abort', abort, { once: true })
  const close = async () => {
    runtime.signal.removeEventListener('abort', abort)
    await Promise.race([
      pool.end({ timeout: open ? 5 : 0 }).catch(() => undefined),
      cancelled.promise.catch(() => undefined),
    ])
  }
  try {
    // postgres.js hangs for ever when reserve() is the first call of a pool, hence the query before it.
    // It also never answers a query that waits for a connection when the pool is ended, and comes back for ever to a
    // server that hangs up before the login, hence the race.
    deadline = setTimeout(() => cancelled.reject(tooLate(url)), CONNECT_TIMEOUT_SECONDS * 1000)
    const first: Promise<unknown> = Promise.resolve(pool.unsafe(options.first ?? 'select 1').simple())
    const login = first.catch((error: unknown) => {
      if (!loggedIn || !open) throw error
    })
    await Promise.race([login, cancelled.promise])
    clearTimeout(deadline)
    const sql = await Promise.race([pool.reserve(), cancelled.promise])
    return {
      sql,
      first,
      isOpen: () => open && !runtime.signal.aborted,
      gone: gone.promise,
      async close() {
        if (open) sql.release()
        await close()
      },
      async leave() {
        if (!open) return await close()
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
    await database.close()
    throw error
  }
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

function tooLate(url: URL): Error {
  const error = new Error(`no login at ${url.host} within ${CONNECT_TIMEOUT_SECONDS} s`)
  return Object.assign(error, { code: 'CONNECT_TIMEOUT' })
}
