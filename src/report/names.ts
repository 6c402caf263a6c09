/** How a name is shown: without the schema `public`, which goes without saying. */
export function shortName(id: string): string {
  return id.startsWith('public.') ? id.slice('public.'.length) : id
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

/** A quoted and qualified name as plain words: `"Order Items"` becomes `Order Items`. */
export function unquoted(id: string): string {
  return id.replace(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'))
}
