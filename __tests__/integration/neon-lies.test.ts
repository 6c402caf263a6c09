import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type Lies, type LyingNeon, startLyingNeon } from '../support/lying-neon.ts'
import { runWorkflow, type WorkflowResult } from '../support/workflow.ts'
import { startWorld, type World } from '../support/world.ts'

// An API that gives true answers but for one lie. Whatever it says, no SQL reaches another branch than the one asked for,
// nothing that lets anybody in becomes an output, and the run fails with a sentence that says what does not fit.

/** Who is lied about: the branch itself, the default branch, and one of another pull request. */
interface Facts {
  own: Known
  main: Known
  other: Known
}

interface Known {
  id: string
  endpointId: string
  /** With port. */
  host: string
}

const WAYS_IN = [
  ...['db_url', 'db_url_pooled', 'db_url_with_pooler', 'db_host', 'host', 'db_host_pooled', 'host_with_pooler'],
  ...['password', 'database', 'role', 'role_urls'],
]
// Of a branch that was refused, not even the id: a later step may delete by it.
const OF_BRANCH = ['branch_id', 'branch_name', 'created', 'expires_at']
const OWN = 500
const OTHER = 900
const NEW = 7

let world: World
let liar: LyingNeon
let projectId = ''
let facts: Facts

beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100, activeComputeLimit: 100 })
  liar = await startLyingNeon(world.neon)
  for (const number of [OWN, OTHER, NEW]) world.github.openPull({ number })
  const made = await runWorkflow(world, { name: 'push' }, { project_name: 'truth', schema: 'none' })
  projectId = made.outputs.project_id ?? ''
  await world.write({ 'sql/0001_lied.sql': 'create table honest (i int);' })
  for (const number of [OWN, OTHER]) expect((await run(pull(number))).failure).toBe('')
  await world.write({ 'sql/0002_lied.sql': 'create table lied (i int);' })
  facts = { own: known(`pr-${OWN}`), main: known('main'), other: known(`pr-${OTHER}`) }
})
afterEach(async () => {
  liar.lies = {}
  await world.neon.settle()
  await remove(`pr-${NEW}`)
  expect(world.neon.violations).toEqual([])
})
afterAll(async () => {
  await liar.close()
  await world.close()
})

const pull = (number: number) => ({ name: 'pull_request' as const, action: 'synchronize' as const, number })

function run(event: Parameters<typeof runWorkflow>[1], inputs: Record<string, string> = {}): Promise<WorkflowResult> {
  return runWorkflow(world, event, { project_id: projectId, schema: 'sql', api_host: liar.url, ...inputs })
}

function branchNamed(name: string) {
  return world.neon.branches(projectId).find((branch) => branch.name === name)
}

function known(name: string): Known {
  const id = branchNamed(name)?.id ?? ''
  const endpoint = world.neon.endpoints(projectId).find(({ branch_id }) => branch_id === id)
  return { id, endpointId: endpoint?.id ?? '', host: endpoint?.host ?? '' }
}

async function remove(name: string): Promise<void> {
  const id = branchNamed(name)?.id
  if (!id) return
  const headers = { authorization: `Bearer ${world.neon.organizationApiKey}` }
  await fetch(`${world.neon.url}/projects/${projectId}/branches/${id}`, { method: 'DELETE', headers })
  await world.neon.settle()
}

/** What of a run is in a branch's database: our tables, our schema, the role. */
async function traces({ id }: Known): Promise<unknown> {
  const rows = await world.neon.branchCluster(projectId, id)?.query(
    `select to_regclass('lied') as table, to_regclass('honest') is not null as honest,
       (select count(*)::int from pg_namespace where nspname = 'neon_setup') as schemas,
       (select count(*)::int from pg_roles where rolname = 'lie_reader') as roles`,
    'neondb',
  )
  return rows?.[0]
}

async function expectRefused(result: WorkflowResult, sentence: RegExp): Promise<void> {
  expect(liar.told).toBeGreaterThan(0)
  expect(result.failure).toMatch(sentence)
  const untold = result.failure.startsWith('Refused') ? [...WAYS_IN, ...OF_BRANCH] : WAYS_IN
  expect(untold.filter((name) => result.outputs[name] !== undefined)).toEqual([])
  expect(await traces(facts.main)).toEqual({ table: null, honest: false, schemas: 0, roles: 0 })
  expect(await traces(facts.other)).toEqual({ table: null, honest: true, schemas: 1, roles: 0 })
}

type Case = [title: string, sentence: RegExp, lies: (facts: Facts) => Lies]

const withHost = (host: string) => (uri: unknown) => {
  const url = new URL(String(uri))
  url.host = host
  return url.href
}
const NAMES_BOTH = /^Refused to use the branch pr-\d+: .*\bbr-[a-z]+-[a-z]+-[a-z0-9]+\b.*\bbr-[a-z]+-[a-z]+-[a-z0-9]+/
const COMPUTE_AT =
  /^Refused to use the branch pr-\d+: its compute ep-[a-z0-9-]+ is at 127\.0\.0\.1:\d+, and Neon's connection goes to/
const AFTER_LOGIN =
  /^Refused to use the branch pr-\d+: its id is br-[a-z0-9-]+, and the database that Neon leads to is on br-/

const inputs = { roles: 'lie_reader=readonly' }

describe('a branch that is there', () => {
  const listed = (field: string) => `branches.@pr-${OWN}.${field}`
  const cases: Case[] = [
    [
      "the list gives it the default branch's id",
      /the id br-.* and the same id to its parent/,
      (f) => ({
        listProjectBranches: { [listed('id')]: f.main.id },
      }),
    ],
    [
      'the list gives it another project',
      /it belongs to the project odd-one-123456, not to/,
      () => ({
        listProjectBranches: { [listed('project_id')]: 'odd-one-123456' },
      }),
    ],
    [
      'the list says that it is the default branch',
      /as a preview: it is the default branch/,
      () => ({
        listProjectBranches: { [listed('default')]: true },
      }),
    ],
    [
      'the list says that it is protected',
      /as a preview: it is protected/,
      () => ({
        listProjectBranches: { [listed('protected')]: true },
      }),
    ],
    [
      'the list gives it another name, so that it is made, and is there',
      /BRANCH_ALREADY_EXISTS/,
      () => ({
        listProjectBranches: { [listed('name')]: 'pr-5001' },
      }),
    ],
    [
      'the list gives its name to the default branch',
      /it is the default branch|made by nobody/,
      (f) => ({
        listProjectBranches: { [listed('id')]: f.main.id, [listed('parent_id')]: undefined, [listed('default')]: true },
      }),
    ],
    [
      'the list gives its name to the default branch, and says that it is not the default',
      /nothing says that this action made it/,
      (f) => ({
        listProjectBranches: { [listed('id')]: f.main.id, [listed('parent_id')]: undefined },
      }),
    ],
    [
      'the list has two of its name',
      /Neon lists two of this name, br-.* and br-/,
      () => ({
        listProjectBranches: { branches: (all: object[]) => [{ ...all[0], id: 'br-odd-one-12345678' }, ...all] },
      }),
    ],
    [
      "its compute is the default branch's",
      NAMES_BOTH,
      (f) => ({
        listProjectBranchEndpoints: { 'endpoints.0.branch_id': f.main.id },
      }),
    ],
    [
      'its compute is of another project',
      /its compute ep-.* belongs to the project odd-one-123456, not to/,
      () => ({
        listProjectBranchEndpoints: { 'endpoints.0.project_id': 'odd-one-123456' },
      }),
    ],
    [
      "its compute has the default branch's host",
      COMPUTE_AT,
      (f) => ({
        listProjectBranchEndpoints: { 'endpoints.0.host': f.main.host },
      }),
    ],
    [
      "its compute is whole the default branch's",
      NAMES_BOTH,
      (f) => ({
        listProjectBranchEndpoints: {
          'endpoints.0.id': f.main.endpointId,
          'endpoints.0.host': f.main.host,
          'endpoints.0.branch_id': f.main.id,
        },
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    [
      "another branch's compute comes first in the list",
      NAMES_BOTH,
      (f) => ({
        listProjectBranchEndpoints: {
          endpoints: ([own]: object[]) => [{ ...own, branch_id: f.other.id, host: f.other.host }, own],
        },
      }),
    ],
    [
      "the default branch's compute comes first, as if it were its own",
      COMPUTE_AT,
      (f) => ({
        listProjectBranchEndpoints: {
          endpoints: ([own]: object[]) => [{ ...own, id: f.main.endpointId, host: f.main.host }, own],
        },
      }),
    ],
    [
      'its compute is a read replica, so that it gets one, and has one',
      /read_write endpoint already exists/,
      () => ({
        listProjectBranchEndpoints: { 'endpoints.0.type': 'read_only' },
      }),
    ],
    [
      'it has no compute, and the new one is of the default branch',
      /already exists/,
      () => ({
        listProjectBranchEndpoints: { endpoints: [] },
      }),
    ],
    [
      "the connection goes to the default branch's host",
      COMPUTE_AT,
      (f) => ({
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    [
      "the connection goes to another branch's host",
      COMPUTE_AT,
      (f) => ({
        getConnectionURI: { uri: withHost(f.other.host) },
      }),
    ],
    [
      'the connection is to another database',
      /its database is neondb, and Neon's connection is for postgres/,
      () => ({
        getConnectionURI: { uri: (uri: string) => uri.replace('/neondb?', '/postgres?') },
      }),
    ],
    [
      'the connection is of another role',
      /its role is neondb_owner, and Neon's connection is for cloud_admin/,
      () => ({
        getConnectionURI: { uri: (uri: string) => uri.replace('neondb_owner:', 'cloud_admin:') },
      }),
    ],
    ['the connection is no URL', /Neon gave no usable connection/, () => ({ getConnectionURI: { uri: 'none' } })],
    [
      'compute and connection agree on the host of the default branch',
      AFTER_LOGIN,
      (f) => ({
        listProjectBranchEndpoints: { 'endpoints.0.host': f.main.host },
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    [
      'compute and connection agree on the host of another pull request',
      AFTER_LOGIN,
      (f) => ({
        listProjectBranchEndpoints: { 'endpoints.0.host': f.other.host },
        getConnectionURI: { uri: withHost(f.other.host) },
      }),
    ],
  ]

  test.each(cases)('%s', async (_title, sentence, lies) => {
    liar.lies = lies(facts)
    liar.told = 0
    await expectRefused(await run(pull(OWN), inputs), sentence)
  })

  test('the renewed expiry is answered for another branch', async () => {
    liar.lies = { updateProjectBranch: { 'branch.id': facts.main.id } }
    liar.told = 0
    await expectRefused(await run(pull(OWN), { ...inputs, expires_in: '1d' }), NAMES_BOTH)
  })
})

describe('a branch that is made', () => {
  const uri = 'connection_uris.0.connection_uri'
  const parameters = 'connection_uris.0.connection_parameters'
  const cases: Case[] = [
    [
      "it gets the default branch's id",
      /the same id to its parent/,
      (f) => ({
        createProjectBranch: { 'branch.id': f.main.id },
      }),
    ],
    [
      "it gets the default branch's id and no parent",
      NAMES_BOTH,
      (f) => ({
        createProjectBranch: { 'branch.id': f.main.id, 'branch.parent_id': undefined },
      }),
    ],
    [
      'the whole answer is about the default branch',
      /it has no parent|it is on|database that Neon leads to/,
      (f) => ({
        createProjectBranch: {
          'branch.id': f.main.id,
          'branch.parent_id': undefined,
          'endpoints.0.branch_id': f.main.id,
          'endpoints.0.host': f.main.host,
          [uri]: withHost(f.main.host),
          [`${parameters}.host`]: f.main.host,
          [`${parameters}.pooler_host`]: f.main.host,
        },
      }),
    ],
    ["it gets another branch's id", NAMES_BOTH, (f) => ({ createProjectBranch: { 'branch.id': f.other.id } })],
    [
      'it gets another name',
      /Refused to use the branch pr-7: Neon answered about the branch main/,
      () => ({
        createProjectBranch: { 'branch.name': 'main' },
      }),
    ],
    [
      'it is made in another project',
      /it belongs to the project odd-one-123456/,
      () => ({
        createProjectBranch: { 'branch.project_id': 'odd-one-123456' },
      }),
    ],
    [
      'it is the default branch',
      /it is the default branch/,
      () => ({ createProjectBranch: { 'branch.default': true } }),
    ],
    ['it is protected', /it is protected/, () => ({ createProjectBranch: { 'branch.protected': true } })],
    [
      "its compute has the default branch's host",
      COMPUTE_AT,
      (f) => ({
        createProjectBranch: { 'endpoints.0.host': f.main.host },
      }),
    ],
    [
      "its compute is the default branch's",
      NAMES_BOTH,
      (f) => ({
        createProjectBranch: { 'endpoints.0.branch_id': f.main.id },
      }),
    ],
    [
      'its compute is of another project',
      /its compute .* project odd-one-123456/,
      () => ({
        createProjectBranch: { 'endpoints.0.project_id': 'odd-one-123456' },
      }),
    ],
    [
      "it has no compute, and the list has the default branch's",
      NAMES_BOTH,
      (f) => ({
        createProjectBranch: { endpoints: [] },
        listProjectBranchEndpoints: { 'endpoints.0.branch_id': f.main.id, 'endpoints.0.host': f.main.host },
      }),
    ],
    [
      "the parameters have the default branch's host",
      COMPUTE_AT,
      (f) => ({
        createProjectBranch: { [`${parameters}.host`]: f.main.host },
      }),
    ],
    [
      "the URI has the default branch's host",
      COMPUTE_AT,
      (f) => ({
        createProjectBranch: { [uri]: withHost(f.main.host) },
      }),
    ],
    [
      "the pooler has the default branch's host",
      COMPUTE_AT,
      (f) => ({
        createProjectBranch: { [`${parameters}.pooler_host`]: f.main.host },
      }),
    ],
    [
      "no connection is told, and the one asked for goes to the default branch's host",
      COMPUTE_AT,
      (f) => ({
        createProjectBranch: { connection_uris: undefined },
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    [
      'compute, URI and parameters agree on the host of the default branch',
      AFTER_LOGIN,
      (f) => ({
        createProjectBranch: {
          'endpoints.0.host': f.main.host,
          [uri]: withHost(f.main.host),
          [`${parameters}.host`]: f.main.host,
          [`${parameters}.pooler_host`]: f.main.host,
        },
      }),
    ],
    [
      "its masking is another branch's",
      NAMES_BOTH,
      (f) => ({
        getAnonymizedBranchStatus: { branch_id: f.other.id },
      }),
    ],
  ]

  test.each(cases)('%s', async (title, sentence, lies) => {
    const rule = {
      database_name: 'neondb',
      schema_name: 'public',
      table_name: 't',
      column_name: 'c',
      masking_value: 'x',
    }
    const masking: Record<string, string> = title.includes('masking') ? { masking_rules: JSON.stringify([rule]) } : {}
    liar.lies = lies(facts)
    liar.told = 0
    await expectRefused(await run(pull(NEW), { ...inputs, ...masking }), sentence)
  })
})

describe('other modes', () => {
  const agreed = (host: string): Lies => ({
    listProjectBranchEndpoints: { 'endpoints.0.host': host },
    getConnectionURI: { uri: withHost(host) },
  })
  const reset = { mode: 'reset' }
  const rotate = { mode: 'rotate', branch: `pr-${OWN}` }
  const provision = { mode: 'provision', branch_name: `pr-${OWN}` }
  const plan = { mode: 'plan' }
  const cases: [title: string, mode: Record<string, string>, sentence: RegExp, lies: (facts: Facts) => Lies][] = [
    [
      "reset: the list gives the default branch's id",
      reset,
      /the same id to its parent/,
      (f) => ({
        listProjectBranches: { [`branches.@pr-${OWN}.id`]: f.main.id },
      }),
    ],
    [
      'reset: the restore is answered for the default branch',
      reset,
      NAMES_BOTH,
      (f) => ({
        restoreProjectBranch: { 'branch.id': f.main.id, 'branch.parent_id': undefined },
      }),
    ],
    [
      'reset: the restored branch is the default one',
      reset,
      /is the default branch/,
      () => ({
        restoreProjectBranch: { 'branch.default': true },
      }),
    ],
    [
      'reset: then the compute is of the default branch',
      reset,
      NAMES_BOTH,
      (f) => ({
        listProjectBranchEndpoints: { 'endpoints.0.branch_id': f.main.id },
      }),
    ],
    [
      'reset: then the connection goes to the default branch',
      reset,
      COMPUTE_AT,
      (f) => ({
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    ['reset: then compute and connection agree on the default branch', reset, AFTER_LOGIN, (f) => agreed(f.main.host)],
    [
      'provision: the compute is of the default branch',
      provision,
      NAMES_BOTH,
      (f) => ({
        listProjectBranchEndpoints: { 'endpoints.0.branch_id': f.main.id },
      }),
    ],
    [
      'provision: compute and connection agree on the default branch',
      provision,
      AFTER_LOGIN,
      (f) => agreed(f.main.host),
    ],
    [
      'plan: the connection goes to the default branch',
      plan,
      COMPUTE_AT,
      (f) => ({
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    ['plan: compute and connection agree on the default branch', plan, AFTER_LOGIN, (f) => agreed(f.main.host)],
    // Last: they change the password.
    [
      'rotate: the connection goes to the default branch',
      rotate,
      COMPUTE_AT,
      (f) => ({
        getConnectionURI: { uri: withHost(f.main.host) },
      }),
    ],
    [
      'rotate: the new password is of a role of the default branch',
      rotate,
      NAMES_BOTH,
      (f) => ({
        resetProjectBranchRolePassword: { 'role.branch_id': f.main.id },
      }),
    ],
    [
      'rotate: the new password is of another role',
      rotate,
      /its role is neondb_owner, and Neon answered about boss/,
      () => ({
        resetProjectBranchRolePassword: { 'role.name': 'boss' },
      }),
    ],
    [
      'rotate: compute and connection agree on the default branch',
      rotate,
      /does not log in|leads to is on/,
      (f) => agreed(f.main.host),
    ],
  ]

  test.each(cases)('%s', async (_title, mode, sentence, lies) => {
    liar.lies = lies(facts)
    liar.told = 0
    await expectRefused(await run(pull(OWN), mode), sentence)
  })

  test("provision of a new project: its default branch has another project's compute, or host", async () => {
    const lies: [RegExp, Lies][] = [
      [
        /its compute .* belongs to the branch br-.*, not to br-/,
        { createProject: { 'endpoints.0.branch_id': facts.main.id } },
      ],
      [
        /^Refused to use the branch main: its compute ep-.* is at/,
        { createProject: { 'endpoints.0.host': facts.main.host } },
      ],
      [/belongs to the project/, { createProject: { 'branch.project_id': projectId } }],
      [/is not the default branch/, { createProject: { 'branch.default': false } }],
    ]
    for (const [index, [sentence, lie]] of lies.entries()) {
      liar.lies = lie
      liar.told = 0
      const wanted = { ...inputs, project_id: '', project_name: `novelty number ${index} of four` }
      await expectRefused(await run({ name: 'push' }, wanted), sentence)
    }
  })
})

describe('without lies', () => {
  test('the same runs succeed, also where the database does not tell its branch', async () => {
    for (const identitySettings of [true, false]) {
      world.neon.settings.identitySettings = identitySettings
      const made = await run(pull(NEW), inputs)
      expect(made).toMatchObject({ failure: '', outputs: { branch_name: `pr-${NEW}`, db_url: expect.any(String) } })
      const [row] =
        (await world.neon
          .branchCluster(projectId, made.outputs.branch_id ?? '')
          ?.query(
            "select current_setting('neon.branch_id', true) as branch, current_setting('neon.endpoint_id', true) as compute",
          )) ?? []
      const { id, endpointId } = known(`pr-${NEW}`)
      expect(row).toEqual(identitySettings ? { branch: id, compute: endpointId } : { branch: null, compute: null })
      expect((await run(pull(NEW), { ...inputs, mode: 'reset' })).failure).toBe('')
      await remove(`pr-${NEW}`)
    }
    world.neon.settings.identitySettings = true
  })
})
