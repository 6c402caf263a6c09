import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type DelayProxy, startDelayProxy } from '../../sandbox/proxy/index.ts'
import { openDatabase } from '../../src/database/connect.ts'
import { testRuntime } from '../support/runtime.ts'
import { apply, states } from '../support/schema.ts'

const DELAY = 20

let cluster: Cluster
let proxy: DelayProxy
beforeAll(async () => {
  cluster = await startCluster()
  proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: DELAY })
})
afterAll(async () => {
  await proxy.close()
  await cluster.stop()
})

/** Through the proxy, with TLS (as on Neon) or without; `prefer` takes what it gets. */
async function farAway(database: string, sslmode: 'disable' | 'prefer' | 'require'): Promise<string> {
  await cluster.query(`create database ${database}`)
  const url = new URL(cluster.url({ database }))
  url.port = String(proxy.port)
  url.searchParams.set('sslmode', sslmode)
  return url.href
}

/** What the login alone costs: TLS, SCRAM and the first query. */
async function loginRoundTrips(url: string): Promise<number> {
  proxy.reset()
  await (await openDatabase(testRuntime(), { url })).close()
  return proxy.roundTrips()
}

const small = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const table = Math.floor(index / 4)
      const kinds = [
        `create table t${table}(id bigint primary key, name text)`,
        `insert into t${table} values (1, 'a'), (2, 'b'), (3, 'c')`,
        `alter table t${table} add column added text`,
        `create index on t${table}(name)`,
      ]
      return [`${String(index + 1).padStart(4, '0')}.sql`, kinds[index % 4] ?? '']
    }),
  )

describe('round trips', () => {
  test.each([
    [10, false],
    [200, false],
    [1000, false],
    [10, true],
    [200, true],
    [1000, true],
  ])('%i files, TLS %s: at most 6, the login with it, and 4 more for TLS', async (count, tls) => {
    const url = await farAway(`trips_${count}_${tls}`, tls ? 'require' : 'disable')
    const login = await loginRoundTrips(url)
    proxy.reset()
    const result = await apply({ url, files: small(count) })
    expect([result.applied, result.failure]).toEqual([count, undefined])
    expect(proxy.connections).toBe(1)
    const afterLogin = proxy.roundTrips() - login
    console.info(`${count} files, TLS ${tls}: ${proxy.roundTrips()} round trips, ${login} of them the login`)
    expect(proxy.roundTrips()).toBeLessThanOrEqual(tls ? 10 : 6)
    expect(afterLogin).toBeLessThanOrEqual(2)
    const [row] = await cluster.query(
      'select count(*)::int as rows from neon_setup.migrations',
      `trips_${count}_${tls}`,
    )
    expect(row?.rows).toBe(count)

    proxy.reset()
    const again = await apply({ url, files: small(count) })
    expect([again.applied, again.unchanged]).toEqual([0, count])
    // The lock and the ledger come with the login.
    expect(proxy.roundTrips()).toBeLessThanOrEqual(login)
  })

  test.each(['disable', 'prefer', 'require'] as const)(
    'megabytes in one chain do not make it wait (%s)',
    async (mode) => {
      const url = await farAway(`trips_megabytes_${mode}`, mode)
      const login = await loginRoundTrips(url)
      const files: Record<string, string> = { '0000.sql': 'create table big(t text)' }
      for (let index = 1; index <= 40; index += 1) {
        files[`${String(index).padStart(4, '0')}.sql`] = `insert into big values ('${'x'.repeat(100_000)}');\n`.repeat(
          2,
        )
      }
      proxy.reset()
      const result = await apply({ url, files })
      expect([result.applied, result.failure]).toEqual([41, undefined])
      expect(proxy.bytes.toServer).toBeGreaterThan(8_000_000)
      // The server answers the first files while the last are still being sent; a query per round trip would be 120.
      expect(proxy.roundTrips() - login).toBeLessThanOrEqual(30)
    },
  )
})

describe('size', () => {
  test('a file of 5 MB and 40,000 statements', async () => {
    await cluster.query('create database five')
    const line = (index: number) => `insert into numbers values (${index}, '${'é'.repeat(50)}'); -- ${index}\n`
    const text = `create table numbers(i int, t text);\n${Array.from({ length: 40_000 }, (_, index) => line(index)).join('')}`
    expect(Buffer.byteLength(text)).toBeGreaterThan(5_000_000)
    const result = await apply({ url: cluster.url({ database: 'five' }), files: { 'big.sql': text } })
    expect(result.failure).toBeUndefined()
    expect(result.files[0]?.statements).toBe(40_001)
    expect(await cluster.query('select count(*)::int as rows from numbers', 'five')).toEqual([{ rows: 40_000 }])
  })

  test('an error at the end of a file of 5 MB is found and rolls all of it back', async () => {
    await cluster.query('create database five_failed')
    const text = `create table numbers(i int);\n${'insert into numbers values (1234567890); -- padding padding\n'.repeat(90_000)}selct 1;`
    const result = await apply({ url: cluster.url({ database: 'five_failed' }), files: { 'big.sql': text } })
    expect(result.failure).toMatchObject({ line: 90_002, column: 1, sqlstate: '42601' })
    expect(await cluster.query("select from pg_tables where schemaname = 'public'", 'five_failed')).toEqual([])
  })

  test('1,000 tables in one file, then a change to each', async () => {
    await cluster.query('create database thousand')
    const url = cluster.url({ database: 'thousand' })
    const all = (statement: (table: string) => string) =>
      Array.from({ length: 1000 }, (_, index) => statement(`t${index}`)).join(';\n')
    const files = { '1.sql': all((table) => `create table ${table}(id int primary key, t text)`) }
    expect((await apply({ url, files })).failure).toBeUndefined()
    const more = { ...files, '2.sql': all((table) => `alter table ${table} add column more int`) }
    const result = await apply({ url, files: more })
    expect(states(result)).toEqual(['1.sql:unchanged', '2.sql:applied'])
    expect(result.files[1]?.locks).toHaveLength(1000)
  })
})
