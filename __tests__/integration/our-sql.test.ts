import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loadModule } from 'libpg-query'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { assertOnBranch } from '../../src/database/assert-branch.ts'
import { withDatabase } from '../../src/database/connect.ts'
import {
  beginMove,
  countTables,
  endMove,
  hasTablesOfOthers,
  isSeenBy,
  keepEffects,
  noteJob,
  otherDatabases,
  readBaseline,
  readMovingBaseline,
  recallEffects,
  saveBaseline,
  takeHash,
  takeSnapshot,
} from '../../src/database/inspect/index.ts'
import { listLedgerTables, readLedgers } from '../../src/database/migrate/ledgers.ts'
import { waitUntilReady } from '../../src/database/ready.ts'
import { ensureRoles } from '../../src/database/roles/index.ts'
import { planSchema } from '../../src/database/schema/index.ts'
import { type SqlRecorder, startSqlRecorder } from '../support/record-sql.ts'
import { testRuntime } from '../support/runtime.ts'
import { apply, applyOptions } from '../support/schema.ts'
import { unqualifiedIn } from '../support/unqualified.ts'

const FILES: Record<string, string> = {
  '1.sql': 'create table public.a(i pg_catalog.int4); create index if not exists ai on public.a(i)',
  '2.sql': 'alter table public.a add j pg_catalog.int4',
  '3.sql': 'create index concurrently aj on public.a(j)',
  '4.sql': 'begin; create table public.b(i pg_catalog.int4); commit; create table public.c(i pg_catalog.int4)',
}
const COUNTS = { mode: 'exact', perTableMilliseconds: 5000, totalMilliseconds: 20_000, largestBytes: 2 ** 30 } as const

describe('what our SQL reads through the search path', () => {
  test.each([
    ['select 1 where a = b', ['operator =']],
    ['select a operator(pg_catalog.=) b', []],
    ['select count(*) from t', ['function count', 'table t']],
    ['with t as (select 1) select pg_catalog.count(*) from t', []],
    ["select 'x'::text, 1::int, '1'::pg_catalog.text", ['type text']],
    ['select 1 where a in (1, 2)', ['operator =']],
    ['select 1 where a in (select 1)', ['operator = of a subquery']],
    ['select case a when 1 then 2 end', ['operator = of a CASE with a value']],
    ['select from x.a join x.b using (i)', ['operator = of USING']],
    ['create table x.a (i text default now())', ['type text', 'function now']],
    ['set local search_path = pg_catalog; select 1 where a = b', []],
    ["select pg_catalog.set_config('search_path', '', true); select 1 where a = b", []],
    ['set local search_path = evil; select now()', ['function now']],
    ['begin; set local search_path = pg_catalog; select now(); commit; select now()', ['function now']],
  ])('%s', async (text, names) => {
    await loadModule()
    expect(unqualifiedIn([text]).map((found) => found.replace(/ in: .*/, ''))).toEqual(names)
  })

  test('ends with its message', async () => {
    await loadModule()
    expect(unqualifiedIn(['set local search_path = pg_catalog', 'select now()'])).toHaveLength(1)
    expect(unqualifiedIn(['begin', 'set local search_path = pg_catalog', 'select now()'])).toEqual([])
  })
})

describe('no SQL of ours depends on a search path that is not ours', () => {
  let cluster: Cluster
  let recorder: SqlRecorder
  let url: string
  beforeAll(async () => {
    await loadModule()
    cluster = await startCluster()
    recorder = await startSqlRecorder(cluster.port)
    await cluster.query('create role owner login createrole; grant create on database postgres to owner')
    await cluster.query("alter role owner password 'owner-0001'; grant create on schema public to owner")
    await cluster.query('create table public.pgmigrations(id int, name text, run_on timestamp)')
    await cluster.query(
      "grant select on public.pgmigrations to owner; insert into pgmigrations values (1, '0001_x', '2026-01-01')",
    )
    const direct = new URL(cluster.url({ user: 'owner', password: 'owner-0001' }))
    direct.port = String(recorder.port)
    direct.searchParams.set('sslmode', 'disable')
    url = direct.href
  })
  afterAll(async () => {
    await recorder.close()
    await cluster.stop()
  })

  test('in a run that applies, looks, counts and makes roles', async () => {
    const runtime = testRuntime()
    await waitUntilReady(runtime, { url })
    await assertOnBranch(runtime, { url, kind: 'foreign' }, { id: 'br-x', name: 'x' }).catch(() => undefined)
    await planSchema(runtime, applyOptions({ url, files: FILES }))
    const first = await apply({ url, files: FILES, runtime })
    expect(first.failure).toBeUndefined()
    await apply({ url, files: FILES, runtime })
    await apply({ url, files: { ...FILES, '5.sql': 'create table public.a(i pg_catalog.int4)' }, runtime })
    await apply({ url, files: { ...FILES, '5.sql': 'select 1; vacuum public.nothing' }, runtime })
    await withDatabase(runtime, { url }, async (database) => {
      const snapshot = await takeSnapshot(database)
      await takeHash(database)
      const counts = await countTables(runtime, database, COUNTS)
      await countTables(runtime, database, { ...COUNTS, mode: 'estimate' })
      await hasTablesOfOthers(database)
      await readBaseline(database, 'br-x')
      await saveBaseline(database, 'br-x', { snapshot, counts })
      expect(await readBaseline(database, 'br-x')).toMatchObject({ counts: expect.any(Array) })
      await keepEffects(database, 'br-x', first.files)
      await recallEffects(database, 'br-x', first.files)
      await noteJob(database, 'br-x', '1 1 test')
      expect(await isSeenBy(database, 'br-x', '1 1 test')).toBe(true)
      await otherDatabases(database)
      await keepEffects(
        database,
        'br-x',
        first.files.map((file) => ({ ...file, renamedFrom: 'x.sql' })),
      )
      await beginMove(database, 'br-x', { snapshot, counts })
      expect((await readMovingBaseline(database, 'br-x')).begun).not.toBeNull()
      await endMove(database, 'br-x', { snapshot, counts })
      expect((await readLedgers(database, [])).ledgers).toMatchObject([
        { tool: { name: 'name' }, rows: [{ name: '0001_x' }] },
      ])
      expect(await listLedgerTables(database, [])).toMatchObject([{ name: 'pgmigrations' }])
      const roles = [
        { name: 'api', level: 'readwrite' },
        { name: 'reports', level: 'readonly' },
      ] as const
      await ensureRoles(runtime, { database, url, roles, known: new Map() })
    })
    const theirs = new Set(Object.values(FILES).flatMap((text) => text.split('; ')))
    // They tell where a transaction is.
    for (const text of ['begin', 'commit']) theirs.delete(text)
    const texts = recorder.connections.map((list) =>
      list.filter((text) => !theirs.has(text) && !/^(vacuum|select 1$|create table public)/.test(text)),
    )
    expect(texts.flat().length).toBeGreaterThan(50)
    expect([...new Set(texts.flatMap(unqualifiedIn))]).toEqual([])
  })
})
