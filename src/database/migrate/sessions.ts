import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { tryDatabase } from '../ask-database.ts'
import { type Database, withDatabase } from '../connect.ts'
import { askSafely, literal } from './ask-safely.ts'
import { optionsOf, withCheck } from './environment.ts'

/** What the server says before a command is started. */
export interface Ahead<T> {
  /** The server's time, as text. */
  time: string
  /** Whether it takes {@link CHECK} with the login: from PostgreSQL 14, not on every system, and not behind a pooler. */
  checksClient: boolean
  /** What the work returned. */
  result: T
}

/**
 * Logs in as a tool will, with the setting that it will be given, and without where that is refused; then does work on the
 * connection. Throws what the work throws, or the driver's error.
 */
export async function aheadOf<T>(
  runtime: Runtime,
  url: string,
  work: (database: Database) => Promise<T>,
): Promise<Ahead<T>> {
  const attempt = (checksClient: boolean) =>
    tryDatabase(
      runtime,
      { url, ...(checksClient ? { settings: { options: withCheck(optionsOf(url)) } } : {}) },
      async (database) => {
        const [row] = await askSafely<{ time: string }>(database, 'select clock_timestamp()::text as time')
        return { time: row?.time ?? '', checksClient, result: await work(database) }
      },
    )
  try {
    return await attempt(true)
  } catch (error) {
    runtime.signal.throwIfAborted()
    // What the server itself refuses; class 28 is about who asks.
    if (!/^(?!28)[0-9A-Z]{5}$/.test(errorCode(error))) throw error
    return await attempt(false)
  }
}

/** Which sessions are a command's. */
export interface Left {
  url: string
  /** Their `application_name`. */
  mark: string
  /**
   * Server's time since when also nameless sessions of this role are the command's; null where others, an application for
   * one, may have begun some meanwhile.
   */
  since: string | null
}

// A cancelled run has 7.5 seconds in all (lifetime.ts), of which the command may have taken three.
const LONGEST = 2500
const PAUSE = 50

// Idle sessions end by themselves as soon as their client is gone; only a running query does not notice.
const endQuery = (mark: string, since: string | null) => `
  select a.pid, pg_terminate_backend(a.pid) as ended from pg_stat_activity a
  where a.datname = current_database() and a.pid <> pg_backend_pid() and (a.application_name = ${literal(mark)}
    or (a.usename = current_user and a.backend_type = 'client backend' and a.xact_start is not null
      and a.application_name !~ '^neon-postgres-setup'
      and a.backend_start >= ${since === null ? 'null' : literal(since)}::timestamptz))`

/**
 * Ends the sessions that a command has left in the database: their queries would go on, hold their locks and commit behind
 * the back of the next run. Works in a cancelled run too, and takes 2.5 s at most. What it ended is told in the log, and a
 * failure is a warning.
 */
export async function endLeftSessions(runtime: Runtime, { url, mark, since }: Left): Promise<void> {
  const signal = AbortSignal.timeout(LONGEST)
  const ended = new Set<unknown>()
  try {
    await withDatabase({ ...runtime, signal }, { url }, async (database) => {
      for (;;) {
        const rows = await askSafely<{ pid: number }>(database, endQuery(mark, since))
        for (const { pid } of rows) ended.add(pid)
        if (rows.length === 0) return
        await sleep(PAUSE, undefined, { signal })
      }
    })
    if (ended.size > 0) {
      runtime.log.info(
        `Ended ${ended.size === 1 ? 'a session' : `${ended.size} sessions`} that migrate_command had left in the database, with what ran there.`,
      )
    }
  } catch (error) {
    const why = signal.aborted ? `no answer within ${LONGEST / 1000} s` : errorMessage(error)
    runtime.log.warning(
      `Could not see to it that nothing of migrate_command still runs in the database: ${why}. A query that does may commit later; look at pg_stat_activity for application_name '${mark}'.`,
    )
  }
}
