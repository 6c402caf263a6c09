import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { planSchema } from '../../src/database/schema/plan.ts'
import { testRuntime } from '../support/runtime.ts'
import { type ApplyInput, apply, applyOptions, states } from '../support/schema.ts'
import { startWiretap } from '../support/wire.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  await cluster.query('drop schema if exists neon_setup cascade; drop schema public cascade; create schema public')
})

const plan = (files: Record<string, string>, more: Partial<ApplyInput> = {}) =>
  planSchema(testRuntime(), applyOptions({ url: cluster.url(), files, ...more }))

const everything = "select md5(string_agg(t::text, ',' order by t::text)) as state from neon_setup.migrations t"

test('lists what a run would do, with notes, and throws for nothing that a policy forbids', async () => {
  const before = {
    '1.sql': 'create table a(i int)',
    '3_gone.sql': 'select 3',
    '4_edited.sql': 'select 4',
    '5.sql': 'select 5',
  }
  await apply({ url: cluster.url(), files: before })
  const state = await cluster.query(everything)
  const now = {
    '1.sql': before['1.sql'],
    '2_late.sql': 'drop table a;\nalter table b drop column c',
    '4_edited.sql': 'select 44',
    '5.sql': 'select 5',
    '6.sql': '\ncreate index concurrently on a(i)',
    '7.sql': 'create table z(i int);\nselct nonsense',
  }
  const result = await plan(now, { policy: { outOfOrder: 'fail', onEdit: 'fail' } })
  expect(states(result)).toEqual([
    '1.sql:unchanged',
    '2_late.sql:pending',
    '4_edited.sql:edited',
    '5.sql:unchanged',
    '6.sql:pending',
    '7.sql:pending',
    '3_gone.sql:missing',
  ])
  expect([result.applied, result.unchanged, result.pending]).toEqual([0, 2, 3])
  const notes = new Map(result.files.map(({ name, notes }) => [name, notes]))
  expect(notes.get('2_late.sql')).toEqual([
    'destroys data: DROP TABLE a (line 1)',
    'destroys data: DROP COLUMN b.c (line 2)',
    'out of order: sorts before 5.sql, which is applied already',
  ])
  expect(notes.get('4_edited.sql')?.[0]).toMatch(/^applied with checksum \w{12}, now \w{12}$/)
  expect(notes.get('6.sql')).toEqual(['runs outside a transaction, statement by statement, because of line 2'])
  expect(result.files.find(({ name }) => name === '6.sql')?.transactional).toBe(false)
  expect(result.warnings).toEqual([
    '1 applied file is not in sql/: 3_gone.sql.',
    'sql/4_edited.sql was edited after it was applied: a run would fail.',
  ])
  expect(await cluster.query(everything)).toEqual(state)
})

test('a preview whose file was edited would be reset', async () => {
  const preview = { branchId: 'br-pr', isPreview: true }
  await apply({ url: cluster.url(), files: { '1.sql': 'select 1' }, ...preview })
  const result = await plan({ '1.sql': 'select 2' }, preview)
  expect(result.warnings).toEqual(['sql/1.sql was edited: a run would reset the branch and replay all files.'])
})

test('works before there is a ledger, and makes none', async () => {
  expect(states(await plan({ '1.sql': 'create table a(i int)' }))).toEqual(['1.sql:pending'])
  expect(await cluster.query("select to_regnamespace('neon_setup') as schema")).toEqual([{ schema: null }])
})

test.each(['without a ledger', 'with one'])('sends nothing but reads, on a read-only session, %s', async (which) => {
  if (which === 'with one') await apply({ url: cluster.url(), files: { '1.sql': 'select 1' } })
  const tap = await startWiretap(cluster.port)
  const url = new URL(cluster.url())
  url.port = String(tap.port)
  url.searchParams.set('sslmode', 'disable')
  try {
    await plan({ '1.sql': 'select 1', '2.sql': 'drop schema public cascade' }, { url: url.href })
  } finally {
    await tap.close()
  }
  // Password, simple query, terminate; no extended query and no COPY.
  expect(tap.types().toSorted()).toEqual(['Q', 'X', 'p'])
  expect(tap.queries().length).toBeGreaterThan(0)
  for (const query of tap.queries()) {
    expect(query).toMatch(/^select /)
    expect(query).not.toMatch(/;|advisory|insert|update|delete|create|into/i)
  }
})

test('does not wait for a run that holds the lock', async () => {
  const running = apply({ url: cluster.url(), files: { '1.sql': 'select pg_sleep(1)' } })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(states(await plan({ '1.sql': 'select pg_sleep(1)' }))).toEqual(['1.sql:pending'])
  expect((await running).applied).toBe(1)
})
