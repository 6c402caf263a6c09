import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type Link, runChain } from '../../src/database/schema/execution/chain.ts'
import { openSession } from '../../src/database/schema/execution/session.ts'
import { CREATE_LEDGER } from '../../src/database/schema/ledger/ledger.ts'
import { sessionSettings } from '../../src/database/schema/with-session.ts'
import { splitStatements } from '../../src/database/sql/split.ts'
import { testRuntime } from '../support/runtime.ts'
import { apply, applyOptions, states } from '../support/schema.ts'

/** Operators that answer whatever helps an error to pass unseen, in front of the server's own. */
const HOSTILE = `create schema evil;
create function evil.yes(text, text) returns bool language sql immutable as 'select true';
create function evil.yes(int, int) returns bool language sql immutable as 'select true';
create function evil.yes(xid, xid) returns bool language sql immutable as 'select true';
create function evil.one(int, bigint) returns bigint language sql immutable as 'select 1::bigint';
create function evil.one(numeric, int) returns numeric language sql immutable as 'select 1::numeric';
create function evil.never(timestamptz, timestamptz) returns interval language plpgsql as
  'begin raise exception ''called''; end';
create operator evil.= (leftarg = text, rightarg = text, function = evil.yes);
create operator evil.= (leftarg = int, rightarg = int, function = evil.yes);
create operator evil.= (leftarg = xid, rightarg = xid, function = evil.yes);
create operator evil./ (leftarg = int, rightarg = bigint, function = evil.one);
create operator evil.* (leftarg = numeric, rightarg = int, function = evil.one);
create operator evil.- (leftarg = timestamptz, rightarg = timestamptz, function = evil.never);
create function evil.count() returns bigint language sql as 'select 1::bigint';
create function evil.coalesce_(json, json) returns json language sql as 'select null::json';
create domain evil.xid as pg_catalog.xid;
`
const TAKE_OVER = 'set search_path = evil, public, pg_catalog;'

describe.each([14, 18] as const)("operators of a file in front of the server's, on PostgreSQL %i", (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version })
  })
  afterAll(() => cluster.stop())
  beforeEach(async () => {
    await cluster.query(
      'alter database postgres reset search_path; drop schema if exists neon_setup, evil, public cascade; create schema public',
    )
  })

  const rows = () =>
    cluster
      .query('select name, done, statements from neon_setup.migrations order by name')
      .then((list) => list.map(({ name, done, statements }) => `${name}:${done}/${statements}`))

  // No look at the text, so that only the guards stand between a COMMIT in a file and its row in the ledger.
  const sendAsChain = async (files: string[], together: boolean) => {
    const url = cluster.url()
    const session = await openSession(testRuntime(), {
      url,
      settings: sessionSettings(applyOptions({ url, files: {} })),
    })
    try {
      await session.send(CREATE_LEDGER)
      const links = files.map((text, index): Link => {
        const statements = splitStatements(text)
        const entry = {
          name: `${index}.sql`,
          checksum: 'x',
          kind: 'once',
          branch: 'b',
          runId: '1',
          commitSha: 'c',
        } as const
        return { entry: { ...entry, statements: statements.length }, statements, replace: false, observe: true }
      })
      const relations = Promise.resolve(new Map())
      return await runChain(session, links, {
        together,
        serverVersion: version * 10_000,
        relations,
        onLink: () => undefined,
      })
    } finally {
      await session.close()
    }
  }

  test.each([false, true])(
    'a file that ends its transaction is found out, and nothing behind it runs (together: %s)',
    async (together) => {
      await cluster.query(HOSTILE)
      const ends = `${TAKE_OVER} create table public.one(i int); commit; create table public.two(i int)`
      const { results, failure } = await sendAsChain([ends, 'create table public.three(i int)'], together)
      expect(failure).toMatchObject({ link: 0, step: 'close', error: { code: '22012' } })
      expect(results).toEqual([])
      expect(await rows()).toEqual(['0.sql:0/4'])
      expect(await cluster.query("select to_regclass('public.three') as it")).toEqual([{ it: null }])
    },
  )

  test('each row of the ledger stays its own, in one transaction and statement by statement', async () => {
    await apply({ url: cluster.url(), files: { '0.sql': HOSTILE } })
    for (const transaction of ['file', 'all', 'none'] as const) {
      const files = {
        '0.sql': HOSTILE,
        [`${transaction}1.sql`]: `${TAKE_OVER} create table public.${transaction}1(i int);`,
        [`${transaction}2.sql`]: `${TAKE_OVER} begin; select 1; commit; create table public.${transaction}2(i int);`,
        [`${transaction}3.sql`]: `${TAKE_OVER} create table public.${transaction}3(i int); alter table public.${transaction}3 add j int;`,
      }
      if (transaction === 'all') files[`${transaction}2.sql`] = 'select 1'
      const result = await apply({ url: cluster.url(), files, policy: { transaction } })
      expect(result.failure).toBeUndefined()
    }
    expect(await cluster.query('select count(*)::int as n from neon_setup.migrations where done = statements')).toEqual(
      [{ n: 10 }],
    )
    expect(await cluster.query('select count(distinct applied_at)::int > 7 as own from neon_setup.migrations')).toEqual(
      [{ own: true }],
    )
  })

  test('as the default of the database they change nothing for the next run', async () => {
    await cluster.query(HOSTILE)
    await cluster.query('alter database postgres set search_path = evil, public, pg_catalog')
    const files: Record<string, string> = {
      '1.sql': 'create table public.a(i pg_catalog.int4);',
      '2.sql': 'alter table public.a add j pg_catalog.int4;',
    }
    expect(states(await apply({ url: cluster.url(), files }))).toEqual(['1.sql:applied', '2.sql:applied'])
    files['3.sql'] = 'create table b(i int);'
    const again = await apply({ url: cluster.url(), files })
    expect(states(again)).toEqual(['1.sql:unchanged', '2.sql:unchanged', '3.sql:applied'])
    // What a file finds is the default of its database, not our search path.
    expect(await cluster.query("select to_regclass('evil.b') is not null as it")).toEqual([{ it: true }])
  })
})
