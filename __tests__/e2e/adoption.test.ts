import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

// Strangers' workflows in which only the `uses:` line was changed: what Neon's own actions took must do what it did, and
// nothing must happen to a database that nobody asked for.
let world: World
let projectId = ''
let number = 20
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100, allowPointInTime: true })
  const made = await world.run({ name: 'push' }, { project_name: 'shop', schema: 'none' })
  projectId = made.outputs.project_id ?? ''
  await sql('main', 'create table customers (id int primary key)')
})
beforeEach(() => {
  number += 1
  world.github.openPull({ number })
  world.neon.journal.length = 0
})
afterAll(() => world.close())

const pull = (action: 'opened' | 'synchronize' | 'closed') => ({ name: 'pull_request' as const, action, number })
const find = (name: string) => world.neon.branches(projectId).find((branch) => branch.name === name)
const of = (type: string) => (result: RunResult) =>
  result.annotations.filter((annotation) => annotation.type === type).map(({ message }) => message)
const errorsOf = of('error')
const noticesOf = of('notice')

/** Asks as the owner of the database does, so that what is made is a user's. */
async function sql(branch: string, text: string): Promise<Record<string, unknown>[]> {
  const cluster = world.neon.branchCluster(projectId, find(branch)?.id ?? '')
  const asOwner = `set role neondb_owner; ${text}`
  return (await cluster?.query(asOwner, 'neondb')) ?? []
}

function expectSuccess(result: RunResult): void {
  expect(errorsOf(result)).toEqual([])
  expect(result.conclusion).toBe('success')
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.violations).toEqual([])
}

describe('a name that came out empty', () => {
  test('the usual delete step after a failed create makes no branch and touches none', async () => {
    const before = world.neon.branches(projectId).map(({ name }) => name)
    const result = await world.run(pull('opened'), { project_id: projectId, branch_id: '' })
    expect(errorsOf(result)).toEqual([expect.stringMatching(/Input branch_id is given, but empty/)])
    expect(world.neon.branches(projectId).map(({ name }) => name)).toEqual(before)
    expect(world.neon.journal).toEqual([])
  })

  test('a create step on dispatch does not hand out production', async () => {
    const result = await world.run({ name: 'workflow_dispatch' }, { project_id: projectId, branch_name: '' })
    expect(errorsOf(result)).toEqual([expect.stringMatching(/Input branch_name is given, but empty/)])
    expect(result.outputs.db_url).toBeUndefined()
  })

  test('no name at all outside pull requests says both ways', async () => {
    const result = await world.run({ name: 'workflow_dispatch' }, { project_id: projectId })
    expect(errorsOf(result)).toEqual([expect.stringMatching(/Set branch_name .* or mode: provision/)])
    expect(world.neon.journal).toEqual([])
  })
})

describe('a long-lived branch gets no end date that nobody asked for', () => {
  const reset = { parent: 'true', cs_role_name: 'neondb_owner', cs_database: 'neondb', cs_ssl: 'require' }

  test('by a weekly reset; and expires_in: never takes one off', async () => {
    expectSuccess(await world.run({ name: 'push', branch: 'x' }, { project_id: projectId, branch_name: 'staging' }))
    const branch = { project_id: projectId, branch: 'staging' }
    const result = await world.run({ name: 'schedule' }, { ...branch, ...reset })
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'reset', db_url_with_pooler: result.outputs.db_url_pooled })
    expect(find('staging')?.expires_at).toBeUndefined()
    expectSuccess(await world.run({ name: 'schedule' }, { ...branch, parent: 'true', expires_in: '2d' }))
    expect(find('staging')?.expires_at).toBeDefined()
    expectSuccess(await world.run({ name: 'schedule' }, { ...branch, parent: 'true', expires_in: 'never' }))
    expect(find('staging')?.expires_at).toBeUndefined()
  })
})

describe('a branch that a pull request makes', () => {
  const ends = async (inputs: Record<string, string>) => {
    const result = await world.run(pull('opened'), { project_id: projectId, ...inputs })
    expectSuccess(result)
    return find(result.outputs.branch_name ?? '')?.expires_at !== undefined
  }

  test('has an end only where the step has something of its own, and the name is the pull request’s', async () => {
    const own = { schema: 'none' }
    expect(await ends({ branch_name: `preview/pr-${number}-x` })).toBe(false)
    expect(await ends({ ...own })).toBe(true)
    expect(await ends({ ...own, branch_name: `review/pr-${number}-y` })).toBe(true)
    expect(await ends({ ...own, branch_name: `dev/feature-${number}` })).toBe(true)
    expect(await ends({ ...own, branch_name: `integration-${number}0` })).toBe(false)
    expect(
      await ends({ branch_name: `asked-${number}`, expires_at: new Date(Date.now() + 86_400_000).toISOString() }),
    ).toBe(true)
  })
})

describe('names and values of other versions', () => {
  test('version 5: username, password, and parent as a name or a moment', async () => {
    const v5 = { project_id: projectId, branch_name: `pr-${number}`, username: 'neondb_owner', password: 'old-secret' }
    const result = await world.run(pull('opened'), { ...v5, parent: 'main' })
    expectSuccess(result)
    expect(noticesOf(result)).toEqual([
      expect.stringMatching(/Input password is ignored/),
      expect.stringMatching(/Input parent is 'main': it is taken as parent_branch/),
    ])
    expect(result.outputs).toMatchObject({ created: 'true', role: 'neondb_owner' })
    expect(result.log).not.toContain('old-secret')
    const moment = new Date(Date.now() - 1000).toISOString()
    const past = await world.run(pull('opened'), { ...v5, branch_name: `past-${number}`, parent: moment })
    expectSuccess(past)
    const made = world.neon.journal.filter(({ method, path }) => method === 'POST' && /\/branches$/.test(path)).at(-1)
    expect(JSON.parse(made?.body ?? '{}').branch).toMatchObject({
      parent_id: find('main')?.id,
      parent_timestamp: new Date(moment).toISOString(),
    })
  })

  test('neondb is taken among several databases, and the log says so', async () => {
    const add = await fetch(`${world.neon.url}/projects/${projectId}/branches/${find('main')?.id}/databases`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.neon.organizationApiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ database: { name: 'analytics', owner_name: 'neondb_owner' } }),
    })
    expect(add.status).toBe(201)
    await world.neon.settle()
    const result = await world.run(pull('opened'), { project_id: projectId })
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ database: 'neondb', role: 'neondb_owner' })
    expect(result.log).toMatch(/has the databases .*analytics.*: neondb is used/)
  })
})

describe('a folder sql that nobody named', () => {
  test('is told of, and not applied to a database with tables that somebody else keeps', async () => {
    await world.write({ 'sql/0001_x.sql': 'create table from_sql (i int);' })
    const result = await world.run(pull('opened'), { project_id: projectId, branch_name: `preview/pr-${number}` })
    expectSuccess(result)
    expect(noticesOf(result)).toEqual([expect.stringMatching(/folder sql of this repository was not applied/)])
    expect(await sql(`preview/pr-${number}`, "select to_regclass('from_sql') as it")).toEqual([{ it: null }])
    expect(result.summary).not.toContain('from_sql')
    const asked = await world.run(pull('synchronize'), {
      project_id: projectId,
      branch_name: `preview/pr-${number}`,
      schema: 'sql',
    })
    expectSuccess(asked)
    expect(asked.outputs.applied).toBe('1')
    await world.write({ 'sql/0001_x.sql': null })
  })

  test('and one of another tool breaks nothing', async () => {
    await world.write({ 'sql/up.sql': 'create table a (i int);', 'sql/down.sql': 'drop table customers;' })
    const result = await world.run(pull('opened'), { project_id: projectId, branch_name: `preview/pr-${number}` })
    expectSuccess(result)
    expect(await sql(`preview/pr-${number}`, "select to_regclass('customers')::text as it")).toEqual([
      { it: 'customers' },
    ])
    await world.write({ 'sql/up.sql': null, 'sql/down.sql': null })
  })
})

test('fresh: each push gets the data that the parent has now', async () => {
  const inputs = { project_id: projectId, schema: 'none', fresh: 'true' }
  expectSuccess(await world.run(pull('opened'), inputs))
  await sql('main', 'insert into customers values (41)')
  await sql(`pr-${number}`, 'create table scratch (i int)')
  const result = await world.run(pull('synchronize'), inputs)
  expectSuccess(result)
  expect(await sql(`pr-${number}`, "select id, to_regclass('scratch') as it from customers")).toEqual([
    { id: 41, it: null },
  ])
})

test('a repository without a key can skip, and the notice says what the outputs are', async () => {
  const result = await world.run(pull('opened'), { project_id: projectId, api_key: '', on_missing_key: 'skip' })
  expectSuccess(result)
  expect(result.outputs).toMatchObject({ skipped: 'true', outcome: 'skipped' })
  expect(noticesOf(result)).toEqual([
    expect.stringMatching(/no Neon key yet.*outputs of this step are empty.*skipped == 'false'/),
  ])
})

test('the log says once which outputs do not reach other jobs', async () => {
  const result = await world.run(pull('opened'), { project_id: projectId, schema: 'none' })
  expect(result.log.match(/other jobs do not \(GitHub leaves them out\)/g)).toHaveLength(1)
})

test('branch_name on a schedule is provisioned, not swept', async () => {
  const result = await world.run({ name: 'schedule' }, { project_id: projectId, branch_name: 'nightly' })
  expectSuccess(result)
  expect(result.outputs).toMatchObject({ outcome: 'provisioned', branch_name: 'nightly', created: 'true' })
  expect(find('nightly')?.expires_at).toBeUndefined()
})

test('pull_request_target on close cleans up for forks too: nothing of theirs runs', async () => {
  const fork = {
    name: 'pull_request_target' as const,
    action: 'closed' as const,
    number,
    headRepository: 'stranger/learn',
  }
  expectSuccess(await world.run(pull('opened'), { project_id: projectId, schema: 'none' }))
  const result = await world.run(fork, { project_id: projectId })
  expectSuccess(result)
  expect(result.outputs.outcome).toBe('deleted')
})

test('sweep_pattern takes the branches of Neon’s Vercel integration, a dry run first, and nothing without it', async () => {
  for (const name of ['preview/login', 'preview/gone', 'preview/pr-1', 'production']) {
    world.neon.seedBranches(projectId, 1, () => ({ name }))
  }
  world.github.createBranch('login')
  world.github.openPull({ number: 1 })
  world.github.closePull(1)
  const inputs = { project_id: projectId, sweep_pattern: 'preview/*' }
  const wanted = ['preview/gone', 'preview/pr-1']
  const there = () => ['preview/login', ...wanted, 'production'].filter((name) => find(name))
  expectSuccess(await world.run({ name: 'schedule' }, { project_id: projectId }))
  expect(there()).toHaveLength(4)
  const dry = await world.run({ name: 'schedule' }, { ...inputs, dry_run: 'true' })
  expectSuccess(dry)
  for (const name of wanted) expect(dry.log).toContain(`Would delete the branch ${name}`)
  expect(there()).toHaveLength(4)
  expectSuccess(await world.run({ name: 'schedule' }, inputs))
  expect(there()).toEqual(['preview/login', 'production'])
})
