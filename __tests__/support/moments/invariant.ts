import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { Cluster } from '../../../sandbox/postgres/index.ts'
import type { RunResult } from '../../../sandbox/runner/index.ts'
import { commentsAlike } from '../comments.ts'
import { SECRET_OUTPUTS } from '../world.ts'
import type { Stage } from './stage.ts'

/** What has to be true of the world when a run has ended well, however the runs before it ended. */
export interface Expected {
  /** The one project of this name. */
  project: string
  /** The branch besides the default one that this is about, and whether it is there: once, or not at all. */
  branch?: { name: string; isThere: boolean }
  /** The pull request with the one comment. */
  pullRequest?: number
  /** The namespace with the one Secret, or with none. */
  secret?: { namespace: string; isThere: boolean }
  /** The files that are in the branch, or in the default one, each once. */
  files?: readonly string[]
}

/** What is wrong with a run that should have ended well. */
export function flawsOfRun(stage: Stage, result: RunResult): string[] {
  const errors = result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
  return [
    ...(result.conclusion === 'success' ? [] : [`a run ended as ${result.conclusion} with: ${errors.join(' / ')}`]),
    ...flawsOfAnyRun(stage, result),
  ]
}

/** What must not be of any run, one that was cancelled too: a secret that left, a process or a file that stayed. */
export function flawsOfAnyRun({ world }: Stage, result: RunResult): string[] {
  const leaks = result.leaks(world.secrets(result), SECRET_OUTPUTS)
  return [
    ...leaks.map(({ where }) => `a secret left: ${where}`),
    ...result.orphans.map((command) => `a process outlived the run: ${command}`),
    ...result.leftFiles.map((file) => `a file was left: ${file}`),
  ]
}

/** Where the world is not as it has to be, in words; empty when all is well. */
export async function flawsOfWorld(stage: Stage, expected: Expected): Promise<string[]> {
  const { neon, github } = stage.world
  const flaws: string[] = [...neon.violations]
  const once = (what: string, found: number, wanted: number) => {
    if (found !== wanted) flaws.push(`${what}: ${found} in place of ${wanted}`)
  }
  const projects = neon.projects().filter(({ name }) => name === expected.project)
  once(`projects named ${expected.project}`, projects.length, 1)
  const [project] = projects
  if (!project) return flaws
  const branches = neon.branches(project.id)
  const wanted = expected.branch
  const own = branches.filter((branch) => (wanted ? branch.name === wanted.name : branch.default))
  once(`branches ${wanted?.name ?? 'by default'}`, own.length, wanted && !wanted.isThere ? 0 : 1)
  if (expected.pullRequest !== undefined) {
    // A pull request that was closed before its first run came to an end need have none.
    const alike = commentsAlike(github.comments(expected.pullRequest))
    if (alike > 1 || wanted?.isThere !== false) once(`comments of #${expected.pullRequest}`, alike, 1)
  }
  const cluster = own[0] && neon.branchCluster(project.id, own[0].id)
  if (expected.files && cluster) flaws.push(...(await flawsOfFiles(cluster, expected.files)))
  if (expected.secret) flaws.push(...(await flawsOfSecret(stage, expected.secret, cluster)))
  for (const { id, name } of branches) {
    const server = neon.branchCluster(project.id, id)
    if (server) flaws.push(...(await sessionsLeft(server)).map((session) => `a session is left on ${name}: ${session}`))
  }
  return flaws
}

const DATABASE = 'neondb'

async function flawsOfFiles(cluster: Cluster, files: readonly string[]): Promise<string[]> {
  const ledger = await cluster.query('select name, done, statements from neon_setup.migrations order by name', DATABASE)
  const effects = await cluster.query('select name, count(*)::int as n from applied_files group by 1', DATABASE)
  const wanted = [...files].sort().join(' ')
  const bare = (path: unknown) => String(path).replace(/^.*\/|\.sql$/g, '')
  const listed = ledger.map(({ name }) => bare(name)).sort()
  const ran = effects.map(({ name }) => bare(name)).sort()
  return [
    ...(listed.join(' ') === wanted ? [] : [`the ledger holds ${listed.join(' ')} in place of ${wanted}`]),
    ...(ran.join(' ') === wanted ? [] : [`the files that ran are ${ran.join(' ')} in place of ${wanted}`]),
    ...ledger.filter(({ done, statements }) => done !== statements).map(({ name }) => `${name} is half applied`),
    ...effects.filter(({ n }) => n !== 1).map(({ name, n }) => `${name} ran ${n} times`),
  ]
}

async function flawsOfSecret(
  { kubernetes }: Stage,
  { namespace, isThere }: { namespace: string; isThere: boolean },
  cluster: Cluster | undefined,
): Promise<string[]> {
  const { body } = await kubernetes.request('GET', `/api/v1/namespaces/${namespace}/secrets`)
  const items = (body.items ?? []) as { metadata: { name: string }; data: Record<string, string> }[]
  const names = items.map(({ metadata }) => metadata.name).join(' ')
  if (!isThere) return items.length === 0 ? [] : [`Secrets are left in ${namespace}: ${names}`]
  const [secret] = items
  if (items.length !== 1 || !secret || !cluster) return [`Secrets of ${namespace}: ${names || 'none'} in place of one`]
  const url = new URL(Buffer.from(secret.data.DATABASE_URL ?? '', 'base64').toString())
  const login = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  const sql = postgres(cluster.url({ database: DATABASE, ...login }), { max: 1, fetch_types: false })
  try {
    await sql.unsafe('select 1')
    return []
  } catch (error) {
    return [`the Secret's login ${login.user} does not log in: ${String(error)}`]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

// A server sees a closed connection when it next reads from it.
const LOOKS = 30
const PAUSE = 100
const SHUT_DOWN = ['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', 'CONNECTION_CLOSED', 'CONNECTION_ENDED']

const SESSIONS = `select application_name || ' ' || coalesce(state, '') || ' ' || left(query, 60) as session
from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

/** Sessions of clients that do not end by themselves soon; none on a server that is being taken away. */
export async function sessionsLeft(cluster: Cluster): Promise<string[]> {
  for (let look = 1; ; look += 1) {
    const rows = await cluster.query(SESSIONS).catch((error: { code?: string }) => {
      if (SHUT_DOWN.includes(error.code ?? '')) return []
      throw error
    })
    if (rows.length === 0 || look >= LOOKS) return rows.map(({ session }) => String(session))
    await sleep(PAUSE)
  }
}
