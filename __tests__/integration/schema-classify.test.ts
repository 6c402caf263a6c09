import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import postgres from 'postgres'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { classify } from '../../src/database/schema/decision/classify.ts'
import { splitStatements } from '../../src/database/sql/split.ts'
import { HARMLESS_FILES } from '../support/harmless-files.ts'
import { scriptOf } from '../support/scripts.ts'

const SETUP = `
create table t (id int primary key, v text);
insert into t select n, n::text from generate_series(1, 10) n;
create index t_v on t (v);
create index t_v2 on t (v);
create table p (id int) partition by range (id);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
create materialized view m as select 1 as a;
create unique index m_a on m (a);
create type mood as enum ('sad');
create database other;
create database other2;
create table "concurrently x" (id int);
create subscription enabled connection 'host=127.0.0.1 port=1 dbname=x' publication pub, pub2 with (connect = false, slot_name = 'nowhere');
alter subscription enabled enable;
create subscription idle connection 'host=127.0.0.1 port=1 dbname=x' publication pub with (connect = false, slot_name = 'nowhere2');
create subscription slotless connection 'host=127.0.0.1 port=1 dbname=x' publication pub with (connect = false);
alter subscription slotless set (slot_name = none);
create procedure nothing() language plpgsql as $$ begin null; end $$;
`

/** Statements that the server refuses in a transaction; all stand alone in their file. */
const REFUSED = [
  'create index concurrently on t (v)',
  'create index concurrently t_new on t (v)',
  'CREATE UNIQUE INDEX /* c */ CONCURRENTLY t_u ON t (id)',
  'create index concurrently if not exists t_w on t (v)',
  'drop index concurrently t_v',
  'drop index concurrently if exists t_v2',
  'reindex index concurrently t_v',
  'reindex table concurrently t',
  'reindex (verbose, concurrently) table t',
  'reindex (concurrently true) index t_v',
  'reindex schema public',
  'reindex schema concurrently public',
  'reindex database postgres',
  'reindex database',
  'reindex system',
  'vacuum',
  'vacuum t',
  'vacuum (analyze, full) t',
  'vacuum full verbose t',
  'create database d',
  'create database d template template0',
  'drop database other2',
  'drop database if exists other2 with (force)',
  'alter database other set tablespace pg_default',
  'alter database "other" set tablespace pg_default',
  "create tablespace ts location '/nowhere'",
  'drop tablespace if exists ts',
  "alter system set work_mem = '5MB'",
  'alter system reset work_mem',
  'alter system reset all',
  'cluster',
  'cluster verbose',
  'discard all',
  "create subscription s connection 'host=127.0.0.1 port=1' publication pub",
  "create subscription s connection 'host=127.0.0.1 port=1' publication pub with (enabled = false)",
  'drop subscription idle',
  'drop subscription if exists idle',
  'alter subscription enabled refresh publication',
  'alter subscription enabled refresh publication with (copy_data = false)',
  'alter subscription enabled set publication pub2',
  'alter subscription enabled add publication pub3',
  'alter subscription enabled drop publication pub2 with (refresh)',
  'alter subscription idle set (failover = true)',
  'alter table p detach partition p2 concurrently',
  'alter table only p detach partition public.p2 concurrently',
  'do $$ begin commit; end $$',
  "do language plpgsql 'begin perform 1; rollback; end'",
  'do $$ begin if true then commit; end if; end $$',
  'do $$ begin for i in 1..2 loop insert into t values (100 + i); commit and chain; end loop; end $$',
]

/** Statements that look like those, and that the server takes in a transaction. */
const ACCEPTED = [
  'create index on t (v)',
  'create index "concurrently" on t (v)',
  'create index if not exists t_v on t (v)',
  "create unique index on t (id) where v <> 'concurrently'",
  'create index on "concurrently x" (id)',
  'drop index t_v',
  'drop index "t_v", t_v2 cascade',
  'reindex index t_v',
  'reindex table t',
  'reindex (verbose) table t',
  'reindex (concurrently false) table t',
  'analyze t',
  'refresh materialized view concurrently m',
  'refresh materialized view m',
  "alter database other set work_mem to '5MB'",
  'alter database other rename to other3',
  'alter database other connection limit 5',
  'alter table t set tablespace pg_default',
  'cluster t using t_pkey',
  'cluster verbose t using t_pkey',
  'cluster (verbose) t using t_pkey',
  'cluster "t" using t_pkey',
  'discard plans',
  'discard temp',
  'discard sequences',
  "create subscription s connection 'host=127.0.0.1 port=1' publication pub with (connect = false)",
  "create subscription s connection 'host=127.0.0.1 port=1' publication pub with (slot_name = none, create_slot = off, connect = 'false')",
  'alter subscription enabled set publication pub2 with (refresh = false)',
  'alter subscription enabled add publication pub3 with (refresh = 0)',
  'alter subscription idle enable',
  'alter subscription enabled disable',
  'alter subscription idle rename to renamed',
  'alter subscription idle set (synchronous_commit = off)',
  'alter table p detach partition p2',
  'alter table t rename column v to concurrently_v',
  "alter type mood add value 'ok'",
  "alter type mood add value if not exists 'ok' before 'sad'",
  "comment on table t is 'create index concurrently'",
  'create table vacuum_log (id int)',
  "do $$ begin raise notice 'commit;'; end $$",
  'do $$ begin perform 1; /* ; commit; */ -- rollback;\n end $$',
  'do $$ declare commit int; begin commit := 1; end $$',
  "do $$ begin execute 'select 1'; exception when others then null; end $$",
  'call nothing()',
  'savepoint a',
  'lock table t',
  'set constraints all immediate',
  "set local work_mem = '5MB'",
  'checkpoint',
  'prepare vacuum as select 1',
  'grant select on t to public',
  'notify vacuum',
]

/** Enum values: file, and whether the server refuses it as one transaction. */
const ENUMS: { file: string; refused: boolean }[] = [
  { file: "alter type mood add value 'ok'; insert into feelings values ('ok')", refused: true },
  { file: "alter type mood add value 'ok'; alter table feelings alter a set default 'ok'", refused: true },
  {
    file: "alter type public.mood add value if not exists 'ok'; do $$ begin insert into feelings values ('ok'); end $$",
    refused: true,
  },
  { file: "alter type mood add value 'ok'; alter type mood add value 'fine' after 'ok'", refused: false },
  { file: "alter type mood add value 'ok'; insert into feelings values ('sad')", refused: false },
  { file: "create type fresh as enum ('a'); alter type fresh add value 'b'; select 'b'::fresh", refused: false },
]

// 25001: cannot run inside a transaction block; 2D000: invalid transaction termination; 55P04: unsafe use of new value.
const REFUSALS = ['25001', '2D000', '55P04']

describe.each([17, 18] as const)('PostgreSQL %i', (version) => {
  let cluster: Cluster
  let sql: postgres.Sql

  beforeAll(async () => {
    cluster = await startCluster({ version })
    sql = postgres(cluster.url(), { max: 1, ssl: { rejectUnauthorized: false }, onnotice: () => undefined })
    for (const { text } of splitStatements(SETUP)) await sql.unsafe(text).simple()
    await sql`create table feelings (a mood)`
  })

  afterAll(async () => {
    await sql?.end()
    await cluster?.stop()
  })

  /** The error of the first statement that fails in one transaction, which is rolled back. */
  async function inTransaction(text: string): Promise<{ code: string; message: string } | undefined> {
    const connection = await sql.reserve()
    try {
      await connection`begin`.simple()
      for (const statement of splitStatements(text)) await connection.unsafe(statement.text).simple()
      return undefined
    } catch (error) {
      const { code, message } = error as postgres.PostgresError
      return { code, message }
    } finally {
      await connection`rollback`.simple()
      connection.release()
    }
  }

  test('refuses in a transaction what is classified so', async () => {
    const rows = []
    for (const text of REFUSED) rows.push({ text, server: await inTransaction(text), ours: ours(text) })
    expect(rows.filter(({ server, ours }) => !REFUSALS.includes(server?.code ?? '') || !ours)).toEqual([])
  })

  test('knows options of subscriptions that came later', async () => {
    // PostgreSQL 17 cannot change two_phase at all.
    const text = 'alter subscription idle set (two_phase = false)'
    expect((await inTransaction(text))?.code).toBe(version === 18 ? '25001' : '42601')
    expect(ours(text)).toBe(true)
  })

  test('accepts what only looks like it', async () => {
    const rows = []
    for (const text of ACCEPTED) rows.push({ text, server: await inTransaction(text), ours: ours(text) })
    expect(rows.filter(({ server, ours }) => server || ours)).toEqual([])
  })

  test('refuses a new enum value in the file that adds it, unless the file made the type', async () => {
    const rows = []
    for (const { file, refused } of ENUMS) {
      const server = await inTransaction(file)
      rows.push({ file, server: server?.code === '55P04', ours: ours(file), expected: refused, code: server?.code })
    }
    expect(rows.filter(({ server, ours, expected }) => server !== expected || ours !== expected)).toEqual([])
  })

  test('runs a classified statement outside a transaction', async () => {
    for (const text of ['create index concurrently on t (v)', 'vacuum t', 'do $$ begin commit; end $$']) {
      await sql.unsafe(text).simple()
    }
    await sql.unsafe("alter type mood add value 'great'").simple()
    await sql.unsafe("insert into feelings values ('great')").simple()
    expect(await sql`select a::text from feelings`).toEqual([{ a: 'great' }])
  })

  test('sees no lock on a table that was there, in files that are said to touch none', async () => {
    await sql
      .unsafe(
        'create table users (id int primary key, a int); create function f() returns trigger language plpgsql as $$ begin return new; end $$; create schema app; create sequence s',
      )
      .simple()
    const rows = []
    for (const file of HARMLESS_FILES) {
      const connection = await sql.reserve()
      const [known] = await connection`
        select array_agg(oid::text) as oids from pg_class
        where relkind in ('r', 'p', 'm') and relnamespace = 'public'::regnamespace`
      await connection`select pg_stat_force_next_flush()`
      await connection`begin`.simple()
      try {
        for (const { text, copyData } of scriptOf(file).statements) {
          if (copyData === undefined) await connection.unsafe(text).simple()
        }
        // A new SQL function is checked at once, which takes the locks of its statements without running them.
        const locks = await connection`
          select relation::regclass::text, mode from pg_locks
          where pid = pg_backend_pid() and locktype = 'relation' and relation::text = any(${known?.oids})
            and mode not in ('AccessShareLock', 'RowExclusiveLock')
          union all
          select relname, 'wrote rows' from pg_stat_xact_user_tables
          where relid::text = any(${known?.oids}) and n_tup_ins + n_tup_upd + n_tup_del > 0`
        rows.push(...locks.map((lock) => ({ file, ...lock })))
      } catch (error) {
        rows.push({ file, error })
      } finally {
        await connection`rollback`.simple()
        connection.release()
      }
    }
    expect(rows).toEqual([])
  })

  test('reads a string that goes on behind a comment as we do', async () => {
    // libpg-query alone does not: its lexer makes a token of the comment.
    const source = "select E'a' -- b;\n  'c\\'; d' as x; select 2"
    expect(splitStatements(source)).toHaveLength(2)
    expect(await sql.unsafe(splitStatements(source)[0]?.text ?? '').simple()).toEqual([{ x: "ac'; d" }])
  })
})

function ours(text: string): boolean {
  return classify(scriptOf(text)).nonTransactional.length > 0
}
