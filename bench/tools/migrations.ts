import { createHash } from 'node:crypto'

/** One migration of a story, whatever format a tool wants it in. */
export interface Migration {
  /** From 1. */
  number: number
  name: string
  sql: string
}

/** What the stories are made of: two tables, then one migration that ends as a story needs it. */
export const BOOKS: Migration = { number: 1, name: 'books', sql: 'create table books (id int primary key)' }
export const PAGES: Migration = { number: 2, name: 'pages', sql: 'create table pages (id int primary key)' }
/** Takes as many seconds as the table `pace` of the test says, so that its text stays as it is from run to run. */
export const SLOW: Migration = {
  number: 3,
  name: 'slow',
  sql: 'create table slow as select s.pg_sleep::text as slept from (select pg_sleep(seconds) from pace) s',
}
/** 42P07 duplicate_table: the most common failure of a migration that ran half. */
export const TWICE: Migration = { number: 3, name: 'twice', sql: 'create table pages (id int primary key)' }
/** 42601 syntax_error. */
export const TYPO: Migration = { number: 3, name: 'typo', sql: 'create tabel notes (id int primary key)' }

/** `0003_slow`. */
export const numbered = ({ number, name }: Migration): string => `${String(number).padStart(4, '0')}_${name}`

/** `20240103000000`: the kind of number that most tools put before a name. */
export const stamp = ({ number }: Migration): string => `202401${String(number).padStart(2, '0')}000000`

/** Drizzle's folder below `folder`: a file for each migration and `meta/_journal.json`. */
export function drizzleFolder(folder: string, list: Migration[]): Record<string, string> {
  const entries = list.map((one, idx) => ({
    idx,
    version: '7',
    when: 1_700_000_000_000 + idx,
    tag: numbered(one),
    breakpoints: true,
  }))
  return {
    ...Object.fromEntries(list.map((one) => [`${folder}/${numbered(one)}.sql`, `${one.sql};\n`])),
    [`${folder}/meta/_journal.json`]: JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  }
}

/** graphile-migrate's folder `committed`: each file names its hash and that of the one before (as its `hash.js` does). */
export function graphileFolder(list: Migration[]): Record<string, string> {
  const files: Record<string, string> = {}
  let previous = ''
  for (const { number, sql } of list) {
    const body = `${sql};\n`
    const hash = `sha1:${createHash('sha1')
      .update(`${`${previous}\n${body}`.trim()}\n`)
      .digest('hex')}`
    files[`migrations/committed/${String(number).padStart(6, '0')}.sql`] =
      `--! Previous: ${previous || '-'}\n--! Hash: ${hash}\n\n${body}`
    previous = hash
  }
  return files
}
