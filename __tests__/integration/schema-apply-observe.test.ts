import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import type { FileResult } from '../../src/model.ts'
import { apply } from '../support/schema.ts'

const ROWS = 20_000

const BASE = `
create table users(id bigserial primary key, email varchar(100), n int);
insert into users(email, n) select 'u' || g || '@x', g from generate_series(1, ${ROWS}) g;
create table orders(id bigserial primary key, user_id bigint);
insert into orders(user_id) select 1 + g % ${ROWS} from generate_series(1, ${ROWS}) g;
create table old(i int);
insert into old values (1);
analyze`

const AE = 'ACCESS EXCLUSIVE'
const SRE = 'SHARE ROW EXCLUSIVE'

/** Locks as `table mode`, rewrites as `kind table`, rows as `table +inserted ~updated -deleted`. */
type Seen = [sql: string, locks: string[], rewrites?: string[], rows?: string[]]

// The fifteen kinds of research, in an order in which each can follow the ones before it, and some that are easy to get wrong.
const KINDS: Record<string, Seen> = {
  'nullable column': ['alter table users add column a text', [`users ${AE}`]],
  'column with a constant default': ['alter table users add column b int not null default 7', [`users ${AE}`]],
  'column with a volatile default': [
    'alter table users add column c uuid default gen_random_uuid()',
    [`users ${AE}`],
    ['table users', 'index users_pkey'],
  ],
  'int to bigint': ['alter table users alter n type bigint', [`users ${AE}`], ['table users', 'index users_pkey']],
  'varchar widened': ['alter table users alter email type varchar(200)', [`users ${AE}`]],
  'set not null': ['alter table users alter email set not null', [`users ${AE}`]],
  'create index': ['create index users_email on users(email)', ['users SHARE']],
  'foreign key': [
    'alter table orders add constraint fk foreign key (user_id) references users(id)',
    [`orders ${SRE}`, `users ${SRE}`],
  ],
  'foreign key not valid': [
    'alter table orders add constraint fk2 foreign key (user_id) references users(id) not valid',
    [`orders ${SRE}`, `users ${SRE}`],
  ],
  'rename column': ['alter table users rename a to aa', [`users ${AE}`]],
  'drop column': ['alter table users drop aa', [`users ${AE}`]],
  'new table that references': [
    'create table z(i bigint references users(id)); create index on z(i)',
    [`users ${SRE}`],
  ],
  'update of all rows': ['update users set b = 8', ['users ROW EXCLUSIVE'], [], [`users +0 ~${ROWS} -0`]],
  'drop table': ['drop table old', [`old ${AE}`]],
  'insert, update and delete': [
    'insert into z values (1), (2), (3); update z set i = 4 where i = 1; delete from z where i = 2',
    ['z ROW EXCLUSIVE'],
    [],
    ['z +3 ~1 -1'],
  ],
  'rows of one file only': ['insert into z values (5)', ['z ROW EXCLUSIVE'], [], ['z +1 ~0 -0']],
  truncate: ['truncate users cascade', [`orders ${AE}`, `users ${AE}`, `z ${AE}`]],
  'rename table': ['alter table z rename to zz', [`z ${AE}`]],
  'drop index': ['drop index users_email', [`users ${AE}`]],
  'a table made and dropped within the file': [
    'create table t(i int); drop table t; alter table zz add j int',
    [`zz ${AE}`],
  ],
  'nothing that touches a table': ["comment on schema public is 'x'", []],
}

const versions: PostgresVersion[] = [14, 15, 16, 17, 18]

describe.each(versions)('what a file does to tables, seen on PostgreSQL %i', (version) => {
  let cluster: Cluster
  let seen: Map<string, FileResult>
  beforeAll(async () => {
    cluster = await startCluster({ version })
    await cluster.query(BASE)
    const files = Object.values(KINDS).map(([sql], index) => [`${index + 1}.sql`, sql])
    const result = await apply({ url: cluster.url(), files: Object.fromEntries(files) })
    expect(result.failure).toBeUndefined()
    seen = new Map(Object.keys(KINDS).flatMap((kind, index) => [[kind, result.files[index] as FileResult]]))
  })
  afterAll(() => cluster.stop())

  const bare = (table: string) => table.replace(/^public\./, '')

  test.each(Object.entries(KINDS))('%s', (kind, [, locks, rewrites = [], rows = []]) => {
    const file = seen.get(kind)
    expect(file?.state).toBe('applied')
    expect(file?.locks.map(({ table, mode }) => `${bare(table)} ${mode}`)).toEqual(locks)
    expect(file?.rewrites.map(({ table, kind }) => `${kind} ${bare(table)}`).sort()).toEqual([...rewrites].sort())
    expect(file?.rows.map((row) => `${bare(row.table)} +${row.inserted} ~${row.updated} -${row.deleted}`)).toEqual(rows)
    for (const { bytes } of file?.rewrites ?? []) expect(bytes).toBeGreaterThan(100_000)
  })

  test('a table of an earlier file of the same run counts as one that was there', async () => {
    const files = {
      '90.sql': 'create table made(i int)',
      '91.sql': 'insert into made values (1); alter table made alter i type bigint',
    }
    const { files: results } = await apply({ url: cluster.url(), files })
    const file = results.find(({ name }) => name === '91.sql')
    expect(file?.locks).toEqual([{ table: 'public.made', mode: AE }])
    expect(file?.rewrites.map(({ table }) => table)).toEqual(['public.made'])
    const quiet = results.find(({ name }) => name === '90.sql')
    expect([quiet?.locks, quiet?.rewrites, quiet?.rows]).toEqual([[], [], []])
  })
})

describe.each([14, 17] as PostgresVersion[])('files that share one transaction, on PostgreSQL %i', (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version })
    await cluster.query('create table a(i int); create table b(i int); insert into a values (1), (2)')
  })
  afterAll(() => cluster.stop())

  test('each is told apart from those before it', async () => {
    const files = {
      '1.sql': 'insert into a values (3)',
      '2.sql': 'create table c(i int); insert into c values (1), (2)',
      '3.sql': 'update a set i = 4 where i = 3; insert into c values (3); alter table b add j int',
    }
    const { files: results, failure } = await apply({ url: cluster.url(), files, policy: { transaction: 'all' } })
    expect(failure).toBeUndefined()
    const [first, , third] = results
    expect(first?.rows).toEqual([{ table: 'public.a', inserted: 1, updated: 0, deleted: 0 }])
    expect(first?.locks).toEqual([{ table: 'public.a', mode: 'ROW EXCLUSIVE' }])
    expect(third?.rows).toEqual([
      { table: 'public.a', inserted: 0, updated: 1, deleted: 0 },
      { table: 'public.c', inserted: 1, updated: 0, deleted: 0 },
    ])
    // The lock on a is that of file 1, and c is not there for anybody else before the COMMIT.
    expect(third?.locks).toEqual([{ table: 'public.b', mode: AE }])
  })
})

test('only tables of the user count where the database quotes all identifiers, whatever their names', async () => {
  const cluster = await startCluster()
  try {
    await cluster.query('alter database postgres set quote_all_identifiers = on')
    await cluster.query('create schema "My Schema"; create table "My Schema"."T t"(i int, t text)')
    const files = { '1.sql': `insert into "My Schema"."T t" values (1, 'a'); create temp table mine(i int)` }
    const { files: results, failure } = await apply({ url: cluster.url(), files })
    expect(failure).toBeUndefined()
    expect(results[0]?.locks).toEqual([{ table: '"My Schema"."T t"', mode: 'ROW EXCLUSIVE' }])
    expect(results[0]?.rows).toEqual([{ table: '"My Schema"."T t"', inserted: 1, updated: 0, deleted: 0 }])
  } finally {
    await cluster.stop()
  }
})

describe('prepared statements of files, beside the one that looks', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.query(`create table t(i int);
      create function take() returns trigger language plpgsql as $$ begin execute 'deallocate all'; return new; end $$;
      create table taking(i int); create trigger taking before insert on taking for each row execute function take()`)
  })
  afterAll(() => cluster.stop())

  // A file with the text of one that is gone would be that one under another name.
  const rowsOf = async (name: string, files: string[], policy?: { transaction: 'file' | 'all' }) => {
    const named = Object.fromEntries(files.map((text, index) => [`${name}/${index + 1}.sql`, `-- ${name}\n${text}`]))
    const result = await apply({ url: cluster.url(), files: named, ...(policy ? { policy } : {}) })
    expect(result.failure).toBeUndefined()
    return result.files
      .filter((file) => file.name.startsWith(name))
      .map(({ state, rows }) => [state, ...rows.map(({ table, inserted }) => `${table} +${inserted}`)].join(' '))
  }
  const t = 'applied public.t +1'

  test('are gone for the next file, which may have one of the same name', async () => {
    const text = 'prepare p as select 1; insert into t values (1)'
    expect(await rowsOf('same', [text, text])).toEqual([t, t])
  })

  test('may be deallocated, all of them', async () => {
    const files = ['insert into t values (1)', 'insert into t values (1); deallocate all', 'insert into t values (1)']
    expect(await rowsOf('all', files)).toEqual([t, t, t])
  })

  test.each(['file', 'all'] as const)(
    'may be deallocated by a trigger that no text tells of, transaction %s',
    async (transaction) => {
      const files = ['insert into t values (1)', 'insert into taking values (1), (2)', 'insert into t values (1)']
      expect(await rowsOf(`trigger-${transaction}`, files, { transaction })).toEqual([t, 'applied public.taking +2', t])
      const [row] = await cluster.query(
        `select count(*)::int as n from neon_setup.migrations where name like 'trigger-${transaction}/%' and done = statements`,
      )
      expect(row?.n).toBe(3)
    },
  )
})
