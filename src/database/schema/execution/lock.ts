import { seconds } from '../../../runtime/clock.ts'
import { ActionError } from '../../../runtime/errors.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Row } from '../../connect.ts'
import { OUR_SEARCH_PATH } from '../ledger/ledger.ts'
import type { Session } from './session.ts'

// Advisory locks are per database. The first number says whose lock it is ("neon" in ASCII), the second which one.
const CLASS = 0x6e656f6e
const LEDGER_LOCK = 1

/** Tries to take the lock of the ledger for this session, without ever waiting in the server. */
export const TRY_LOCK = `select pg_catalog.pg_try_advisory_lock(${CLASS}, ${LEDGER_LOCK}) as locked`

const HOLDER = `select a.pid, a.usename, a.application_name, a.client_addr, a.state,
  pg_catalog.date_trunc('second', a.backend_start) as since
from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.classid = ${CLASS} and l.objid = ${LEDGER_LOCK} and l.objsubid = 2 and l.granted
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`

const POLL_EVERY = 250

/**
 * Polls until another run gives the lock back. A blocking wait would hold a snapshot, for which the other run's
 * CREATE INDEX CONCURRENTLY waits in turn: a deadlock. Throws an {@link ActionError} that names the holder when
 * `lockWaitMilliseconds` have passed.
 */
export async function waitForLock(runtime: Runtime, session: Session, lockWaitMilliseconds: number): Promise<void> {
  const started = runtime.clock.now()
  for (;;) {
    const waited = runtime.clock.now() - started
    if (waited >= lockWaitMilliseconds) throw await lockTimeout(session, lockWaitMilliseconds)
    runtime.log.progress(`Waiting for another run that applies files to this database (${seconds(waited)})`)
    await runtime.clock.sleep(Math.min(POLL_EVERY, lockWaitMilliseconds - waited), runtime.signal)
    if (isLocked(await session.send(TRY_LOCK))) return
  }
}

/** Whether {@link TRY_LOCK} got the lock. */
export function isLocked(rows: Row[]): boolean {
  const value = rows.find((row) => 'locked' in row)?.locked
  return value === true || value === 't'
}

async function lockTimeout(session: Session, waited: number): Promise<ActionError> {
  const [holder] = await session.send(`${OUR_SEARCH_PATH};\n${HOLDER}`)
  const who = holder
    ? `process ${holder.pid} of role ${holder.usename} (${holder.application_name || 'no application name'}, ${holder.client_addr ?? 'local'}, connected since ${holder.since}, ${holder.state}) holds it`
    : 'its holder has just gone'
  return new ActionError(`Could not get the ledger's lock within lock_wait ${seconds(waited)}: ${who}.`, {
    advice: holder
      ? `Wait for that run to end, or raise lock_wait; to end it, run: select pg_terminate_backend(${holder.pid})`
      : 'Run the job again.',
    title: '55P03',
  })
}
