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
  const { built, isConcurrent } = indexOf(statement) ?? {}
  return isConcurrent ? built : undefined
}

interface CreatedIndex {
  built: ConcurrentIndex
  isConcurrent: boolean
  ifNotExists: boolean
}

function indexOf(statement: Statement): CreatedIndex | undefined {
  if (statement.words[0] !== 'create') return undefined
  const items = itemsOf(statement.text, 40)
  const at = passWords(items, 1, ['unique'])
  if (!hasWords(items, at, 'index')) return undefined
  const isConcurrent = hasWords(items, at + 1, 'concurrently')
  const from = at + (isConcurrent ? 2 : 1)
  const ifNotExists = hasWords(items, from, 'if', 'not', 'exists')
  const named = ifNotExists ? from + 3 : from
  const index = hasWords(items, named, 'on') ? { name: '', next: named } : nameAt(items, named)
  if (!hasWords(items, index.next, 'on')) return undefined
  const table = nameAt(items, passWords(items, index.next + 1, ['only']))
  return { built: { name: index.name, table: table.name }, isConcurrent, ifNotExists }
}

/**
 * What to send behind `CREATE INDEX IF NOT EXISTS` in a transaction, which is content with an index that an interrupted build
 * left invalid: an error (55000) if it was. Undefined for other statements.
 */
export function refuseInvalidIndex(statement: Statement): string | undefined {
  const created = indexOf(statement)
  if (!created?.ifNotExists || created.isConcurrent || created.built.name === '') return undefined
  const { name, table } = created.built
  return `do $neon_setup$ declare invalid pg_catalog.text; begin
  select pg_catalog.format('%I.%I', n.nspname, c.relname) into invalid
  from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) i.indexrelid
  join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
  where i.indrelid operator(pg_catalog.=) pg_catalog.to_regclass(${literal(table)}) and not i.indisvalid
    and c.relkind operator(pg_catalog.=) 'i' and pg_catalog.quote_ident(c.relname) operator(pg_catalog.=) ${literal(name)};
  if found then raise exception using errcode = '55000',
    message = pg_catalog.format('the index %s is there, but invalid: an interrupted build left it behind', invalid),
    hint = pg_catalog.format('Drop it in front of this statement: drop index %s', invalid);
  end if;
end $neon_setup$`
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
