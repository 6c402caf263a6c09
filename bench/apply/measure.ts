import { spawn } from 'node:child_process'
import postgres from 'postgres'
import type { Cluster } from '../../sandbox/postgres/index.ts'
import type { DelayProxy } from '../../sandbox/proxy/delay.ts'
import { countQuery, expected } from './corpus.ts'
import type { Tool } from './tools.ts'

/** One run of one tool. */
export interface Run {
  /** Wall time from the start of the process to its end. */
  seconds: number
  roundTrips: number
  connections: number
}

/** Where a run happens. */
export interface Place {
  cluster: Cluster
  proxy: DelayProxy
  /** Holds the corpus in the tool's format. */
  folder: string
  files: number
}

let databases = 0

/**
 * Runs a tool against a database of its own and drops that again. Throws an Error with what the tool printed when it fails, and one
 * with the counts when it left out anything of the corpus or of its ledger.
 */
export async function measure(tool: Tool, { cluster, proxy, folder, files }: Place): Promise<Run> {
  databases += 1
  const database = `bench_${databases}`
  await cluster.query(`create database ${database}`)
  try {
    proxy.reset()
    const started = performance.now()
    await runProcess(tool, folder, proxyUrl(cluster, proxy, database))
    const seconds = (performance.now() - started) / 1000
    const run = { seconds, roundTrips: proxy.roundTrips(), connections: proxy.connections }
    await verify(tool, cluster, database, files)
    return run
  } finally {
    await cluster.query(`drop database ${database} with (force)`)
  }
}

/** The milliseconds that the median of eleven `select 1` takes through the proxy: the round trip as a client sees it. */
export async function measureRoundTrip(cluster: Cluster, proxy: DelayProxy): Promise<number> {
  const sql = postgres(proxyUrl(cluster, proxy, 'postgres'), { max: 1, fetch_types: false, prepare: false })
  try {
    await sql`select 1`
    const times: number[] = []
    for (let index = 0; index < 11; index += 1) {
      const started = performance.now()
      await sql`select 1`.simple()
      times.push(performance.now() - started)
    }
    return median(times)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The middle value, or the mean of the two in the middle. Throws an Error for an empty list. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new Error('There is no median of nothing.')
  return (lower + upper) / 2
}

function proxyUrl(cluster: Cluster, proxy: DelayProxy, database: string): string {
  const url = new URL(cluster.url({ database }))
  url.port = String(proxy.port)
  url.searchParams.set('sslmode', 'disable')
  return url.href
}

/** Only what a tool needs is in its environment: no PG* variable or setting of this machine reaches it. */
function runProcess(tool: Tool, folder: string, url: string): Promise<void> {
  const [command = '', ...parameters] = tool.command
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url }
  const child = spawn(command, parameters, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${tool.name} ended with ${code}:\n${output}`))
    })
  })
}

async function verify(tool: Tool, cluster: Cluster, database: string, files: number): Promise<void> {
  const [found] = await cluster.query(countQuery(files), database)
  const [ledger] = await cluster.query(tool.ledger, database)
  const got = JSON.stringify({ ...found, ledger: ledger?.n })
  const want = JSON.stringify({ ...expected(files), ledger: files })
  if (got !== want) throw new Error(`${tool.name} left ${got} instead of ${want}.`)
}
