import type { Row } from '../../connect.ts'
import { hasWords, itemsOf, nameAt, passWords } from '../../sql/items.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/split.ts'

/** What `CREATE [UNIQUE] INDEX CONCURRENTLY [name] ON table` is about. */
export interface ConcurrentIndex {
  /** As `quote_ident` writes it, or empty where the server makes a name. */
  name: string
  table: string
}

/** An index of a table. */
export interface IndexState {
  /** Qualified. */
  name: string
  valid: boolean
  /** Process that builds it at this moment. */
  builder: number | undefined
}

/** The index that a statement builds concurrently; undefined for another statement. */
export function concurrentIndex(statement: Statement): ConcurrentIndex | undefined {
  const items = itemsOf(statement.text, 40)
  const at = passWords(items, 1, ['unique'])
  if (!hasWords(items, 0, 'create') || !hasWords(items, at, 'index', 'concurrently')) return undefined
  const named = passWords(items, at + 2, ['if', 'not', 'exists'])
  const index = hasWords(items, named, 'on') ? { name: '', next: named } : nameAt(items, named)
  if (!hasWords(items, index.next, 'on')) return undefined
  const table = nameAt(items, passWords(items, index.next + 1, ['only']))
  return { name: index.name, table: table.name }
}

/**
 * A query for the indexes of the statement's table, or for the one of its name. The table is looked for as the session
 * finds it, so the search path must be the file's; nothing else depends on it.
 */
export function indexStateQuery({ name, table }: ConcurrentIndex): string {
  const named = name === '' ? '' : ` and pg_catalog.quote_ident(c.relname) operator(pg_catalog.=) ${literal(name)}`
  return `select i.indisvalid as valid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name, p.pid as builder
from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) i.indexrelid
join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
left join pg_catalog.pg_stat_progress_create_index p on p.index_relid operator(pg_catalog.=) i.indexrelid
where i.indrelid operator(pg_catalog.=) pg_catalog.to_regclass(${literal(table)})${named}`
}

/** Reads the answer to {@link indexStateQuery}. */
export function readIndexStates(rows: Row[]): IndexState[] {
  return rows.map(({ name, valid, builder }) => ({
    name: String(name),
    valid: valid === true || valid === 't',
    builder: builder === null || builder === undefined ? undefined : Number(builder),
  }))
}
