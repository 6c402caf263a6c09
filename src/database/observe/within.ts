import type { RowsWritten, TableLock, TableRewrite } from '../../model.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import type { Row } from '../connect.ts'
import { OWN_SCHEMA } from '../own-schema.ts'

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

// A schema's name as regnamespace prints it: in quotes where it must be or quote_all_identifiers wants it. The casts read the
// server's caches, where a join would have to be planned.
const SCHEMA = 'c.relnamespace::pg_catalog.regnamespace'
const NAME = `pg_catalog.format('%s.%I', ${SCHEMA}, c.relname)`
const OF_THE_USER = `c.relkind in ('r', 'p', 'm', 'i', 'I', 'f')
  and ${SCHEMA}::text !~ '^"?(pg_|(information_schema|${OWN_SCHEMA})"?$)'`

/** All relations that can be locked or written anew; read once before the first file, without their sizes. */
export const RELATIONS = `select pg_catalog.json_agg(pg_catalog.json_build_array(
  c.oid::int8, ${NAME}, c.relkind, c.relfilenode::int8)) as relations
from pg_catalog.pg_class c
where c.oid >= 16384 and ${OF_THE_USER}`

/** The relations that {@link RELATIONS} returned. */
export function readRelations(rows: Row[]): Relations {
  const list = parse<[number, string, string, number][]>(rows, 'relations') ?? []
  return new Map(list.map(([oid, name, kind, filenode]) => [oid, { name, isIndex: isIndexKind(kind), filenode }]))
}

/**
 * Row counters that an earlier transaction left behind, per table. They run on from transaction to transaction until they are
 * flushed, hence {@link FLUSH_ROWS} after each file, or this look before it where there is no such function.
 */
export const LEFT_OVER_ROWS = `select pg_catalog.json_agg(pg_catalog.json_build_array(
  s.relid::int8, s.n_tup_ins, s.n_tup_upd, s.n_tup_del)) as left_over
from pg_catalog.pg_stat_xact_user_tables s
where s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0`

/** Makes the server flush its row counters when the transaction ends; PostgreSQL 15 and later. */
export const FLUSH_ROWS = 'select pg_catalog.pg_stat_force_next_flush()'

// A table is new when its row for the system column tableoid (-6), which nothing updates, was written by this transaction.
const WAS_THERE = `exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = -6
  and pg_catalog.age(a.xmin) > pg_catalog.age(pg_catalog.pg_current_xact_id()::xid))`

// An index of an empty table has a page all the same, so its table is asked.
const FULL_TABLE = `c.relkind in ('r', 'm') or c.relkind = 'i' and pg_catalog.pg_relation_size(
    (select x.indrelid from pg_catalog.pg_index x where x.indexrelid = c.oid)) > 0`

const COUNTERS = ['inserted', 'updated', 'deleted']
  .map((what) => `pg_catalog.pg_stat_get_xact_tuples_${what}(l.relation)`)
  .join(', ')

/**
 * Locks that this transaction holds on relations, with the state of their storage and the rows written to them: who writes
 * to a table holds a lock on it (pg_locks in the manual, chapter 52; its statistics functions, chapter 27). What the
 * server made of itself is below 16384 (FirstNormalObjectId in its transam.h). The view pg_stat_xact_user_tables would read
 * every table there is: 0.8 ms for a hundred of them, where this whole look takes 0.4.
 */
export const LOCKS = `select pg_catalog.json_agg(pg_catalog.json_build_array(
  l.relation::int8, l.mode, case when c.oid is not null then ${NAME} end, c.relkind, c.relfilenode::int8, ${WAS_THERE},
  case when ${FULL_TABLE} then pg_catalog.pg_relation_size(c.oid) else 0 end, ${COUNTERS})) as locks
from pg_catalog.pg_locks l left join pg_catalog.pg_class c on c.oid = l.relation
where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted and l.relation >= 16384
  and (c.oid is null or ${OF_THE_USER})`

const LOOK_NAME = 'neon_setup_look'

/** Prepares {@link LOOK}: planning {@link LOCKS} anew for each file takes 0.3 ms, running it 0.1. */
export const PREPARE_LOOK = `prepare ${LOOK_NAME} as ${LOCKS}`

/** Returns what {@link LOCKS} returns. */
export const LOOK = `execute ${LOOK_NAME}`

/** Whether an error says that a file took {@link LOOK} away, which only a DEALLOCATE hidden in a function can. */
export function isLookGone(error: unknown): boolean {
  return errorCode(error) === '26000' && errorMessage(error).includes(LOOK_NAME)
}

type LockRow = [
  oid: number,
  mode: string,
  name: string | null,
  kind: string | null,
  filenode: number,
  wasThere: boolean,
  bytes: number,
  inserted: number,
  updated: number,
  deleted: number,
]

/** A relation that the transaction holds locks on. */
interface Locked {
  oid: number
  modes: string[]
  /** Undefined of one that was dropped. */
  name: string | undefined
  kind: string | undefined
  filenode: number
  /** Not made by this transaction. */
  wasThere: boolean
  bytes: number
  counters: Counters
}

type Counters = [inserted: number, updated: number, deleted: number]

/**
 * Makes sense of {@link LOCKS}, and takes the relations' new state over into `known`.
 * @param before rows of {@link LOCKS} from the same transaction before the file, and of {@link LEFT_OVER_ROWS}
 */
export function readObservation(rows: Row[], known: Relations, before: Row[] = []): Observation {
  const observation: Observation = { locks: [], rewrites: [], rows: [] }
  const held = readLocked(before)
  const counted = readLeftOver(before)
  for (const relation of readLocked(rows).values()) {
    const earlier = held.get(relation.oid)
    const modes = relation.modes.filter((mode) => !earlier?.modes.includes(mode))
    observeRelation({ ...relation, modes }, known, observation)
    observeRows(relation, earlier?.counters ?? counted.get(relation.oid), observation)
  }
  for (const list of Object.values(observation)) list.sort(byTable)
  return observation
}

function byTable(a: { table: string }, b: { table: string }): number {
  return a.table < b.table ? -1 : 1
}

/** One entry for each relation: the server has a row for each mode of lock. */
function readLocked(rows: Row[]): Map<number, Locked> {
  const found = new Map<number, Locked>()
  for (const [oid, mode, name, kind, filenode, wasThere, bytes, ...counters] of parse<LockRow[]>(rows, 'locks') ?? []) {
    const relation = found.get(oid)
    if (relation) relation.modes.push(mode)
    else
      found.set(oid, {
        ...{ oid, modes: [mode], name: name ?? undefined, kind: kind ?? undefined },
        ...{ filenode, wasThere, bytes, counters },
      })
  }
  return found
}

function observeRelation(relation: Locked, known: Relations, into: Observation): void {
  const { oid, filenode, wasThere, bytes } = relation
  const before = known.get(oid)
  const isIndex = before?.isIndex ?? isIndexKind(relation.kind)
  // A dropped relation has no name any more, and a renamed one is known to the reader by its old name.
  const name = before?.name ?? relation.name
  const mode = strongest(relation.modes)
  const isDropped = relation.kind === undefined
  if (name && mode && !isIndex && (isDropped || wasThere)) into.locks.push({ table: name, mode })
  // A new table's storage carries its oid; a table made earlier in this run by a file that was not observed still has it.
  const oldFilenode = before?.filenode ?? (wasThere ? oid : undefined)
  const isRewritten = !isDropped && oldFilenode !== undefined && filenode !== 0 && filenode !== oldFilenode
  // Storage that is new and empty was truncated, which costs nothing.
  if (isRewritten && name && bytes > 0) into.rewrites.push({ table: name, kind: isIndex ? 'index' : 'table', bytes })
  if (isDropped) known.delete(oid)
  else if (relation.name) known.set(oid, { name: relation.name, isIndex, filenode })
}

function observeRows(relation: Locked, before: Counters = [0, 0, 0], into: Observation): void {
  if (relation.name === undefined || isIndexKind(relation.kind)) return
  const [inserted, updated, deleted] = relation.counters.map((count, index) => count - (before[index] ?? 0)) as Counters
  if (inserted + updated + deleted > 0) into.rows.push({ table: relation.name, inserted, updated, deleted })
}

function isIndexKind(kind: string | undefined): boolean {
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

function readLeftOver(rows: Row[]): Map<number, Counters> {
  const list = parse<[number, ...Counters][]>(rows, 'left_over') ?? []
  return new Map(list.map(([oid, ...counters]) => [oid, counters]))
}

function parse<T>(rows: Row[], column: string): T | undefined {
  const value = rows.find((row) => column in row)?.[column]
  // The driver parses json columns by itself.
  return (typeof value === 'string' ? JSON.parse(value) : (value ?? undefined)) as T | undefined
}
