import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { Cluster } from '../../../sandbox/postgres/index.ts'
import type { SqlFault } from './faults.ts'
import type { SqlCall, Wire, WireFault } from './sql-gate.ts'

/** A fault under way. */
export interface RunningFault {
  wire: WireFault
  readonly met: number
  /** Puts the servers back to what they were. */
  end(): Promise<void>
}

/** What a fault of one kind does. */
interface Work {
  /** Once per connection or query that it meets. */
  meet(cluster: Cluster, wire: Wire): Promise<void>
  onError?(code: string): void
  end?(): Promise<void>
}

// So long after a crash another server takes over in the place of the first.
const TAKE_OVER = 700
// So long another session keeps its locks where the run has no limit for waiting.
const LOCKED = 2500

/** Makes a fault at a moment of a run's connections, once or from then on. */
export function startSqlFault(
  { name }: SqlFault,
  { call, lasting, clusterAt }: { call: SqlCall; lasting: boolean; clusterAt(port: number): Cluster },
): RunningFault {
  const work = WORKS[name]({ lasting })
  let met = 0
  const isMeant = (connection: number, query: number): boolean => {
    if (connection === call.connection && query === call.query) return true
    if (!lasting || met === 0) return false
    // From the moment on, every connection meets it at its login, or at each query.
    return call.moment === 'login' ? query === 0 : query > 0
  }
  return {
    wire: {
      async at(wire, moment) {
        if (!isMeant(wire.connection, moment.kind === 'login' ? 0 : moment.turn)) return
        met += 1
        await work.meet(clusterAt(wire.port), wire)
      },
      ...(work.onError ? { onError: work.onError } : {}),
    },
    get met() {
      return met
    },
    async end() {
      await work.end?.()
    },
  }
}

const WORKS: Record<SqlFault['name'], (how: { lasting: boolean }) => Work> = {
  terminated: () => ({
    async meet(cluster, { pid }) {
      await cluster.query(`select pg_terminate_backend(${pid ?? 0})`)
      await sleep(20)
    },
  }),
  'too many connections': (how) => roleSetting(how, 'connection limit 0', 'connection limit -1'),
  'read-only': (how) =>
    roleSetting(how, 'set default_transaction_read_only = on', 'reset default_transaction_read_only'),
  'lock timeout': lockTables,
  'statement timeout': lockTables,
  'black hole': () => ({
    async meet(_, wire) {
      wire.freeze()
    },
  }),
  restart: ({ lasting }) => {
    let down: Cluster | undefined
    return {
      async meet(cluster) {
        if (down) return
        await cluster.halt('fast')
        if (lasting) down = cluster
        else await cluster.resume()
      },
      end: async () => await down?.resume(),
    }
  },
  failover: ({ lasting }) => {
    let standby: Promise<Cluster> | undefined
    const promote = async () => void (await (await standby)?.query('select pg_promote()'))
    let promoted = Promise.resolve()
    return {
      async meet(cluster) {
        if (standby) return
        // What was committed must be there: the sandbox's servers write their log late.
        await cluster.query('checkpoint')
        await cluster.halt('immediate')
        standby = cluster.resume({ standby: true }).then(() => cluster)
        await standby
        if (!lasting) promoted = sleep(TAKE_OVER).then(promote)
      },
      async end() {
        await promoted
        if (lasting) await promote()
      },
    }
  },
}

/** A setting of every role that logs in and is no superuser: for one connection, or until the end. */
function roleSetting({ lasting }: { lasting: boolean }, on: string, off: string): Work {
  const touched = new Set<Cluster>()
  const change = async (cluster: Cluster, text: string): Promise<void> => {
    const roles = await cluster.query('select rolname from pg_roles where rolcanlogin and not rolsuper')
    for (const { rolname } of roles) await cluster.query(`alter role "${rolname}" ${text}`)
  }
  const undo = async (cluster: Cluster): Promise<void> => {
    if (touched.delete(cluster)) await change(cluster, off).catch(() => undefined)
  }
  return {
    async meet(cluster, wire) {
      if (touched.has(cluster)) return
      touched.add(cluster)
      await change(cluster, on)
      if (!lasting) wire.whenGone(() => void undo(cluster))
    },
    end: async () => void (await Promise.all([...touched].map(undo))),
  }
}

/** Another session that holds every table: until the run has given up once, or until the end. */
function lockTables({ lasting }: { lasting: boolean }): Work {
  const releases = new Set<() => Promise<void>>()
  let isOver = false
  const release = async (): Promise<void> => {
    isOver = true
    await Promise.all([...releases].map((work) => work()))
  }
  return {
    async meet(cluster) {
      if (releases.size > 0 || isOver) return
      const sql = postgres(cluster.url({ database: 'neondb' }), { max: 1, onnotice: () => undefined })
      const done = Promise.withResolvers<void>()
      const locked = Promise.withResolvers<void>()
      const holding = sql
        .begin(async (held) => {
          await held.unsafe(LOCK_ALL)
          locked.resolve()
          await done.promise
        })
        .catch(() => undefined)
      releases.add(async () => {
        done.resolve()
        await holding
        await sql.end({ timeout: 1 })
      })
      await Promise.race([locked.promise, holding])
      if (!lasting) setTimeout(() => void release(), LOCKED).unref()
    },
    onError(code) {
      if (!lasting && ['55P03', '57014'].includes(code)) void release()
    },
    end: release,
  }
}

const LOCK_ALL = `do $$ declare name text; begin
  set local lock_timeout = '200ms';
  for name in select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  loop execute 'lock table ' || name || ' in access exclusive mode'; end loop; end $$`
