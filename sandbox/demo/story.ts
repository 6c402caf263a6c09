import type { RunOptions, RunResult } from '../runner/index.ts'
import { branches, comments, names, outputs, rows, same, secret, tables } from './expectations.ts'
import { HEAD_REF, PULL_REQUEST, REPOSITORY, type Stage, TOKEN } from './stage.ts'

/** One run of the story. */
export interface Step {
  letter: string
  title: string
  event: RunOptions['event']
  inputs: Record<string, string>
  /** The run is meant to be red. */
  fails?: boolean
  /** The comment is worth a look behind the log. */
  shows?: boolean
  /** What happens in the repository before the event. */
  before?(stage: Stage): Promise<void> | void
  /** What must hold after the run, beside what holds after each; answers what does not. */
  expect(result: RunResult, stage: Stage): Promise<string[]> | string[]
}

const LEARNFLOW = ['exercises', 'learning_events', 'struggles', 'submissions', 'users']

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

/** From the first push to the second close, with a red run, a warning and a reset on the way. */
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
    title: 'pushed to with a slip in the SQL: a red run that says where and what to do',
    event: pull('synchronize'),
    inputs: preview,
    fails: true,
    shows: true,
    before: (stage) => stage.add('0102_nicknames.broken.sql', '0102_nicknames.sql'),
    async expect(result, stage) {
      return [
        ...outputs(result, {
          outcome: 'failed',
          sqlstate: '42703',
          failed_file: 'db/0102_nicknames.sql',
          failed_line: '4',
        }),
        ...comments(stage, 1, '0102_nicknames.sql:4'),
        ...(await rows(result, 'select sum(points)::int as rows from users', 15)),
      ]
    },
  },
  {
    letter: 'f',
    title: 'mended, and a column dropped: the warning says which rows are lost',
    event: pull('synchronize'),
    inputs: preview,
    shows: true,
    async before(stage) {
      await stage.add('0102_nicknames.sql')
      await stage.add('0103_no_code.sql')
    },
    async expect(result, stage) {
      return [
        ...outputs(result, { outcome: 'reused', applied: '2' }),
        ...comments(stage, 1, 'Drops the column `submissions.code` (5 rows)'),
        ...(await rows(result, 'select count(nickname)::int as rows from users', 1)),
      ]
    },
  },
  {
    letter: 'g',
    title: 'reset by name: the branch begins again with the data of main',
    event: pull('synchronize'),
    inputs: { ...preview, mode: 'reset' },
    async expect(result, stage) {
      return [
        ...outputs(result, { outcome: 'reset', branch_name: 'pr-7', applied: '4' }),
        ...same('branches', branches(stage), ['main', 'pr-7']),
        ...comments(stage, 1, 'is reset to its parent'),
        ...(await rows(result, 'select count(*)::int as rows from users', 4)),
      ]
    },
  },
  {
    letter: 'h',
    title: 'closed: the branch and its Secret go',
    event: pull('closed', true),
    inputs: preview,
    shows: true,
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
    letter: 'i',
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
