import type { Database } from '../connect.ts'
import { asOurs } from '../sql/ours.ts'

/**
 * Settings under which the server prints names qualified and constants alike whatever the role's or database's own
 * settings are (as pg_dump does); `true`: for the transaction of this message alone. JIT would compile this query for
 * seconds. Views and sizes are read under a lock on the relation, for which nobody should wait long.
 */
const PRINTING = `select ${[
  ['search_path', ''],
  ['datestyle', 'ISO, MDY'],
  ['intervalstyle', 'postgres'],
  ['timezone', 'UTC'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['quote_all_identifiers', 'off'],
  ['jit', 'off'],
  ['lock_timeout', '10s'],
]
  .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)
  .join(', ')};`

/**
 * Runs one query on the catalog in one round trip and returns its rows. It and its settings are one message, hence one
 * transaction: the session's own settings are back afterwards, unless the caller had begun a transaction, which is not
 * allowed. Throws the driver's error.
 */
export async function askCatalog<Row>(database: Database, query: string): Promise<Row[]> {
  const results: unknown[] = await database.sql.unsafe(`${PRINTING} ${query}`).simple()
  return (results.at(-1) ?? []) as Row[]
}

/** As {@link askCatalog}, for a query that returns exactly one row. */
export async function askCatalogForOne<Row>(database: Database, query: string): Promise<Row> {
  const [row] = await askCatalog<Row>(database, query)
  if (row === undefined) throw new Error('The catalog query returned no row.')
  return row
}

/** Runs one statement of ours ({@link asOurs}) in one round trip and returns its rows. Throws the driver's error. */
export async function askAsOurs<Row>(
  { sql }: Pick<Database, 'sql'>,
  statement: string,
  texts: readonly string[] = [],
): Promise<Row[]> {
  const results: unknown[] = await sql.unsafe(asOurs(statement, texts)).simple()
  return (results.at(-1) ?? []) as Row[]
}
