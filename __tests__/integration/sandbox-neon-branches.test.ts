import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { login } from '../support/login.ts'
import { fields, items, type Loose, type NeonApi, startNeonApi } from '../support/neon-api.ts'

const DAY = 24 * 3600 * 1000
const WRITER = [{ type: 'read_write' }]

let api: NeonApi
let project: Awaited<ReturnType<NeonApi['project']>>

beforeAll(async () => {
  api = await startNeonApi()
  project = await api.project({ name: 'branches' })
})

afterAll(async () => {
  await api.neon.close()
  expect(api.neon.violations).toEqual([])
})

/** The address of a branch below the API's root. */
const at = (id: unknown) => `${project.path}/branches/${id}`

/** Makes a branch with a compute and waits for it. */
const make = (branch: object, rest: object = {}) =>
  api.done('POST', `${project.path}/branches`, { branch, endpoints: WRITER, ...rest })

const remove = (body: Loose) => api.done('DELETE', at(body.branch?.id))

/** Status, code and message of a refusal. */
async function refusal(method: string, path: string, body?: unknown): Promise<unknown[]> {
  const answer = await api.call(method, path, body)
  return [answer.status, answer.body.code, answer.body.message]
}

const soon = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()

describe('a new branch', () => {
  test('is made from the default branch, with its data, on a server of its own', async () => {
    await login(project.uri, 'create table seen as select 42 as answer')
    const body = await make({ name: 'pr-1' }, { annotation_value: { 'github-pr-number': '1' } })
    const uri = String(body.connection_uris?.[0]?.connection_uri)
    expect(await login(uri, 'update seen set answer = 43 returning answer')).toEqual([{ answer: 43 }])
    expect(await login(project.uri, 'select answer from seen')).toEqual([{ answer: 42 }])
    expect(body.branch).toMatchObject({ parent_id: project.mainId, init_source: 'parent-data', default: false })
    const read = await api.call('GET', at(body.branch?.id))
    expect(read.body).toMatchObject({
      branch: { current_state: 'ready' },
      annotation: { object: { type: 'console/branch', id: body.branch?.id }, value: { 'github-pr-number': '1' } },
    })
    expect(api.neon.branchCluster(project.id, String(body.branch?.id))?.port).toBe(Number(new URL(uri).port))
    await remove(body)
    await expect(login(uri)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('needs no body and no compute, and gets its id as name', async () => {
    const { branch, endpoints, connection_uris: uris } = await api.done('POST', `${project.path}/branches`)
    expect(branch?.name).toBe(branch?.id)
    expect([endpoints, uris]).toEqual([[], undefined])
    const child = await make({ name: 'grandchild', parent_id: branch?.id })
    expect(child.branch?.parent_id).toBe(branch?.id)
    expect(await refusal('DELETE', at(branch?.id))).toEqual([
      422,
      '',
      `cannot delete branch that has children: ${child.branch?.id}`,
    ])
    await remove(child)
    await api.done('DELETE', at(branch?.id))
  })

  test('with a taken name is 409, of an unknown parent 404, from the past 422 unless it is allowed', async () => {
    const branches = `${project.path}/branches`
    expect(await refusal('POST', branches, { branch: { name: 'main' } })).toEqual([
      409,
      'BRANCH_ALREADY_EXISTS',
      'branch already exists; branch_name:"main"',
    ])
    expect(await refusal('POST', branches, { branch: { parent_id: 'br-no-one-12345678' } })).toEqual([
      404,
      '',
      'branch not found',
    ])
    const past = { branch: { name: 'past', parent_timestamp: new Date(Date.now() + 1000).toISOString() } }
    expect((await api.call('POST', branches, past)).status).toBe(422)
    api.neon.settings.allowPointInTime = true
    const early = { branch: { name: 'past', parent_timestamp: soon(-3_600_000) } }
    expect(String((await refusal('POST', branches, early))[2])).toMatch(/before the branch was created/)
    await remove(await api.done('POST', branches, past))
    api.neon.settings.allowPointInTime = false
  })

  test("beyond the limits is refused with the limit's code", async () => {
    const { settings } = api.neon
    const branches = `${project.path}/branches`
    Object.assign(settings, { branchLimit: 1 })
    expect((await refusal('POST', branches)).slice(0, 2)).toEqual([422, 'BRANCHES_LIMIT_EXCEEDED'])
    Object.assign(settings, { branchLimit: 10, rootBranchLimit: 1 })
    const schemaOnly = { branch: { init_source: 'schema-only' } }
    expect((await refusal('POST', branches, schemaOnly)).slice(0, 2)).toEqual([422, 'ROOT_BRANCHES_LIMIT_EXCEEDED'])
    Object.assign(settings, { rootBranchLimit: 3, activeComputeLimit: 1 })
    expect((await refusal('POST', branches, { endpoints: WRITER }))[0]).toBe(402)
    settings.activeComputeLimit = 20
  })

  test('schema-only has every object, no row, no parent', async () => {
    await login(project.uri, 'create table shape (id serial primary key, x int); insert into shape (x) values (1), (2)')
    const body = await make({ name: 'shape', init_source: 'schema-only', parent_id: project.mainId })
    expect(body.branch?.parent_id).toBeUndefined()
    const uri = String(body.connection_uris?.[0]?.connection_uri)
    expect(await login(uri, 'select count(*)::int as rows from shape')).toEqual([{ rows: 0 }])
    expect(await login(uri, 'insert into shape (x) values (9) returning id')).toEqual([{ id: 1 }])
    await remove(body)
  })
})

describe('a list of branches', () => {
  test('has pages of at most 100, in the order asked for, found by part of the name', async () => {
    const crowd = await api.project({ name: 'crowd' })
    const ids = api.neon.seedBranches(crowd.id, 250, (index) => ({
      name: `pr-${String(index).padStart(3, '0')}`,
      annotations: { number: String(index) },
      createdAt: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
    }))
    const names: string[] = []
    const annotated: Record<string, Loose> = {}
    let next = ''
    const sizes: number[] = []
    do {
      const query = `limit=10000&sort_by=created_at&sort_order=asc${next ? `&cursor=${next}` : ''}`
      const { body } = await api.call('GET', `${crowd.path}/branches?${query}`)
      names.push(...fields(body.branches, 'name'))
      sizes.push(items(body.branches).length)
      Object.assign(annotated, body.annotations)
      next = String(body.pagination?.next ?? '')
    } while (next)
    expect(sizes).toEqual([100, 100, 51, 0])
    expect(names.slice(0, 250)).toEqual(
      Array.from({ length: 250 }, (_, index) => `pr-${String(index).padStart(3, '0')}`),
    )
    expect(new Set(names).size).toBe(251)
    expect(annotated[String(ids[17])]?.value).toEqual({ number: '17' })
    const found = await api.call('GET', `${crowd.path}/branches?search=R-24&sort_by=name&limit=3`)
    expect(fields(found.body.branches, 'name')).toEqual(['pr-249', 'pr-248', 'pr-247'])
    expect((await api.call('GET', `${crowd.path}/branches/count?search=pr-1`)).body).toEqual({ count: 100 })
    const empty = await api.call('GET', `${crowd.path}/branches?search=nothing`)
    expect(empty.body).toEqual({
      branches: [],
      annotations: {},
      pagination: { sort_by: 'updated_at', sort_order: 'DESC' },
    })
    const { endpoint } = await api.done('POST', `${crowd.path}/endpoints`, {
      endpoint: { branch_id: ids[3], type: 'read_write' },
    })
    expect(api.neon.branchCluster(crowd.id, String(ids[3]))?.port).toBe(Number(String(endpoint?.host).split(':')[1]))
    expect(api.neon.branchCluster(crowd.id, String(ids[4]))).toBeUndefined()
    await api.done('DELETE', crowd.path)
  })
})

describe('a branch', () => {
  test('deleted twice is 200 and 204, and its name is free again', async () => {
    const body = await make({ name: 'twice' })
    const first = await api.call('DELETE', at(body.branch?.id))
    expect(fields(first.body.operations, 'action')).toEqual(['suspend_compute', 'delete_timeline'])
    await api.neon.settle()
    const again = await api.call('DELETE', at(body.branch?.id))
    expect([again.status, again.body]).toEqual([204, {}])
    expect((await api.call('GET', at(body.branch?.id))).status).toBe(404)
    await remove(await make({ name: 'twice' }))
  })

  test('default or protected is not deleted, and protection has a limit', async () => {
    expect((await refusal('DELETE', at(project.mainId)))[0]).toBe(422)
    const body = await make({ name: 'release' })
    api.neon.settings.plan = 'free'
    const protect = { branch: { protected: true } }
    expect((await refusal('PATCH', at(body.branch?.id), protect)).slice(0, 2)).toEqual([
      422,
      'BRANCHES_PROTECTED_LIMIT_EXCEEDED',
    ])
    api.neon.settings.plan = 'paid'
    await api.done('PATCH', at(body.branch?.id), protect)
    expect((await refusal('DELETE', at(body.branch?.id)))[0]).toBe(422)
    expect((await refusal('DELETE', project.path))[0]).toBe(422)
    expect((await refusal('DELETE', `${project.path}/endpoints/${body.endpoints?.[0]?.id}`))[0]).toBe(422)
    expect((await refusal('POST', `${at(body.branch?.id)}/restore`, { source_branch_id: project.mainId }))[0]).toBe(422)
    const child = await make({ name: 'hotfix', parent_id: body.branch?.id })
    const [own, parents] = [child, body].map((made) => String(made.connection_uris?.[0]?.connection_uri))
    expect(new URL(String(own)).password).not.toBe(new URL(String(parents)).password)
    expect(await login(String(own))).toEqual([{ user: 'neondb_owner' }])
    const borrowed = new URL(String(own))
    borrowed.password = new URL(String(parents)).password
    await expect(login(borrowed.href)).rejects.toMatchObject({ code: '28P01' })
    await remove(child)
    await api.done('PATCH', at(body.branch?.id), { branch: { protected: false } })
    await remove(body)
  })

  test('is renamed, and becomes the default branch', async () => {
    const body = await make({ name: 'next' })
    expect((await refusal('PATCH', at(body.branch?.id), { branch: { name: 'main' } }))[1]).toBe('BRANCH_ALREADY_EXISTS')
    await api.done('PATCH', at(body.branch?.id), { branch: { name: 'newer' } })
    await api.done('POST', `${at(body.branch?.id)}/set_as_default`)
    expect(api.neon.branches(project.id).map(({ name, default: main }) => [name, main])).toEqual([
      ['main', false],
      ['newer', true],
    ])
    await api.done('POST', `${at(project.mainId)}/set_as_default`)
    await remove(body)
  })

  test('expires within 30 days, not when default or protected, and has no children', async () => {
    const branches = `${project.path}/branches`
    for (const expires_at of [soon(-1000), soon(31 * DAY)]) {
      expect((await refusal('POST', branches, { branch: { expires_at } }))[0]).toBe(422)
    }
    expect((await refusal('POST', branches, { branch: { expires_at: soon(DAY), protected: true } }))[0]).toBe(422)
    expect((await refusal('PATCH', at(project.mainId), { branch: { expires_at: soon(DAY) } }))[0]).toBe(422)
    const body = await make({ name: 'brief', expires_at: soon(DAY) })
    expect(body.branch?.ttl_interval_seconds).toBe(86400)
    expect((await refusal('POST', branches, { branch: { parent_id: body.branch?.id } }))[0]).toBe(422)
    expect((await refusal('POST', `${at(body.branch?.id)}/set_as_default`))[0]).toBe(422)
    const cleared = await api.done('PATCH', at(body.branch?.id), { branch: { expires_at: null } })
    expect(cleared.branch?.expires_at).toBeUndefined()
    await api.done('PATCH', at(body.branch?.id), { branch: { expires_at: soon(2 * DAY) } })
    api.neon.advance(2 * DAY - 60_000)
    expect((await api.call('GET', at(body.branch?.id))).status).toBe(200)
    api.neon.advance(120_000)
    await api.call('GET', at(body.branch?.id))
    await api.neon.settle()
    expect((await api.call('GET', at(body.branch?.id))).status).toBe(404)
    expect(api.neon.branches(project.id).map(({ name }) => name)).toEqual(['main'])
  })
})

describe('a restore', () => {
  test('to the parent brings its data, keeps host and endpoint, and starts the time to live anew', async () => {
    await login(project.uri, 'create table state as select 1 as version')
    const body = await make({ name: 'reset-me', expires_at: new Date(Date.now() + 3 * DAY + 2 * DAY).toISOString() })
    const uri = String(body.connection_uris?.[0]?.connection_uri)
    await login(uri, 'update state set version = 99')
    await login(project.uri, 'update state set version = 2')
    api.neon.advance(3_600_000)
    const restored = await api.call('POST', `${at(body.branch?.id)}/restore`, { source_branch_id: project.mainId })
    expect(restored.body.branch).toMatchObject({ id: body.branch?.id, current_state: 'resetting' })
    await api.neon.settle()
    expect(await login(uri, 'select version from state')).toEqual([{ version: 2 }])
    const { branch } = (await api.call('GET', at(body.branch?.id))).body
    expect(branch).toMatchObject({ current_state: 'ready', last_reset_at: expect.any(String) })
    const later = Date.parse(String(branch?.expires_at)) - Date.parse(String(body.branch?.expires_at))
    expect(later).toBeGreaterThanOrEqual(3_600_000 - 2000)
    await remove(body)
  })

  test('of a branch with children needs a name for the old state, which takes the children', async () => {
    const body = await make({ name: 'busy' })
    const uri = String(body.connection_uris?.[0]?.connection_uri)
    await login(uri, 'create table old_state ()')
    const child = await make({ name: 'child', parent_id: body.branch?.id })
    const restore = `${at(body.branch?.id)}/restore`
    expect(await refusal('POST', restore, { source_branch_id: project.mainId })).toEqual([
      422,
      '',
      'Branch has children, preserve_under_name is required',
    ])
    expect((await refusal('POST', restore, { source_branch_id: body.branch?.id }))[0]).toBe(400)
    await api.done('POST', restore, { source_branch_id: project.mainId, preserve_under_name: 'busy-old' })
    const kept = api.neon.branches(project.id).find(({ name }) => name === 'busy-old')
    const moved = api.neon.branches(project.id).find(({ name }) => name === 'child')
    expect(moved?.parent_id).toBe(kept?.id)
    expect(await login(uri, `select to_regclass('old_state') as found`)).toEqual([{ found: null }])
    const cluster = api.neon.branchCluster(project.id, String(kept?.id))
    expect(await cluster?.query(`select to_regclass('old_state')::text as found`, 'neondb')).toEqual([
      { found: 'old_state' },
    ])
    for (const id of [child.branch?.id, kept?.id, body.branch?.id]) await api.done('DELETE', at(id))
  })
})
