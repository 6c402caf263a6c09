import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import { startDelayProxy } from '../../sandbox/proxy/index.ts'
import { type ConnectOptions, type Database, openDatabase } from '../../src/database/connect.ts'
import { type CountOptions, changeAgainst, countTables } from '../../src/database/inspect/index.ts'
import type { TableCount } from '../../src/model.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const GENEROUS: CountOptions = {
  mode: 'exact',
  perTableMilliseconds: 5000,
  totalMilliseconds: 20_000,
  largestBytes: 2 ** 30,
}
const PASSWORD = 'secret-of-limited'

// The cluster's own superuser is one of Neon's roles, whose tables are none of the user's.
const AS_USER = `do $$ begin create role dba superuser; exception when duplicate_object then null; end $$; set role dba;`

const SETUP = `${AS_USER}
create role limited login password '${PASSWORD}';
create table public.plain (i int); insert into plain select generate_series(1, 3);
create table public.empty (i int);
create table public.never (i int) with (autovacuum_enabled = false); insert into never select generate_series(1, 12345);
create table public.parted (id int, k int) partition by list (k);
create table public.parted_1 partition of parted for values in (1);
create table public.parted_2 partition of parted for values in (2) partition by range (id);
create table public.parted_2_low partition of parted_2 for values from (0) to (500);
create table public.parted_2_high partition of parted_2 for values from (500) to (2000);
insert into parted select g, 1 + g % 2 from generate_series(1, 1000) g;
create table public.parted_empty (id int) partition by list (id);
create table public.parent (i int); create table public.child () inherits (parent);
insert into parent select generate_series(1, 5); insert into child select generate_series(1, 7);
create unlogged table public.fleeting (i int); insert into fleeting select generate_series(1, 9);
create view public.look as select * from plain;
create materialized view public.kept as select * from plain;
create materialized view public.hollow as select * from plain with no data;
create table public.policed (i int, owner text);
insert into policed select g, case when g <= 10 then 'limited' else 'x' end from generate_series(1, 100) g;
alter table policed enable row level security; create policy p on policed using (owner = current_user);
create table public.closed (i int); insert into closed values (1);
create table public.one_column (a int, b int); insert into one_column values (1, 2);
create schema "shut"; create table shut.inside (i int); insert into shut.inside values (1); grant select on shut.inside to limited;
create schema "Sch""ema; drop table plain; --";
create table "Sch""ema; drop table plain; --"."ta""ble'\\ $1 | \`x\`
new" (i int);
insert into "Sch""ema; drop table plain; --"."ta""ble'\\ $1 | \`x\`
new" values (1), (2);
create table public.broken (i int); insert into broken values (1);
alter table broken enable row level security; create policy b on broken using (1 / (i - 1) > 0);
create schema neon_setup; create table neon_setup.ledger (i int); insert into neon_setup.ledger values (1);
create schema neon; create table neon.x (i int);
create extension postgres_fdw;
create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
create foreign table public.distant (i int) server far;
create table public.half (i int, k int) partition by list (k);
create table public.half_near partition of half for values in (1);
create foreign table public.half_far partition of half for values in (2) server far;
insert into half values (1, 1);
grant usage on schema public, "Sch""ema; drop table plain; --" to limited;
grant select on plain, policed, parted, broken to limited; grant select (a) on one_column to limited;
analyze plain;`

const brief = (counts: TableCount[]) =>
  Object.fromEntries(
    counts.map(({ schema, name, kind, rows, precision, visibleOnly, reason }) => [
      schema === 'public' ? name : `${schema}.${name}`,
      [kind, rows, precision, ...(visibleOnly ? ['visible'] : []), ...(reason ? [reason] : [])],
    ]),
  )

async function counting<T>(
  connect: ConnectOptions,
  work: (database: Database, runtime: TestRuntime) => Promise<T>,
): Promise<T> {
  const runtime = testRuntime()
  const database = await openDatabase(runtime, connect)
  try {
    return await work(database, runtime)
  } finally {
    await database.close()
  }
}

const count = (url: string, options: Partial<CountOptions> = {}, settings: Record<string, string> = {}) =>
  counting({ url, settings }, (database, runtime) => countTables(runtime, database, { ...GENEROUS, ...options }))

const ODD = 'Sch"ema; drop table plain; --.ta"ble\'\\ $1 | `x`\nnew'

describe.each<PostgresVersion>([14, 15, 16, 17, 18])('on PostgreSQL %i', (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version })
    await cluster.query(SETUP)
  })
  afterAll(() => cluster?.stop())

  test('every sort of table is counted as it should be', async () => {
    expect(brief(await count(cluster.url()))).toEqual({
      [ODD]: ['table', 2, 'exact'],
      'shut.inside': ['table', 1, 'exact'],
      broken: ['table', 1, 'exact'],
      child: ['table', 7, 'exact'],
      closed: ['table', 1, 'exact'],
      distant: ['foreign', null, 'unknown', 'foreign table, not counted'],
      empty: ['table', 0, 'exact'],
      fleeting: ['table', 9, 'exact'],
      half: ['partitioned', null, 'unknown', 'has foreign partitions, not counted'],
      hollow: ['materialized-view', null, 'unknown', 'not populated'],
      kept: ['materialized-view', 3, 'exact'],
      never: ['table', 12_345, 'exact'],
      one_column: ['table', 1, 'exact'],
      parent: ['table', 5, 'exact'],
      parted: ['partitioned', 1000, 'exact'],
      parted_empty: ['partitioned', 0, 'exact'],
      plain: ['table', 3, 'exact'],
      policed: ['table', 100, 'exact'],
    })
  })

  test('a role with few rights gets what it may see, each refusal for itself', async () => {
    const limited = brief(await count(cluster.url({ user: 'limited', password: PASSWORD })))
    expect(limited).toMatchObject({
      plain: ['table', 3, 'exact'],
      parted: ['partitioned', 1000, 'exact'],
      policed: ['table', 10, 'exact', 'visible'],
      one_column: ['table', 1, 'exact'],
      closed: ['table', null, 'unknown', 'no access'],
      kept: ['materialized-view', null, 'unknown', 'no access'],
      'shut.inside': ['table', null, 'unknown', 'no access'],
      broken: ['table', null, 'unknown', 'division by zero'],
      empty: ['table', 0, 'exact'],
    })
  })
})

describe('estimates', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version: 17 })
    await cluster.query(`${AS_USER}
      create table analyzed (i int) with (autovacuum_enabled = false); insert into analyzed select generate_series(1, 50000); analyze analyzed;
      insert into analyzed select generate_series(1, 50000);
      create table never (i int) with (autovacuum_enabled = false); insert into never select generate_series(1, 150000);
      create table small_never (i int) with (autovacuum_enabled = false); insert into small_never select generate_series(1, 400);
      create table parts (i int) partition by range (i);
      create table parts_a partition of parts for values from (0) to (30000); create table parts_b partition of parts for values from (30000) to (90000);
      insert into parts select generate_series(0, 79999); analyze parts_a; analyze parts_b;
      create table mixed (i int) partition by range (i);
      create table mixed_a partition of mixed for values from (0) to (100); create table mixed_b partition of mixed for values from (100) to (200);
      insert into mixed select generate_series(0, 149); analyze mixed_a;`)
  })
  afterAll(() => cluster?.stop())

  test('come from statistics scaled to the size of now; without statistics from a bounded count', async () => {
    const counts = brief(await count(cluster.url(), { mode: 'estimate' }))
    expect(counts).toEqual({
      analyzed: ['table', expect.any(Number), 'estimate'],
      mixed: ['partitioned', 150, 'exact'],
      never: ['table', 100_000, 'at-least'],
      parts: ['partitioned', expect.any(Number), 'estimate'],
      small_never: ['table', 400, 'exact'],
    })
    // Twice the rows that were analyzed, give or take what its last page holds.
    expect(Math.abs(Number(counts.analyzed?.[1]) - 100_000)).toBeLessThan(1000)
    expect(Math.abs(Number(counts.parts?.[1]) - 80_000)).toBeLessThan(1000)
  })

  test('are what tables over the size limit get', async () => {
    const counts = brief(await count(cluster.url(), { largestBytes: 100_000 }))
    expect(counts.analyzed?.[2]).toBe('estimate')
    expect(counts.never?.slice(1)).toEqual([100_000, 'at-least'])
    expect(counts.small_never?.slice(1)).toEqual([400, 'exact'])
  })

  test('are not made where counting is off', async () => {
    for (const [kind, rows, precision, reason] of Object.values(brief(await count(cluster.url(), { mode: 'off' })))) {
      expect([kind, rows, precision, reason]).toEqual([
        expect.stringMatching(/^(table|partitioned)$/),
        null,
        'unknown',
        'counting is off',
      ])
    }
  })

  test('stand in for a count that a timeout stopped, with or without statistics; the session keeps its own timeout', async () => {
    await cluster.query('create database slow')
    // A policy that sleeps makes a count slow on a machine of any speed; statistics and plans are not slowed.
    await cluster.query(
      `${AS_USER} create role watcher login password '${PASSWORD}';
       create function nap() returns boolean language plpgsql cost 1 as 'begin perform pg_sleep(0.05); return true; end';
       ${['known', 'guessed']
         .map(
           (
             name,
           ) => `create table ${name} (i int) with (autovacuum_enabled = false); insert into ${name} select generate_series(1, 1000);
             alter table ${name} enable row level security; create policy p on ${name} using (nap()); grant select on ${name} to watcher;`,
         )
         .join('\n')}
       create table quick (i int); insert into quick values (1); grant select on quick to watcher; analyze known;`,
      'slow',
    )
    const url = cluster.url({ database: 'slow', user: 'watcher', password: PASSWORD })
    await counting({ url, settings: { statement_timeout: '7s' } }, async (database, runtime) => {
      const counts = await countTables(runtime, database, { ...GENEROUS, perTableMilliseconds: 300 })
      expect(brief(counts)).toEqual({
        known: ['table', 1000, 'estimate', expect.stringContaining('counting took longer than 0.3 s')],
        guessed: ['table', expect.any(Number), 'estimate', expect.stringContaining('counting took longer than 0.3 s')],
        quick: ['table', 1, 'exact'],
      })
      expect(await database.sql.unsafe('show statement_timeout')).toEqual([{ statement_timeout: '7s' }])
    })
  })

  test('stand in when the budget of all counts is spent, smallest tables counted first', async () => {
    await cluster.query('create database many template slow')
    await cluster.query(
      AS_USER +
        Array.from(
          { length: 20 },
          (_, index) => `create table slow_${index} (i int); insert into slow_${index} select generate_series(1, 1000);
          alter table slow_${index} enable row level security; create policy p on slow_${index} using (nap()); grant select on slow_${index} to watcher;
          analyze slow_${index};`,
        ).join('\n'),
      'many',
    )
    const url = cluster.url({ database: 'many', user: 'watcher', password: PASSWORD })
    const started = performance.now()
    const counts = brief(await count(url, { perTableMilliseconds: 200, totalMilliseconds: 600 }))
    // Without the budget: 22 tables of 200 ms. This is a bound of the budget, not of the machine.
    expect(performance.now() - started).toBeLessThan(3500)
    expect(counts.quick).toEqual(['table', 1, 'exact'])
    for (let index = 0; index < 20; index += 1)
      expect(counts[`slow_${index}`]?.slice(0, 3)).toEqual(['table', 1000, 'estimate'])
  })

  test('stand in for a table that someone has locked; neither listing nor counting waits for it', async () => {
    await cluster.query('create database locked')
    await cluster.query(
      `${AS_USER}
       create table held (i int); insert into held select generate_series(1, 500); analyze held;
       create table unknown (i int) with (autovacuum_enabled = false); insert into unknown values (1);
       create table parts (i int) partition by range (i); create table parts_a partition of parts for values from (0) to (9);
       create table free (i int); insert into free values (1)`,
      'locked',
    )
    const url = cluster.url({ database: 'locked' })
    await counting({ url }, async (holder) => {
      await holder.sql.unsafe('begin; lock table held, unknown, parts').simple()
      const counts = await count(url, {}, { statement_timeout: '20s' })
      await holder.sql.unsafe('rollback').simple()
      expect(brief(counts)).toEqual({
        held: ['table', 500, 'estimate', 'locked by another session'],
        unknown: ['table', null, 'unknown', 'locked by another session'],
        parts: ['partitioned', null, 'unknown', 'locked by another session'],
        free: ['table', 1, 'exact'],
      })
    })
  })

  test('end with the run that is cancelled', async () => {
    const url = cluster.url({ database: 'many', user: 'watcher', password: PASSWORD })
    await counting({ url }, async (database, runtime) => {
      const counted = countTables(runtime, database, { ...GENEROUS, perTableMilliseconds: 10_000 })
      setTimeout(() => runtime.abort(new Error('cancelled by the user')), 300)
      await expect(counted).rejects.toThrow('cancelled by the user')
    })
  })
})

describe('a thousand tables', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version: 18, settings: { fsync: 'off', max_locks_per_transaction: '2000' } })
    for (const [name, tables] of [
      ['one', 1],
      ['thousand', 1000],
    ] as const) {
      await cluster.query(`create database ${name}`)
      await cluster.query(
        `do $$ begin for i in 1..${tables} loop execute format('create table t%s as select generate_series(1, %s) i', i, i % 7); end loop; end $$`,
        name,
      )
    }
  })
  afterAll(() => cluster?.stop())

  test('cost at most three round trips more than one at 30 ms, and tell their progress', async () => {
    const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 30 })
    try {
      const trips: Record<string, number> = {}
      for (const name of ['one', 'thousand']) {
        const url = new URL(cluster.url({ database: name }))
        url.port = String(proxy.port)
        await counting({ url: url.href }, async (database, runtime) => {
          proxy.reset()
          const counts = await countTables(runtime, database, GENEROUS)
          trips[name] = proxy.roundTrips()
          const expected = counts.map((one) => Number(one.name.slice(1)) % 7)
          expect(counts.map(({ rows }) => rows)).toEqual(expected)
          expect(counts).toHaveLength(name === 'one' ? 1 : 1000)
          expect(runtime.lines.at(-1)).toBe(
            name === 'one' ? 'Counting rows: 1 of 1 table' : 'Counting rows: 1,000 of 1,000 tables',
          )
          const later = changeAgainst(
            counts,
            counts.map((one) => ({ ...one, rows: (one.rows ?? 0) - 1 })),
          )
          expect(later.every(({ change }) => change === 1)).toBe(true)
        })
      }
      expect(Number(trips.thousand)).toBeLessThanOrEqual(Number(trips.one) + 3)
      expect(trips.one).toBe(2)
    } finally {
      await proxy.close()
    }
  })
})
