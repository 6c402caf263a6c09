import type { Row } from '../../connect.ts'
import { hasWords, itemsOf, nameAt, passWords } from '../../sql/items.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/split.ts'

/** Whether the index that a statement creates is there. */
export interface IndexState {
  valid: boolean
  /** Qualified name of an index that an interrupted build left behind. */
  invalid: string | undefined
}

/**
 * A query for the state of the index that `CREATE [UNIQUE] INDEX CONCURRENTLY name ON table` makes; undefined for another
 * statement or an index without a name.
 */
export function indexStateQuery(statement: Statement): string | undefined {
  const items = itemsOf(statement.text, 40)
  const at = passWords(items, 1, ['unique'])
  if (!hasWords(items, 0, 'create') || !hasWords(items, at, 'index', 'concurrently')) return undefined
  const index = nameAt(items, passWords(items, at + 2, ['if', 'not', 'exists']))
  if (index.name === '' || index.name === 'on' || !hasWords(items, index.next, 'on')) return undefined
  const table = nameAt(items, passWords(items, index.next + 1, ['only']))
  return `select i.indisvalid as valid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where i.indrelid = pg_catalog.to_regclass(${literal(table.name)}) and pg_catalog.quote_ident(c.relname) = ${literal(index.name)}`
}

/** Reads the answer to {@link indexStateQuery}. */
export function readIndexState(rows: Row[]): IndexState {
  const [row] = rows
  const valid = row?.valid === true || row?.valid === 't'
  return { valid, invalid: row && !valid ? String(row.name) : undefined }
}
