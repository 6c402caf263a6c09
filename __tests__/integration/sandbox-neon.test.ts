import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { login } from '../support/login.ts'
import { fields, items, type NeonApi, startNeonApi } from '../support/neon-api.ts'

let api: NeonApi
let project: Awaited<ReturnType<NeonApi['project']>>

beforeAll(async () => {
  api = await startNeonApi()
  project = await api.project({ name: 'learnflow' })
})

afterAll(async () => {
  await api.neon.close()
  expect(api.neon.violations).toEqual([])
})

describe('access', () => {
  test("a missing and a wrong key are answered with 401 and Neon's words", async () => {
    const wrong = await api.call('GET', '/projects', undefined, { key: 'napi_wrong' })
    expect(wrong.status).toBe(401)
    expect(wrong.body.message).toBe('supplied credentials do not pass authentication')
    expect((await fetch(`${api.neon.url}/projects`)).status).toBe(401)
  })

  test('a personal key has to name the organization, an organization key need not', async () => {
    const { apiKey: key, organizationId } = api.neon
    const unnamed = await api.call('GET', '/projects', undefined, { key })
    expect(unnamed.status).toBe(400)
    expect(unnamed.body.message).toBe('org_id is required, you can find it on your organization settings page')
    expect((await api.call('POST', '/projects', { project: {} }, { key })).status).toBe(400)
    const named = await api.call('GET', `/projects?org_id=${organizationId}`, undefined, { key })
    expect(fields(named.body.projects, 'id')).toEqual([project.id])
    expect((await api.call('GET', '/projects?org_id=org-not-ours-1', undefined, { key })).status).toBe(404)
    expect((await api.call('GET', '/projects')).status).toBe(200)
  })

  test('a project key opens its project only, and neither makes nor deletes one', async () => {
    const other = await api.project({ name: 'other' })
    const key = api.neon.projectKey(other.id)
    expect((await api.call('GET', other.path, undefined, { key })).status).toBe(200)
    const scoped = `not allowed to perform actions outside the project this key is scoped to; subject_project_id:"${other.id}"`
    for (const [method, path] of [
      ['GET', project.path],
      ['GET', `${project.path}/branches`],
      ['DELETE', project.path],
      ['GET', '/projects'],
      ['GET', '/projects/shared'],
      ['GET', `/organizations/${api.neon.organizationId}`],
    ] as const) {
      const { status, body } = await api.call(method, path, undefined, { key })
      expect([path, status, body.message]).toEqual([path, 404, scoped])
    }
    expect((await api.call('POST', '/projects', { project: {} }, { key })).body.message).toBe(scoped)
    expect((await api.call('DELETE', other.path, undefined, { key })).status).toBe(404)
    expect(api.neon.projects().map(({ id }) => id)).toContain(other.id)
    await api.done('DELETE', other.path)
  })

  test('tells whose key it is, and its organizations', async () => {
    const { apiKey: key, organizationId } = api.neon
    expect((await api.call('GET', '/auth', undefined, { key })).body.auth_method).toBe('api_key_user')
    expect((await api.call('GET', '/auth')).body).toEqual({ account_id: organizationId, auth_method: 'api_key_org' })
    expect((await api.call('GET', '/users/me', undefined, { key })).status).toBe(200)
    expect((await api.call('GET', '/users/me')).body.message).toBe('not allowed for organization API keys')
    const organizations = (await api.call('GET', '/users/me/organizations', undefined, { key })).body.organizations
    expect(fields(organizations, 'id')).toEqual([organizationId])
    expect((await api.call('GET', `/organizations/${organizationId}`)).body.id).toBe(organizationId)
    const regions = items((await api.call('GET', '/regions', undefined, { key })).body.regions)
    expect(regions.filter((region) => region.default).map((region) => region.region_id)).toEqual(['aws-us-east-2'])
  })
})

describe('requests', () => {
  test('what the description does not have is refused, each in its way', async () => {
    expect((await api.call('GET', '/nowhere')).status).toBe(404)
    expect((await api.call('PUT', '/projects')).status).toBe(405)
    expect((await api.call('GET', '/projects?limit=500')).status).toBe(400)
    expect((await api.call('POST', '/projects', { project: { pg_version: 13 } })).status).toBe(400)
    expect((await api.call('POST', '/projects', {})).status).toBe(400)
    expect((await api.call('POST', '/projects')).status).toBe(400)
    const misspelt = await api.call('POST', `${project.path}/branches`, {
      branch: { nmae: 'x' },
      endpoints: [{ type: 'read_write', kind: 1 }],
    })
    expect(misspelt.body.message).toBe('the API description does not declare body.branch.nmae, body.endpoints[0].kind')
    const unfinished = await api.call('GET', `${project.path}/advisors`)
    expect(unfinished.status).toBe(501)
    expect(unfinished.body.message).toBe('the sandbox does not implement getProjectAdvisorSecurityIssues')
  })

  test('a request id comes back, the journal knows the operation, faults and latency are played', async () => {
    const answer = await api.call('GET', '/projects/none', undefined, { headers: { 'x-request-id': 'run-7' } })
    expect(answer.body).toEqual({ request_id: 'run-7', code: '', message: 'project not found' })
    expect(answer.headers.get('x-neon-ret-request-id')).toBe('run-7')
    expect(api.neon.journal.at(-1)).toMatchObject({ operation: 'getProject', status: 404 })
    api.neon.faults.add({ kind: 'answer', status: 524, body: '<html>timeout</html>', path: /regions/ })
    const { url, organizationApiKey } = api.neon
    const faulty = await fetch(`${url}/regions`, { headers: { authorization: `Bearer ${organizationApiKey}` } })
    expect([faulty.status, await faulty.text()]).toEqual([524, '<html>timeout</html>'])
  })
})

describe('projects', () => {
  test('a new one is complete, and its owner logs in once the operations have ended', async () => {
    const { status, body } = await api.call('POST', '/projects', {
      project: {
        name: 'fresh',
        region_id: 'aws-eu-central-1',
        pg_version: 16,
        branch: { name: 'production', database_name: 'shop', annotations: { by: 'test' } },
      },
    })
    expect(status).toBe(201)
    expect(body.project?.id).toMatch(/^[a-z]+-[a-z]+-\d{8}$/)
    expect(body.branch?.id).toMatch(/^br-[a-z]+-[a-z]+-[a-z0-9]{8}$/)
    expect(body.endpoints?.[0]?.id).toMatch(/^ep-[a-z]+-[a-z]+-[a-z0-9]{8}$/)
    expect(body.branch).toMatchObject({ name: 'production', default: true, current_state: 'init' })
    expect(fields(body.operations, 'action')).toEqual(['create_timeline', 'start_compute'])
    expect(fields(body.roles, 'name')).toEqual(['shop_owner'])
    expect(fields(body.databases, 'name')).toEqual(['shop'])
    await api.neon.settle()
    const uri = String(body.connection_uris?.[0]?.connection_uri)
    const id = String(body.project?.id)
    const query = `select current_user as user, current_database() as db, current_setting('server_version_num')::int / 10000 as version,
      pg_has_role('neon_superuser', 'member') as member, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls
      from pg_roles where rolname = current_user`
    expect(await login(uri, query)).toEqual([
      {
        user: 'shop_owner',
        db: 'shop',
        version: 16,
        member: true,
        rolsuper: false,
        rolcreatedb: true,
        rolcreaterole: true,
        rolbypassrls: true,
      },
    ])
    await login(uri, 'create table t (x int); create extension if not exists plpgsql')
    expect(api.neon.annotations(id, String(body.branch?.id))).toEqual({ by: 'test' })
    expect((await api.call('GET', `/projects/${id}`)).body.project).toMatchObject({
      name: 'fresh',
      pg_version: 16,
      region_id: 'aws-eu-central-1',
    })
    await api.done('DELETE', `/projects/${id}`)
    await expect(login(uri)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('the list is paged, searched in part, and has its cursor on the last page too', async () => {
    const made = []
    for (const name of ['page-a', 'page-b', 'page-c']) made.push(await api.project({ name }))
    const first = await api.call('GET', '/projects?search=page-&limit=2')
    expect(fields(first.body.projects, 'name')).toEqual(['page-a', 'page-b'])
    const second = await api.call('GET', `/projects?search=page-&limit=2&cursor=${first.body.pagination?.cursor}`)
    expect(fields(second.body.projects, 'name')).toEqual(['page-c'])
    const third = await api.call('GET', `/projects?search=page-&limit=2&cursor=${second.body.pagination?.cursor}`)
    expect(third.body.projects).toEqual([])
    expect(third.body.pagination).toEqual(second.body.pagination)
    for (const { path } of made) await api.done('DELETE', path)
  })

  test('is updated, deleted twice alike, and unknown is 404', async () => {
    const { path } = await api.project({ name: 'brief' })
    const body = { project: { name: 'renamed', settings: { allowed_ips: { ips: ['10.0.0.1'] } } } }
    expect((await api.call('PATCH', path, body)).body.project).toMatchObject({
      name: 'renamed',
      settings: { allowed_ips: { ips: ['10.0.0.1'] }, hipaa: false },
    })
    expect((await api.call('DELETE', path)).status).toBe(200)
    expect((await api.call('DELETE', path)).status).toBe(200)
    expect((await api.call('GET', path)).status).toBe(404)
    expect((await api.call('DELETE', '/projects/none')).status).toBe(404)
  })

  test('limits, the Free plan and an unknown region refuse', async () => {
    const { settings } = api.neon
    Object.assign(settings, { plan: 'free', projectLimit: 1 })
    expect((await api.call('POST', '/projects', { project: {} })).body.code).toBe('PROJECTS_LIMIT_EXCEEDED')
    settings.projectLimit = 100
    const suspend = { project: { default_endpoint_settings: { suspend_timeout_seconds: 120 } } }
    expect((await api.call('POST', '/projects', suspend)).status).toBe(412)
    expect((await api.call('POST', '/projects', { project: { region_id: 'mars-1' } })).body.message).toMatch(/mars-1/)
    settings.plan = 'paid'
    expect(api.neon.projects().map(({ name }) => name)).toEqual(['learnflow'])
  })
})

describe('operations', () => {
  test('run one after the other, and lock changes but not reads until they have ended', async () => {
    api.neon.settings.operationMilliseconds = 150
    const created = await api.call('POST', `${project.path}/branches`, {
      branch: { name: 'slow' },
      endpoints: [{ type: 'read_write' }],
    })
    api.neon.settings.operationMilliseconds = 5
    expect(fields(created.body.operations, 'status')).toEqual(['running', 'scheduling'])
    const refused = await api.call('POST', `${project.path}/branches`, { branch: { name: 'next' } })
    expect([refused.status, refused.body.message]).toEqual([
      423,
      'project already has running conflicting operations, scheduling of new ones is prohibited',
    ])
    const listed = await api.call('GET', `${project.path}/branches?search=slow`)
    expect(listed.body.branches?.[0]).toMatchObject({ current_state: 'init', pending_state: 'ready' })
    await api.neon.settle()
    const [id] = fields(created.body.operations, 'id')
    expect((await api.call('GET', `${project.path}/operations/${id}`)).body.operation).toMatchObject({
      action: 'create_branch',
      status: 'finished',
      branch_id: created.body.branch?.id,
    })
    await api.done('DELETE', `${project.path}/branches/${created.body.branch?.id}`)
  })

  test('of two changes at the same moment one is refused', async () => {
    const both = ['one', 'two'].map((name) => api.call('POST', `${project.path}/branches`, { branch: { name } }))
    const answers = await Promise.all(both)
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 423])
    await api.neon.settle()
    for (const branch of api.neon.branches(project.id).filter(({ default: main }) => !main)) {
      await api.done('DELETE', `${project.path}/branches/${branch.id}`)
    }
  })

  test('fail on demand, and those behind them are cancelled', async () => {
    api.neon.settings.failOperations.push({ action: 'create_branch', error: 'no pageserver' })
    const { body } = await api.call('POST', `${project.path}/branches`, {
      branch: { name: 'bad' },
      endpoints: [{ type: 'read_write' }],
    })
    await api.neon.settle()
    const operations = items((await api.call('GET', `${project.path}/operations?limit=2`)).body.operations)
    expect(operations).toMatchObject([
      { status: 'cancelled' },
      { status: 'failed', error: 'no pageserver', failures_count: 1 },
    ])
    expect(operations.map(({ id }) => id).reverse()).toEqual(fields(body.operations, 'id'))
    await api.done('DELETE', `${project.path}/branches/${body.branch?.id}`)
  })

  test("are listed newest first, by pages, and a lock of Neon's own is one of them", async () => {
    api.neon.lock(project.id, 50)
    expect((await api.call('POST', `${project.path}/branches`, {})).status).toBe(423)
    await api.neon.settle()
    const first = await api.call('GET', `${project.path}/operations?limit=1`)
    expect(fields(first.body.operations, 'action')).toEqual(['check_availability'])
    const second = await api.call(
      'GET',
      `${project.path}/operations?limit=1000&cursor=${first.body.pagination?.cursor}`,
    )
    expect(items(second.body.operations)).toHaveLength(api.neon.operations(project.id).length - 1)
    expect((await api.call('GET', `${project.path}/operations/5fd8a1a0-0000-4000-8000-000000000000`)).status).toBe(404)
  })
})
