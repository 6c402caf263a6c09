import type { EventSettings, RunResult } from '../../../sandbox/runner/index.ts'
import { type Expected, flawsOfWorld } from './invariant.ts'
import { BASE, ownFile, type Stage } from './stage.ts'

/** What one run of a story is about. */
export interface Scene {
  /** The name of its project. */
  project: string
  event: EventSettings
  inputs: Record<string, string>
  /** Where the world is not as it has to be when the run without has ended. */
  look(result: RunResult): Promise<string[]>
  /** Takes away what the scene made. */
  end(): Promise<void>
}

/** A mode in one of its situations. `open` is called once, and gives what begins each run of it. */
export interface Story {
  name: string
  open(stage: Stage): Promise<(turn: number) => Promise<Scene>>
}

const nothing = async () => undefined

export const pull = (number: number, action: 'opened' | 'synchronize' | 'closed' = 'synchronize') =>
  ({ name: 'pull_request', action, number }) as const
const namespace = (name: string) => ({ namespace: name, create_namespace: 'true' })

async function must(result: RunResult): Promise<RunResult> {
  if (result.conclusion !== 'success') throw new Error(`a story could not begin:\n${result.log}`)
  return result
}

/** A project with the base's files, as a push to main leaves it. */
export async function makeProject(stage: Stage, name: string): Promise<string> {
  const made = await must(await stage.run({ name: 'push' }, { project_name: name, schema: 'base' }))
  return made.outputs.project_id ?? ''
}

/** The inputs of a pull request's runs, with its Secret in a namespace of its own. */
export function pullInputs(stage: Stage, projectId: string, more: Record<string, string> = {}) {
  const { kubeconfig } = stage.kubernetes
  return { project_id: projectId, schema: 'base', kubeconfig, ...namespace('life-{number}'), ...more }
}

export const ofPull = (project: string, number: number, files: readonly string[]): Expected => ({
  project,
  branch: { name: `pr-${number}`, isThere: true },
  pullRequest: number,
  secret: { namespace: `life-${number}`, isThere: true },
  files,
})
export const ofClosed = (project: string, number: number): Expected => ({
  project,
  branch: { name: `pr-${number}`, isThere: false },
  pullRequest: number,
  secret: { namespace: `life-${number}`, isThere: false },
})

export async function removeBranch(stage: Stage, projectId: string, name: string): Promise<void> {
  const branch = stage.world.neon.branches(projectId).find((one) => one.name === name)
  if (branch) await stage.discard(`/projects/${projectId}/branches/${branch.id}`)
}

const firstPush: Story = {
  name: 'provision, first push',
  open: async (stage) => async (turn) => {
    const project = `first-${turn}`
    return {
      project,
      event: { name: 'push' },
      inputs: {
        ...{ project_name: project, schema: 'base', kubeconfig: stage.kubernetes.kubeconfig },
        ...{ ...namespace(project), roles: 'api=readwrite' },
      },
      look: () => flawsOfWorld(stage, { project, files: BASE, secret: { namespace: project, isThere: true } }),
      async end() {
        for (const { id, name } of stage.world.neon.projects())
          if (name === project) await stage.discard(`/projects/${id}`)
      },
    }
  },
}

const laterPush: Story = {
  name: 'provision, later push',
  async open(stage) {
    const projectId = await makeProject(stage, 'later')
    const files = [...BASE]
    return async (turn) => {
      const file = `${1000 + turn}_later`
      files.push(file)
      await stage.world.write({ [`later/${file}.sql`]: ownFile(file) })
      await stage.kubernetes.request('DELETE', '/api/v1/namespaces/later/secrets/postgres-credentials')
      const { kubeconfig } = stage.kubernetes
      return {
        project: 'later',
        event: { name: 'push' },
        inputs: { project_id: projectId, schema: 'base\nlater', kubeconfig, ...namespace('later') },
        look: () => flawsOfWorld(stage, { project: 'later', files, secret: { namespace: 'later', isThere: true } }),
        end: nothing,
      }
    }
  },
}

const firstPreview: Story = {
  name: 'preview, new branch',
  async open(stage) {
    const projectId = await makeProject(stage, 'new-branch')
    await stage.world.write({ 'own/0100_own.sql': ownFile('0100_own') })
    const inputs = pullInputs(stage, projectId, { schema: 'base\nown', roles: 'api=readwrite' })
    return async (turn) => {
      const number = 1000 + turn
      stage.world.github.openPull({ number })
      return {
        project: 'new-branch',
        event: pull(number, 'opened'),
        inputs,
        look: () => flawsOfWorld(stage, ofPull('new-branch', number, [...BASE, '0100_own'])),
        end: () => removeBranch(stage, projectId, `pr-${number}`),
      }
    }
  },
}

const laterPreview: Story = {
  name: 'preview, branch reused',
  async open(stage) {
    const projectId = await makeProject(stage, 'reused')
    const number = 900
    stage.world.github.openPull({ number })
    const inputs = pullInputs(stage, projectId, { schema: 'base\nreused' })
    const files = [...BASE, '0200_first']
    await stage.world.write({ 'reused/0200_first.sql': ownFile('0200_first') })
    await must(await stage.run(pull(number, 'opened'), inputs))
    return async (turn) => {
      const file = `${2000 + turn}_more`
      files.push(file)
      await stage.world.write({ [`reused/${file}.sql`]: ownFile(file) })
      return {
        project: 'reused',
        event: pull(number),
        inputs,
        look: () => flawsOfWorld(stage, ofPull('reused', number, files)),
        end: nothing,
      }
    }
  },
}

const TOOL = `import postgres from '${process.cwd()}/node_modules/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await sql.begin(async (sql) => {
  await sql.unsafe('create table if not exists knex_migrations (name text primary key, migration_time timestamptz)')
  const [known] = await sql.unsafe("select 1 from knex_migrations where name = '001_planets.js'")
  if (known) return
  await sql.unsafe('create table planets (id int primary key)')
  await sql.unsafe("insert into knex_migrations values ('001_planets.js', now())")
})
await sql.end()`

const migrate: Story = {
  name: 'preview, migrate_command',
  async open(stage) {
    const projectId = await makeProject(stage, 'migrated')
    await stage.world.write({ 'tool.mjs': TOOL })
    const command = { schema: '', migrate_command: `'${process.execPath}' tool.mjs` }
    return async (turn) => {
      const number = 5000 + turn
      stage.world.github.openPull({ number })
      return {
        project: 'migrated',
        event: pull(number, 'opened'),
        inputs: pullInputs(stage, projectId, command),
        async look() {
          const { files: _, ...expected } = ofPull('migrated', number, [])
          const flaws = await flawsOfWorld(stage, expected)
          const branch = stage.world.neon.branches(projectId).find(({ name }) => name === `pr-${number}`)
          const cluster = branch && stage.world.neon.branchCluster(projectId, branch.id)
          const [row] = (await cluster?.query('select count(*)::int as n from knex_migrations', 'neondb')) ?? []
          return row?.n === 1 ? flaws : [...flaws, `the tool's ledger holds ${row?.n} rows in place of 1`]
        },
        end: () => removeBranch(stage, projectId, `pr-${number}`),
      }
    }
  },
}

const close: Story = {
  name: 'cleanup',
  async open(stage) {
    const projectId = await makeProject(stage, 'closing')
    const inputs = pullInputs(stage, projectId)
    return async (turn) => {
      const number = 2000 + turn
      stage.world.github.openPull({ number })
      await must(await stage.run(pull(number, 'opened'), inputs))
      stage.world.github.closePull(number)
      return {
        project: 'closing',
        event: pull(number, 'closed'),
        inputs,
        look: () => flawsOfWorld(stage, ofClosed('closing', number)),
        end: nothing,
      }
    }
  },
}

const sweep: Story = {
  name: 'sweep',
  async open(stage) {
    const projectId = await makeProject(stage, 'swept')
    const { neon, github } = stage.world
    const model = 800
    github.openPull({ number: model })
    await must(await stage.run(pull(model, 'opened'), pullInputs(stage, projectId)))
    const branchId = neon.branches(projectId).find(({ name }) => name === `pr-${model}`)?.id ?? ''
    const annotations = neon.annotations(projectId, branchId) ?? {}
    const copy = async (path: string, number: number) => {
      const { body } = await stage.kubernetes.request(
        'GET',
        `${path}/${path.endsWith('secrets') ? 'postgres-credentials' : `life-${model}`}`,
      )
      const { resourceVersion: _v, uid: _u, creationTimestamp: _c, managedFields: _f, ...metadata } = body.metadata
      const text = JSON.stringify({ ...body, metadata }).replaceAll(`life-${model}`, `life-${number}`)
      const renumbered = text.replaceAll(
        `"neon-postgres-setup/pull-request":"${model}"`,
        `"neon-postgres-setup/pull-request":"${number}"`,
      )
      await stage.kubernetes.request('POST', path.replace(`life-${model}`, `life-${number}`), JSON.parse(renumbered))
    }
    return async (turn) => {
      const numbers = [1, 2, 3].map((one) => 20_000 + 10 * turn + one)
      for (const number of numbers) {
        github.openPull({ number })
        github.closePull(number)
        await copy('/api/v1/namespaces', number)
        await copy(`/api/v1/namespaces/life-${model}/secrets`, number)
      }
      neon.seedBranches(projectId, numbers.length, (index) => ({
        name: `pr-${numbers[index]}`,
        annotations: { ...annotations, 'github-pr-number': String(numbers[index]) },
      }))
      return {
        project: 'swept',
        event: { name: 'schedule' },
        inputs: pullInputs(stage, projectId),
        async look() {
          const left = neon.branches(projectId).map(({ name }) => name)
          const unswept = numbers.filter((number) => left.includes(`pr-${number}`)).map((n) => `pr-${n} was not swept`)
          const kept = await flawsOfWorld(stage, { ...ofPull('swept', model, BASE) })
          const secrets = await Promise.all(
            numbers.map(async (number) => {
              const { body } = await stage.kubernetes.request('GET', `/api/v1/namespaces/life-${number}/secrets`)
              return (body.items ?? []).length === 0 ? [] : [`the Secret of #${number} was not swept`]
            }),
          )
          return [...unswept, ...kept, ...secrets.flat()]
        },
        end: nothing,
      }
    }
  },
}

const resetting: Story = {
  name: 'reset',
  async open(stage) {
    const projectId = await makeProject(stage, 'resetting')
    const number = 700
    stage.world.github.openPull({ number })
    await stage.world.write({ 'reset/0300_reset.sql': ownFile('0300_reset') })
    const inputs = pullInputs(stage, projectId, { schema: 'base\nreset' })
    await must(await stage.run(pull(number, 'opened'), inputs))
    const cluster = () => {
      const branch = stage.world.neon.branches(projectId).find(({ name }) => name === `pr-${number}`)
      return branch && stage.world.neon.branchCluster(projectId, branch.id)
    }
    return async () => {
      await cluster()?.query('create table if not exists stray (id int)', 'neondb')
      return {
        project: 'resetting',
        event: pull(number),
        inputs: { ...inputs, mode: 'reset' },
        async look() {
          const flaws = await flawsOfWorld(stage, ofPull('resetting', number, [...BASE, '0300_reset']))
          const [row] = (await cluster()?.query("select to_regclass('public.stray') as stray", 'neondb')) ?? []
          return row?.stray === null ? flaws : [...flaws, 'the branch was not reset']
        },
        end: nothing,
      }
    }
  },
}

const rotating: Story = {
  name: 'rotate',
  async open(stage) {
    const projectId = await makeProject(stage, 'rotating')
    const { kubeconfig } = stage.kubernetes
    const inputs = { project_id: projectId, kubeconfig, ...namespace('rotating') }
    await must(await stage.run({ name: 'push' }, { ...inputs, schema: 'none' }))
    return async () => ({
      project: 'rotating',
      event: { name: 'push' },
      inputs: { ...inputs, mode: 'rotate' },
      look: () =>
        flawsOfWorld(stage, { project: 'rotating', files: BASE, secret: { namespace: 'rotating', isThere: true } }),
      end: nothing,
    })
  },
}

const planning: Story = {
  name: 'plan',
  async open(stage) {
    const projectId = await makeProject(stage, 'planned')
    await stage.world.write({ 'planned/0400_later.sql': ownFile('0400_later') })
    const wrote = () => stage.world.neon.journal.filter(({ method }) => method !== 'GET').length
    return async (turn) => {
      const number = 3000 + turn
      stage.world.github.openPull({ number })
      const before = wrote()
      return {
        project: 'planned',
        event: pull(number, 'opened'),
        inputs: { project_id: projectId, schema: 'base\nplanned', mode: 'plan' },
        async look({ outputs }) {
          const { neon, github } = stage.world
          const flaws = await flawsOfWorld(stage, { project: 'planned', files: BASE })
          if (wrote() !== before) flaws.push('a plan wrote to Neon')
          if (neon.branches(projectId).length !== 1) flaws.push('a plan made a branch')
          if (github.comments(number).length !== 1) flaws.push('there is not one comment')
          return outputs.pending === '1' ? flaws : [...flaws, `pending is ${outputs.pending}`]
        },
        end: nothing,
      }
    }
  },
}

const comparing: Story = {
  name: 'diff',
  async open(stage) {
    const projectId = await makeProject(stage, 'compared')
    const number = 600
    stage.world.github.openPull({ number })
    await stage.world.write({ 'compared/0500_other.sql': ownFile('0500_other') })
    const inputs = pullInputs(stage, projectId, { schema: 'base\ncompared' })
    await must(await stage.run(pull(number, 'opened'), inputs))
    return async (turn) => {
      const other = 4000 + turn
      stage.world.github.openPull({ number: other })
      return {
        project: 'compared',
        event: pull(other, 'opened'),
        inputs: { project_id: projectId, mode: 'diff', compare_branch: `pr-${number}` },
        async look({ outputs }) {
          const flaws = await flawsOfWorld(stage, ofPull('compared', number, [...BASE, '0500_other']))
          if (stage.world.github.comments(other).length !== 1) flaws.push('there is not one comment')
          return outputs.diff?.includes('t_0500_other') ? flaws : [...flaws, 'the difference is not told']
        },
        end: nothing,
      }
    }
  },
}

/** Every mode, the two that begin in different ways twice. */
export const STORIES: readonly Story[] = [
  ...[firstPush, laterPush, firstPreview, laterPreview, migrate],
  ...[close, sweep, resetting, rotating, planning, comparing],
]
