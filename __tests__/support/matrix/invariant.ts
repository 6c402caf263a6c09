import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { Cluster } from '../../../sandbox/postgres/index.ts'
import { commentsAlike } from '../comments.ts'
import { ENDS, type Play, PRODUCTION } from './modes.ts'
import type { Played, Stage } from './stage.ts'

const LEARNFLOW_FILES = 5
const SESSIONS_GONE_WITHIN = 5000

/** What is looked at beside the state that every play must leave. */
export interface Scope {
  /** Whether the comment must be there: of the run with the fault it may be missing, with a warning. */
  comment: boolean
}

/** What is not as the play must leave it; empty when all is. */
export async function violationsAfter(stage: Stage, play: Play, scope: Scope): Promise<string[]> {
  await stage.world.neon.settle()
  const found = [
    ...inNeon(stage, play),
    ...(scope.comment ? inGitHub(stage, play) : []),
    ...(await inKubernetes(stage, play)),
    ...(await inDatabase(stage, play)),
  ]
  return [...found, ...stage.world.neon.violations.splice(0).map((text) => `the stand-in: ${text}`)]
}

const isOfProduction = (play: Play): boolean => play === 'provision new' || PRODUCTION.includes(play)

function differs(what: string, actual: unknown, expected: unknown): string[] {
  const [is, must] = [JSON.stringify(actual), JSON.stringify(expected)]
  return is === must ? [] : [`${what}: ${is} instead of ${must}`]
}

function inNeon({ world, subject }: Stage, play: Play): string[] {
  const names = world.neon.projects().map(({ name }) => name)
  const projects = subject.projectName === 'shop' ? ['shop'] : ['shop', subject.projectName]
  const wrong = differs('projects', names, projects)
  const own = isOfProduction(play) || ENDS.includes(play) ? [] : [`pr-${subject.number}`]
  for (const { id, name } of world.neon.projects()) {
    const branches = world.neon.branches(id)
    const expected = ['main', ...(name === 'shop' ? own : [])]
    wrong.push(...differs(`branches of ${name}`, branches.map((branch) => branch.name).sort(), expected.sort()))
    wrong.push(...differs(`states of ${name}`, [...new Set(branches.map((branch) => branch.current_state))], ['ready']))
    wrong.push(...differs(`computes of ${name}`, world.neon.endpoints(id).length, branches.length))
  }
  return wrong
}

function inGitHub({ world, subject }: Stage, play: Play): string[] {
  if (isOfProduction(play)) return []
  return differs('comments', commentsAlike(world.github.comments(subject.number)), 1)
}

async function inKubernetes(stage: Stage, play: Play): Promise<string[]> {
  const { kubernetes, subject } = stage
  const list = async (path: string): Promise<{ metadata: { name: string }; status?: { phase: string } }[]> =>
    (await kubernetes.request('GET', path)).body.items
  const live = subject.production.replace(/(-live)-\d+$/, '$1')
  const namespaces = (await list('/api/v1/namespaces'))
    .filter(({ status }) => status?.phase !== 'Terminating')
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith(live) || name.startsWith(subject.prefix))
  const own = isOfProduction(play) ? subject.production : `${subject.prefix}-${subject.number}`
  const expected = [...new Set([live, ...(ENDS.includes(play) ? [] : [own])])].sort()
  const wrong = differs('namespaces', namespaces.sort(), expected)
  if (ENDS.includes(play)) return wrong
  const secrets = (await list(`/api/v1/namespaces/${own}/secrets`)).map(({ metadata }) => metadata.name)
  const components = await list(`/apis/dapr.io/v1alpha1/namespaces/${own}/components`)
  wrong.push(...differs('Secrets', secrets, ['postgres-credentials']))
  wrong.push(
    ...differs(
      'Components',
      components.map(({ metadata }) => metadata.name),
      ['statestore'],
    ),
  )
  if (secrets.length === 0) return wrong
  const { body } = await kubernetes.request('GET', `/api/v1/namespaces/${own}/secrets/postgres-credentials`)
  return [...wrong, ...(await doesNotLogIn(Buffer.from(body.data.DATABASE_URL ?? '', 'base64').toString()))]
}

async function doesNotLogIn(url: string): Promise<string[]> {
  const sql = postgres(url.replace(/&?channel_binding=[^&]*/, ''), {
    max: 1,
    connect_timeout: 10,
    onnotice: () => undefined,
  })
  try {
    await sql`select 1`
    return []
  } catch (error) {
    return [`the Secret's login: ${error instanceof Error ? error.message : error}`]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function inDatabase({ world, subject, files }: Stage, play: Play): Promise<string[]> {
  if (ENDS.includes(play)) return []
  const name = isOfProduction(play) ? subject.projectName : 'shop'
  const project = world.neon.projects().find((one) => one.name === name)
  const branchName = isOfProduction(play) ? 'main' : `pr-${subject.number}`
  const branch = world.neon.branches(project?.id ?? '').find((one) => one.name === branchName)
  const cluster = branch && world.neon.branchCluster(project?.id ?? '', branch.id)
  if (!cluster) return [`no server of ${branchName}`]
  const own = isOfProduction(play) ? [] : Object.keys(files)
  const [row] = await cluster.query(STATE, 'neondb').catch((error: unknown) => [{ error: String(error) }])
  if (!row || 'error' in row) return [`the database of ${branchName}: ${row?.error ?? 'no answer'}`]
  const { entries, half, badges, roles, readOnly } = row as unknown as DatabaseState
  return [
    ...differs('files in the ledger', entries, LEARNFLOW_FILES + own.length),
    ...differs('files in the ledger that are half applied', half, 0),
    // Each file but the first adds one row: a file that ran twice shows.
    ...differs(
      'rows of the files',
      own.length === 0 ? 0 : await badgesOf(cluster, badges),
      Math.max(0, own.length - 1),
    ),
    ...differs('roles', roles, 'api neondb_owner'),
    ...differs('read-only', readOnly, 'off'),
    ...(await sessionsLeft(cluster)),
  ]
}

interface DatabaseState {
  entries: number
  half: number
  badges: boolean
  roles: string
  readOnly: string
}

const STATE = `select
  (select count(*)::int from neon_setup.migrations) as entries,
  (select count(*)::int from neon_setup.migrations where done < statements) as half,
  to_regclass('public.badges') is not null as badges,
  (select string_agg(rolname, ' ' order by rolname) from pg_roles where rolcanlogin and not rolsuper) as roles,
  current_setting('transaction_read_only') as "readOnly"`

async function badgesOf(cluster: Cluster, isThere: boolean): Promise<unknown> {
  if (!isThere) return 'no table'
  return (await cluster.query('select count(*)::int as n from public.badges', 'neondb'))[0]?.n
}

const SESSIONS = `select count(*)::int as n from pg_stat_activity where application_name like 'neon-postgres-setup%'`

async function sessionsLeft(cluster: Cluster): Promise<string[]> {
  for (const started = performance.now(); ; await sleep(50)) {
    const [left] = await cluster.query(SESSIONS)
    if (left?.n === 0) return []
    if (performance.now() - started > SESSIONS_GONE_WITHIN) return [`sessions left in the database: ${left?.n}`]
  }
}

/** What a run did that none may, whether it failed or not. */
export function violationsOf({ result, strays, leaks }: Played): string[] {
  return [
    ...leaks.map((leak) => `a secret: ${leak}`),
    ...strays.map((stray) => `followed a redirect: ${stray}`),
    ...differs('processes left', result.orphans, []),
    ...differs('files left', result.leftFiles, []),
    ...differs('outputs that action.yml does not have', result.unknownOutputs, []),
    ...(result.timedOut ? ['it did not end by itself'] : []),
  ]
}
