import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase, withDatabase } from '../../src/database/connect.ts'
import { compareLedgers } from '../../src/database/migrate/compare-ledgers.ts'
import { LEDGER_TOOLS } from '../../src/database/migrate/ledger-tools.ts'
import { listLedgerTables, readLedgers } from '../../src/database/migrate/ledgers.ts'
import { testRuntime } from '../support/runtime.ts'
import { TOOL_LEDGERS } from '../support/tool-ledgers.ts'

const CLEAN = `do $$ declare name text; begin
  for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', name);
  end loop; end $$; create schema public`

let cluster: Cluster
let database: Database
beforeAll(async () => {
  cluster = await startCluster({ version: 17 })
  database = await openDatabase(testRuntime(), { url: cluster.url() })
})
beforeEach(() => sql(CLEAN))
afterAll(async () => {
  await database.close()
  await cluster.stop()
})

const sql = (text: string): Promise<unknown> => database.sql.unsafe(text).simple()
const read = (named: string[] = []) => readLedgers(database, named)
const tables = async (named: string[] = []) => (await listLedgerTables(database, named)).map(({ place }) => place)
const told = ({ files }: ReturnType<typeof compareLedgers>) =>
  files.map(({ path, state, notes }) => [path, state, ...notes].join(' · '))

/** What a second look tells after the first, when `change` ran in between. */
async function between(change: string, named: string[] = []) {
  const before = await read(named)
  await sql(change)
  return compareLedgers(before.ledgers, (await read(named)).ledgers)
}

test('every tool of the catalogue has a story here', () => {
  expect([...new Set(TOOL_LEDGERS.map(({ tool }) => tool))].sort()).toEqual(
    [...new Set(LEDGER_TOOLS.map(({ tool }) => tool))].sort(),
  )
})

describe('the ledger of', () => {
  test.each(TOOL_LEDGERS.map((story) => [story.tool, story] as const))(
    '%s: what ran is told, once',
    async (_, story) => {
      await sql(story.make)
      expect(await tables()).toEqual(story.tables)
      const change = await between(story.run)
      expect(told(change)).toEqual(story.told)
      expect(change.applied).toBe(story.applied)
      const again = await between('select 1')
      expect(again.applied).toBe(0)
      expect(again.files.filter(({ state }) => state === 'applied')).toEqual([])
    },
  )
})

describe('retries, repeatables and what a tool writes for itself', () => {
  const FLYWAY = TOOL_LEDGERS.find(({ tool }) => tool === 'Flyway')
  const PRISMA = TOOL_LEDGERS.find(({ tool }) => tool === 'Prisma')

  test('a repeatable of Flyway that runs again is applied again, under its one name', async () => {
    await sql(`${FLYWAY?.make}; ${FLYWAY?.run}`)
    const change = await between(
      "insert into flyway_schema_history values (9, null, 'views', 'SQL', 'R__views.sql', 2, 'app', now(), 5, true)",
    )
    expect(change.applied).toBe(1)
    expect(told(change)).toContain(
      'R__views.sql · applied · by Flyway · repeatable: it runs again when its text changes',
    )
  })

  test('of Prisma: a failed attempt, its being marked as rolled back, and the run that worked', async () => {
    await sql(PRISMA?.make ?? '')
    const failed = await between(
      "insert into _prisma_migrations (id, checksum, migration_name, started_at, logs) values ('f1', 'x', '2_pages', now(), 'ERROR')",
    )
    expect(told(failed)).toEqual(['2_pages · failed · by Prisma'])
    expect(failed.applied).toBe(0)
    expect(told(await between('select 1'))).toEqual(['2_pages · failed · by Prisma · failed in an earlier run'])
    const resolved = await between("update _prisma_migrations set rolled_back_at = now() where id = 'f1'")
    expect(told(resolved)).toEqual(['2_pages · ignored · by Prisma · taken back'])
    const worked = await between(
      "insert into _prisma_migrations values ('f2', 'x', now() + interval '1 s', '2_pages', null, null, now() + interval '1 s', 1)",
    )
    expect(told(worked)).toEqual(['2_pages · applied · by Prisma · after an attempt that was undone or failed'])
    expect(worked.applied).toBe(1)
  })

  test('migrations that a command takes back are named', async () => {
    await sql(
      "create table knex_migrations (id serial, name text, batch int, migration_time timestamptz); insert into knex_migrations (name) values ('a'), ('b')",
    )
    const change = await between("delete from knex_migrations where name = 'b'")
    expect(change.takenBack).toEqual(['b'])
    expect(change.applied).toBe(0)
  })

  test('two tenants with ledgers of the same names are told apart', async () => {
    const ledger = (schema: string) =>
      `create schema ${schema}; create table ${schema}.schema_migrations (version varchar primary key); insert into ${schema}.schema_migrations values ('1')`
    await sql(ledger('one'))
    const change = await between(ledger('two'))
    expect(change.files.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'one.schema_migrations: 1 unchanged',
      'two.schema_migrations: 1 applied',
    ])
  })
})

describe('an application’s own table', () => {
  test.each([
    ['migrations of birds', 'create table migrations (id int, name text, species text, "timestamp" bigint)'],
    ['a name of another type', 'create table migrations (id int, name int, run_on timestamp)'],
    ['a hash and a date', 'create table migrations (hash bytea, previous_hash bytea, filename text, date timestamptz)'],
    ['changes of a project', 'create table changes (change_id int, change text, project text)'],
    ['a version of its schemas', 'create table schema_version (version int, tenant text)'],
    ['versions with remarks', 'create table schema_migrations (version text, remark text)'],
    ['meta data', 'create table "SequelizeMeta" (name text, value text)'],
    ['a view', "create view schema_migrations as select '1'::text as version"],
    ['half of a ledger', 'create table flyway_schema_history (script text)'],
    ['a lock of its own', 'create table knex_migrations_lock (id int); create table ar_internal_metadata (key text)'],
    ['what is current', 'create table current (id int)'],
  ])('%s: neither told as a ledger nor hidden', async (_, make) => {
    await sql(make)
    expect(await read()).toEqual({ ledgers: [], problems: [] })
    expect(await tables()).toEqual([])
    expect(compareLedgers([], []).applied).toBeNull()
  })

  test('with more rows than anybody has migrations, it is none, and nothing stops', async () => {
    await sql(
      'create table migrations (id serial, "timestamp" bigint, name varchar); insert into migrations ("timestamp", name) select g, g from generate_series(1, 10001) g',
    )
    expect(await read()).toEqual({ ledgers: [], problems: [] })
    await sql('delete from migrations where id = 1')
    expect((await read()).ledgers).toHaveLength(1)
  })

  test('that nobody else may read, or that is locked, is a sentence at most', async () => {
    await sql('create table knex_migrations (name text, migration_time timestamptz); create role onlooker')
    const look = (role: string) =>
      withDatabase(testRuntime(), { url: cluster.url(), settings: { role } }, (connected) => readLedgers(connected, []))
    expect(await look('onlooker')).toEqual({ ledgers: [], problems: [] })
    await sql('begin; lock table knex_migrations')
    expect(await look(cluster.superuser.name)).toEqual({
      ledgers: [],
      problems: [
        'The ledger public.knex_migrations of Knex could not be read: canceling statement due to lock timeout.',
      ],
    })
    await sql('commit')
  })
})

describe('migrate_ledger', () => {
  test.each([['app_log'], ['audit.app_log']])(
    '%s: a ledger under another name is known by its columns',
    async (name) => {
      await sql(
        'create schema audit; create table audit.app_log (id serial, name text, batch int, migration_time timestamptz); create table audit.app_log_lock (index int, is_locked int)',
      )
      const change = await between("insert into audit.app_log (name) values ('1_a.js')", [name])
      expect(told(change)).toEqual(['1_a.js · applied · in audit.app_log'])
      expect(await tables([name])).toEqual(['audit.app_log', 'audit.app_log_lock'])
      expect(await tables()).toEqual([])
    },
  )

  test('what is not there, or no ledger, is said', async () => {
    await sql('create table birds (id int, species text)')
    expect((await read(['birds', 'nests'])).problems).toEqual([
      'The table public.birds of migrate_ledger was not read: its columns (id, species) are those of no ledger that this action knows.',
      "There is no table 'nests', which migrate_ledger names.",
    ])
  })

  test('a name cannot become SQL, and operators of the user’s stand in for none of ours', async () => {
    await sql(`create schema evil; create function evil.no(name, text) returns bool language sql as 'select 1/0 = 1';
      create operator evil.= (leftarg = name, rightarg = text, function = evil.no);
      create function evil.concat_ws(text, text, text) returns text language sql as 'select (1/0)::text';
      create table knex_migrations (name text, migration_time timestamptz); insert into knex_migrations values ('a', now());
      create table schemaversion (version bigint, name text, md5 text, run_at timestamptz); insert into schemaversion values (1, 'a')`)
    await sql('set search_path = evil, pg_catalog, public')
    try {
      const nasty = "x\\'); drop table knex_migrations; --"
      const { ledgers, problems } = await read([nasty])
      expect(ledgers.map(({ place, rows }) => [place, rows.length])).toEqual([
        ['public.knex_migrations', 1],
        ['public.schemaversion', 1],
      ])
      expect(problems).toEqual([`There is no table '${nasty}', which migrate_ledger names.`])
      expect(await tables([nasty])).toEqual(['public.knex_migrations', 'public.schemaversion'])
    } finally {
      await sql('reset search_path')
    }
  })
})
