import type { RowsWritten, TableLock, TableRewrite } from '../../model.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import type { Row } from './session.ts'

/** What a file did to tables that were there before it, seen by the server just before COMMIT. */
export interface Observation {
  locks: TableLock[]
  rewrites: TableRewrite[]
  rows: RowsWritten[]
}

/** A relation as it was when last looked at. */
interface Known {
  name: string
  isIndex: boolean
  filenode: number
}

/** Relations by oid; {@link readObservation} keeps it up to date from file to file. */
export type Relations = Map<number, Known>

const NOT_OURS = `n.nspname not in ('pg_catalog', 'information_schema', '${OWN_SCHEMA}') and n.nspname !~ '^pg_'`
const NAME = "pg_catalog.format('%I.%I', n.nspname, c.relname)"

/** All relations that can be locked or written anew; read once before the first file, without their sizes. */
export const RELATIONS = `select pg_catalog.json_agg(pg_catalog.json_build_array(
  c.oid::int8, ${NAME}, c.relkind, c.relfilenode::int8)) as relations
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'i', 'I', 'f') and ${NOT_OURS}`

/** The relations that {@link RELATIONS} returned. */
export function readRelations(rows: Row[]): Relations {
  const list = parse<[number, string, string, number][]>(rows, 'relations') ?? []
  return new Map(list.map(([oid, name, kind, filenode]) => [oid, { name, isIndex: isIndexKind(kind), filenode }]))
}

/**
 * Rows written by this transaction, per table. The counters run on from transaction to transaction until they are flushed,
 * hence {@link FLUSH_ROWS} after each file, or a look before it where there is no such function.
 */
export const ROWS = `select pg_catalog.json_agg(pg_catalog.json_build_array(
  s.relid::int8, pg_catalog.format('%I.%I', s.schemaname, s.relname), s.n_tup_ins, s.n_tup_upd, s.n_tup_del)) as rows_written
from pg_catalog.pg_stat_xact_user_tables s
where s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0 and s.schemaname <> '${OWN_SCHEMA}' and s.schemaname !~ '^pg_'`

/** Makes the server flush its row counters when the transaction ends; PostgreSQL 15 and later. */
export const FLUSH_ROWS = 'select pg_catalog.pg_stat_force_next_flush()'

// A table is new when its row for the system column tableoid (-6), which nothing updates, was written by this transaction.
const WAS_THERE = `exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = -6
  and pg_catalog.age(a.xmin) > pg_catalog.age(pg_catalog.pg_current_xact_id()::xid))`

// An index of an empty table has a page all the same, so its table is asked.
const FULL_TABLE = `c.relkind in ('r', 'm') or c.relkind = 'i' and pg_catalog.pg_relation_size(
    (select x.indrelid from pg_catalog.pg_index x where x.indexrelid = c.oid)) > 0`

/** Locks that this transaction holds on relations, with the state of their storage (pg_locks in the manual, chapter 52). */
export const LOCKS = `select pg_catalog.json_agg(pg_catalog.json_build_array(
  h.relation, case when c.oid is not null then ${NAME} end, c.relkind, c.relfilenode::int8, ${WAS_THERE}, h.modes,
  case when ${FULL_TABLE} then pg_catalog.pg_relation_size(c.oid) else 0 end)) as locks
from (
  select l.relation::int8, pg_catalog.array_agg(distinct l.mode) as modes from pg_catalog.pg_locks l
  where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted group by 1) h
left join pg_catalog.pg_class c on c.oid = h.relation::oid
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid is null or (c.relkind in ('r', 'p', 'm', 'i', 'I', 'f') and ${NOT_OURS})`

type LockRow = [number, string | null, string | null, number, boolean, string[], number]

/**
 * Makes sense of {@link LOCKS} and {@link ROWS}, and takes the relations' new state over into `known`.
 * @param before counters from before the file, where they could not be flushed
 */
export function readObservation(rows: Row[], known: Relations, before: Row[] = []): Observation {
  const observation: Observation = { locks: [], rewrites: [], rows: readRows(rows, before) }
  for (const row of parse<LockRow[]>(rows, 'locks') ?? []) observeRelation(row, known, observation)
  observation.locks.sort((a, b) => (a.table < b.table ? -1 : 1))
  observation.rewrites.sort((a, b) => (a.table < b.table ? -1 : 1))
  return observation
}

function observeRelation(row: LockRow, known: Relations, into: Observation): void {
  const [oid, currentName, kind, filenode, wasThere, modes, bytes] = row
  const before = known.get(oid)
  const isIndex = before?.isIndex ?? isIndexKind(kind)
  // A dropped relation has no name any more, and a renamed one is known to the reader by its old name.
  const name = before?.name ?? currentName
  const mode = strongest(modes)
  const isDropped = kind === null
  if (name && mode && !isIndex && (isDropped || wasThere)) into.locks.push({ table: name, mode })
  // A new table's storage carries its oid; a table made earlier in this run by a file that was not observed still has it.
  const oldFilenode = before?.filenode ?? (wasThere ? oid : undefined)
  const isRewritten = !isDropped && oldFilenode !== undefined && filenode !== 0 && filenode !== oldFilenode
  // Storage that is new and empty was truncated, which costs nothing.
  if (isRewritten && name && bytes > 0) into.rewrites.push({ table: name, kind: isIndex ? 'index' : 'table', bytes })
  if (isDropped) known.delete(oid)
  else if (currentName) known.set(oid, { name: currentName, isIndex, filenode })
}

function isIndexKind(kind: string | null): boolean {
  return kind === 'i' || kind === 'I'
}

// From the strongest; the weaker two, ACCESS SHARE and ROW SHARE, hinder no reader and no writer.
const MODES = [
  ['AccessExclusiveLock', 'ACCESS EXCLUSIVE'],
  ['ExclusiveLock', 'EXCLUSIVE'],
  ['ShareRowExclusiveLock', 'SHARE ROW EXCLUSIVE'],
  ['ShareLock', 'SHARE'],
  ['ShareUpdateExclusiveLock', 'SHARE UPDATE EXCLUSIVE'],
  ['RowExclusiveLock', 'ROW EXCLUSIVE'],
] as const

function strongest(modes: string[]): string | undefined {
  return MODES.find(([mode]) => modes.includes(mode))?.[1]
}

type CountRow = [number, string, number, number, number]

function readRows(rows: Row[], before: Row[]): RowsWritten[] {
  const old = new Map((parse<CountRow[]>(before, 'rows_written') ?? []).map((row) => [row[0], row]))
  return (parse<CountRow[]>(rows, 'rows_written') ?? [])
    .map(([oid, table, inserted, updated, deleted]) => {
      const [, , insertedBefore = 0, updatedBefore = 0, deletedBefore = 0] = old.get(oid) ?? []
      return {
        table,
        inserted: inserted - insertedBefore,
        updated: updated - updatedBefore,
        deleted: deleted - deletedBefore,
      }
    })
    .filter((row) => row.inserted + row.updated + row.deleted > 0)
    .sort((a, b) => (a.table < b.table ? -1 : 1))
}

function parse<T>(rows: Row[], column: string): T | undefined {
  const value = rows.find((row) => column in row)?.[column]
  // The driver parses json columns by itself.
  return (typeof value === 'string' ? JSON.parse(value) : (value ?? undefined)) as T | undefined
}
