/**
 * A string as an SQL literal that means the same whatever `standard_conforming_strings` and `backslash_quote` say: a file
 * may have changed them before our next message is parsed (https://www.postgresql.org/docs/current/sql-syntax-lexical.html).
 */
export function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
