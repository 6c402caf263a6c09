import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import { diffSnapshots, takeSnapshot } from '../../src/database/inspect/index.ts'
import type { SchemaDiff, SchemaSnapshot } from '../../src/model.ts'
import { CATALOGS, catalogsOf, dumpCatalogs } from '../support/catalog.ts'
import { BEFORE_EVERY_CHANGE, BEFORE_RENAMES, RENAMES, type SchemaStep, STEPS } from '../support/every-change.ts'
import { testRuntime } from '../support/runtime.ts'

/** A change as one line: what, and which of the things that are more than a new definition. */
const lines = (diff: SchemaDiff) =>
  diff.changes
    .map(({ action, kind, id, from, replaced, note }) =>
      [
        `${action} ${kind} ${id}`,
        from ? ` (was ${from})` : '',
        replaced ? ' (replaced)' : '',
        note ? `: ${note}` : '',
      ].join(''),
    )
    .sort()

describe.each<PostgresVersion>([14, 18])('on PostgreSQL %i', (version) => {
  let cluster: Cluster
  let database: Database
  let before: SchemaSnapshot
  const run = async (sql: string) => {
    try {
      await database.sql.unsafe(sql).simple()
    } catch (error) {
      throw new Error(`${sql.slice(-150)}: ${error instanceof Error ? error.message : error}`)
    }
  }

  beforeAll(async () => {
    cluster = await startCluster({ version })
    await cluster.query('create database current')
    database = await openDatabase(testRuntime(), { url: cluster.url({ database: 'current' }) })
    await run(BEFORE_EVERY_CHANGE)
    await run(BEFORE_RENAMES)
    before = await takeSnapshot(database)
  })
  afterAll(async () => {
    await database?.close()
    await cluster?.stop()
  })

  /** Makes all steps in one transaction, looks, undoes them, and looks again. */
  async function play(steps: SchemaStep[]): Promise<{ done: SchemaDiff; undone: SchemaDiff; dumps: string[] }> {
    const known = steps.filter((step) => (step.since ?? 0) <= version)
    await run('begin')
    const dumps = [await dumpCatalogs(database)]
    try {
      for (const { sql } of known) await run(sql)
      const done = diffSnapshots(before, await takeSnapshot(database))
      dumps.push(await dumpCatalogs(database))
      // A snapshot inside a transaction leaves its settings until the end.
      await run('set local search_path = public')
      for (const { undo } of known.toReversed()) await run(undo)
      dumps.push(await dumpCatalogs(database))
      return { done, undone: diffSnapshots(before, await takeSnapshot(database)), dumps }
    } finally {
      await run('rollback')
    }
  }

  test('no catalog is left out without a reason', async () => {
    const known = Object.keys(CATALOGS)
    expect((await catalogsOf(database)).filter((name) => !known.includes(name))).toEqual([])
  })

  test('a role with no rights sees the schema too, and is told what it does not see; no password is read', async () => {
    await cluster.query(`create role narrow login password 'secret-of-narrow'; create role dba superuser`)
    await cluster.query('create database looked_at owner dba')
    await cluster.query(
      `set role dba; create table t (a int primary key, n serial); create sequence sq; alter sequence sq restart with 9; create view v as select a from t;
       create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;
       create user mapping for narrow server far options (password 'secret-of-mapping');
       create subscription sub connection 'password=secret-of-sub' publication x with (connect = false)`,
      'looked_at',
    )
    const asNarrow = await openDatabase(testRuntime(), {
      url: cluster.url({ database: 'looked_at', user: 'narrow', password: 'secret-of-narrow' }),
    })
    try {
      const { facts, unread } = await takeSnapshot(asNarrow)
      const seen = facts.map(({ kind, id }) => `${kind} ${id}`)
      expect(seen).toEqual(
        expect.arrayContaining(['table public.t', 'view public.v', 'sequence public.sq', 'subscription sub']),
      )
      expect(seen).toContain('user mapping for narrow server far')
      expect(seen.filter((name) => name.startsWith('setting sequence'))).toEqual([])
      expect(unread).toEqual([
        'the options of user mappings, which may hold passwords',
        'the connections of subscriptions, which may hold passwords',
        'where 2 sequences begin, too many or not for this role to read',
      ])
      expect(JSON.stringify(facts)).not.toContain('secret-of')
      await cluster.query('grant select on all sequences in schema public to narrow', 'looked_at')
      const allowed = await takeSnapshot(asNarrow)
      expect(allowed.facts.filter(({ id }) => id === 'sequence public.sq')).toEqual([
        expect.objectContaining({ kind: 'setting', definition: 'restart with 9' }),
      ])
      expect(allowed.unread).toHaveLength(2)
      // A server that cannot tell, as one that was built without XML.
      const teller = version >= 18 ? 'pg_get_sequence_data(regclass)' : 'query_to_xml(text, boolean, boolean, text)'
      await cluster.query(`revoke execute on function ${teller} from public`, 'looked_at')
      const refused = await takeSnapshot(asNarrow)
      expect(refused.facts.length).toBe(allowed.facts.length - 1)
      expect(refused.unread).toContain('where 2 sequences begin, too many or not for this role to read')
    } finally {
      await asNarrow.close()
    }
  })

  test.each<[string, SchemaStep[]]>([
    ['change of every kind', STEPS],
    ['rename', RENAMES],
  ])('each %s is told as what it is, and undone it is none', async (_what, steps) => {
    const { done, undone, dumps } = await play(steps)
    // By the catalogs' own rows: it was a change, and it was undone.
    expect(dumps[1]).not.toBe(dumps[0])
    expect(dumps[2]).toBe(dumps[0])
    const expected = steps.filter((step) => (step.since ?? 0) <= version).flatMap(({ shows }) => shows)
    expect(lines(done)).toEqual(expected.sort())
    expect(undone).toEqual({ changes: [], unified: '' })
    expect(JSON.stringify(done)).not.toContain('secret-of')
  })
})
