import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { calls } from '../support/neon.ts'
import { runWorkflow } from '../support/workflow.ts'
import { startWorld, type World } from '../support/world.ts'

// The modes that only look: plan, diff, and sweep with dry_run.

let world: World
let projectId = ''
let elsewhere = ''

beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  world.github.openPull({ number: 7 })
  world.github.openPull({ number: 8 })
  await world.write({ 'sql/0001_a.sql': 'create table a (id int);', 'tool.sh': 'true' })
  const made = await runWorkflow(world, { name: 'push' }, { project_name: 'looked at', schema: 'sql' })
  projectId = made.outputs.project_id ?? ''
  elsewhere = made.outputs.db_url ?? ''
  expect((await runWorkflow(world, pull(7), { project_id: projectId, schema: 'sql' })).failure).toBe('')
})
beforeEach(() => {
  world.neon.journal.length = 0
})
afterEach(() => expect(world.neon.violations).toEqual([]))
afterAll(() => world.close())

const pull = (number: number) => ({ name: 'pull_request' as const, action: 'synchronize' as const, number })
const push = { name: 'push' as const }
const plan = (event: Parameters<typeof runWorkflow>[1], inputs: Record<string, string> = {}) =>
  runWorkflow(world, event, { mode: 'plan', project_id: projectId, schema: 'sql', ...inputs })
const branch = (name: string) => world.neon.branches(projectId).find((candidate) => candidate.name === name)
const changes = () =>
  world.neon.journal.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)

describe('nothing is sent to Neon but reads, whatever other inputs say', () => {
  const { inputs: known } = parse(readFileSync('action.yml', 'utf8')) as { inputs: Record<string, unknown> }
  const KUBECONFIG =
    'apiVersion: v1\nkind: Config\nclusters: [{ name: c, cluster: { server: "https://127.0.0.1:1" } }]\n' +
    'contexts: [{ name: none, context: { cluster: c, user: u } }]\nusers: [{ name: u, user: { token: looked-at-0001 } }]\ncurrent-context: none\n'
  const rule = {
    database_name: 'neondb',
    schema_name: 'public',
    table_name: 'a',
    column_name: 'id',
    masking_value: '0',
  }
  /** One value of each input that is not its default. */
  const values = (): Record<string, string> => ({
    ...{
      api_key: world.neon.apiKey,
      project_id: projectId,
      project_name: 'no such name',
      org_id: world.neon.organizationId,
    },
    ...{ region: 'aws-eu-central-1', pg_version: '16', branch_name: 'pr-7', parent_branch: 'main' },
    ...{ branch_type: 'schema-only', database: 'neondb', role: 'neondb_owner', expires_in: '1d' },
    ...{
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      suspend_timeout: '600',
      min_cu: '0.25',
      max_cu: '1',
    },
    ...{ history_retention: '1d', allowed_ips: '10.0.0.1', block_public_connections: 'true' },
    ...{ protect_default_branch: 'true', masking_rules: JSON.stringify([rule]), prisma: 'true', ssl: 'verify-full' },
    ...{ get_auth_url: 'true', get_data_api_url: 'true', api_host: world.neon.url, mode: 'plan' },
    ...{ connection_string: elsewhere, branch: 'pr-7', branch_id: branch('pr-7')?.id ?? '' },
    ...{ parent: 'true', compare_branch: 'pr-7', base_branch: 'main', timestamp: new Date().toISOString() },
    ...{ lsn: '0/16B3748', max_age: '1d', keep: 'pr-*', dry_run: 'true', timeout: '5m', schema: 'learnflow' },
    ...{
      migrate_command: 'sh tool.sh',
      migrate_ledger: 'history.log',
      baseline: 'all',
      transaction: 'all',
      on_edit: 'reset',
      out_of_order: 'fail',
      lock_wait: '1s',
    },
    ...{ lock_timeout: '2s', statement_timeout: '3s', show_detail: 'true', roles: 'api=readwrite' },
    ...{ sweep_pattern: 'preview/*', fresh: 'true', on_missing_key: 'skip', username: 'neondb_owner', password: 'x' },
    ...{ cs_role_name: 'neondb_owner', cs_database: 'neondb', cs_ssl: 'require', cs_prisma: 'true' },
    ...{ 'github-token': world.token, compare_to: 'main' },
    ...{ kubeconfig: KUBECONFIG, kube_context: 'none', namespace: 'n', create_namespace: 'true', secret_name: 's' },
    ...{ secret_keys: 'DATABASE_URL={db_url}', secret_labels: 'a=b', secret_force: 'true', dapr_component: 'state' },
    ...{
      github_token: world.token,
      comment: 'false',
      comment_id: 'x',
      summary: 'false',
      diagram: 'false',
      diff: 'off',
    },
    ...{ counts: 'off', require_tables: 'true' },
  })

  const expectNothingChanged = (what: string) => {
    expect({ what, changes: changes() }).toEqual({ what, changes: [] })
    expect(world.neon.projects()).toHaveLength(1)
    expect(branch('main')?.protected).toBe(false)
  }

  test.each([
    ['plan', pull(7), { schema: 'sql' }],
    ['diff', pull(7), { compare_branch: 'pr-7' }],
    ['sweep', { name: 'schedule' as const }, { dry_run: 'true' }],
  ])(
    'mode %s, with each input by itself',
    async (mode, event, needed) => {
      // An input that is new to action.yml needs a value here.
      expect(Object.keys(values()).sort()).toEqual(Object.keys(known).sort())
      const silent: string[] = []
      for (const [name, value] of Object.entries(values())) {
        world.neon.journal.length = 0
        const target: Record<string, string> = name === 'connection_string' ? {} : { project_name: 'looked at' }
        const wanted = { ...target, ...needed, [name]: value, mode }
        await runWorkflow(world, event, wanted).catch((error: Error) => expect(error.message).toMatch(/^Inputs? /))
        expectNothingChanged(name)
        if (world.neon.journal.length === 0) silent.push(name)
      }
      // What contradicts these modes, or leaves Neon out; with all others Neon was asked.
      expect(silent.filter((name) => !['connection_string', 'migrate_command'].includes(name))).toEqual([])
    },
    180_000,
  )

  test.each([
    ['plan', push, { schema: 'sql' }],
    ['plan', pull(7), { schema: 'sql' }],
    ['diff', push, {}],
    ['sweep', { name: 'schedule' as const }, {}],
  ])('mode %s, with all that go together', async (mode, event, needed) => {
    const apart = [
      'connection_string',
      'project_id',
      'expires_at',
      'lsn',
      'timestamp',
      'migrate_command',
      'ssl',
      'branch_name',
    ]
    const all = Object.fromEntries(Object.entries(values()).filter(([name]) => !apart.includes(name)))
    const { failure } = await runWorkflow(world, event, { ...all, ...needed, project_name: 'looked at', mode })
    expect(failure).toBe('')
    expect(world.neon.journal.length).toBeGreaterThan(0)
    expectNothingChanged(mode)
  })

  test('a branch without a compute is an error that says so, and none is made', async () => {
    world.neon.seedBranches(projectId, 1, () => ({ name: 'bare' }))
    const { failure, outputs } = await plan(push, { branch_name: 'bare' })
    expect(failure).toMatch(/^The branch bare has no read_write compute, and this mode makes none\. /)
    expect(outputs.db_url).toBeUndefined()
    expect(changes()).toEqual([])
    expect(world.neon.endpoints(projectId).some(({ branch_id }) => branch_id === branch('bare')?.id)).toBe(false)
  })
})

describe('plan tells no way into a branch that is not its own', () => {
  const WAYS_IN = [
    ...['db_url', 'db_url_pooled', 'db_url_with_pooler', 'db_host', 'host', 'db_host_pooled', 'host_with_pooler'],
    ...['password', 'role_urls', 'database', 'role'],
  ]
  const told = (outputs: Record<string, string>) => WAYS_IN.filter((name) => outputs[name] !== undefined)

  test.each([
    [
      'its branch is not there yet',
      pull(8),
      {},
      'main',
      /The branch pr-8 is not there yet: the plan looked at main \(br-/,
    ],
    [
      'the same, with a parent',
      pull(8),
      { parent_branch: 'pr-7' },
      'pr-7',
      /The branch pr-8 is not there yet: .* pr-7/,
    ],
    [
      "another pull request's branch is named",
      pull(8),
      { branch_name: 'pr-7' },
      'pr-7',
      /not made for this pull request/,
    ],
    ['the default branch is named', pull(8), { branch_name: 'main' }, 'main', /not made for this pull request/],
    [
      'outside pull requests, a branch that is not there',
      push,
      { branch_name: 'later' },
      'main',
      /later is not there yet/,
    ],
  ])('%s', async (_title, event, inputs, name, sentence) => {
    const { failure, outputs, report, runtime } = await plan(event, inputs)
    expect(failure).toBe('')
    expect(told(outputs)).toEqual([])
    expect(outputs).toMatchObject({ branch_name: name, branch_id: branch(name)?.id })
    expect(report.warnings.join('\n')).toMatch(sentence)
    expect(runtime.annotations.map(({ text }) => text).join('\n')).toMatch(sentence)
    expect(report.schema).toMatchObject({ applied: 0 })
  })

  test.each([
    ['a pull request and its own branch', pull(7), {}, 'pr-7'],
    ['outside pull requests, the default branch', push, {}, 'main'],
    ['the same, whatever the parent of branches to come', push, { parent_branch: 'pr-7' }, 'main'],
    ['outside pull requests, a branch that is named', push, { branch_name: 'pr-7' }, 'pr-7'],
  ])('but into its own it does: %s', async (_title, event, inputs, name) => {
    const { failure, outputs } = await plan(event, inputs)
    expect(failure).toBe('')
    expect(outputs).toMatchObject({
      branch_name: name,
      db_url: expect.stringMatching(/^postgresql:/),
      password: expect.any(String),
    })
  })
})

describe('parent_branch is read by one parser', () => {
  const AT = '2026-01-31T12:00:00Z'
  beforeAll(() => {
    for (const name of ['team@acme', `main@${AT}`, 'old@0/1A2B3C4']) {
      const [id = ''] = world.neon.seedBranches(projectId, 1, () => ({ name }))
      world.neon.seedBranches(projectId, 1, () => ({ name: `child of ${id}`, parentId: id }))
    }
  })

  // Plan says of each which branch it would be made from; bare ones have no compute, and the error names them.
  test.each([
    ['main', 'main'],
    ['team@acme', 'team@acme'],
    [`team@acme@${AT}`, 'team@acme'],
    ['team@acme@0/16B3748', 'team@acme'],
    ['main@2026-02-01T12:00:00Z', 'main'],
    ['main@0/16B3748', 'main'],
    [`main@${AT}`, `main@${AT}`],
    ['old@0/1A2B3C4', 'old@0/1A2B3C4'],
  ])('%s is the branch %s', async (parent, name) => {
    const { failure, outputs } = await plan(pull(8), { parent_branch: parent })
    expect(failure === '' ? outputs.branch_name : /^The branch (.*) has no read_write compute/.exec(failure)?.[1]).toBe(
      name,
    )
    // One look lists both the whole text and the name in it; an empty page may end it.
    const looks = calls(world.neon.journal).filter((call) => /\/branches$/.test(call)).length
    expect([2, 3]).toContain(looks)
  })

  test.each([
    ['main', undefined],
    ['team@acme', undefined],
    [`main@${AT}`, undefined],
    ['main@2026-02-01T12:00:00Z', '2026-02-01T12:00:00.000Z'],
  ])('a branch is made from %s, at %s', async (parent, moment) => {
    world.neon.settings.allowPointInTime = true
    await runWorkflow(world, pull(8), { project_id: projectId, schema: 'none', parent_branch: parent })
    const post = world.neon.journal.find(({ method, path }) => method === 'POST' && path.endsWith('/branches'))
    const wanted = moment === undefined ? parent : 'main'
    expect(JSON.parse(post?.body ?? '{}').branch.parent_id).toBe(branch(wanted)?.id)
    expect(JSON.parse(post?.body ?? '{}').branch.parent_timestamp).toBe(moment)
    const made = branch('pr-8')?.id
    if (made) {
      const headers = { authorization: `Bearer ${world.neon.organizationApiKey}` }
      await fetch(`${world.neon.url}/projects/${projectId}/branches/${made}`, { method: 'DELETE', headers })
      await world.neon.settle()
    }
  })

  test.each(['nowhere', `nowhere@${AT}`, 'nowhere@0/1A2B3C4'])(
    '%s is told as a branch that is not there',
    async (parent) => {
      expect((await plan(pull(8), { parent_branch: parent })).failure).toMatch(
        /has no branch nowhere to branch from\. Correct the input parent_branch/,
      )
    },
  )
})

describe('a project on a pull request', () => {
  const on = (event: Parameters<typeof runWorkflow>[1], name: string) =>
    runWorkflow(world, event, { project_name: name, schema: 'none' })
  const named = (name: string) => world.neon.projects().filter((project) => project.name === name)
  beforeAll(async () => {
    await runWorkflow(world, push, { project_name: 'learnflow', schema: 'none' })
  })

  test.each([
    'lernflow',
    'Learnflow',
    'learn-flow',
    'learn_flow',
    'LEARN FLOW',
    'learnfolw',
    'learnflows',
    'leanrflow',
  ])('is not made as %s beside learnflow', async (name) => {
    const { failure, outputs } = await on(pull(8), name)
    const [meant] = named('learnflow')
    expect(failure).toContain(`No Neon project is named ${name}, but there is learnflow (${meant?.id}).`)
    expect(failure).toMatch(/Correct the input project_name; or, .* mode: provision/)
    expect([outputs.project_id, named(name)]).toEqual([undefined, []])
    expect(changes()).toEqual([])
  })

  test('is made under a name of its own, after one look at the whole list', async () => {
    const { failure, outputs } = await on(pull(8), 'something else')
    expect([failure, outputs.project_created]).toEqual(['', 'true'])
    const lists = world.neon.journal.filter(({ operation }) => operation === 'listProjects')
    expect(lists.map(({ path }) => /search=/.test(path))).toEqual([true, false, true])
  })

  test('is not looked for outside pull requests: a push may make it', async () => {
    expect(await on(push, 'learnflov')).toMatchObject({ failure: '', outputs: { project_created: 'true' } })
    expect(
      world.neon.journal.some(({ path, operation }) => operation === 'listProjects' && !/search=/.test(path)),
    ).toBe(false)
  })
})
