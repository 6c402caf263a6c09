import type { TableCount } from '../../model.ts'
import type { Database } from '../connect.ts'
import { askCatalog } from './ask.ts'
import { VISIBLE } from './visible.ts'

/** How rows are to be counted. */
export interface CountOptions {
  /** `exact` counts within the limits below, `estimate` counts nothing large, `off` only lists the tables. */
  mode: 'exact' | 'estimate' | 'off'
  /** A single count is stopped after this. */
  perTableMilliseconds: number
  /** All counts together are stopped after this. */
  totalMilliseconds: number
  /** Larger tables are estimated. */
  largestBytes: number
}

/** What the catalog knows about a table before anything is counted. */
export interface CountSource {
  oid: number
  schema: string
  name: string
  kind: TableCount['kind']
  bytes: number
  /** Rows per the statistics, scaled to the size of now; null when the table was never analyzed. */
  estimate: number | null
  /** May this role read it at all. */
  readable: boolean
  /** Do row-level security policies apply to this role. */
  policed: boolean
  populated: boolean
  foreignPartitions: boolean
  /** Someone else has it, or waits for it, exclusively; then `bytes` is as old as its statistics. */
  locked: boolean
  /** The server's time, milliseconds since the epoch. */
  asked_at: number
}

/** What is to be done about a table: known already, to be counted, or to be counted up to a bound. */
export type CountStep = { do: 'known'; count: TableCount } | { do: 'count' } | { do: 'bound' }

// Size and statistics are those of the partitions, since a partitioned table has none of its own. Reltuples is -1 until
// a table is analyzed, and 0 may be as old as the table (pg_class in the manual); neither says anything about a table
// that has pages.
//
// Neither pg_relation_size() nor pg_partition_tree() is asked about what someone has locked exclusively: both would wait.
const SOURCES = `with recursive ${VISIBLE},
locked as materialized (
  select l.relation from pg_locks l
  where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid <> pg_backend_pid()
    and l.database = (select d.oid from pg_database d where d.datname = current_database())),
tree as (
  select r.oid as root, r.oid as member from rel r where r.relkind in ('r', 'p', 'm', 'f') and not r.relispartition
  union all
  select tree.root, i.inhrelid from tree join pg_class c on c.oid = tree.member join pg_inherits i on i.inhparent = tree.member
  where c.relkind = 'p'),
part as materialized (
  select t.root, c.relkind, c.reltuples, c.relpages, x.locked, case
      when c.relkind = 'f' then 0
      when x.locked then c.relpages::int8 * current_setting('block_size')::int
      else pg_relation_size(c.oid) end as bytes
  from tree t join pg_class c on c.oid = t.member
  cross join lateral (select c.oid in (select relation from locked) as locked) x
  where c.relkind <> 'p'),
summed as (
  select root, coalesce(sum(bytes), 0)::float8 as bytes, bool_or(relkind = 'f') as foreign_parts, bool_or(locked) as locked,
    case when bool_or((bytes > 0 or locked) and (reltuples <= 0 or relpages = 0)) then null
      else round(coalesce(sum(reltuples::float8 / nullif(relpages, 0) * bytes / current_setting('block_size')::int), 0)) end as estimate
  from part group by root)
select r.oid::int8::float8 as oid, r.nspname as schema, r.relname as name,
  case r.relkind when 'r' then 'table' when 'p' then 'partitioned' when 'm' then 'materialized-view' else 'foreign' end as kind,
  coalesce(s.bytes, 0) as bytes, s.estimate, coalesce(s.foreign_parts, false) as "foreignPartitions",
  coalesce(s.locked, false) or r.oid in (select relation from locked) as locked,
  has_schema_privilege(r.nspoid, 'usage') and (has_table_privilege(r.oid, 'select') or has_any_column_privilege(r.oid, 'select')) as readable,
  row_security_active(r.oid) as policed, r.relispopulated as populated,
  round(extract(epoch from clock_timestamp()) * 1000)::float8 as asked_at
from rel r left join summed s on s.root = r.oid
where r.relkind in ('r', 'p', 'm', 'f') and not r.relispartition
order by r.nspname collate "C", r.relname collate "C"`

/**
 * The tables that hold rows of the user's: tables, partitioned tables (their partitions are not listed), materialized
 * views and foreign tables. One round trip.
 */
export function listSources(database: Database): Promise<CountSource[]> {
  return askCatalog<CountSource>(database, SOURCES)
}

/** Decides for one table; needs no database. */
export function planCount(source: CountSource, options: CountOptions): CountStep {
  if (source.kind === 'foreign') return unknown(source, 'foreign table, not counted')
  if (source.foreignPartitions) return unknown(source, 'has foreign partitions, not counted')
  if (!source.populated) return unknown(source, 'not populated')
  if (options.mode === 'off') return unknown(source, 'counting is off')
  if (source.bytes === 0 && !source.locked) return { do: 'known', count: counted(source, 0) }
  if (!source.readable) return unknown(source, 'no access')
  if (options.mode === 'exact' && source.bytes <= options.largestBytes) return { do: 'count' }
  return source.estimate === null ? { do: 'bound' } : { do: 'known', count: estimated(source, source.estimate) }
}

const unknown = (source: CountSource, reason: string): CountStep => ({ do: 'known', count: uncounted(source, reason) })

const about = ({ oid, schema, name, kind, bytes }: CountSource) => ({ oid, schema, name, kind, bytes })

/** A result of counting; with policies it is what this role can see. */
export function counted(source: CountSource, rows: number, precision: 'exact' | 'at-least' = 'exact'): TableCount {
  return { ...about(source), rows, precision, visibleOnly: source.policed }
}

/** A number from statistics, which know all rows whoever asks. */
export function estimated(source: CountSource, rows: number, reason?: string): TableCount {
  return { ...about(source), rows, precision: 'estimate', visibleOnly: false, ...(reason ? { reason } : {}) }
}

/** No number, and why. */
export function uncounted(source: CountSource, reason: string): TableCount {
  return { ...about(source), rows: null, precision: 'unknown', visibleOnly: false, reason }
}
