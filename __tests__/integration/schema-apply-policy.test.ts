import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { NeedsReset } from '../../src/database/schema/decision/refuse.ts'
import { directUrl } from '../../src/database/schema/execution/direct-url.ts'
import { checksumOf } from '../../src/database/schema/files/checksum.ts'
import type { LedgerRow } from '../../src/database/schema/ledger/ledger.ts'
import type { BaseFiles } from '../../src/database/schema/policy.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { testRuntime } from '../support/runtime.ts'
import { type ApplyInput, apply, states } from '../support/schema.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  await cluster.query('drop schema if exists neon_setup cascade; drop schema public cascade; create schema public')
})

const run = (files: Record<string, string>, more: Partial<ApplyInput> = {}) =>
  apply({ url: cluster.url(), files, ...more })
const onMain = { branchId: 'br-main', isPreview: false }
const onPreview = { branchId: 'br-pr-7', isPreview: true }
const refused = async (work: Promise<unknown>): Promise<ActionError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ActionError)) throw new Error(`No ActionError was thrown, but ${error}.`)
  return error
}
const tables = async () =>
  (await cluster.query("select tablename as name from pg_tables where schemaname = 'public' order by 1")).map(
    ({ name }) => name,
  )

const A = { '1_a.sql': 'create table a(i int)' }
const A_EDITED = { '1_a.sql': 'create table a(i bigint)' }

describe('the ledger', () => {
  test('remembers each file by its name, with where it came from', async () => {
    await run(A, { runId: '42', commitSha: 'abc', branchId: 'br-x' })
    const [row] = await cluster.query('select * from neon_setup.migrations')
    expect(row).toMatchObject({
      name: '1_a.sql',
      checksum: checksumOf(A['1_a.sql']),
      kind: 'once',
      applied_by: cluster.superuser.name,
      statements: 1,
      done: 1,
      branch: 'br-x',
      run_id: '42',
      commit_sha: 'abc',
    })
    expect(row?.applied_at).toBeInstanceOf(Date)
  })

  test('a second run applies only what is new, and nothing when nothing is', async () => {
    await run(A)
    const second = await run({ ...A, '2_b.sql': 'create table b(i int)' })
    expect(states(second)).toEqual(['1_a.sql:unchanged', '2_b.sql:applied'])
    const third = await run({ ...A, '2_b.sql': 'create table b(i int)' })
    expect([third.applied, third.unchanged, third.pending]).toEqual([0, 2, 0])
  })

  test('a byte-order mark and CRLF are no change', async () => {
    await run({ '1.sql': 'create table a(i int);\nselect 1;\n' })
    expect(states(await run({ '1.sql': '\ufeffcreate table a(i int);\r\nselect 1;\r\n' }))).toEqual(['1.sql:unchanged'])
  })

  test('names with quotes, backslashes and emoji are kept as they are', async () => {
    const name = `1 it's a \\' "file" 😀.sql`
    await run({
      [name]: 'create table a(i int)',
      '2.sql': 'set standard_conforming_strings = off',
      '3\\.sql': 'select 1',
    })
    expect(await cluster.query('select name from neon_setup.migrations order by name')).toEqual(
      [name, '2.sql', '3\\.sql'].sort().map((known) => ({ name: known })),
    )
  })

  test('works for a role that may only create in its own database', async () => {
    await cluster.query("create role plain login password 'plain-password'")
    await cluster.query('create database plain owner plain')
    const url = cluster.url({ database: 'plain', user: 'plain', password: 'plain-password' })
    const files = { ...A, '2.sql': 'alter table a add column t text; insert into a values (1)' }
    const result = await apply({ url, files })
    expect(states(result)).toEqual(['1_a.sql:applied', '2.sql:applied'])
    expect(result.files[1]).toMatchObject({
      locks: [{ table: 'public.a', mode: 'ACCESS EXCLUSIVE' }],
      rows: [{ table: 'public.a', inserted: 1, updated: 0, deleted: 0 }],
    })
  })

  test('a role that may not make the ledger is told so, and no file has run', async () => {
    await cluster.query("create role guest login password 'guest-password'")
    const url = cluster.url({ user: 'guest', password: 'guest-password' })
    const error = await refused(apply({ url, files: { '1.sql': 'create temp table t(i int)' } }))
    expect(error.sentence).toMatch(
      /^Could not keep the ledger: permission denied for database postgres\. .*grant create/,
    )
    expect(await cluster.query("select to_regnamespace('neon_setup') as schema")).toEqual([{ schema: null }])
  })

  test('a role that may not read the ledger is told so', async () => {
    await run(A)
    const url = cluster.url({ user: 'guest', password: 'guest-password' })
    expect((await refused(apply({ url, files: A }))).sentence).toMatch(/^Could not read the ledger: permission denied/)
  })

  test('a table that has the name of the ledger and is another is no failed login', async () => {
    await cluster.query('create schema neon_setup; create table neon_setup.migrations(x int)')
    const work = apply({ url: cluster.url(), files: A })
    await expect(work).rejects.toThrow('column "applied_at" does not exist')
    await expect(work).rejects.not.toThrow(/log in/)
  })

  test('a file that another run has recorded meanwhile is not applied a second time', async () => {
    // The row is written where the other run would: after the ledger was read and before the file begins.
    const other =
      "insert into neon_setup.migrations (name, checksum, kind, statements, done, branch, run_id, commit_sha) values ('2.sql', 'x', 'once', 1, 1, '', '', '')"
    const error = await refused(
      run({ '1.sql': other, '2.sql': 'create table two(i int)', '3.sql': 'create table three(i int)' }),
    )
    expect(error.message).toBe('Could not apply sql/2.sql: another run applied it in the meantime.')
    expect(await tables()).toEqual([])
  })

  test('the schema of the ledger may be there already, made by somebody else', async () => {
    await cluster.query('create schema neon_setup; create table neon_setup.other(i int)')
    expect(states(await run(A))).toEqual(['1_a.sql:applied'])
  })
})

describe('repeatable files', () => {
  const view = (column: string) => ({ 'R__view.sql': `drop view if exists v; create view v as select 1 as ${column}` })

  test('run behind the others, and again only when they change', async () => {
    expect(states(await run({ ...view('x'), ...A }))).toEqual(['1_a.sql:applied', 'R__view.sql:applied'])
    expect((await run({ ...A, ...view('x') })).applied).toBe(0)
    expect(states(await run({ ...A, ...view('y') }))).toEqual(['1_a.sql:unchanged', 'R__view.sql:applied'])
    expect(await cluster.query('select y from v')).toEqual([{ y: 1 }])
    expect(await cluster.query('select count(*)::int as n from neon_setup.migrations')).toEqual([{ n: 2 }])
  })

  test('a changed one that fails leaves the row of the one before', async () => {
    await run(view('x'))
    const failed = await run({ 'R__view.sql': 'drop view v; selct' })
    expect(failed.failure?.sqlstate).toBe('42601')
    expect(await cluster.query('select checksum, done from neon_setup.migrations')).toEqual([
      { checksum: checksumOf(view('x')['R__view.sql']), done: 2 },
    ])
    expect(await cluster.query('select x from v')).toEqual([{ x: 1 }])
  })
})

describe('a file edited after it was applied', () => {
  test('new in this pull request: the preview asks to be reset, and nothing has changed', async () => {
    await run(A, onPreview)
    const error = await refused(run({ ...A_EDITED, '2.sql': 'create table b(i int)' }, onPreview))
    expect(error).toBeInstanceOf(NeedsReset)
    expect((error as NeedsReset).files).toEqual(['sql/1_a.sql'])
    expect(await tables()).toEqual(['a'])
  })

  test('came with the copy of the parent: an error with both checksums, on the file', async () => {
    await run(A, onMain)
    const error = await refused(run(A_EDITED, onPreview))
    expect(error).not.toBeInstanceOf(NeedsReset)
    expect(error.message).toContain('to the parent branch')
    expect(error.message).toContain(checksumOf(A['1_a.sql']))
    expect(error.message).toContain(checksumOf(A_EDITED['1_a.sql']))
    expect(error.advice).toContain('2_a.sql')
    expect(error.location).toEqual({ file: 'sql/1_a.sql', line: 1 })
    expect(error.outputs).toMatchObject({ failed_file: 'sql/1_a.sql' })
  })

  test("the parent's ledger, when it is given, decides", async () => {
    const row = (checksum: string): LedgerRow => ({
      ...{ name: '1_a.sql', checksum, kind: 'once', appliedAt: '', appliedBy: '', milliseconds: 0, statements: 1 },
      ...{ done: 1, doneChecksum: '', branch: 'br-main', runId: '', commitSha: '' },
      kind: 'once',
    })
    await run(A, onPreview)
    const had = refused(run(A_EDITED, { ...onPreview, parentLedger: [row(checksumOf(A['1_a.sql']))] }))
    expect(await had).not.toBeInstanceOf(NeedsReset)
    // It was merged with the change meanwhile: a reset brings it.
    const has = refused(run(A_EDITED, { ...onPreview, parentLedger: [row(checksumOf(A_EDITED['1_a.sql']))] }))
    expect(await has).toBeInstanceOf(NeedsReset)
  })

  test('on a branch that is no preview: an error, whatever the policy says of resets', async () => {
    await run(A, onMain)
    const error = await refused(run(A_EDITED, onMain))
    expect(error).not.toBeInstanceOf(NeedsReset)
    expect(error.message).not.toContain('parent')
  })

  test('fail: an error that tells of reset', async () => {
    await run(A, onPreview)
    const error = await refused(run(A_EDITED, { ...onPreview, policy: { onEdit: 'fail' } }))
    expect(error).not.toBeInstanceOf(NeedsReset)
    expect(error.advice).toContain('on_edit to reset')
  })

  test('accept: the checksum is taken over with a warning, and it does not run', async () => {
    await run(A, onMain)
    const result = await run(
      { ...A_EDITED, '2.sql': 'create table b(i int)' },
      { ...onPreview, policy: { onEdit: 'accept' } },
    )
    expect(states(result)).toEqual(['1_a.sql:accepted', '2.sql:applied'])
    expect(result.warnings[0]).toContain('its checksum is taken over')
    expect(states(await run(A_EDITED, onPreview))[0]).toBe('1_a.sql:unchanged')
    expect(await cluster.query("select data_type from information_schema.columns where table_name = 'a'")).toEqual([
      { data_type: 'integer' },
    ])
  })

  test('accept alone, with no file to run', async () => {
    await run(A)
    expect(states(await run(A_EDITED, { policy: { onEdit: 'accept' } }))).toEqual(['1_a.sql:accepted'])
    expect(states(await run(A_EDITED))).toEqual(['1_a.sql:unchanged'])
  })
})

describe('order', () => {
  const late = { '1.sql': 'select 1', '3.sql': 'select 3' }
  const between = { ...late, '2_add.sql': 'create table two(i int)' }

  test('a file that sorts before one of the parent runs, with a warning on it and a free name', async () => {
    await run(late, onMain)
    const runtime = testRuntime()
    const result = await run(between, { ...onPreview, runtime })
    expect(states(result)).toEqual(['1.sql:unchanged', '2_add.sql:applied', '3.sql:unchanged'])
    expect(result.warnings).toEqual([
      'sql/2_add.sql is new but sorts before 3.sql, which the parent branch already has: rename it to 4_add.sql.',
    ])
    expect(runtime.annotations).toEqual([
      { kind: 'warning', text: result.warnings[0], at: { location: { file: 'sql/2_add.sql', line: 1 } } },
    ])
    expect(result.files[1]?.notes[0]).toContain('out of order')
  })

  test('fail: an error on the file, and nothing ran', async () => {
    await run(late, onMain)
    const error = await refused(run(between, { ...onPreview, policy: { outOfOrder: 'fail' } }))
    expect(error.message).toContain('sql/2_add.sql is new but sorts before 3.sql')
    expect(error.location?.file).toBe('sql/2_add.sql')
    expect(await tables()).toEqual([])
  })

  test('when provisioning it runs with a notice, and nobody advises to rename what has run', async () => {
    await run(late, onMain)
    const runtime = testRuntime()
    const result = await run(between, { ...onMain, runtime })
    expect([result.applied, result.warnings]).toEqual([1, []])
    expect(runtime.annotations).toEqual([
      {
        kind: 'notice',
        text: 'sql/2_add.sql is new and sorts before 3.sql, which is already applied: it runs behind it.',
        at: { location: { file: 'sql/2_add.sql', line: 1 } },
      },
    ])
    expect(JSON.stringify([result, runtime.lines])).not.toMatch(/rename it|free name/)
  })

  test('when provisioning with fail: an error that advises no rename either', async () => {
    await run(late, onMain)
    const error = await refused(run(between, { ...onMain, policy: { outOfOrder: 'fail' } }))
    expect(error.sentence).toMatch(/2_add\.sql is new and sorts before 3\.sql.*Set out_of_order to warn/)
    expect(error.sentence).not.toMatch(/rename/)
  })

  test("files of one's own pull request may come in any order", async () => {
    await run(late, onPreview)
    expect((await run(between, { ...onPreview, policy: { outOfOrder: 'fail' } })).warnings).toEqual([])
  })

  test('a file that the parent has and this commit does not counts too', async () => {
    await run({ '1.sql': 'select 1', '3.sql': 'select 3' }, onMain)
    const result = await run({ '1.sql': 'select 1', '2_add.sql': 'select 2' }, onPreview)
    expect(result.warnings.join('\n')).toContain('sorts before 3.sql')
    expect(states(result)).toContain('3.sql:missing')
  })

  test('repeatable files are never out of order', async () => {
    await run({ '9.sql': 'select 9' }, onMain)
    expect((await run({ '9.sql': 'select 9', 'R__a.sql': 'select 1' }, onPreview)).warnings).toEqual([])
  })
})

test('an applied file that is gone is a warning', async () => {
  await run({ ...A, '2_b.sql': 'create table b(i int)' })
  const result = await run(A)
  expect(states(result)).toEqual(['1_a.sql:unchanged', '2_b.sql:missing'])
  expect(result.warnings).toEqual(['1 applied file is not in sql/: 2_b.sql.'])
})

describe('a file that was renamed with the same text', () => {
  const B = { '2_b.sql': 'create table b(i int)' }
  const names = async () =>
    (await cluster.query('select name from neon_setup.migrations order by name')).map(({ name }) => name)

  test.each([
    ['when provisioning', onMain],
    ['on a preview', onPreview],
  ])('has its row renamed, and does not run, %s', async (_, where) => {
    await run({ ...A, ...B }, onMain)
    const runtime = testRuntime()
    const result = await run({ ...A, 'later/9_b.sql': B['2_b.sql'] }, { ...where, runtime })
    expect(states(result)).toEqual(['1_a.sql:unchanged', 'later/9_b.sql:unchanged'])
    expect(await names()).toEqual(['1_a.sql', 'later/9_b.sql'])
    expect(runtime.annotations).toEqual([
      {
        kind: 'notice',
        text: expect.stringMatching(
          /^sql\/later\/9_b\.sql is 2_b\.sql under another name: .*To run its statements once more/,
        ),
        at: { location: { file: 'sql/later/9_b.sql', line: 1 } },
      },
    ])
    expect((await run({ ...A, 'later/9_b.sql': B['2_b.sql'] }, where)).warnings).toEqual([])
  })

  test('runs when it could be one of two, and when it has become repeatable', async () => {
    const same = { '1.sql': 'create table if not exists a(i int)', '2.sql': 'create table if not exists a(i int)' }
    await run(same, onMain)
    expect(states(await run({ '3.sql': same['1.sql'] }, onMain))[0]).toBe('3.sql:applied')
    const view = { '5_v.sql': 'create or replace view v as select 1 as x' }
    await run(view, onMain)
    expect(states(await run({ 'R__v.sql': view['5_v.sql'] }, onMain))[0]).toBe('R__v.sql:applied')
  })

  test('keeps the place of one that stopped half-way, which goes on there', async () => {
    const broken = { '1.sql': '-- neon: no-transaction\ncreate table a(i int);\nselct;' }
    await run(broken, onMain)
    const result = await run({ '2.sql': broken['1.sql'] }, onMain)
    expect([states(result), result.failure?.line]).toEqual([['2.sql:partial'], 3])
    expect(await names()).toEqual(['2.sql'])
  })
})

describe('files of the base that the copy lacks', () => {
  const B = { '2_b.sql': 'create table b(i int)' }
  const OWN = { '1_own.sql': 'create table own(i int)' }
  const base = (...files: Record<string, string>[]): BaseFiles => {
    const names = files.flatMap((texts) => Object.keys(texts))
    const states = new Map(names.map((name) => [`sql/${name}`, 'same' as const]))
    return { branch: 'main', states, names: new Set(names), lacking: [], whereFrom: async () => [] }
  }

  test('run first, with a look before and behind them, and are counted apart', async () => {
    await run(A, onMain)
    const seen: unknown[] = []
    const aroundBase = async (work: () => Promise<void>) => {
      seen.push(await tables())
      await work()
      seen.push(await tables())
    }
    const result = await run({ ...A, ...B, ...OWN }, { ...onPreview, base: base(A, B), aroundBase })
    expect(seen).toEqual([['a'], ['a', 'b']])
    expect(await tables()).toEqual(['a', 'b', 'own'])
    expect([result.applied, result.base]).toEqual([1, { branch: 'main', applied: 1, pending: 0 }])
    expect(result.files.map(({ name, ofBase }) => [name, ofBase])).toEqual([
      ['1_a.sql', true],
      ['1_own.sql', undefined],
      ['2_b.sql', true],
    ])
  })

  test('that fail on a preview in use ask for a replay; nothing of the pull request has run behind them', async () => {
    const failing = { '2_b.sql': 'create table a(i int)' }
    const wanted = { ...onPreview, base: base(A, failing), aroundBase: (work: () => Promise<void>) => work() }
    const files = { ...A, ...failing, ...OWN }
    await run(A, onMain)
    const alone = await run(files, { ...wanted, isUsed: true })
    expect([alone.failure?.file, states(alone)[1]]).toEqual(['sql/2_b.sql', '1_own.sql:pending'])
    // Only where the preview holds something of its own, a reset could help.
    await run({ ...A, '0_own.sql': 'create table other(i int)' }, onPreview)
    const error = await refused(run(files, { ...wanted, isUsed: true }))
    expect(error).toBeInstanceOf(NeedsReset)
    expect(error.message).toContain('sql/2_b.sql of main failed on what it holds: relation "a" already exists')
    const fresh = await run(files, { ...wanted, isUsed: false })
    expect([fresh.failure?.file, states(fresh)[1]]).toEqual(['sql/2_b.sql', '1_own.sql:pending'])
    const kept = await run(files, { ...wanted, isUsed: true, policy: { onEdit: 'fail' } })
    expect(kept.failure?.sqlstate).toBe('42P07')
    expect(await tables()).toEqual(['a', 'other'])
  })

  test('that only met a lock or a time limit ask for none', async () => {
    const slow = { '2_b.sql': 'select pg_sleep(10)' }
    const aroundBase = (work: () => Promise<void>) => work()
    const policy = { statementTimeout: '100ms' }
    const result = await run(slow, { ...onPreview, base: base(slow), aroundBase, isUsed: true, policy })
    expect(result.failure?.sqlstate).toBe('57014')
  })
})

describe('a database that something else made', () => {
  const files = { ...A, '2_b.sql': 'create table b(i int)', '10_c.sql': 'create table c(i int)' }
  const made = () => cluster.query('create table a(i int); create table b(i int)')

  test('the first error names the input that adopts it', async () => {
    await made()
    const { failure } = await run(files)
    expect(failure?.sqlstate).toBe('42P07')
    expect(failure?.hint).toContain(
      'set the input baseline to the last file that the database has already, for example',
    )
    expect(failure?.hint).toContain('baseline: 10_c.sql, or to all')
  })

  test.each([
    ['a type', 'create type t as enum ()', '42710'],
    ['a column', 'alter table a add column i int', '42701'],
    ['a function', 'create function f() returns int language sql as $$select 1$$', '42723'],
    ['a schema', 'create schema s', '42P06'],
  ])('so it does for %s that is there already', async (_, sql, sqlstate) => {
    await made()
    await cluster.query(`drop schema if exists s; drop function if exists f; drop type if exists t`)
    if (!sql.startsWith('alter')) await cluster.query(sql)
    const { failure } = await run({ '1.sql': sql })
    expect([failure?.sqlstate, failure?.hint]).toEqual([sqlstate, expect.stringContaining('baseline: 1.sql')])
    await cluster.query(`drop schema if exists s`)
  })

  test('not where the ledger knows files, nor where a file of this run went in before, nor for a slip', async () => {
    await run(A)
    expect((await run({ ...A, '2.sql': 'create table a(i int)' })).failure?.hint ?? '').not.toContain('baseline')
    await cluster.query('drop schema neon_setup cascade')
    const { failure } = await run({ '0.sql': 'create extension if not exists plpgsql', ...A })
    expect(failure?.sqlstate).toBe('42P07')
    expect(failure?.hint ?? '').not.toContain('baseline')
    await cluster.query('drop schema neon_setup cascade')
    for (const slip of ['create table t(a int, a int)', 'select 1 from a t, a t', 'create role cloud_admin']) {
      expect((await run({ '1.sql': slip })).failure?.hint ?? '').not.toContain('baseline')
    }
  })

  test('baseline records the files up to there, once, and runs the rest', async () => {
    await made()
    const runtime = testRuntime()
    const result = await run(files, { baseline: '2_b.sql', runtime })
    expect(states(result)).toEqual(['1_a.sql:accepted', '2_b.sql:accepted', '10_c.sql:applied'])
    expect(runtime.annotations.map(({ text }) => text)).toEqual([
      'Input baseline: 2 files of sql/ count as applied to this database, up to 2_b.sql, and did not run.',
    ])
    const again = testRuntime()
    const next = await run({ ...files, '11_d.sql': 'create table d(i int)' }, { baseline: 'all', runtime: again })
    expect(states(next).at(-1)).toBe('11_d.sql:applied')
    expect(again.annotations.map(({ text }) => text)).toEqual([
      "Input baseline 'all' did nothing: the ledger of this database has 3 files already. Take the input out.",
    ])
  })

  test('all records every file, also one that could not be sent', async () => {
    await made()
    const result = await run({ ...files, '12_psql.sql': '\\set x 1' }, { baseline: 'all' })
    expect(states(result).map((state) => state.split(':')[1])).toEqual(Array(4).fill('accepted'))
    expect(await run({ ...files, '12_psql.sql': '\\set x 1' })).toMatchObject({ applied: 0, unchanged: 4 })
  })

  test('a name that no file has is an error, and nothing has run', async () => {
    const error = await refused(run(files, { baseline: '42_orders.sql' }))
    expect(error.sentence).toMatch(
      /^Could not take the input baseline '42_orders\.sql': sql\/ has no such file\. .*10_c\.sql/,
    )
    expect(await tables()).toEqual([])
  })
})

describe('transaction', () => {
  const three = { '1.sql': 'create table a(i int)', '2.sql': 'create table b(i int)', '3.sql': 'create table c(i int)' }

  test('all: a failure undoes every file, and says so', async () => {
    const result = await run({ ...three, '2.sql': 'create table b(i int); selct' }, { policy: { transaction: 'all' } })
    expect(states(result)).toEqual(['1.sql:pending', '2.sql:failed', '3.sql:pending'])
    expect(result.failure?.consequence).toBe('All 3 files were rolled back; nothing was applied in this run.')
    expect(await tables()).toEqual([])
    expect(await cluster.query('select from neon_setup.migrations')).toEqual([])
  })

  test('all: one transaction for all files', async () => {
    const files = Object.fromEntries(
      Object.entries(three).map(([name, text]) => [
        name,
        `${text}; create table x${name[0]} as select pg_current_xact_id()::text as x`,
      ]),
    )
    expect((await run(files, { policy: { transaction: 'all' } })).applied).toBe(3)
    expect(
      await cluster.query('select from (select x from x1 union select x from x2 union select x from x3) u'),
    ).toHaveLength(1)
  })

  test('all: a file that cannot be part of one is refused with its line before anything ran', async () => {
    const files = { ...three, '2.sql': 'select 1;\nvacuum;' }
    const error = await refused(run(files, { policy: { transaction: 'all' } }))
    expect(error.message).toContain('sql/2.sql: its statement in line 2 (VACUUM) cannot be part of one')
    expect(error.location).toEqual({ file: 'sql/2.sql', line: 2, column: 1 })
    expect(await tables()).toEqual([])
  })

  test('file: what was before the failure stays, and is said', async () => {
    const result = await run({ ...three, '3.sql': 'create table c(i int);\n  selct' })
    expect(states(result)).toEqual(['1.sql:applied', '2.sql:applied', '3.sql:failed'])
    expect(result.failure).toMatchObject({ line: 2, column: 3 })
    expect(result.failure?.consequence).toBe('The file was rolled back; the 2 files before it stay applied.')
    expect(await tables()).toEqual(['a', 'b'])
  })

  test('none: statements before the failure stay, and the next run goes on there', async () => {
    const policy = { transaction: 'none' } as const
    const broken = 'create table a(i int);\ncreate table b(i int);\nselct;\ncreate table c(i int)'
    const result = await run({ '1.sql': broken }, { policy })
    expect(states(result)).toEqual(['1.sql:partial'])
    expect(result.failure).toMatchObject({ line: 3 })
    expect(await tables()).toEqual(['a', 'b'])
    const fixed = await run({ '1.sql': broken.replace('selct', 'select 1') }, { policy })
    expect(states(fixed)).toEqual(['1.sql:applied'])
    expect(await tables()).toEqual(['a', 'b', 'c'])
  })
})

test('a file that gives back the lock does not let another run in', async () => {
  const result = await run({
    '1.sql': 'discard all',
    '2.sql': 'vacuum',
    '3.sql':
      "do $$ begin if not exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) then raise 'no lock'; end if; end $$",
  })
  expect(result.failure).toBeUndefined()
})

test('Neon’s pooled host is swapped for the direct one, with a notice', () => {
  const runtime = testRuntime()
  const pooled = 'postgresql://u:p%40ss@ep-cool-1-pooler.eu-central-1.aws.neon.tech/d?sslmode=require'
  const direct = 'postgresql://u:p%40ss@ep-cool-1.eu-central-1.aws.neon.tech/d?sslmode=require'
  expect(directUrl(runtime, pooled)).toBe(direct)
  expect(runtime.annotations.map(({ kind }) => kind)).toEqual(['notice'])
  expect(directUrl(runtime, direct)).toBe(direct)
  expect(runtime.annotations).toHaveLength(1)
})

test('a pooled host that is not Neon’s is refused', async () => {
  const url = 'postgresql://u:secret@db-pooler.example.com/d'
  expect((await refused(apply({ url, files: A }))).message).toContain(
    'db-pooler.example.com: it is the host of a connection pooler',
  )
})
