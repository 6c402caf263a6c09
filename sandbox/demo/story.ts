import postgres from 'postgres'
import type { RunOptions, RunResult } from '../runner/index.ts'
import { HEAD_REF, PULL_REQUEST, REPOSITORY, type Stage, TOKEN } from './stage.ts'

/** One run of the story. */
export interface Step {
  letter: string
  title: string
  event: RunOptions['event']
  inputs: Record<string, string>
  /** What happens in the repository before the event. */
  before?(stage: Stage): Promise<void> | void
  /** What must hold after the run, beside what holds after each; answers what does not. */
  expect(result: RunResult, stage: Stage): Promise<string[]> | string[]
}

const LEARNFLOW = ['exercises', 'learning_events', 'struggles', 'submissions', 'users']
// Outputs that hold credentials by their documentation.
const SECRET_OUTPUTS = ['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password', 'role_urls']

const main = (namespace = 'learnflow') => ({
  project_name: 'learnflow',
  schema: 'learnflow',
  namespace,
  create_namespace: 'true',
})
const preview = { ...main('learnflow-pr-{number}'), schema: 'learnflow\ndb' }
const pull = (action: 'opened' | 'synchronize' | 'closed', merged = false) => ({
  name: 'pull_request' as const,
  action,
  number: PULL_REQUEST,
  headRef: HEAD_REF,
  title: 'Badges and points',
  merged,
})

/** The story of issue 2: from the first push to the second close. */
export const STORY: Step[] = [
  {
    letter: 'a',
    title: 'push to main: a project is made, the schema applied',
    event: { name: 'push' },
    inputs: main(),
    async expect(result, stage) {
      return [
        ...outputs(result, { outcome: 'provisioned', project_created: 'true', branch_name: 'main', applied: '5' }),
        ...same('tables', tables(result), LEARNFLOW),
        ...same('projects', names(stage.neon.projects()), ['learnflow']),
        ...(await secret(stage, 'learnflow', result.outputs.db_url)),
      ]
    },
  },
  {
    letter: 'b',
    title: 'the same push again: nothing to do',
    event: { name: 'push' },
    inputs: main(),
    expect: (result, stage) => [
      ...outputs(result, { outcome: 'provisioned', project_created: 'false', applied: '0' }),
      ...same('tables', tables(result), LEARNFLOW),
      ...same('projects', names(stage.neon.projects()), ['learnflow']),
    ],
  },
  {
    letter: 'c',
    title: 'pull request opened with a further SQL file: a branch of its own',
    event: pull('opened'),
    inputs: preview,
    async before(stage) {
      await useTheApplication(stage)
      await stage.add('0100_badges.sql')
      stage.github.openPull({ number: PULL_REQUEST, headRef: HEAD_REF, title: 'Badges and points' })
    },
    async expect(result, stage) {
      return [
        ...outputs(result, { outcome: 'created', created: 'true', branch_name: 'pr-7', applied: '1' }),
        ...same('tables', tables(result), [...LEARNFLOW, 'badges', 'user_badges'].sort()),
        ...same('branches', branches(stage), ['main', 'pr-7']),
        ...comments(stage, 1, 'user_badges'),
        ...(await rows(result, 'select count(*)::int as rows from badges', 3)),
        ...(await rows(result, 'select count(*)::int as rows from users', 4)),
        ...(await secret(stage, 'learnflow-pr-7', result.outputs.db_url)),
      ]
    },
  },
  {
    letter: 'd',
    title: 'pushed to with one more file: the branch is reused, the comment edited',
    event: pull('synchronize'),
    inputs: preview,
    before: (stage) => stage.add('0101_user_points.sql'),
    async expect(result, stage) {
      return [
        ...outputs(result, { outcome: 'reused', created: 'false', branch_name: 'pr-7', applied: '1' }),
        ...same('branches', branches(stage), ['main', 'pr-7']),
        ...comments(stage, 1, '0101_user_points.sql'),
        ...(await rows(result, 'select sum(points)::int as rows from users', 15)),
      ]
    },
  },
  {
    letter: 'e',
    title: 'closed: the branch and its Secret go',
    event: pull('closed', true),
    inputs: preview,
    before: (stage) => stage.github.closePull(PULL_REQUEST, { merged: true }),
    async expect(result, stage) {
      return [
        ...outputs(result, { outcome: 'deleted', deleted: 'true' }),
        ...same('branches', branches(stage), ['main']),
        ...comments(stage, 1, 'deleted'),
        ...(await secret(stage, 'learnflow-pr-7', undefined)),
      ]
    },
  },
  {
    letter: 'f',
    title: 'closed again: already gone, and that is fine',
    event: pull('closed', true),
    inputs: preview,
    expect: (result, stage) => [
      ...outputs(result, { outcome: 'gone', deleted: 'false' }),
      ...same('branches', branches(stage), ['main']),
      ...comments(stage, 1, 'deleted'),
    ],
  },
]

/** The options of a step's run. */
export function runOptions(step: Step, stage: Stage): RunOptions {
  const { neon, github, kubernetes, workspace } = stage
  return {
    event: step.event,
    repository: REPOSITORY,
    workspace,
    token: TOKEN,
    apiUrl: github.apiUrl,
    graphqlUrl: github.graphqlUrl,
    serverUrl: github.serverUrl,
    secrets: [neon.organizationApiKey, kubernetes.kubeconfig],
    inputs: {
      api_key: neon.organizationApiKey,
      api_host: neon.url,
      kubeconfig: kubernetes.kubeconfig,
      ...step.inputs,
    },
  }
}

/** What must hold after every run: success, no secret where none belongs, nothing left, the sandbox free of mistakes. */
export function checkEach(result: RunResult, stage: Stage): string[] {
  const { password, db_url, db_url_pooled } = result.outputs
  const given = [password, db_url, db_url_pooled].flatMap((value) => value || [])
  const secrets = [stage.neon.organizationApiKey, TOKEN, ...given]
  const leaks = result.leaks(secrets, SECRET_OUTPUTS).map(({ where }) => `a secret is readable in ${where}`)
  const told = stage.github.journal.filter(({ body }) => secrets.some((secret) => body.includes(secret)))
  return [
    ...same('conclusion', result.conclusion, 'success'),
    ...same('undeclared outputs', result.unknownOutputs, []),
    ...same('files left', result.leftFiles, []),
    ...same('processes left', result.orphans, []),
    ...same('mistakes of the sandbox', stage.neon.violations, []),
    ...leaks,
    ...same('secrets told to GitHub', told.length, 0),
  ]
}

/** The application on main is used: rows that the pull request's branch will be a copy of. */
async function useTheApplication(stage: Stage): Promise<void> {
  const [project] = stage.neon.projects()
  const [branch] = project ? stage.neon.branches(project.id) : []
  const cluster = project && branch ? stage.neon.branchCluster(project.id, branch.id) : undefined
  if (!cluster) throw new Error('the story has no main branch to write to')
  await cluster.query(
    `insert into users (email, name) values
      ('ada@example.com', 'Ada'), ('alan@example.com', 'Alan'), ('grace@example.com', 'Grace'), ('edsger@example.com', 'Edsger');
    insert into exercises (title, difficulty) values
      ('Hello, world', 'beginner'), ('Fibonacci', 'intermediate'), ('A parser', 'advanced');
    insert into submissions (user_id, exercise_id, code, status) values
      (1, 1, 'print("hello")', 'passed'), (1, 2, 'fib(n)', 'failed'), (2, 1, 'echo hello', 'passed'),
      (3, 3, 'parse()', 'pending'), (4, 2, 'fib(n - 1)', 'passed')`,
    'neondb',
  )
}

/** Logs in with the URL that the run gave out, as the next step of a workflow would. */
async function rows(result: RunResult, query: string, wanted: number): Promise<string[]> {
  const sql = postgres(result.outputs.db_url ?? '', { max: 1, ssl: { rejectUnauthorized: false }, onnotice: () => {} })
  try {
    const [row] = await sql.unsafe<{ rows: number }[]>(query)
    return same(`"${query}"`, row?.rows, wanted)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** The Secret in the cluster holds this URL, or is not there when none is wanted. */
async function secret(stage: Stage, namespace: string, url: string | undefined): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/secrets/postgres-credentials`
  const { status, body } = await stage.kubernetes.request('GET', path)
  if (url === undefined) return same(`the Secret in ${namespace}`, status, 404)
  const held = Buffer.from(String(body?.data?.DATABASE_URL ?? ''), 'base64').toString('utf8')
  return same(`the Secret in ${namespace} holds db_url`, held === url, true)
}

function outputs(result: RunResult, wanted: Record<string, string>): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => same(`output ${name}`, result.outputs[name], value))
}

function comments(stage: Stage, count: number, text: string): string[] {
  const bodies = stage.github.comments(PULL_REQUEST).map(({ body }) => body)
  return [
    ...same('comments', bodies.length, count),
    ...same(`the comment names ${text}`, bodies[0]?.includes(text), true),
  ]
}

function tables(result: RunResult): string[] {
  const { tables: found = [] } = JSON.parse(result.outputs.tables || '{}') as { tables?: { name: string }[] }
  return names(found).sort()
}

function branches(stage: Stage): string[] {
  const [project] = stage.neon.projects()
  return project ? names(stage.neon.branches(project.id)).sort() : []
}

function names(list: readonly { name: string }[]): string[] {
  return list.map(({ name }) => name)
}

/** A sentence when two values differ. */
function same(what: string, found: unknown, wanted: unknown): string[] {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)]
  return left === right ? [] : [`${what}: ${left}, expected ${right}`]
}
