import type { Fact, FactKind, SchemaSnapshot } from '../../model.ts'
import type { Database } from '../connect.ts'
import { askCatalogForOne } from './ask.ts'
import { ATTACHED } from './facts/attached.ts'
import { COMMENTS, PRIVILEGE_SOURCES, PRIVILEGES } from './facts/privileges.ts'
import { COLUMN_KEYS, COLUMNS, CONSTRAINTS, SEQUENCE_OPTIONS, TABLES } from './facts/tables.ts'
import { TYPES_AND_FUNCTIONS } from './facts/types.ts'
import { VISIBLE } from './visible.ts'

const QUERIES = [TABLES, COLUMNS, CONSTRAINTS, ...ATTACHED, ...TYPES_AND_FUNCTIONS, ...PRIVILEGES, COMMENTS]

const FACTS = `with ${[VISIBLE, SEQUENCE_OPTIONS, COLUMN_KEYS, PRIVILEGE_SOURCES].join(',')},
facts as materialized (${QUERIES.join('\nunion all\n')})`

// Only what makes a change goes into the hash: not a column's place, nor what is derived from other facts.
const HASH = `select encode(sha256(convert_to(coalesce(string_agg(concat_ws(chr(31), kind, id, def), chr(30)
  order by kind collate "C", id collate "C"), ''), 'UTF8')), 'hex') from facts`

const LIST = `select coalesce(json_agg(json_build_array(kind, id, tab, def, refs, colname, colpos, coltype, colkey)
  order by kind collate "C", id collate "C"), '[]') from facts`

type FactRow = [
  kind: FactKind,
  id: string,
  table: string | null,
  definition: string,
  references: string | null,
  columnName: string | null,
  position: number | null,
  type: string | null,
  key: NonNullable<Fact['column']>['key'] | null,
]

/**
 * A hash over every fact of the schema, computed by the server: one round trip, 64 hex digits. Equal hashes mean that
 * {@link takeSnapshot} would return equal facts. Not to be called inside a transaction (the printing settings would stay
 * until its end). Throws the driver's error.
 */
export async function takeHash(database: Database): Promise<string> {
  const { hash } = await askCatalogForOne<{ hash: string }>(database, `${FACTS} select (${HASH}) as hash`)
  return hash
}

/**
 * Every fact of the schema and their hash, in one query of one catalog snapshot. Our own schema, Neon's, temporary
 * objects and what extensions own are left out. Not to be called inside a transaction. Throws the driver's error.
 */
export async function takeSnapshot(database: Database): Promise<SchemaSnapshot> {
  const query = `${FACTS} select (${HASH}) as hash, (${LIST}) as facts`
  const { hash, facts } = await askCatalogForOne<{ hash: string; facts: FactRow[] }>(database, query)
  return { hash, facts: facts.map(toFact) }
}

function toFact([kind, id, table, definition, references, name, position, type, key]: FactRow): Fact {
  const fact: Fact = { kind, id, table, definition }
  if (references !== null) fact.references = references
  if (name !== null && position !== null && type !== null) fact.column = { name, position, type, key: key ?? '' }
  return fact
}
