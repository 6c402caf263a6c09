/**
 * Compares the engine of the action with five migration tools: `npm run bench:apply`, with `-- --quick` for 200 files only, with
 * `-- --full` for the runs that take minutes as well.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { startDelayProxy } from '../../sandbox/proxy/delay.ts'
import { makeCorpus } from './corpus.ts'
import { measure, measureRoundTrip, median, type Run } from './measure.ts'
import { type Case, type Result, renderDocument, renderTable } from './report.ts'
import { findTools, type Tool } from './tools.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const ROUND_TRIPS = [0, 30]
const LONGEST_SECONDS = 75
// PostgreSQL's defaults where the sandbox trades durability for speed: every COMMIT is written to disk.
const SERVER_SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
}

const quick = process.argv.includes('--quick')
const full = process.argv.includes('--full')

interface CaseOptions {
  cluster: Cluster
  tools: Tool[]
  work: string
  files: number
  roundTripMilliseconds: number
  /** Seconds that a tool will need, from a smaller case. */
  expect(tool: Tool): number | undefined
}

async function runCase({ cluster, tools, work, files, roundTripMilliseconds, expect }: CaseOptions): Promise<Case> {
  const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds })
  try {
    const measuredRoundTrip = await measureRoundTrip(cluster, proxy)
    const runs = new Map<Tool, Run[]>(tools.map((tool) => [tool, []]))
    for (let round = 0; round < 3; round += 1) {
      for (const tool of tools) {
        const isPeer = tool !== tools[0]
        // Over a distance the waiting decides and hardly varies, so the peers run once.
        if (isPeer && roundTripMilliseconds > 0 && round > 0) continue
        if (isPeer && !full && (expect(tool) ?? 0) > LONGEST_SECONDS) continue
        const run = await measure(tool, { cluster, proxy, folder: folderOf(work, tool, files), files })
        runs.get(tool)?.push(run)
        console.error(
          `${files} files, ${roundTripMilliseconds} ms, ${tool.name}: ${run.seconds.toFixed(2)} s, ${run.roundTrips} round trips`,
        )
      }
    }
    const results = tools.map((tool) => summarise(tool, runs.get(tool) ?? [], expect(tool)))
    return { files, roundTripMilliseconds, measuredRoundTrip, results }
  } finally {
    await proxy.close()
  }
}

function summarise({ name, version, how }: Tool, runs: Run[], expectedSeconds: number | undefined): Result {
  const last = runs.at(-1)
  if (!last) return { name, version, how, runs: [], skippedAbout: expectedSeconds ?? 0 }
  return {
    name,
    version,
    how,
    runs,
    seconds: median(runs.map((run) => run.seconds)),
    roundTrips: median(runs.map((run) => run.roundTrips)),
    connections: last.connections,
  }
}

function folderOf(work: string, tool: Tool, files: number): string {
  return join(work, `${tool.name}-${files}`)
}

async function runAll(work: string, cluster: Cluster): Promise<Case[]> {
  const tools = await findTools()
  const cases: Case[] = []
  for (const files of quick ? [200] : [200, 1000]) {
    for (const tool of tools) await tool.prepare(folderOf(work, tool, files), makeCorpus(files))
    for (const roundTripMilliseconds of ROUND_TRIPS) {
      const smaller = cases.find((one) => one.roundTripMilliseconds === roundTripMilliseconds)
      const expect = ({ name }: Tool) => {
        const known = smaller?.results.find((result) => result.name === name)?.seconds
        return smaller && known !== undefined ? (known * files) / smaller.files : undefined
      }
      cases.push(await runCase({ cluster, tools, work, files, roundTripMilliseconds, expect }))
    }
  }
  return cases
}

const work = await mkdtemp(join(tmpdir(), 'bench-apply-'))
const cluster = await startCluster({ version: 17, settings: SERVER_SETTINGS })
try {
  const cases = await runAll(work, cluster)
  const [server] = await cluster.query('show server_version')
  const about = { date: new Date().toISOString().slice(0, 10), postgres: String(server?.server_version), quick, full }
  await mkdir(join(ROOT, 'bench', 'results'), { recursive: true })
  await writeFile(join(ROOT, 'bench', 'results', 'apply.json'), `${JSON.stringify({ about, cases }, null, 2)}\n`)
  // A quick run must not replace the whole table.
  if (!quick) {
    await mkdir(join(ROOT, 'docs', 'benchmarks'), { recursive: true })
    await writeFile(join(ROOT, 'docs', 'benchmarks', 'apply.md'), renderDocument(cases, about))
  }
  for (const one of cases) console.log(renderTable(one))
} finally {
  await cluster.stop()
  await rm(work, { recursive: true, force: true })
}
