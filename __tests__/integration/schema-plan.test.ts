import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { planSchema } from '../../src/database/schema/index.ts'
import { testRuntime } from '../support/runtime.ts'
import { type ApplyInput, apply, applyOptions, states } from '../support/schema.ts'

let cluster: Cluster
let url = ''
let name = ''
let number = 0
beforeAll(async () => {
  cluster = await startCluster({ version: 17 })
})
beforeEach(async () => {
  number += 1
  name = `plan_${number}`
  await cluster.query(`create database ${name}`)
  url = cluster.url({ database: name })
})
afterAll(() => cluster.stop())

const plan = (input: Omit<ApplyInput, 'url'>) => planSchema(testRuntime(), applyOptions({ ...input, url }))
const query = (text: string) => cluster.query(text, name)
const notesOf = (result: { files: { name: string; notes: string[] }[] }, file: string) =>
  result.files.find((entry) => entry.name === file)?.notes.join('; ') ?? ''

describe('plan', () => {
  test('a database that nothing was applied to: all is pending, and nothing is made', async () => {
    const before = await query('select pg_current_wal_insert_lsn()::text as lsn')
    const result = await plan({ files: { '1.sql': 'create table a (i int);', '2.sql': 'create table b (i int);' } })
    expect(states(result)).toEqual(['1.sql:pending', '2.sql:pending'])
    expect(result).toMatchObject({ pending: 2, applied: 0, unchanged: 0 })
    expect(await query("select to_regnamespace('neon_setup') as it")).toEqual([{ it: null }])
    expect(await query('select pg_current_wal_insert_lsn()::text as lsn')).toEqual(before)
  })

  test('names what is applied, edited, missing and out of order', async () => {
    const first = { '1.sql': 'create table a (i int);', '2.sql': 'create table b (i int);', '4.sql': 'select 1;' }
    await apply({ url, files: first })
    const result = await plan({
      files: { '1.sql': first['1.sql'], '2.sql': 'create table b (i bigint);', '3.sql': 'create table c (i int);' },
    })
    expect(states(result)).toEqual(['1.sql:unchanged', '2.sql:edited', '3.sql:pending', '4.sql:missing'])
    expect(notesOf(result, '3.sql')).toMatch(/sorts before 4\.sql/)
    const warnings = result.warnings.join('\n')
    expect(warnings).toContain('sql/2.sql was edited after it was applied: a run would fail.')
    expect(warnings).toMatch(/3\.sql is new but sorts before/)
    expect(warnings).toMatch(/1 applied file is not in sql\//)
  })

  test('an edited file of a preview would reset the branch', async () => {
    await apply({ url, files: { '1.sql': 'create table a (i int);' }, isPreview: true, branchId: 'br-preview' })
    const result = await plan({
      files: { '1.sql': 'create table a (i bigint);' },
      isPreview: true,
      branchId: 'br-preview',
    })
    expect(result.warnings.join()).toContain('a run would reset the branch and replay all files')
  })

  test('marks destructive and non-transactional files', async () => {
    const result = await plan({
      files: {
        '1.sql': 'drop table a;',
        '2.sql': 'create index concurrently i on b (x);',
        '3.sql': 'truncate c;',
        '4.sql': 'alter table d drop column e;',
      },
    })
    for (const file of ['1.sql', '3.sql', '4.sql']) expect(notesOf(result, file)).toMatch(/drop|truncate|destr|data/i)
    expect(result.files.map(({ transactional }) => transactional)).toEqual([true, false, true, true])
  })

  test('no lock is taken: a run may be under way', async () => {
    const slow = apply({ url, files: { '1.sql': 'create table a (i int); select pg_sleep(0.5);' } })
    expect(states(await plan({ files: { '1.sql': 'create table a (i int);' } }))).toEqual(['1.sql:pending'])
    expect((await slow).applied).toBe(1)
  })
})
