import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { cloudflareTimeout, type NeonSandbox, rateLimited, startNeon } from '../../sandbox/neon/index.ts'
import { defaultSettings } from '../../sandbox/neon/settings.ts'
import { allBranches, type Branch, findBranchByName } from '../../src/neon/branch-lookup.ts'
import { findCompute, makeCompute } from '../../src/neon/compute.ts'
import {
  compareSchemas,
  connectionOf,
  deleteBranch,
  ensurePreviewBranch,
  ensureProject,
  type NamedBranchRequest,
  type ProjectRequest,
  planSweep,
  resetToParent,
  rotatePassword,
  sweepBranches,
} from '../../src/neon/index.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { calls, type NeonRun, neonRun } from '../support/neon.ts'

// What the rooms make of each answer that the real service was recorded to give: the next step for the user, how many
// requests it takes to get there, and that nothing is waited for that does not pass. The rows that no request of the
// action can meet are left out: a branch restored to itself, a compute in transition, a body that lacks its project.

const OWNER = { repository: 'octo/learn', repositoryId: '700', pullRequest: 7 }
const SSL = { ssl: 'require' as const }
const COMPUTE_TIME = { kind: 'compute time', usage: 398_508, limit: 396_000 } as const

let server: NeonSandbox
let projectId: string
let run: NeonRun

beforeAll(async () => {
  server = await startNeon({ loginProxy: true })
  run = neonRun({ url: server.url, apiKey: server.organizationApiKey })
  projectId = (await ensureProject(run.neon, { name: 'learn' })).id
})

beforeEach(() => {
  Object.assign(server.settings, defaultSettings(server.settings.accounts), { loginProxy: true })
  as(server.organizationApiKey)
  server.journal.length = 0
})

afterEach(async () => {
  server.faults.clear()
  Object.assign(server.settings, { quotas: [], hiddenLooks: 0, operationMilliseconds: 5 })
  await server.settle()
  expect(server.violations).toEqual([])
  as(server.organizationApiKey)
  for (const { id, default: main } of server.branches(projectId).reverse()) {
    if (!main) await deleteBranch(run.neon, { projectId, owner: OWNER, id, namedByUser: true })
  }
})

afterAll(() => server.close())

const as = (apiKey: string) => {
  run = neonRun({ url: server.url, apiKey }, 20)
}
const personal = () => server.settings.accounts.find(({ kind }) => kind === 'personal')
const project = (request: ProjectRequest) => ensureProject(run.neon, request)
const preview = (changes: Partial<NamedBranchRequest> = {}) =>
  ensurePreviewBranch(run.neon, {
    projectId,
    name: 'pr-7',
    origin: { ...OWNER, sha: 'abc' },
    namedByUser: false,
    ...changes,
  })

/** Makes a branch behind the action's back, without a compute unless told, and waits for it unless told. */
async function make(
  branch: object,
  { endpoints = [] as object[], annotations = {}, wait = true } = {},
): Promise<string> {
  const response = await fetch(`${server.url}/projects/${projectId}/branches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.organizationApiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ branch, endpoints, annotation_value: annotations }),
  })
  const { branch: made } = (await response.json()) as { branch: { id: string } }
  if (wait) await server.settle()
  server.journal.length = 0
  return made.id
}

const branchNamed = async (name: string): Promise<Branch> => {
  const found = await findBranchByName(run.neon, projectId, name)
  if (!found) throw new Error(`no branch ${name}`)
  server.journal.length = 0
  return found
}

const JSON_HEADERS = { 'content-type': 'application/json' }

/** Lets a branch not be found by its id for so many looks, as the stand-in's `hiddenLooks` does for every new one. */
function hideFor(id: string, times: number): void {
  const body = JSON.stringify({ code: '', message: 'branch not found' })
  const path = new RegExp(`/branches/${id}$`)
  server.faults.add({ kind: 'answer', method: 'GET', path, status: 404, headers: JSON_HEADERS, body, times })
}

/** The sentence of the refusal, after checking that it took just so many requests and that nothing was waited for. */
async function refused(work: () => Promise<unknown>, requests: number): Promise<string> {
  run.clock.waits.length = 0
  server.journal.length = 0
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ActionError)
  expect(run.clock.waits).toEqual([])
  expect(calls(server.journal)).toHaveLength(requests)
  return (error as ActionError).sentence
}

describe('keys', () => {
  test('a bad key: the input api_key', async () => {
    as('napi_wrong')
    expect(await refused(() => preview(), 1)).toMatch(/401.*do not pass authentication.*Check the input api_key/)
  })

  test('a personal key whose owner is in no organization: the input org_id', async () => {
    const account = personal()
    const before = account?.organizations.splice(0) ?? []
    as(server.apiKey)
    expect(await refused(() => project({ name: 'other' }), 2)).toMatch(/org_id is required.*Set the input org_id/)
    account?.organizations.push(...before)
  })

  test.each([404, 403] as const)(
    'a key of an organization makes a project in a region that it may not ask for (%i)',
    async (status) => {
      server.settings.organizationKeys = status
      const made = await project({ name: `region-${status}`, regionId: 'aws-eu-central-1' })
      expect(made).toMatchObject({ created: true, regionId: 'aws-eu-central-1', orgId: server.organizationId })
      expect(calls(server.journal)).toEqual([
        'GET /users/me/organizations',
        'GET /projects',
        'GET /regions',
        'POST /projects',
        'GET /projects',
      ])
    },
  )

  test('a key of an organization and a region that is none: one request to make it, and what Neon says to it', async () => {
    const sentence = await refused(() => project({ name: 'nowhere', regionId: 'mars-1' }), 4)
    expect(sentence).toMatch(/create or reuse the project nowhere: Neon answered 4\d\d.*(input region|input that)/)
    expect(server.journal.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })

  test('of several organizations the one of the console is meant, where it is one', async () => {
    const vercel = server.addOrganization('From Vercel', 'vercel')
    as(server.apiKey)
    expect(await project({ name: 'console' })).toMatchObject({ created: true, orgId: server.organizationId })
    const second = server.addOrganization('Second')
    const sentence = await refused(() => project({ name: 'unclear' }), 1)
    expect(sentence).toContain(`belongs to 2 organizations: ${server.organizationId} (Sandbox), ${second} (Second)`)
    const account = personal()
    if (account) account.organizations = [vercel]
    as(server.apiKey)
    expect(await project({ name: 'vercel' })).toMatchObject({ created: true, orgId: vercel })
    if (account) account.organizations = [server.organizationId]
  })

  test('a key of one project and a name: the project_id to set', async () => {
    as(server.projectKey(projectId))
    expect(await refused(() => project({ name: 'learn' }), 2)).toContain(
      `The API key is for one project alone: set project_id: ${projectId} in place of project_name`,
    )
  })

  test("a key of one project and another's id: the project_id to set", async () => {
    as(server.projectKey(projectId))
    expect(await refused(() => project({ id: 'other-tree-12345678' }), 1)).toContain(
      `set project_id: ${projectId} in place of other-tree-12345678`,
    )
  })

  test('a key of one project and its id: everything works, and nothing is listed that it may not see', async () => {
    as(server.projectKey(projectId))
    expect(await project({ id: projectId })).toMatchObject({ id: projectId, name: 'learn' })
    const branch = await preview()
    expect(await connectionOf(run.neon, branch, SSL)).toMatchObject({ database: 'neondb' })
    expect(calls(server.journal).filter((call) => !call.includes(`/projects/${projectId}`))).toEqual([])
    expect(server.journal.filter(({ status }) => status >= 400)).toEqual([])
  })
})

describe('not found', () => {
  test('an unknown project: its project_id', async () => {
    expect(await refused(() => project({ id: 'no-such-12345678' }), 1)).toMatch(
      /404: project not found.*Check project_id no-such-12345678/,
    )
  })

  test('a branch that was just made, by its id: it is deleted, not told as gone', async () => {
    server.settings.hiddenLooks = 3
    const id = await make({ name: 'fresh' })
    const result = await deleteBranch(run.neon, { projectId, owner: OWNER, id, namedByUser: true })
    expect(result).toMatchObject({ outcome: 'deleted', branch: { id, name: 'fresh' } })
    await server.settle()
    expect(server.branches(projectId).map(({ name }) => name)).toEqual(['main'])
  })

  test('the answer to a delete is lost, and the branch is not found for a moment: it is deleted for good', async () => {
    const id = await make({ name: 'fresh' })
    server.faults.add({ kind: 'drop', method: 'DELETE' })
    const deleting = deleteBranch(run.neon, { projectId, owner: OWNER, name: 'fresh', namedByUser: true })
    hideFor(id, 5)
    expect((await deleting).outcome).toBe('deleted')
    await server.settle()
    expect(server.branches(projectId).map(({ name }) => name)).toEqual(['main'])
  })

  test('a sweep does not tell a branch as gone that is only not found for a moment', async () => {
    const { id } = await preview()
    const rules = { owner: OWNER, pullRequests: new Map([[7, 'closed' as const]]) }
    const plan = planSweep([await branchNamed('pr-7')], rules, run.clock.now())
    hideFor(id, 1)
    const rows = await sweepBranches(run.neon, plan, {
      ...{ projectId, dryRun: false },
      again: async (branch) => planSweep([branch], rules, run.clock.now())[0],
    })
    expect(rows).toMatchObject([{ action: 'deleted', reason: 'pull request #7 is closed' }])
    await server.settle()
    expect(server.branches(projectId).map(({ name }) => name)).toEqual(['main'])
  })

  test('a branch that is gone is still told as gone', async () => {
    const id = 'br-gone-tree-a1234567'
    expect(await deleteBranch(run.neon, { projectId, owner: OWNER, id, namedByUser: true })).toEqual({
      outcome: 'gone',
    })
    expect(calls(server.journal)).toHaveLength(2)
  })

  test('an operation that a reply has named and that is not found for a moment is asked for again', async () => {
    const body = JSON.stringify({ code: '', message: 'operation not found' })
    server.faults.add({ kind: 'answer', path: /\/operations\//, status: 404, headers: JSON_HEADERS, body, times: 3 })
    expect((await preview()).created).toBe(true)
    expect(server.branches(projectId).find(({ name }) => name === 'pr-7')?.current_state).toBe('ready')
  })

  test('masked data of a branch that is not found for a moment is waited for, not told as unmasked', async () => {
    const rule = { database_name: 'neondb', schema_name: 'public', table_name: 'people', column_name: 'name' }
    const [main] = server.branches(projectId)
    const cluster = server.branchCluster(projectId, main?.id ?? '')
    await cluster?.query("create table people as select 'Ada'::text as name", 'neondb')
    const body = JSON.stringify({ code: '', message: 'branch not found' })
    const path = /\/anonymized_status$/
    server.faults.add({ kind: 'answer', path, status: 404, headers: JSON_HEADERS, body, times: 3 })
    const made = await preview({ maskingRules: [{ ...rule, masking_value: 'nobody' }] })
    const masked = server.branchCluster(projectId, made.id)
    expect(await masked?.query('select name from people', 'neondb')).toEqual([{ name: 'nobody' }])
    await cluster?.query('drop table people', 'neondb')
  })

  test('a branch without a compute has no password to renew: add one', async () => {
    await make({ name: 'bare' })
    const branch = await branchNamed('bare')
    const connection = {
      database: 'neondb',
      role: 'neondb_owner',
      password: 'old',
      url: '',
      pooledUrl: '',
      host: '',
      pooledHost: '',
    }
    expect(await refused(() => rotatePassword(run.neon, branch, connection, SSL), 1)).toMatch(
      /404: no read-write endpoint for branch.*has no compute that writes: add one/,
    )
  })
})

describe('plans', () => {
  const suspend = /412: modifying the suspend interval is not permitted.*Take the input suspend_timeout out/

  test('the Free plan and suspend_timeout: take it out, of a branch and of a project', async () => {
    expect(await refused(() => preview({ suspendTimeout: 120 }), 2)).toMatch(suspend)
    expect(await refused(() => project({ name: 'timely', suspendTimeout: 120 }), 3)).toMatch(suspend)
  })

  test('the Free plan and history_retention: take it out, or the most that is allowed', async () => {
    expect(await refused(() => project({ name: 'long', historyRetention: 604_800 }), 3)).toMatch(
      /max:"21600".*Take the input history_retention out, or set it to 6h at most/,
    )
  })

  test('the Free plan and allowed_ips: take it out', async () => {
    expect(await refused(() => project({ name: 'walled', allowedIps: ['10.0.0.0/8'] }), 3)).toMatch(
      /400.*take the input that the message names out, allowed_ips/,
    )
  })

  test('limits: branches, root branches, protected branches, projects', async () => {
    server.settings.branchLimit = 1
    expect(await refused(() => preview(), 4)).toMatch(/BRANCHES_LIMIT_EXCEEDED.*mode sweep.*The project has 1 branches/)
    Object.assign(server.settings, { branchLimit: 10, rootBranchLimit: 1, projectLimit: 1 })
    expect(await refused(() => preview({ schemaOnly: true }), 4)).toMatch(
      /ROOT_BRANCHES_LIMIT_EXCEEDED.*branch_type default/,
    )
    expect(await refused(() => project({ name: 'learn', protectDefaultBranch: true }), 4)).toMatch(
      /BRANCHES_PROTECTED_LIMIT_EXCEEDED.*change the plan/,
    )
    expect(await refused(() => project({ name: 'more' }), 3)).toMatch(/PROJECTS_LIMIT_EXCEEDED.*project_id/)
  })

  test.each([402, 423] as const)('too many active computes, %i: nothing is waited for', async (status) => {
    Object.assign(server.settings, { activeComputeLimit: 1, activeComputeStatus: status })
    expect(await refused(() => preview(), 2)).toMatch(
      /concurrently active endpoints.*active at once is reached.*suspend one/,
    )
  })

  test.each([402, 412, 423] as const)(
    'compute time used up, %i: the plan, no passwords, nothing is waited for',
    async (status) => {
      Object.assign(server.settings, { quotas: [COMPUTE_TIME], quotaStatus: status })
      const sentence = await refused(() => preview(), 2)
      expect(sentence).toMatch(
        /compute time quota exceeded; usage:"398508", limit:"396000".*has used up its compute time: wait for the next billing period, or change the plan/,
      )
      expect(sentence).not.toMatch(/password|operation holds/)
    },
  )

  test('compute time used up: a new password is refused with the same advice', async () => {
    const branch = await preview()
    const connection = await connectionOf(run.neon, branch, SSL)
    as(server.organizationApiKey)
    server.journal.length = 0
    server.settings.quotas = [COMPUTE_TIME]
    expect(await refused(() => rotatePassword(run.neon, branch, connection, SSL), 1)).toMatch(
      /423.*used up its compute time/,
    )
  })

  test('data transfer used up', async () => {
    server.settings.quotas = [{ kind: 'data transfer', usage: 2, limit: 1 }]
    expect(await refused(() => preview(), 2)).toMatch(/has used up its data transfer/)
  })
})

describe('the past', () => {
  test('a parent before the window: how much history there is', async () => {
    expect(await refused(() => preview({ parent: 'main@2026-01-01T00:00:00Z' }), 4)).toMatch(
      /400: timestamp is before retention window.*Choose a later moment: the project keeps 6h of history/,
    )
  })

  test('a comparison before the window: the same', async () => {
    await make({ name: 'child' })
    const request = { projectId, compareBranch: 'child', database: 'neondb', timestamp: '2026-01-01T00:00:00Z' }
    expect(await refused(() => compareSchemas(run.neon, request), 3)).toMatch(/the project keeps 6h of history/)
  })
})

describe('conflicts', () => {
  test('a name that another run took in between is used', async () => {
    await make(
      { name: 'pr-7' },
      {
        endpoints: [{ type: 'read_write' }],
        annotations: {
          'managed-by': 'neon-postgres-setup',
          'github-commit-repo': OWNER.repository,
          'github-pr-number': '7',
        },
      },
    )
    const [mine] = server.branches(projectId).filter(({ name }) => name === 'pr-7')
    const body = JSON.stringify({ branches: [], annotations: {}, pagination: { sort_by: 'name', sort_order: 'DESC' } })
    server.faults.add({ kind: 'answer', method: 'GET', path: /\/branches\?/, status: 200, headers: JSON_HEADERS, body })
    const found = await preview()
    expect(found).toMatchObject({ id: mine?.id, created: false })
    expect(server.journal.map(({ status }) => status)).toContain(409)
  })

  test('a compute that another run made in between is used', async () => {
    const id = await make({ name: 'both' }, { endpoints: [{ type: 'read_write' }] })
    const branch = await branchNamed('both')
    server.faults.add({
      kind: 'answer',
      path: /\/endpoints$/,
      status: 200,
      headers: JSON_HEADERS,
      body: '{"endpoints":[]}',
    })
    const endpoint = (await findCompute(run.neon, branch)) ?? (await makeCompute(run.neon, branch))
    expect(endpoint.id).toBe(server.endpoints(projectId).find(({ branch_id: of }) => of === id)?.id)
    expect(server.journal.map(({ status }) => status)).toContain(409)
  })

  test('children: named, for a delete and for a reset', async () => {
    const parentId = await make({ name: 'parent' })
    await make({ name: 'child', parent_id: parentId })
    const wish = { projectId, owner: OWNER, name: 'parent', namedByUser: true }
    expect(await refused(() => deleteBranch(run.neon, wish), 4)).toMatch(
      /it has children: child.*Delete the children first/,
    )
    const parent = await branchNamed('parent')
    expect(await refused(() => resetToParent(run.neon, parent), 3)).toMatch(
      /it has children: child.*Delete the children first/,
    )
  })
})

describe('what passes', () => {
  test('another operation (423) is waited for', async () => {
    server.lock(projectId, 150)
    expect((await preview()).created).toBe(true)
    expect(server.journal.map(({ status }) => status)).toContain(423)
  })

  test('a parent that is being made (422 branch not ready yet) is waited for', async () => {
    server.settings.operationMilliseconds = 150
    await make({ name: 'slow' }, { wait: false })
    expect(await preview({ parent: 'slow' })).toMatchObject({ created: true, parentName: 'slow' })
    expect(server.journal.map(({ status }) => status)).toContain(422)
  })

  test('429, with Retry-After and without, is waited for', async () => {
    server.faults.add(rateLimited({ method: 'POST', retryAfter: 7 }))
    server.faults.add(rateLimited({ method: 'POST' }))
    expect((await preview()).created).toBe(true)
    expect(run.clock.waits).toContain(7000)
  })

  test("524 with Cloudflare's page: a write is looked for, not repeated; a read is repeated", async () => {
    server.faults.add(cloudflareTimeout({ method: 'POST', path: /\/branches$/ }))
    server.faults.add(cloudflareTimeout({ method: 'GET', path: /\/branches\?/ }))
    expect((await preview()).created).toBe(true)
    expect(server.journal.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })

  test('524 that stays: run the job again, and nobody blames the key', async () => {
    server.faults.add(cloudflareTimeout({ times: 100, effect: false }))
    const error = await preview().catch((thrown: unknown) => thrown)
    const { sentence } = error as ActionError
    expect(sentence).toMatch(/Neon answered 524: console\.neon\.tech \| 524: A timeout occurred.*Run the job again/)
    expect(sentence).not.toMatch(/api_key|api_host|<html/i)
    expect(server.journal).toHaveLength(5)
  })
})

describe('lists', () => {
  test.each([false, true])(
    'every branch is seen, and one request ends the list (the empty page repeats its cursor: %s)',
    async (repeats) => {
      Object.assign(server.settings, { emptyPageCursor: repeats, branchPageSize: 2, branchLimit: 100 })
      server.seedBranches(projectId, 5, (index) => ({ name: `seed-${index}` }))
      const found = await allBranches(run.neon, projectId)
      expect(found.map(({ name }) => name).sort()).toEqual(['main', 'seed-0', 'seed-1', 'seed-2', 'seed-3', 'seed-4'])
      expect(server.journal).toHaveLength(4)
      server.journal.length = 0
      expect(await findBranchByName(run.neon, projectId, 'nowhere')).toBeUndefined()
      expect(server.journal).toHaveLength(1)
    },
  )

  test('a page that comes twice is an error, not half a list', async () => {
    const branch = server.branches(projectId)[0]
    const body = JSON.stringify({ branches: [branch], annotations: {}, pagination: { next: 'same' } })
    server.faults.add({ kind: 'answer', path: /\/branches/, status: 200, headers: JSON_HEADERS, body, times: 2 })
    await expect(allBranches(run.neon, projectId)).rejects.toThrow(/the same page twice/)
  })
})
