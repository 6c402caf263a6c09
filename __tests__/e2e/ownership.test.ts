import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'

import { type RunResult, runAction } from '../../sandbox/runner/index.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

// A month of a team of ten, in one Neon project that several repositories share. Each test is one thing that went wrong.
let world: World
let projectId = ''
let number = 100
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 200 })
  await world.write({ 'db/0001_orders.sql': 'create table orders (id int primary key);' })
  const made = await world.run({ name: 'push' }, { project_name: 'shop', schema: 'db' })
  projectId = made.outputs.project_id ?? ''
})
beforeEach(() => {
  number += 1
  world.github.openPull({ number })
  world.neon.journal.length = 0
})
afterAll(() => world.close())

const OTHER = { repository: 'octo/api' }
type Action = 'opened' | 'synchronize' | 'closed' | 'labeled' | 'edited'
const pull = (action: Action, more: { number?: number; headRef?: string } = {}) => ({
  name: 'pull_request' as const,
  action,
  number,
  ...more,
})
const inputs = (more: Record<string, string> = {}) => ({ project_id: projectId, schema: 'db', ...more })
const find = (name: string) => world.neon.branches(projectId).find((branch) => branch.name === name)
const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
const warningsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'warning').map(({ message }) => message)
const writes = () =>
  world.neon.journal.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
const seed = (name: string, annotations: Record<string, string> = {}) => {
  const [id = ''] = world.neon.seedBranches(projectId, 1, () => ({ name, annotations }))
  return id
}
/** A branch with a compute, made through the API by whoever has a key. */
async function make(name: string, annotations: Record<string, string> = {}): Promise<string> {
  const reply = await fetch(`${world.neon.url}/projects/${projectId}/branches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.neon.organizationApiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ branch: { name }, endpoints: [{ type: 'read_write' }], annotation_value: annotations }),
  })
  const { branch } = (await reply.json()) as { branch: { id: string } }
  await world.neon.settle()
  world.neon.journal.length = 0
  return branch.id
}
const marked = (repository: string, pullRequest?: number) => ({
  'managed-by': 'neon-postgres-setup',
  'github-commit-repo': repository,
  ...(pullRequest === undefined ? {} : { 'github-pr-number': String(pullRequest) }),
})

function expectSuccess(result: RunResult): void {
  expect(errorsOf(result)).toEqual([])
  expect(result.conclusion).toBe('success')
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.violations).toEqual([])
}

async function query(branchName: string, text: string): Promise<Record<string, unknown>[]> {
  const cluster = world.neon.branchCluster(projectId, find(branchName)?.id ?? '')
  return (await cluster?.query(text, 'neondb')) ?? []
}

describe('closing a pull request', () => {
  test("does not delete another repository's branch of the same name", async () => {
    const theirs = await world.run(pull('opened'), inputs(), OTHER)
    expectSuccess(theirs)
    const result = await world.run(pull('closed'), inputs())
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'kept', deleted: 'false' })
    expect(find(`pr-${number}`)?.id).toBe(theirs.outputs.branch_id)
    expect(warningsOf(result)).toEqual([
      expect.stringMatching(
        new RegExp(`Kept the branch pr-${number}: it was made by pull request #${number} of octo/api`),
      ),
    ])
    expect(result.summary).toContain('is kept')
  })

  test('does not delete the staging branch that branch_name names', async () => {
    const id = seed('staging')
    const result = await world.run(pull('closed'), inputs({ branch_name: 'staging' }))
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('kept')
    expect(find('staging')?.id).toBe(id)
  })

  test('does not read a filled template as the id of another branch', async () => {
    const id = seed('precious')
    const result = await world.run(pull('closed', { headRef: id }), inputs({ branch_name: '{head_ref}' }))
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('gone')
    expect(find('precious')?.id).toBe(id)
    expect(writes()).toEqual([])
  })

  test('deletes its own, and in a cleanup step what the user names', async () => {
    expectSuccess(await world.run(pull('opened'), inputs()))
    expect((await world.run(pull('closed'), inputs())).outputs.outcome).toBe('deleted')
    const id = seed('old-demo')
    const step = { project_id: projectId, mode: 'cleanup' }
    expect((await world.run({ name: 'workflow_dispatch' }, { ...step, branch: id })).outputs.outcome).toBe('deleted')
    expect(find('old-demo')).toBeUndefined()
  })

  test("deletes what Neon's create-branch-action made for the same pull request, not for another", async () => {
    const neons = (pullRequest: number) => ({
      'github-commit-repo': world.repository,
      'github-pr-number': String(pullRequest),
      'github-action-ref': 'refs/pull/1/merge',
    })
    seed(`preview/pr-${number}`, neons(number))
    const template = { branch_name: 'preview/pr-{number}' }
    expect((await world.run(pull('closed'), inputs(template))).outputs.outcome).toBe('deleted')
    number += 1
    seed(`preview/pr-${number}`, neons(1))
    expect((await world.run(pull('closed'), inputs(template))).outputs.outcome).toBe('kept')
  })
})

describe('opening a pull request', () => {
  test.each([
    ['another repository made', () => marked('octo/api', number), /belongs to pull request #\d+ of octo\/api/],
    ['another pull request made', () => marked('octo/learn', 1), /belongs to pull request #1 of octo\/learn/],
    ['nobody marked', () => ({}), /nothing says that this action made it/],
  ])('never hands its SQL to a branch that %s', async (_, annotations, cause) => {
    const id = await make(`pr-${number}`, annotations())
    await world.write({ 'new/0002_mine.sql': 'create table mine (i int);' })
    const result = await world.run(pull('opened'), inputs({ schema: 'db\nnew' }))
    expect(errorsOf(result)).toEqual([expect.stringMatching(cause)])
    expect(result.conclusion).toBe('failure')
    expect(result.outputs.db_url).toBeUndefined()
    expect(find(`pr-${number}`)).toMatchObject({ id })
    expect(find(`pr-${number}`)?.expires_at).toBeUndefined()
    expect(writes()).toEqual([])
    expect(await query(`pr-${number}`, "select to_regclass('mine') as it")).toEqual([{ it: null }])
  })

  test('has a name of its own with {repository}', async () => {
    seed(`pr-${number}`, marked('octo/api', number))
    const result = await world.run(pull('opened'), inputs({ branch_name: '{repository}-pr-{number}' }))
    expectSuccess(result)
    expect(result.outputs.branch_name).toBe(`octo/learn-pr-${number}`)
  })

  test('applies its files to the staging branch that the user named, and never expires, resets or deletes it', async () => {
    const id = await make('uat')
    const uat = { branch_name: 'uat' }
    const first = await world.run(pull('opened'), inputs(uat))
    expectSuccess(first)
    expect(first.outputs).toMatchObject({ branch_id: id, created: 'false' })
    expect(find('uat')?.expires_at).toBeUndefined()
    await query('uat', 'create table made_by_hand (i int)')

    await world.write({ 'db/0002_edit.sql': 'create table b (i int);' })
    expectSuccess(await world.run(pull('synchronize'), inputs(uat)))
    await world.write({ 'db/0002_edit.sql': 'create table b (i bigint);' })
    const edited = await world.run(pull('synchronize'), inputs(uat))
    expect(errorsOf(edited)).toEqual([
      expect.stringMatching(/0002_edit\.sql: it was changed after .* new file, for example 0003/),
    ])
    expect(await query('uat', "select to_regclass('made_by_hand')::text as it")).toEqual([{ it: 'made_by_hand' }])
    expect(writes().filter((line) => /restore|PATCH|DELETE/.test(line))).toEqual([])
    await world.write({ 'db/0002_edit.sql': null })
    expect((await world.run(pull('closed'), inputs(uat))).outputs.outcome).toBe('kept')
    expect(find('uat')?.id).toBe(id)
  })
})

describe('a step with branch in mode auto', () => {
  test.each([
    ['beside schema', { branch: 'staging2', schema: 'db' }],
    ['with parent: false, a reset that was switched off', { branch: 'staging2', schema: '', parent: 'false' }],
  ])('%s deletes nothing', async (_, more) => {
    if (!find('staging2')) seed('staging2')
    const result = await world.run({ name: 'push' }, { project_id: projectId, ...more })
    expect(errorsOf(result)).toEqual([expect.stringMatching(/means delete, but .* mode: cleanup/)])
    expect(find('staging2')).toBeDefined()
    expect(world.neon.journal).toEqual([])
  })

  test("alone deletes, as Neon's delete action does", async () => {
    seed('staging3')
    const result = await world.run({ name: 'push' }, { project_id: projectId, branch: 'staging3' })
    expectSuccess(result)
    expect(find('staging3')).toBeUndefined()
  })
})

describe('a new password', () => {
  const rotate = (more: Record<string, string>) => ({ project_id: projectId, mode: 'rotate', ...more })

  test("is not set on another repository's branch, and not on another pull request's", async () => {
    const id = await make(`theirs-${number}`, marked('octo/api', 3))
    const foreign = await world.run({ name: 'schedule' }, rotate({ branch: `theirs-${number}` }))
    expect(errorsOf(foreign)).toEqual([expect.stringContaining('it belongs to pull request #3 of octo/api')])
    await make(`pr-${number}`, marked('octo/shop', number + 1_000))
    const neighbour = await world.run(pull('opened'), rotate({}))
    expect(errorsOf(neighbour)).toEqual([expect.stringContaining(`it belongs to pull request #${number + 1_000}`)])
    const taken = await world.run(pull('opened', { headRef: id }), rotate({ branch_name: '{head_ref}' }))
    expect(errorsOf(taken)).toEqual([expect.stringContaining('has no branch')])
    expect(writes()).toEqual([])
  })

  test("is set on a branch without a mark when the user names it, and on the pull request's own", async () => {
    await make(`plain-${number}`)
    const named = await world.run({ name: 'schedule' }, rotate({ branch: `plain-${number}` }))
    expectSuccess(named)
    expect(named.outputs.outcome).toBe('rotated')
    expectSuccess(await world.run(pull('opened'), inputs()))
    const own = await world.run(pull('synchronize'), rotate({}))
    expectSuccess(own)
    expect(own.outputs.outcome).toBe('rotated')
  })
})

describe('production is not reached by', () => {
  const dangerous = { 'evil/0001_drop.sql': 'drop table orders cascade;' }
  test.each([
    ['"Run workflow" on a feature branch', { name: 'workflow_dispatch' as const, branch: 'feature' }],
    ['a release that was only drafted', { name: 'release' as const, tag: 'v1', action: 'created' }],
  ])('%s', async (_, event) => {
    await world.write(dangerous)
    const result = await world.run(event, inputs({ schema: 'evil' }))
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ skipped: 'true', outcome: 'skipped' })
    expect(world.neon.journal).toEqual([])
    expect(await query('main', "select to_regclass('orders')::text as it")).toEqual([{ it: 'orders' }])
  })

  test.each(['labeled', 'edited'] as const)(
    'and a deleted branch is not brought back by: %s on a closed pull request',
    async (action) => {
      const result = await world.run({ ...pull(action), state: 'closed' }, inputs())
      expectSuccess(result)
      expect(result.outputs.skipped).toBe('true')
      expect(find(`pr-${number}`)).toBeUndefined()
      expect(world.neon.journal).toEqual([])
    },
  )
})

describe('a Git branch is deleted', () => {
  const deleted = (ref: string) => ({ name: 'delete' as const, ref })

  test("its pull request's branch goes, and nobody else's", async () => {
    expectSuccess(await world.run(pull('opened'), inputs()))
    seed('pr-of-api', { ...marked('octo/api', number), 'github-commit-ref': `feature-${number}` })
    seed('by-hand', { 'github-commit-ref': `feature-${number}` })
    const result = await world.run(deleted(`feature-${number}`), inputs())
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'deleted', deleted: 'true', branch_name: `pr-${number}` })
    expect([find(`pr-${number}`), find('pr-of-api')?.name, find('by-hand')?.name]).toEqual([
      undefined,
      'pr-of-api',
      'by-hand',
    ])
  })

  test("a fork's branch of the same name stays", async () => {
    world.github.openPull({ number, headRef: 'patch-1', headRepository: 'stranger/learn' })
    const id = seed(`pr-${number}`, { ...marked(world.repository, number), 'github-commit-ref': 'patch-1' })
    const result = await world.run(deleted('patch-1'), inputs())
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('kept')
    world.github.closePull(number)
    expect((await world.run(deleted('patch-1'), inputs())).outputs.outcome).toBe('kept')
    expect(find(`pr-${number}`)?.id).toBe(id)
  })

  test('one that came back in the meantime stays: the event was late', async () => {
    const ref = `feature-${number}`
    expectSuccess(await world.run(pull('opened'), inputs()))
    expectSuccess(await world.run({ name: 'push', branch: ref }, inputs({ branch_name: 'dev-{head_ref}' })))
    const late = await runAction({
      event: deleted(ref),
      repository: world.repository,
      workspace: world.workspace,
      token: world.token,
      apiUrl: world.github.apiUrl,
      graphqlUrl: world.github.graphqlUrl,
      inputs: { api_key: world.neon.organizationApiKey, api_host: world.neon.url, ...inputs() },
    })
    expect(late.outputs).toMatchObject({ outcome: 'kept', deleted: 'false' })
    expect([find(`pr-${number}`)?.name, find(`dev-${ref}`)?.name]).toEqual([`pr-${number}`, `dev-${ref}`])
    // And when it is really gone, both go.
    const result = await world.run(deleted(ref), inputs())
    expectSuccess(result)
    expect([find(`pr-${number}`), find(`dev-${ref}`)]).toEqual([undefined, undefined])
  })
})

describe('the pull request is closed while a run is under way', () => {
  const closeAt = (group: string) => (line: string) => {
    if (line === `##[group]${group}`) world.github.closePull(number)
  }

  test('what the run made is taken away again', async () => {
    const result = await world.run(pull('opened'), inputs(), { onLine: closeAt('Ready') })
    expectSuccess(result)
    expect(result.log).toContain(`Pull request #${number} was closed while this run was under way`)
    expect(result.outputs).toMatchObject({ outcome: 'deleted', deleted: 'true', skipped: 'true' })
    expect(result.outputs.db_url).toBeUndefined()
    expect(find(`pr-${number}`)).toBeUndefined()
  })

  test('also when the run fails', async () => {
    await world.write({ 'broken/0001.sql': 'select nonsense;' })
    const result = await world.run(pull('opened'), inputs({ schema: 'broken' }), { onLine: closeAt('Ready') })
    expect(result.conclusion).toBe('failure')
    expect(find(`pr-${number}`)).toBeUndefined()
  })

  test('open and close at once leave nothing, in whichever order they end', async () => {
    const open = world.run(pull('opened'), inputs(), {
      onLine(line) {
        if (line === '##[group]Branch') world.github.closePull(number)
      },
    })
    const close = world.run(pull('closed'), inputs())
    expect((await close).conclusion).toBe('success')
    await open
    expect(find(`pr-${number}`)).toBeUndefined()
  })

  test('a pull request that stays open keeps its branch', async () => {
    const result = await world.run(pull('opened'), inputs())
    expectSuccess(result)
    expect(find(`pr-${number}`)).toBeDefined()
  })
})
