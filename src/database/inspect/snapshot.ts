import type { Fact, FactKind, SchemaSnapshot } from '../../model.ts'
import { errorCode } from '../../runtime/errors.ts'
import type { Database } from '../connect.ts'
import { askCatalogForOne } from './ask.ts'
import { ATTACHED } from './facts/attached.ts'
import { elsewhere } from './facts/elsewhere.ts'
import { operatorsAndLanguages } from './facts/operators.ts'
import { COMMENTS_AND_LABELS, PRIVILEGE_SOURCES, PRIVILEGES } from './facts/privileges.ts'
import { readableSequences, settings } from './facts/settings.ts'
import { COLUMN_KEYS, COLUMNS, CONSTRAINTS, PARTS_OF_OTHERS, SEQUENCE_OPTIONS, TABLES } from './facts/tables.ts'
import { TEXT_SEARCH } from './facts/text-search.ts'
import { TYPES_AND_FUNCTIONS } from './facts/types.ts'
import { UNREAD, type Unread, unreadText } from './unread.ts'
import { VISIBLE } from './visible.ts'

/** The form of the snapshots taken now; those of version 1.0.0 have none, know no identities and fewer kinds. */
const SNAPSHOT_FORM = 2

/** Facts of a server of a major version, as common table expressions; without `asksSequences` no value of a sequence is read. */
function factsOf(version: number, asksSequences: boolean): string {
  const queries = [
    ...[TABLES, COLUMNS, CONSTRAINTS, ...ATTACHED, ...TYPES_AND_FUNCTIONS, ...operatorsAndLanguages(version)],
    ...[...TEXT_SEARCH, ...elsewhere(version), ...settings(version, asksSequences), ...PRIVILEGES, COMMENTS_AND_LABELS],
  ]
  return `with ${[VISIBLE, SEQUENCE_OPTIONS, COLUMN_KEYS, PRIVILEGE_SOURCES, readableSequences(asksSequences)].join(',')},
facts as materialized (${queries.join('\nunion all\n')})`
}

// Only what makes a change goes into the hash: not a column's place, nor what is derived from other facts.
const HASH = `select encode(sha256(convert_to(coalesce(string_agg(concat_ws(chr(31), kind, id, def, secret), chr(30)
  order by kind collate "C", id collate "C"), ''), 'UTF8')), 'hex') from facts`

const LIST = `select coalesce(json_agg(json_build_array(kind, id, tab, def, ident, secret, refs, colname, colpos, coltype, colkey)
  order by kind collate "C", id collate "C"), '[]') from facts`

const PARTS = `select coalesce(json_agg(ident order by ident collate "C"), '[]') from (${PARTS_OF_OTHERS}) parts`

type FactRow = [
  kind: FactKind,
  id: string,
  table: string | null,
  definition: string,
  identity: string,
  secret: string | null,
  references: string | null,
  columnName: string | null,
  position: number | null,
  type: string | null,
  key: NonNullable<Fact['column']>['key'] | null,
]

interface Answer {
  hash: string
  facts: FactRow[]
  parts: string[]
  unread: Unread
}

/**
 * A hash over what every fact of the schema is called and defined by, computed by the server: one round trip, 64 hex
 * digits. It does not tell a table from one that took its place. Not to be called inside a transaction (the printing
 * settings would stay until its end). Throws the driver's error.
 */
export async function takeHash(database: Database): Promise<string> {
  const { hash } = await ask<{ hash: string }>(database, `select (${HASH}) as hash`)
  return hash
}

/**
 * Every fact of the schema and their hash, in one query of one catalog snapshot. Our own schema, Neon's, temporary
 * objects and what extensions own are left out. Not to be called inside a transaction. Throws the driver's error.
 */
export async function takeSnapshot(database: Database): Promise<SchemaSnapshot> {
  const wanted = `select (${HASH}) as hash, (${LIST}) as facts, (${PARTS}) as parts, (${UNREAD}) as unread`
  const { hash, facts, parts, unread } = await ask<Answer>(database, wanted)
  return { form: SNAPSHOT_FORM, hash, facts: facts.map(toFact), partsOfOthers: parts, unread: unreadText(unread) }
}

// 0A000 feature_not_supported: a server without XML; 42501 insufficient_privilege: a right that a sequence lost meanwhile.
const WITHOUT_SEQUENCES: readonly string[] = ['0A000', '42501']

/** Asks once; where the values of sequences are the trouble, again without them, which is said as not looked at. */
async function ask<Row>(database: Database, wanted: string): Promise<Row> {
  try {
    return await askCatalogForOne<Row>(database, `${factsOf(database.version, true)} ${wanted}`)
  } catch (error) {
    if (!WITHOUT_SEQUENCES.includes(errorCode(error))) throw error
    return await askCatalogForOne<Row>(database, `${factsOf(database.version, false)} ${wanted}`)
  }
}

function toFact(row: FactRow): Fact {
  const [kind, id, table, definition, identity, secret, references, name, position, type, key] = row
  const fact: Fact = { kind, id, table, definition, identity }
  if (secret !== null) fact.secret = secret
  if (references !== null) fact.references = references
  if (name !== null && position !== null && type !== null) fact.column = { name, position, type, key: key ?? '' }
  return fact
}
