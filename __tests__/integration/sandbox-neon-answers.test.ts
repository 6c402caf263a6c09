import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { cloudflareTimeout, rateLimited } from '../../sandbox/neon/index.ts'
import { defaultSettings } from '../../sandbox/neon/settings.ts'
import { login } from '../support/login.ts'
import { fields, type Loose, type NeonApi, startNeonApi } from '../support/neon-api.ts'

// What the real service was recorded to answer, row by row: status, code and text.

// The one driver here that binds a login to its channel; it comes without types.
const { Client } = createRequire(import.meta.url)('pg') as {
  Client: new (options: object) => { connect(): Promise<void> }
}

const WRITER = [{ type: 'read_write' }]
const HOUR = 3_600_000
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString()

let api: NeonApi
let project: Awaited<ReturnType<NeonApi['project']>>

beforeAll(async () => {
  api = await startNeonApi({ plan: 'free', loginProxy: true })
  project = await api.project({ name: 'answers' })
})

beforeEach(() => {
  const { accounts, integrationsUrl } = api.neon.settings
  Object.assign(api.neon.settings, defaultSettings(accounts), { integrationsUrl, loginProxy: true })
  api.neon.settings.operationMilliseconds = 5
})

afterEach(async () => {
  await api.neon.settle()
  api.neon.settings.quotas = []
  for (const { id, default: main } of api.neon.branches(project.id).reverse()) {
    if (!main) await api.done('DELETE', at(id))
  }
})

afterAll(async () => {
  await api.neon.close()
  expect(api.neon.violations).toEqual([])
})

const at = (id: unknown) => `${project.path}/branches/${id}`
const branches = () => `${project.path}/branches`
const make = (branch: object, endpoints: object[] = []) => api.done('POST', branches(), { branch, endpoints })

/** Status, code and text of a refusal. */
async function refusal(method: string, path: string, body?: unknown, key?: string): Promise<unknown[]> {
  const answer = await api.call(method, path, body, key === undefined ? {} : { key })
  return [answer.status, answer.body.code, answer.body.message]
}

const ORGANIZATION_KEY = 'not allowed for organization API keys'
const RUNNING = 'project already has running conflicting operations, scheduling of new ones is prohibited'
const TOO_MANY =
  'You have exceeded the limit of concurrently active endpoints. Please suspend some endpoints and try again.'

describe('keys', () => {
  test('a bad key is 401, on a path that does not exist too, and so is none', async () => {
    const bad = [401, '', 'supplied credentials do not pass authentication']
    expect(await refusal('GET', '/projects', undefined, 'napi_wrong')).toEqual(bad)
    expect(await refusal('GET', '/nowhere', undefined, 'napi_wrong')).toEqual(bad)
    const keyless = await fetch(`${api.neon.url}/nowhere`)
    expect([keyless.status, await keyless.json()]).toEqual([401, expect.objectContaining({ message: bad[2] })])
  })

  test('a personal key that names no organization: 400 org_id is required', async () => {
    const { apiKey } = api.neon
    const missing = [400, '', 'org_id is required, you can find it on your organization settings page']
    expect(await refusal('GET', '/projects', undefined, apiKey)).toEqual(missing)
    expect(await refusal('POST', '/projects', { project: {} }, apiKey)).toEqual(missing)
  })

  test.each([404, 403] as const)(
    'regions and organizations are not for a key of an organization: %i',
    async (status) => {
      api.neon.settings.organizationKeys = status
      for (const path of ['/regions', `/regions?org_id=${api.neon.organizationId}`, '/users/me/organizations']) {
        expect(await refusal('GET', path)).toEqual([status, '', ORGANIZATION_KEY])
        expect((await api.call('GET', path, undefined, { key: api.neon.apiKey })).status).toBe(200)
      }
    },
  )

  test('the API description lets a key of an organization see its own; a setting does too', async () => {
    api.neon.settings.organizationKeys = 'allowed'
    const { body } = await api.call('GET', '/users/me/organizations')
    expect(fields(body.organizations, 'id')).toEqual([api.neon.organizationId])
  })

  test('a key of one project may neither list nor make projects, and is told which one it is for', async () => {
    const key = api.neon.projectKey(project.id)
    const scoped = [
      404,
      '',
      `not allowed to perform actions outside the project this key is scoped to; subject_project_id:"${project.id}"`,
    ]
    expect(await refusal('GET', '/projects', undefined, key)).toEqual(scoped)
    expect(await refusal('GET', `/projects?org_id=${api.neon.organizationId}`, undefined, key)).toEqual(scoped)
    expect(await refusal('POST', '/projects', { project: {} }, key)).toEqual(scoped)
    expect(await refusal('GET', '/projects/other-tree-12345678', undefined, key)).toEqual(scoped)
    expect((await api.call('GET', project.path, undefined, { key })).status).toBe(200)
  })

  test('organizations of a personal key tell who manages them', async () => {
    const id = api.neon.addOrganization('Shop', 'vercel')
    const { body } = await api.call('GET', '/users/me/organizations', undefined, { key: api.neon.apiKey })
    expect(fields(body.organizations, 'managed_by')).toEqual(['console', 'vercel'])
    expect(fields(body.organizations, 'id')[1]).toBe(id)
    const personal = api.neon.settings.accounts.find(({ kind }) => kind === 'personal')
    personal?.organizations.pop()
  })
})

describe('what is not there', () => {
  test('an unknown project and an unknown branch: 404', async () => {
    expect(await refusal('GET', '/projects/no-such-12345678')).toEqual([404, '', 'project not found'])
    expect(await refusal('GET', at('br-no-such-12345678'))).toEqual([404, '', 'branch not found'])
  })

  test('a branch that was just made is not found for a moment, and then it is', async () => {
    api.neon.settings.hiddenLooks = 2
    const { branch } = await make({ name: 'fresh' })
    for (let look = 1; look <= 2; look += 1) {
      expect(await refusal('GET', at(branch?.id))).toEqual([404, '', 'branch not found'])
    }
    expect((await api.call('GET', at(branch?.id))).status).toBe(200)
    await api.done('POST', `${at(branch?.id)}/restore`, { source_branch_id: project.mainId })
    expect((await api.call('GET', at(branch?.id))).status).toBe(404)
    api.neon.settings.hiddenLooks = 0
  })

  test('a branch without a compute has nobody who makes a role or resets a password: 404', async () => {
    const { branch } = await make({ name: 'bare' })
    const none = [404, '', 'no read-write endpoint for branch']
    expect(await refusal('POST', `${at(branch?.id)}/roles`, { role: { name: 'api' } })).toEqual(none)
    expect(await refusal('POST', `${at(branch?.id)}/roles/neondb_owner/reset_password`)).toEqual(none)
  })
})

describe('plans', () => {
  test('the Free plan: suspend_timeout_seconds is 412, for a branch, a compute and a project', async () => {
    const refused = [412, '', 'modifying the suspend interval is not permitted on this account']
    const settings = { suspend_timeout_seconds: 120 }
    expect(await refusal('POST', branches(), { endpoints: [{ type: 'read_write', ...settings }] })).toEqual(refused)
    expect(await refusal('POST', '/projects', { project: { default_endpoint_settings: settings } })).toEqual(refused)
    const [endpoint] = api.neon.endpoints(project.id)
    const path = `${project.path}/endpoints/${endpoint?.id}`
    expect(await refusal('PATCH', path, { endpoint: settings })).toEqual(refused)
    api.neon.settings.plan = 'paid'
    expect((await api.call('PATCH', path, { endpoint: settings })).status).toBe(200)
  })

  test('the Free plan: more history than six hours is 400, for a new project and an old one', async () => {
    const refused = [
      400,
      '',
      'requested history retention seconds exceeds allowed maximum; requested_history_retention_seconds:"604800", max:"21600"',
    ]
    expect(await refusal('POST', '/projects', { project: { history_retention_seconds: 604_800 } })).toEqual(refused)
    expect(await refusal('PATCH', project.path, { project: { history_retention_seconds: 604_800 } })).toEqual(refused)
  })

  test('the Free plan: allowed_ips is 400, for a new project and an old one', async () => {
    const settings = { allowed_ips: { ips: ['10.0.0.0/8'] } }
    const refused = [400, '', expect.stringMatching(/ max:"0"$/)]
    expect(await refusal('POST', '/projects', { project: { settings } })).toEqual(refused)
    expect(await refusal('PATCH', project.path, { project: { settings } })).toEqual(refused)
  })

  test('the limits that have a code: branches, root branches, protected branches, projects', async () => {
    Object.assign(api.neon.settings, { branchLimit: 1 })
    expect(await refusal('POST', branches())).toEqual([422, 'BRANCHES_LIMIT_EXCEEDED', 'branches limit exceeded'])
    Object.assign(api.neon.settings, { branchLimit: 10, rootBranchLimit: 1, projectLimit: 1 })
    expect(await refusal('POST', branches(), { branch: { init_source: 'schema-only' } })).toEqual([
      422,
      'ROOT_BRANCHES_LIMIT_EXCEEDED',
      'root branches limit exceeded',
    ])
    expect(await refusal('PATCH', at(project.mainId), { branch: { protected: true } })).toEqual([
      422,
      'BRANCHES_PROTECTED_LIMIT_EXCEEDED',
      'You have reached the maximum number of protected branches for your current plan. To protect this branch, either upgrade your plan or reduce the number of existing protected branches.',
    ])
    expect(await refusal('POST', '/projects', { project: {} })).toEqual([
      422,
      'PROJECTS_LIMIT_EXCEEDED',
      'projects limit exceeded',
    ])
  })

  test.each([402, 423] as const)('too many active computes: %i, without a code', async (status) => {
    Object.assign(api.neon.settings, { activeComputeLimit: 1, activeComputeStatus: status })
    expect(await refusal('POST', branches(), { endpoints: WRITER })).toEqual([status, '', TOO_MANY])
    expect((await api.call('POST', branches(), { branch: { name: 'without' } })).status).toBe(201)
    await api.neon.settle()
    api.neon.settings.activeComputeLimit = 20
  })
})

describe('quotas', () => {
  const used = { kind: 'compute time', usage: 398_508, limit: 396_000 } as const

  test.each([402, 412, 423] as const)(
    'of compute time, used up: %i for what needs a compute, and only for that',
    async (status) => {
      const { branch, endpoints } = await make({ name: 'before' }, WRITER)
      const bare = await make({ name: 'bare' })
      Object.assign(api.neon.settings, { quotas: [used], quotaStatus: status })
      const exceeded = [status, '', 'compute time quota exceeded; usage:"398508", limit:"396000"']
      const endpoint = `${project.path}/endpoints/${endpoints?.[0]?.id}`
      expect(await refusal('POST', branches(), { branch: { name: 'next' }, endpoints: WRITER })).toEqual(exceeded)
      expect(
        await refusal('POST', `${project.path}/endpoints`, {
          endpoint: { branch_id: bare.branch?.id, type: 'read_write' },
        }),
      ).toEqual(exceeded)
      expect(await refusal('POST', `${endpoint}/restart`)).toEqual(exceeded)
      expect(await refusal('POST', `${at(branch?.id)}/roles`, { role: { name: 'api' } })).toEqual(exceeded)
      expect(await refusal('POST', `${at(branch?.id)}/roles/neondb_owner/reset_password`)).toEqual(exceeded)
      await api.done('POST', branches(), { branch: { name: 'storage-only' } })
      await api.done('POST', `${endpoint}/suspend`)
      expect(await refusal('POST', `${endpoint}/start`)).toEqual(exceeded)
      expect((await api.call('GET', `${at(branch?.id)}/roles/neondb_owner/reveal_password`)).status).toBe(200)
      api.neon.settings.quotas = []
    },
  )

  test('a used-up quota without the proxy that refuses logins is a mistake of the test', async () => {
    const [endpoint] = api.neon.endpoints(project.id)
    api.neon.settings.loginProxy = false
    const { branch } = await make({ name: 'unwatched' }, WRITER)
    api.neon.settings.quotas = [used]
    expect(await refusal('GET', project.path)).toEqual([500, '', expect.stringContaining('loginProxy')])
    api.neon.settings.quotas = []
    expect(api.neon.violations.splice(0)).toHaveLength(1)
    await api.done('DELETE', at(branch?.id))
    expect(endpoint?.id).toBeDefined()
  })
})

describe('moments of the past', () => {
  const before = [
    400,
    '',
    expect.stringMatching(
      /^timestamp is before retention window; timestamp:"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC", retention_window:"6h0m0s"$/,
    ),
  ]

  test('before the window: 400 for a branch, a schema, a comparison and a restore', async () => {
    api.neon.settings.allowPointInTime = true
    const { branch } = await make({ name: 'child' }, WRITER)
    const then = ago(7 * HOUR)
    expect(await refusal('POST', branches(), { branch: { name: 'past', parent_timestamp: then } })).toEqual(before)
    expect(await refusal('GET', `${at(project.mainId)}/schema?db_name=neondb&timestamp=${then}`)).toEqual(before)
    const compare = `${at(branch?.id)}/compare_schema?db_name=neondb`
    expect(await refusal('GET', `${compare}&timestamp=${then}`)).toEqual(before)
    expect(await refusal('GET', `${compare}&base_timestamp=${then}`)).toEqual(before)
    const restore = { source_branch_id: project.mainId, source_timestamp: then }
    expect(await refusal('POST', `${at(branch?.id)}/restore`, restore)).toEqual(before)
  })

  test('the text names moment and window as Go prints them', async () => {
    const wish = { branch: { parent_timestamp: '2026-06-04T00:25:59Z' } }
    const [, , text] = await refusal('POST', branches(), wish)
    expect(text).toBe(
      'timestamp is before retention window; timestamp:"2026-06-04 00:25:59 +0000 UTC", retention_window:"6h0m0s"',
    )
  })

  test('inside the window: 200', async () => {
    api.neon.settings.allowPointInTime = true
    const then = new Date().toISOString()
    expect((await api.call('GET', `${at(project.mainId)}/schema?db_name=neondb&timestamp=${then}`)).status).toBe(200)
    expect((await make({ name: 'then', parent_timestamp: then })).branch?.name).toBe('then')
  })
})

describe('conflicts', () => {
  test('a taken name: 409, for a new branch and for a renamed one', async () => {
    const taken = [409, 'BRANCH_ALREADY_EXISTS', 'branch already exists; branch_name:"main"']
    expect(await refusal('POST', branches(), { branch: { name: 'main' } })).toEqual(taken)
    const { branch } = await make({ name: 'other' })
    expect(await refusal('PATCH', at(branch?.id), { branch: { name: 'main' } })).toEqual(taken)
  })

  test('a second compute that writes: 409', async () => {
    const second = { endpoint: { branch_id: project.mainId, type: 'read_write' } }
    const refused = [409, '', 'read_write endpoint already exists']
    expect(await refusal('POST', `${project.path}/endpoints`, second)).toEqual(refused)
    expect(await refusal('POST', branches(), { endpoints: [...WRITER, ...WRITER] })).toEqual(refused)
  })

  test('children: neither deleted nor restored (422)', async () => {
    const parent = await make({ name: 'parent' })
    const ids = []
    for (const name of ['a', 'b']) ids.push((await make({ name, parent_id: parent.branch?.id })).branch?.id)
    expect(await refusal('DELETE', at(parent.branch?.id))).toEqual([
      422,
      '',
      `cannot delete branch that has children: ${ids.join(', ')}`,
    ])
    expect(await refusal('POST', `${at(parent.branch?.id)}/restore`, { source_branch_id: project.mainId })).toEqual([
      422,
      '',
      'Branch has children, preserve_under_name is required',
    ])
  })

  test('restored to itself, without a moment: 400', async () => {
    expect(await refusal('POST', `${at(project.mainId)}/restore`, { source_branch_id: project.mainId })).toEqual([
      400,
      '',
      'target_lsn or target_timestamp required when branch is reset to itself',
    ])
  })

  test('any write while another runs: 423, reads are answered', async () => {
    api.neon.lock(project.id, 1500)
    const [endpoint] = api.neon.endpoints(project.id)
    const writes: [string, string, object?][] = [
      ['POST', branches(), { branch: { name: 'next' } }],
      ['PATCH', at(project.mainId), { branch: { name: 'trunk' } }],
      ['DELETE', at(project.mainId)],
      ['POST', `${project.path}/endpoints`, { endpoint: { branch_id: project.mainId, type: 'read_only' } }],
      ['PATCH', `${project.path}/endpoints/${endpoint?.id}`, { endpoint: { autoscaling_limit_max_cu: 1 } }],
      ['POST', `${project.path}/endpoints/${endpoint?.id}/suspend`],
      ['POST', `${at(project.mainId)}/roles`, { role: { name: 'api' } }],
      ['POST', `${at(project.mainId)}/roles/neondb_owner/reset_password`],
      ['POST', `${at(project.mainId)}/databases`, { database: { name: 'x', owner_name: 'neondb_owner' } }],
      ['PATCH', project.path, { project: { name: 'other' } }],
    ]
    for (const [method, path, body] of writes) {
      expect([path, ...(await refusal(method, path, body))]).toEqual([path, 423, '', RUNNING])
    }
    expect((await api.call('GET', project.path)).status).toBe(200)
  })

  test('a compute that starts is neither suspended nor deleted: 423', async () => {
    const { branch } = await make({ name: 'starting' })
    api.neon.settings.operationMilliseconds = 1000
    const wish = { endpoint: { branch_id: branch?.id, type: 'read_write' } }
    const { body } = await api.call('POST', `${project.path}/endpoints`, wish)
    const endpoint = `${project.path}/endpoints/${body.endpoint?.id}`
    const moving = [423, '', 'endpoint is in some transitive state, could not suspend']
    expect(await refusal('POST', `${endpoint}/suspend`)).toEqual(moving)
    expect(await refusal('DELETE', endpoint)).toEqual(moving)
    await api.neon.settle()
    api.neon.settings.operationMilliseconds = 5
    expect((await api.call('POST', `${endpoint}/suspend`)).status).toBe(200)
  })

  test('any write of a branch that is being made: 422 branch not ready yet', async () => {
    api.neon.settings.operationMilliseconds = 1000
    const { body } = await api.call('POST', branches(), { branch: { name: 'init' }, endpoints: WRITER })
    const id = body.branch?.id
    const notReady = [422, '', 'branch not ready yet']
    expect(await refusal('PATCH', at(id), { branch: { name: 'x' } })).toEqual(notReady)
    expect(await refusal('DELETE', at(id))).toEqual(notReady)
    expect(await refusal('POST', branches(), { branch: { parent_id: id } })).toEqual(notReady)
    expect(await refusal('POST', `${at(id)}/restore`, { source_branch_id: project.mainId })).toEqual(notReady)
    expect(await refusal('POST', `${at(id)}/roles`, { role: { name: 'api' } })).toEqual(notReady)
    expect(await refusal('POST', branches(), { branch: { name: 'other' } })).toEqual([423, '', RUNNING])
    await api.neon.settle()
    api.neon.settings.operationMilliseconds = 5
  })
})

describe('requests and replies', () => {
  test("524 with Cloudflare's page, whatever was asked; what was asked happens nevertheless", async () => {
    api.neon.faults.add(cloudflareTimeout({ method: 'POST' }))
    const response = await fetch(`${api.neon.url}${branches()}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.neon.organizationApiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ branch: { name: 'late' } }),
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([524, 'text/html; charset=UTF-8'])
    expect(await response.text()).toContain('<title>console.neon.tech | 524: A timeout occurred</title>')
    expect(api.neon.branches(project.id).map(({ name }) => name)).toContain('late')
    api.neon.faults.add(cloudflareTimeout({ method: 'DELETE', effect: false }))
    const main = await fetch(`${api.neon.url}${project.path}`, { method: 'DELETE' })
    expect([main.status, api.neon.projects()]).toEqual([524, [expect.objectContaining({ id: project.id })]])
  })

  test('429 as a fault, with Retry-After and without', async () => {
    api.neon.faults.add(rateLimited({ retryAfter: 7 }))
    api.neon.faults.add(rateLimited())
    const [first, second] = [await api.call('GET', project.path), await api.call('GET', project.path)]
    expect([first.status, first.headers.get('retry-after'), second.status, second.headers.get('retry-after')]).toEqual([
      429,
      '7',
      429,
      null,
    ])
  })

  test.each([false, true])(
    'next comes with the last page too; the empty page repeats its cursor: %s',
    async (repeats) => {
      Object.assign(api.neon.settings, { emptyPageCursor: repeats, branchPageSize: 2 })
      api.neon.seedBranches(project.id, 3, (index) => ({ name: `seed-${index}` }))
      const pages: Loose[] = []
      let next = ''
      do {
        const { body } = await api.call('GET', `${branches()}?limit=100${next ? `&cursor=${next}` : ''}`)
        pages.push(body)
        next = String(body.pagination?.next ?? '')
      } while (fields(pages.at(-1)?.branches, 'id').length > 0)
      expect(pages.map(({ branches: found }) => fields(found, 'id').length)).toEqual([2, 2, 0])
      expect(pages.map(({ pagination }) => pagination?.sort_order)).toEqual(['DESC', 'DESC', 'DESC'])
      const [, last, empty] = pages
      expect(last?.pagination?.next).toBeDefined()
      expect(empty?.pagination?.next).toBe(repeats ? last?.pagination?.next : undefined)
      const none = await api.call('GET', `${branches()}?search=nothing`)
      expect(none.body.pagination).toEqual({ sort_by: 'updated_at', sort_order: 'DESC' })
    },
  )

  test('pooled=True, with a capital, is a boolean', async () => {
    const uri = `${project.path}/connection_uri?database_name=neondb&role_name=neondb_owner`
    for (const pooled of ['True', 'true', 'False']) {
      expect([pooled, (await api.call('GET', `${uri}&pooled=${pooled}`)).status]).toEqual([pooled, 200])
    }
    expect((await api.call('GET', `${uri}&pooled=yes`)).status).toBe(400)
  })

  test('createProject with {} cannot be decoded: 400 without a request id in the body', async () => {
    const { status, body } = await api.call('POST', '/projects', {})
    expect([status, body]).toEqual([
      400,
      { code: '', message: 'invalid request: decode application/json: invalid: project (field required)' },
    ])
  })

  test('an operation that the stand-in lacks is 501 and named', async () => {
    expect(await refusal('GET', `${project.path}/jwks`)).toEqual([
      501,
      '',
      'the sandbox does not implement getProjectJWKS',
    ])
  })

  test('fields that only real replies have', async () => {
    const { body } = await api.call('GET', branches())
    expect(body.branches?.[0]).toHaveProperty('created_by.name')
    const endpoints = await api.call('GET', `${project.path}/endpoints`)
    expect(endpoints.body.endpoints?.[0]).toHaveProperty('last_active')
    const { project: one } = (await api.call('GET', project.path)).body
    expect(one).toHaveProperty('owner.email')
    const listed = (await api.call('GET', '/projects')).body.projects?.[0]
    for (const name of ['synthetic_storage_size', 'quota_reset_at', 'compute_last_active_at']) {
      expect(listed).toHaveProperty(name)
    }
    expect(listed).not.toHaveProperty('owner')
  })

  test('PostgreSQL 19 is taken; what runs is 18, because no 19 can be had here', async () => {
    const { project: made, connection_uris: uris } = await api.done('POST', '/projects', {
      project: { name: 'new', pg_version: 19 },
    })
    expect(made?.pg_version).toBe(19)
    const version = `select current_setting('server_version_num')::int / 10000 as version`
    expect(await login(String(uris?.[0]?.connection_uri), version)).toEqual([{ version: 18 }])
    const { connection_uris: branchUris } = await api.done('POST', `/projects/${made?.id}/branches`, {
      endpoints: WRITER,
    })
    expect(await login(String(branchUris?.[0]?.connection_uri), version)).toEqual([{ version: 18 }])
    expect((await api.call('POST', '/projects', { project: { pg_version: 20 } })).status).toBe(400)
    await api.done('DELETE', `/projects/${made?.id}`)
  })
})

describe('logins', () => {
  const quota = (kind: 'compute time' | 'data transfer') => ({ kind, usage: 2, limit: 1 })

  test('pass as ever while nothing is used up, early ones included, and end with the compute', async () => {
    api.neon.settings.operationMilliseconds = 100
    const { body } = await api.call('POST', branches(), { branch: { name: 'early' }, endpoints: WRITER })
    const uri = String(body.connection_uris?.[0]?.connection_uri)
    expect(await login(uri, 'select 1 as one')).toEqual([{ one: 1 }])
    api.neon.settings.operationMilliseconds = 5
    const server = api.neon.branchCluster(project.id, String(body.branch?.id))
    expect(Number(new URL(uri).port)).not.toBe(server?.port)
    await api.neon.settle()
    await api.done('DELETE', at(body.branch?.id))
    await expect(login(uri)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test.each([
    [
      'compute time',
      'Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.',
    ],
    ['data transfer', 'Your project has exceeded the data transfer quota. Upgrade your plan to increase limits.'],
  ] as const)('are refused when the quota of %s is used up, after the password was right', async (kind, message) => {
    api.neon.settings.quotas = [quota(kind)]
    await expect(login(project.uri)).rejects.toMatchObject({ message, code: 'XX000' })
    const wrong = new URL(project.uri)
    wrong.password = 'npg_wrong'
    await expect(login(wrong.href)).rejects.toMatchObject({ code: '28P01' })
    // Bound to the channel, as psql logs in: both ends have to show the same certificate.
    const connectionString = project.uri.replace(/\?.*/, '')
    const bound = new Client({ connectionString, ssl: { rejectUnauthorized: false }, enableChannelBinding: true })
    await expect(bound.connect()).rejects.toMatchObject({ message, code: 'XX000' })
    api.neon.settings.quotas = []
    expect(await login(project.uri)).toEqual([{ user: 'neondb_owner' }])
  })

  test('are refused where they would wake one compute too many', async () => {
    const { endpoints, connection_uris: uris } = await make({ name: 'asleep' }, WRITER)
    const uri = String(uris?.[0]?.connection_uri)
    await api.done('POST', `${project.path}/endpoints/${endpoints?.[0]?.id}/suspend`)
    const state = () =>
      api.neon.endpoints(project.id).find(({ id }) => id === String(endpoints?.[0]?.id))?.current_state
    api.neon.settings.activeComputeLimit = 1
    await expect(login(uri)).rejects.toMatchObject({ message: TOO_MANY, code: 'XX000' })
    expect(state()).toBe('idle')
    api.neon.settings.activeComputeLimit = 2
    expect(await login(uri)).toEqual([{ user: 'neondb_owner' }])
    expect(state()).toBe('active')
  })

  test('without TLS are told so, and TLS from the first byte on works', async () => {
    api.neon.settings.quotas = [quota('compute time')]
    const port = Number(new URL(project.uri).port)
    const startup = Buffer.from('\0\0\0\x08\0\x03\0\0', 'latin1')
    const plain = connect(port, '127.0.0.1')
    plain.end(startup)
    expect(await everything(plain)).toContain('connection is insecure (try using `sslmode=require`)')
    const direct = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['postgresql'] })
    await new Promise((resolve) => direct.once('secureConnect', resolve))
    const user = Buffer.from('user\0neondb_owner\0database\0neondb\0\0')
    const head = Buffer.alloc(8)
    head.writeUInt32BE(8 + user.length, 0)
    head.writeUInt32BE(196_608, 4)
    direct.write(Buffer.concat([head, user]))
    const [first] = await new Promise<Buffer[]>((resolve) => direct.once('data', (chunk: Buffer) => resolve([chunk])))
    expect(first?.toString('latin1')).toContain('SCRAM-SHA-256')
    direct.destroy()
    api.neon.settings.quotas = []
  })
})

async function everything(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}
