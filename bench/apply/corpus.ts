import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a finished run must have left in the database. */
export interface Expected {
  tables: number
  columns: number
  indexes: number
  rows: number
}

/** One migration: its number as text that sorts (`0001`), and its only statement without semicolon. */
export interface Migration {
  id: string
  sql: string
}

const KINDS = 4
const ROWS = 3

/**
 * Migrations of one statement each: create a table, add a column to it, index it, insert three rows, and again with the next
 * table. Throws an Error when `count` is no multiple of four, so that what must be there afterwards is known.
 */
export function makeCorpus(count: number): Migration[] {
  if (count % KINDS !== 0) throw new Error(`A corpus of ${count} files is not a multiple of ${KINDS}.`)
  return Array.from({ length: count }, (_, index) => ({
    id: String(index + 1).padStart(4, '0'),
    sql: statement(`item_${Math.floor(index / KINDS) + 1}`, index % KINDS),
  }))
}

function statement(table: string, kind: number): string {
  if (kind === 0)
    return `create table ${table} (id bigint generated always as identity primary key, name text not null)`
  if (kind === 1) return `alter table ${table} add column note text`
  if (kind === 2) return `create index ${table}_name on ${table} (name)`
  return `insert into ${table} (name, note) values ('one', 'a'), ('two', 'b'), ('three', 'c')`
}

/** What {@link makeCorpus} of that many files leaves behind. */
export function expected(count: number): Expected {
  const tables = count / KINDS
  return { tables, columns: tables, indexes: tables, rows: tables * ROWS }
}

/** A query whose one row has the fields of {@link Expected}, counted in the database as it is. */
export function countQuery(count: number): string {
  const tables = Array.from({ length: count / KINDS }, (_, index) => `item_${index + 1}`)
  const rows = tables.map((table) => `select count(*) as n from public.${table}`).join(' union all ')
  return `select
    (select count(*) from pg_tables where schemaname = 'public' and tablename ~ '^item_[0-9]+$')::int as tables,
    (select count(*) from information_schema.columns where table_schema = 'public' and column_name = 'note')::int as columns,
    (select count(*) from pg_indexes where schemaname = 'public' and indexname ~ '^item_[0-9]+_name$')::int as indexes,
    (select sum(n) from (${rows}) counted)::int as rows`
}

/** Writes one plain file for each migration, as `text` renders it. */
export async function writeFiles(
  folder: string,
  corpus: Migration[],
  render: { name(migration: Migration): string; text(migration: Migration): string },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const migration of corpus) await writeFile(join(folder, render.name(migration)), render.text(migration))
}

/** Drizzle's folder: a file for each migration and `meta/_journal.json`, as its migrator reads them. */
export async function writeDrizzle(folder: string, corpus: Migration[]): Promise<void> {
  await writeFiles(folder, corpus, { name: ({ id }) => `${id}_step.sql`, text: ({ sql }) => `${sql};\n` })
  const entries = corpus.map(({ id }, idx) => ({
    idx,
    version: '7',
    when: 1_700_000_000_000 + idx,
    tag: `${id}_step`,
    breakpoints: true,
  }))
  await mkdir(join(folder, 'meta'))
  const journal = { version: '7', dialect: 'postgresql', entries }
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify(journal))
}

/**
 * graphile-migrate's folder `committed`: each file names its own hash and that of the file before it (sha1 over the hash before and the
 * text, as its `hash.js` does).
 */
export async function writeGraphile(folder: string, corpus: Migration[]): Promise<void> {
  const headers = new Map<string, string>()
  let previous = ''
  for (const { id, sql } of corpus) {
    const hash = `sha1:${createHash('sha1')
      .update(`${`${previous}\n${sql};`.trim()}\n`)
      .digest('hex')}`
    headers.set(id, `--! Previous: ${previous || '-'}\n--! Hash: ${hash}\n\n`)
    previous = hash
  }
  await writeFiles(folder, corpus, {
    name: ({ id }) => `00${id}.sql`,
    text: ({ id, sql }) => `${headers.get(id)}${sql};\n`,
  })
}
