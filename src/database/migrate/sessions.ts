import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '../../runtime/errors.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { type Database, withDatabase } from '../connect.ts'
import { CHECK } from './environment.ts'

/** Settings of our own look at a user's database: nothing of it can stand in for a name or an operator of ours. */
export const SAFE_SETTINGS = { search_path: 'pg_catalog, pg_temp', lock_timeout: '5s', statement_timeout: '20s' }

/** What the server says before a command is started. */
export interface Ahead {
  /** The server's time, as text. */
  time: string
  /** Whether it takes {@link CHECK}: from PostgreSQL 14, and not on every system. */
  checksClient: boolean
}

/** Asks the server what has to be known before the command. Throws the driver's error. */
export async function lookAhead({ sql }: Database): Promise<Ahead> {
  const [row] = await sql.unsafe<{ time: string }[]>('select clock_timestamp()::text as time')
  const checksClient = await sql.unsafe(`select set_config($1, $2, true)`, [CHECK.name, `${CHECK.milliseconds}`]).then(
    () => true,
    () => false,
  )
  return { time: row?.time ?? '', checksClient }
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
const END = `select a.pid, pg_terminate_backend(a.pid) as ended from pg_stat_activity a
  where a.datname = current_database() and a.pid <> pg_backend_pid() and (a.application_name = $1
    or (a.usename = current_user and a.backend_type = 'client backend' and a.xact_start is not null
      and a.application_name !~ '^neon-postgres-setup' and a.backend_start >= $2::text::timestamptz))`

/**
 * Ends the sessions that a command has left in the database: their queries would go on, hold their locks and commit behind
 * the back of the next run. Works in a cancelled run too, and takes 2.5 s at most. What it ended is told in the log, and a
 * failure is a warning.
 */
export async function endLeftSessions(runtime: Runtime, { url, mark, since }: Left): Promise<void> {
  const signal = AbortSignal.timeout(LONGEST)
  const ended = new Set<unknown>()
  try {
    await withDatabase({ ...runtime, signal }, { url, settings: SAFE_SETTINGS }, async ({ sql }) => {
      for (;;) {
        const rows = await sql.unsafe<{ pid: number }[]>(END, [mark, since])
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
