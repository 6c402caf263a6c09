import type { Database } from '../connect.ts'

// Nothing of the user's can stand in for a name or an operator of ours, and nobody's lock is waited for long.
const SETTINGS = [
  ['search_path', 'pg_catalog, pg_temp'],
  ['lock_timeout', '2s'],
  ['statement_timeout', '20s'],
]
  .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)
  .join(', ')

/**
 * The rows of one query whose names mean those of PostgreSQL. It and its settings are one message, hence one transaction,
 * behind a pooler too. Throws the driver's error.
 */
export async function askSafely<Row>({ sql }: Database, query: string): Promise<Row[]> {
  const results: unknown[] = await sql.unsafe(`select ${SETTINGS}; ${query}`).simple()
  return (results.at(-1) ?? []) as Row[]
}

/** A text as SQL has it whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
