import type { Report, TableCount } from '../model.ts'

/**
 * How a name is shown: without the schema `public`, which goes without saying; also in the identity of a right or comment,
 * `table public.users to reader`.
 */
export function shortName(id: string): string {
  return id.replace(/(^| )public\./, '$1')
}

/** The name of a part of a table (column, index, constraint) without the table and its schema. */
export function partName(id: string, table: string | null): string {
  if (table && id.startsWith(`${table}.`)) return id.slice(table.length + 1)
  return shortName(id)
}

/** A schema-qualified name as the catalog facts write it, quoted where SQL needs it. */
export function qualified(schema: string, name: string): string {
  return `${quoted(schema)}.${quoted(name)}`
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** The row counts by plain qualified name; look up with {@link unquoted}, since each side may quote otherwise. */
export function countsByName(report: Report): Map<string, TableCount> {
  return new Map((report.tables ?? []).map((count) => [`${count.schema}.${count.name}`, count]))
}

/** A quoted and qualified name as plain words: `"Order Items"` becomes `Order Items`. */
export function unquoted(id: string): string {
  return id.replace(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'))
}
