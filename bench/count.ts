/**
 * npm exec -- node bench/count.ts [--tables N] [--write]: counts the rows of a thousand tables as the action does and in other
 * ways, near (0 ms) and far (30 ms) from the server, on a PostgreSQL of the sandbox. Prints a table and one line of JSON;
 * `--write` also writes docs/benchmarks/count.md.
 */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { startCluster } from '../sandbox/postgres/index.ts'
import { type DelayProxy, startDelayProxy } from '../sandbox/proxy/index.ts'
import { openDatabase } from '../src/database/connect.ts'
import { countTables } from '../src/database/inspect/index.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { createLog } from '../src/runtime/log.ts'
import type { Runtime } from '../src/runtime/runtime.ts'
import { createSecrets } from '../src/runtime/secrets.ts'

/** One way to count; returns the sum of all rows, so that no way can be fast by counting less. */
type Way = (tables: string[], sql: postgres.ReservedSql, url: string) => Promise<number>

interface Result {
  way: string
  delay: number
  milliseconds: number
  roundTrips: number
  runs: number
}

const DELAYS = [0, 30]
const RUNS = 5
// One by one over a delay takes half a minute and hardly varies: it is all waiting.
const RUNS_OF_SLOW = 2
const SLOW_MILLISECONDS = 10_000

const total = (counts: unknown[]) => counts.map(Number).reduce((sum, rows) => sum + rows, 0)
const countOf = (table: string) => `select count(*) as rows from ${table}`
const rowsOf = (result: unknown) => (result as { rows: string }[])[0]?.rows

const WAYS: Record<string, Way> = {
  'this action': async (_tables, sql) => {
    const options = {
      mode: 'exact',
      perTableMilliseconds: 60_000,
      totalMilliseconds: 600_000,
      largestBytes: 2 ** 40,
    } as const
    const gone = new Promise<void>(() => undefined)
    const stay = async () => undefined
    const database = { sql, first: stay(), version: 0, isOpen: () => true, gone, close: stay, leave: stay }
    const counts = await countTables(quietRuntime(), database, options)
    return total(counts.map(({ rows }) => rows))
  },
  'one message of all counts': async (tables, sql) => {
    const results: unknown[] = await sql.unsafe(tables.map(countOf).join(';')).simple()
    return total(results.map(rowsOf))
  },
  'one UNION ALL': async (tables, sql) =>
    total((await sql.unsafe(tables.map(countOf).join(' union all ')).simple()).map(({ rows }) => rows)),
  'one by one, simple protocol': async (tables, sql) => {
    const counts: unknown[] = []
    for (const table of tables) counts.push(rowsOf(await sql.unsafe(countOf(table)).simple()))
    return total(counts)
  },
  'all at once on a pool of 10, the driver’s defaults': async (tables, _sql, url) => {
    const pool = postgres(url, { max: 10, onnotice: () => undefined })
    try {
      return total((await Promise.all(tables.map((table) => pool.unsafe(countOf(table))))).map(rowsOf))
    } finally {
      await pool.end()
    }
  },
}

function quietRuntime(): Runtime {
  const secrets = createSecrets(() => undefined)
  const log = { ...createLog(secrets, systemClock), debug: () => undefined, progress: () => undefined }
  return { log, secrets, clock: systemClock, signal: new AbortController().signal }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function measure(name: string, way: Way, far: { proxy: DelayProxy; url: string; rows: number }): Promise<Result> {
  const { proxy, url, rows } = far
  const times: number[] = []
  let roundTrips = 0
  while (times.length < RUNS && (times.length < RUNS_OF_SLOW || median(times) < SLOW_MILLISECONDS)) {
    const database = await openDatabase(quietRuntime(), { url })
    try {
      proxy.reset()
      const started = performance.now()
      // Each way has to find its tables first; the action's own way asks for much more than names.
      const tables =
        name === 'this action'
          ? []
          : await database.sql
              .unsafe(`
        select format('%I.%I', n.nspname, c.relname) as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname = 'public'`)
              .simple()
      const counted = await way(
        tables.map(({ table }) => String(table)),
        database.sql,
        url,
      )
      times.push(performance.now() - started)
      roundTrips = proxy.roundTrips()
      if (counted !== rows) throw new Error(`${name} counted ${counted} rows of ${rows}.`)
    } finally {
      await database.close()
    }
  }
  return { way: name, delay: proxy.roundTripMilliseconds, milliseconds: median(times), roundTrips, runs: times.length }
}

/** Rows of the result table: milliseconds, ratio to this action, round trips for each delay. */
function asTable(results: Result[]): string {
  const of = (way: string, delay: number) => results.find((result) => result.way === way && result.delay === delay)
  const cell = (way: string, delay: number) => {
    const [result, ours] = [of(way, delay), of('this action', delay)]
    if (!result || !ours) return '– | – | –'
    return `${Math.round(result.milliseconds).toLocaleString('en')} | ${(result.milliseconds / ours.milliseconds).toFixed(1)} | ${result.roundTrips}`
  }
  return [
    `| Way | ${DELAYS.map((delay) => `ms at ${delay} ms | ratio | round trips`).join(' | ')} |`,
    `|---|${'--:|--:|--:|'.repeat(DELAYS.length)}`,
    ...Object.keys(WAYS).map((way) => `| ${way} | ${DELAYS.map((delay) => cell(way, delay)).join(' | ')} |`),
  ].join('\n')
}

function asDocument(table: string, { tables, rows }: { tables: number; rows: number }): string {
  return `# Counting the rows of ${tables.toLocaleString('en')} tables

Written by \`npm exec -- node bench/count.ts --write\`; run it to see the numbers of your machine.

${table}

Medians of ${RUNS} runs (${RUNS_OF_SLOW} where one takes more than ${SLOW_MILLISECONDS / 1000} s) of finding the tables and counting them; ${rows.toLocaleString('en')} rows,
PostgreSQL 17 of the sandbox on 127.0.0.1 with TLS, a proxy that adds the delay and counts round trips; ${cpus().length} cores, Node ${process.versions.node}. The
ratio is to this action's time: above 1 is slower than the action. Connecting is not in it, except for the pool, which
must open ten connections of its own. Read the ratios and the round trips; the milliseconds are those of one machine.

The action sends each count as a message of its own and waits for none of them. So each has its own timeout, and a table
that cannot be counted costs only its own number; one message of all counts is a single transaction, in which the first
failure loses the rest. That is what the difference between the two buys. The action's first round trip also asks for
sizes, statistics, rights, policies, partitions and locks, which the other ways leave out.
`
}

const { values } = parseArgs({
  options: { tables: { type: 'string', default: '1000' }, write: { type: 'boolean', default: false } },
})
const tables = Number(values.tables)
const cluster = await startCluster({
  version: 17,
  settings: { max_locks_per_transaction: String(Math.max(64, tables)) },
})
const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 0 })
try {
  // A role of its own: to Neon's superuser, which the cluster's is named after, tables would belong to nobody.
  await cluster.query(`create role bench login superuser password 'bench-password'`)
  await cluster.query('create database bench owner bench')
  await cluster.query(
    `set role bench; do $$ begin for i in 1..${tables} loop
       execute format('create table t%s as select g as id, md5(g::text) as text from generate_series(1, %s) g', i,
         case when i % 100 = 0 then 20000 when i % 10 = 0 then 1000 when i % 5 = 0 then 0 else 50 end);
     end loop; end $$; analyze`,
    'bench',
  )
  const [sum] = await cluster.query(
    `select sum(reltuples)::float8 as rows from pg_class where relkind = 'r' and relname ~ '^t[0-9]+$'`,
    'bench',
  )
  const rows = Number(sum?.rows)
  const url = new URL(cluster.url({ database: 'bench', user: 'bench', password: 'bench-password' }))
  url.port = String(proxy.port)
  const results: Result[] = []
  for (const delay of DELAYS) {
    proxy.roundTripMilliseconds = delay
    for (const [name, way] of Object.entries(WAYS)) {
      results.push(await measure(name, way, { proxy, url: url.href, rows }))
      process.stderr.write(`${name} at ${delay} ms: ${Math.round(results.at(-1)?.milliseconds ?? 0)} ms\n`)
    }
  }
  const table = asTable(results)
  process.stdout.write(`${table}\n${JSON.stringify({ tables, rows, results })}\n`)
  if (values.write)
    await writeFile(new URL('../docs/benchmarks/count.md', import.meta.url), asDocument(table, { tables, rows }))
} finally {
  await proxy.close()
  await cluster.stop()
}
