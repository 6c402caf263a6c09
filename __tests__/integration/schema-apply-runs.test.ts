import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { startDelayProxy } from '../../sandbox/proxy/index.ts'
import { applySchema } from '../../src/database/schema/apply.ts'
import { TRY_LOCK } from '../../src/database/schema/execution/lock.ts'
import { openSession } from '../../src/database/schema/execution/session.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { testRuntime } from '../support/runtime.ts'
import { apply, applyOptions, states } from '../support/schema.ts'
import { startWiretap } from '../support/wire.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  await cluster.query('drop schema if exists neon_setup cascade; drop schema public cascade; create schema public')
})

const until = async (condition: () => Promise<boolean>) => {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('It did not happen within 10 s.')
}
const isRunning = (query: string) => async () =>
  (await cluster.query(`select from pg_stat_activity where query like '${query}%' and state = 'active'`)).length > 0
const thrownBy = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => {
      throw new Error(`Nothing was thrown, but there is ${JSON.stringify(value)}.`)
    },
    (error: unknown) => error,
  )
const recorded = async () =>
  (await cluster.query('select name from neon_setup.migrations where done = statements order by name')).map(
    ({ name }) => name,
  )

describe('two runs at once', () => {
  test('each file is applied once, and both runs end well', async () => {
    // A plain `create table` would fail if it ran twice.
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `${index}.sql`,
        `create table t${index}(i int); select pg_sleep(0.01)`,
      ]),
    )
    const results = await Promise.all(
      [1, 2, 3].map((runId) => apply({ url: cluster.url(), files, runId: String(runId) })),
    )
    expect(results.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined])
    expect(results.map(({ applied }) => applied).sort()).toEqual([0, 0, 30])
    expect(await recorded()).toHaveLength(30)
  })

  test('CREATE INDEX CONCURRENTLY of one run does not wait for the other that waits for it', async () => {
    await cluster.query('create table big as select g as i from generate_series(1, 200000) g')
    const files = {
      '1.sql':
        'create index concurrently i1 on big(i); create index concurrently i2 on big(i); create index concurrently i3 on big(i)',
    }
    const first = apply({ url: cluster.url(), files, policy: { lockTimeout: '5s' } })
    await until(isRunning('create index concurrently'))
    const runtime = testRuntime()
    const second = apply({ url: cluster.url(), files, runtime })
    const results = await Promise.all([first, second])
    expect(results.map(({ failure, applied }) => [failure, applied])).toEqual([
      [undefined, 1],
      [undefined, 0],
    ])
    expect(runtime.lines.join('\n')).toContain('Waiting for another run that applies files to this database')
  })

  test('who waits too long is told who holds the lock', async () => {
    const settings = { application_name: 'neon-postgres-setup run 4711' }
    const holder = await openSession(testRuntime(), { url: cluster.url(), settings })
    try {
      await holder.send(TRY_LOCK)
      const options = { url: cluster.url(), files: { '1.sql': 'create table a(i int)' } }
      const error = await thrownBy(apply({ ...options, policy: { lockWaitMilliseconds: 600 } }))
      expect(error).toBeInstanceOf(ActionError)
      const [row] = await holder.send('select pg_backend_pid() as pid')
      expect((error as ActionError).sentence).toContain(`process ${row?.pid} of role ${cluster.superuser.name}`)
      expect((error as ActionError).sentence).toContain('neon-postgres-setup run 4711')
      expect((error as ActionError).sentence).toContain('lock_wait 0.6 s')
      expect((error as ActionError).advice).toContain(`pg_terminate_backend(${row?.pid})`)
    } finally {
      await holder.close()
    }
    expect(await cluster.query("select to_regclass('public.a') as a")).toEqual([{ a: null }])
  })

  test('lock_wait 0 gives up at once, and a lock in another database is not in the way', async () => {
    await cluster.query('create database elsewhere')
    const holder = await openSession(testRuntime(), { url: cluster.url({ database: 'elsewhere' }) })
    try {
      await holder.send(TRY_LOCK)
      const files = { '1.sql': 'create table a(i int)' }
      expect((await apply({ url: cluster.url(), files, policy: { lockWaitMilliseconds: 0 } })).applied).toBe(1)
      const url = cluster.url({ database: 'elsewhere' })
      const error = await thrownBy(apply({ url, files, policy: { lockWaitMilliseconds: 0 } }))
      expect((error as ActionError).message).toContain("Could not get the ledger's lock")
    } finally {
      await holder.close()
    }
  })
})

describe('a run that is cut off', () => {
  const slow = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `${index}.sql`,
      `create table t${index}(i int); select pg_sleep(${index === 5 ? 30 : 0})`,
    ]),
  )
  const quick = Object.fromEntries(Object.entries(slow).map(([name, text]) => [name, text.replace('30', '0')]))

  test('by the server: what was committed stays, and the next run applies the rest', async () => {
    const run = apply({ url: cluster.url(), files: quick }).then(() => undefined)
    await run
    await cluster.query('drop schema neon_setup cascade; drop schema public cascade; create schema public')
    const cut = thrownBy(apply({ url: cluster.url(), files: { ...quick, '5.sql': slow['5.sql'] ?? '' } }))
    await until(isRunning('select pg_sleep(30)'))
    await cluster.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep(30)%' and pid <> pg_backend_pid()",
    )
    const error = (await cut) as ActionError
    expect(error).toBeInstanceOf(ActionError)
    expect(error.message).toMatch(/^Lost the connection to the database while sql\/5\.sql was applied/)
    expect(await recorded()).toEqual(['0.sql', '1.sql', '2.sql', '3.sql', '4.sql'])
    const again = await apply({ url: cluster.url(), files: quick })
    expect([again.unchanged, again.applied, again.failure]).toEqual([5, 5, undefined])
  })

  test('by the network, in the middle of the answers', async () => {
    const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 0 })
    const url = new URL(cluster.url())
    url.port = String(proxy.port)
    const cut = thrownBy(apply({ url: url.href, files: slow }))
    await until(isRunning('select pg_sleep(30)'))
    await proxy.close()
    expect(((await cut) as ActionError).message).toContain(
      'Lost the connection to the database while sql/5.sql was applied',
    )
    // The server notices within client_connection_check_interval, and gives the lock back.
    const again = await apply({ url: cluster.url(), files: quick })
    expect([again.unchanged, again.applied, again.failure]).toEqual([5, 5, undefined])
  })

  test('by the network, at any moment: what is recorded is applied, and what is applied is recorded', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `f${index}.sql`,
        `create table f${index}(i int); insert into f${index} values (1)`,
      ]),
    )
    const tables = "select tablename || '.sql' as name from pg_tables where schemaname = 'public' order by 1"
    const reached: number[] = []
    for (let milliseconds = 30; ; milliseconds += 7) {
      const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 4 })
      const url = new URL(cluster.url())
      url.port = String(proxy.port)
      const run = apply({ url: url.href, files: many }).catch(() => undefined)
      const timer = setTimeout(() => proxy.close(), milliseconds)
      const result = await run
      clearTimeout(timer)
      await proxy.close()
      await until(
        async () =>
          (await cluster.query("select from pg_stat_activity where application_name like 'neon-%'")).length === 0,
      )
      const made = (await cluster.query(tables)).map(({ name }) => name)
      const hasLedger =
        (await cluster.query("select to_regclass('neon_setup.migrations') as ledger"))[0]?.ledger !== null
      expect(hasLedger ? (await recorded()).sort() : []).toEqual(made.sort())
      reached.push(made.length)
      if (result && !result.failure) break
    }
    expect(reached.at(-1)).toBe(60)
    // At least one cut came between two files, or the test says nothing.
    expect(reached.some((count) => count > 0 && count < 60)).toBe(true)
  })

  test('by a cancel: the reason is thrown, the open file is rolled back, nothing is left behind', async () => {
    const runtime = testRuntime()
    const cut = thrownBy(applySchema(runtime, applyOptions({ url: cluster.url(), files: slow })))
    await until(isRunning('select pg_sleep(30)'))
    const reason = new ActionError('The run was cancelled.')
    runtime.abort(reason)
    expect(await cut).toBe(reason)
    await until(async () => !(await isRunning('select pg_sleep(30)')()))
    expect(await recorded()).toEqual(['0.sql', '1.sql', '2.sql', '3.sql', '4.sql'])
    expect(await cluster.query("select to_regclass('public.t5') as t5")).toEqual([{ t5: null }])
    expect((await apply({ url: cluster.url(), files: quick })).applied).toBe(5)
  })

  test('by a cancel while it waits for the lock', async () => {
    const holder = await openSession(testRuntime(), { url: cluster.url() })
    try {
      await holder.send(TRY_LOCK)
      const runtime = testRuntime()
      const cut = thrownBy(applySchema(runtime, applyOptions({ url: cluster.url(), files: quick })))
      await until(async () => runtime.lines.some((line) => line.startsWith('Waiting for another run')))
      const reason = new ActionError('The run was cancelled.')
      runtime.abort(reason)
      expect(await cut).toBe(reason)
    } finally {
      await holder.close()
    }
  })
})

test('progress is told while a file takes long', async () => {
  const runtime = testRuntime()
  await apply({
    url: cluster.url(),
    runtime,
    files: { '1.sql': 'select 1', '2.sql': 'select pg_sleep(1.5)', '3.sql': 'select 3' },
  })
  expect(runtime.lines).toContain('Applying file 2 of 3: sql/2.sql')
})

describe('files that run outside a transaction', () => {
  const files = {
    '1.sql': 'create table a(i int); insert into a values (1), (1)',
    '2.sql':
      'create index concurrently a_i on a(i);\ncreate table b(i int);\n\ncreate unique index concurrently a_u on a(i);\ncreate table c(i int);\nvacuum a',
    '3.sql': 'create table d(i int)',
  }

  test('are found by themselves, and are applied between the others', async () => {
    const works = { ...files, '2.sql': files['2.sql'].replace('unique ', '') }
    const result = await apply({ url: cluster.url(), files: works })
    expect(states(result)).toEqual(['1.sql:applied', '2.sql:applied', '3.sql:applied'])
    expect(result.files.map(({ transactional }) => transactional)).toEqual([true, false, true])
    expect(result.files[1]?.notes).toEqual(['runs outside a transaction, statement by statement, because of line 1'])
  })

  test('a failure in the middle: what is in is said, the rest runs next time, with the invalid index out of the way', async () => {
    const result = await apply({ url: cluster.url(), files })
    expect(states(result)).toEqual(['1.sql:applied', '2.sql:partial', '3.sql:pending'])
    expect(result.failure).toMatchObject({ file: 'sql/2.sql', line: 4, sqlstate: '23505' })
    expect(result.failure?.consequence).toBe(
      'Statements 1 to 2 of 5 of the file stay applied, and the next run goes on at statement 3; the 1 file before it stays applied.',
    )
    expect(await cluster.query('select done, statements from neon_setup.migrations where name = $$2.sql$$')).toEqual([
      { done: 2, statements: 5 },
    ])
    const invalid = 'select i.indisvalid from pg_index i where i.indexrelid = $$a_u$$::regclass'
    expect(await cluster.query(invalid)).toEqual([{ indisvalid: false }])

    await cluster.query('delete from a; insert into a values (1)')
    const again = await apply({ url: cluster.url(), files })
    expect(states(again)).toEqual(['1.sql:unchanged', '2.sql:applied', '3.sql:applied'])
    expect(again.files[1]?.notes).toContain('goes on at statement 3 of 5, where it stopped before')
    expect(await cluster.query(invalid)).toEqual([{ indisvalid: true }])
    expect(await recorded()).toEqual(['1.sql', '2.sql', '3.sql'])
  })

  test('the rest of a half-applied file may be mended, what is in may not', async () => {
    await apply({ url: cluster.url(), files })
    const begun = { ...files, '2.sql': files['2.sql'].replace('create table b(i int)', 'create table b(i bigint)') }
    const error = await thrownBy(apply({ url: cluster.url(), files: begun }))
    expect((error as ActionError).message).toContain('it was changed after it was applied')
    const mended = { ...files, '2.sql': files['2.sql'].replace('unique ', '') }
    const again = await apply({ url: cluster.url(), files: mended })
    expect(states(again)).toEqual(['1.sql:unchanged', '2.sql:applied', '3.sql:applied'])
  })

  test('cut off after an index was made and before it was noted: it is not made twice', async () => {
    const works = { ...files, '2.sql': files['2.sql'].replace('unique ', '') }
    const name = '2.sql'
    await apply({ url: cluster.url(), files: works })
    // As a run leaves it that died right behind its fourth statement.
    const { statementsChecksum } = await import('../../src/database/schema/files/checksum.ts')
    const { splitStatements } = await import('../../src/database/sql/split.ts')
    const sum = statementsChecksum(splitStatements(works[name]).slice(0, 2))
    await cluster.query(
      `update neon_setup.migrations set done = 2, done_checksum = '${sum}' where name = '2.sql'; drop table c`,
    )
    const again = await apply({ url: cluster.url(), files: works })
    expect(again.failure).toBeUndefined()
    expect(await recorded()).toEqual(['1.sql', '2.sql', '3.sql'])
  })

  test('transactions of the file’s own: what they roll back is not counted as done', async () => {
    const own =
      'create table a(i int);\nbegin;\ncreate table b(i int);\ncreate table c(i int);\nselct;\ncommit;\ncreate table d(i int)'
    const result = await apply({ url: cluster.url(), files: { '1.sql': own } })
    expect(result.failure).toMatchObject({ line: 5 })
    expect(result.failure?.consequence).toContain('Statements 1 to 1 of 7')
    const tables =
      "select string_agg(tablename, ',' order by tablename) as names from pg_tables where schemaname = 'public'"
    expect(await cluster.query(tables)).toEqual([{ names: 'a' }])
    const again = await apply({ url: cluster.url(), files: { '1.sql': own.replace('selct', 'select') } })
    expect(states(again)).toEqual(['1.sql:applied'])
    expect(await cluster.query(tables)).toEqual([{ names: 'a,b,c,d' }])
  })

  test('a role set in the file does not keep the ledger from being written, and holds on in the file', async () => {
    const role = `do $$ begin create role worker; exception when duplicate_object then null; end $$; grant all on schema public to worker`
    const text = `${role}; set role worker; create table a(i int); vacuum a; create table b(i int)`
    const result = await apply({ url: cluster.url(), files: { '1.sql': text, '2.sql': 'create table c(i int)' } })
    expect(result.failure).toBeUndefined()
    expect(
      await cluster.query("select tablename, tableowner from pg_tables where schemaname = 'public' order by 1"),
    ).toEqual([
      { tablename: 'a', tableowner: 'worker' },
      { tablename: 'b', tableowner: 'worker' },
      { tablename: 'c', tableowner: cluster.superuser.name },
    ])
  })

  test('a transaction left open at the end is an error', async () => {
    const result = await apply({
      url: cluster.url(),
      files: { '1.sql': 'create table a(i int); begin; create table b(i int)' },
    })
    expect(result.failure?.message).toBe('the file ends within a transaction that it began; end it with COMMIT')
    expect(await recorded()).toEqual([])
  })
})

test('a run reads the ledger as it is once the lock is there, whatever isolation the database prefers', async () => {
  await cluster.query('create database strict')
  await cluster.query("alter database strict set default_transaction_isolation = 'serializable'")
  const tap = await startWiretap(cluster.port)
  try {
    const url = new URL(cluster.url({ database: 'strict' }))
    url.port = String(tap.port)
    url.searchParams.set('sslmode', 'disable')
    const files = { '1.sql': 'create table a(i int)' }
    expect((await apply({ url: url.href, files })).applied).toBe(1)
    expect(tap.queries()[0]).toMatch(/^begin isolation level read committed;\s*select pg_catalog\.pg_try_advisory_lock/)
    // The lock outlives the transaction that took it: the message that follows is ours alone to send.
    const holder = await openSession(testRuntime(), { url: url.href, first: tap.queries()[0] ?? '' })
    const policy = { lockWaitMilliseconds: 0 }
    expect(await thrownBy(apply({ url: url.href, files, policy }))).toBeInstanceOf(ActionError)
    await holder.close()
  } finally {
    await tap.close()
  }
})
