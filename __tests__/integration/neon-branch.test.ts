import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type NeonSandbox, startNeon } from '../../sandbox/neon/index.ts'
import { openDatabase } from '../../src/database/connect.ts'
import {
  type Branch,
  connectionOf,
  deleteBranch,
  ensureNamedBranch,
  ensurePreviewBranch,
  ensureProject,
  type NamedBranchRequest,
} from '../../src/neon/index.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { calls, type NeonRun, neonRun } from '../support/neon.ts'

const REPOSITORY = 'octo/learn'
const OWNER = { repository: REPOSITORY, repositoryId: '700', pullRequest: 7 }
const SSL = { ssl: 'require' as const }

let server: NeonSandbox
let projectId: string
let run: NeonRun

beforeAll(async () => {
  server = await startNeon()
  run = neonRun(server)
  projectId = (await ensureProject(run.neon, { name: 'learn' })).id
})
afterAll(() => server.close())
beforeEach(() => {
  run = neonRun(server)
  server.journal.length = 0
})
afterEach(async () => {
  server.faults.clear()
  await server.settle()
  expect(server.violations).toEqual([])
  for (const { id, parent_id: parent } of server.branches(projectId)) {
    if (parent) await deleteBranch(run.neon, { projectId, owner: OWNER, id, namedByUser: true })
  }
})

const request = (name: string, changes: Partial<NamedBranchRequest> = {}): NamedBranchRequest => ({
  projectId,
  name,
  origin: { ...OWNER, sha: 'abc' },
  expiresIn: '14d',
  namedByUser: false,
  ...changes,
})
const preview = (name = 'pr-7', changes: Partial<NamedBranchRequest> = {}) =>
  ensurePreviewBranch(run.neon, request(name, changes))
const posts = (path: RegExp) => server.journal.filter((entry) => entry.method === 'POST' && path.test(entry.path))
const named = (name: string) => server.branches(projectId).filter((branch) => branch.name === name)
const failure = async (work: Promise<unknown>): Promise<ActionError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ActionError)
  return error as ActionError
}
const login = async (branch: Branch) => {
  const connection = await connectionOf(run.neon, branch, SSL)
  const database = await openDatabase(run.runtime, { url: connection.url })
  try {
    const [row] = await database.sql`select current_database() as database, current_user as role`
    expect(row).toEqual({ database: connection.database, role: connection.role })
  } finally {
    await database.close()
  }
  return connection
}

describe('the budget of requests', () => {
  test('a new preview branch costs two, and its connection none', async () => {
    const branch = await preview()
    const connection = await login(branch)
    expect(branch).toMatchObject({ name: 'pr-7', created: true, default: false, protected: false })
    expect(calls(server.journal)).toEqual([
      `GET /projects/${projectId}/branches`,
      `POST /projects/${projectId}/branches`,
    ])
    expect(run.runtime.masks).toEqual(
      expect.arrayContaining([connection.password, connection.url, connection.pooledUrl]),
    )
    expect(run.runtime.lines.join('\n')).not.toContain(connection.password)
  })

  test('reuse costs three, its compute and the connection included: the expiry is renewed when a tenth of it is gone', async () => {
    const made = await preview('pr-7', { expiresIn: '10d' })
    const reuse = async () => {
      server.journal.length = 0
      const branch = await preview('pr-7', { expiresIn: '10d' })
      await login(branch)
      expect(branch.created).toBe(false)
      expect(named('pr-7')[0]?.expires_at).toBe(branch.expiresAt)
      return { branch, sent: calls(server.journal).sort() }
    }
    const three = [
      `GET /projects/${projectId}/branches`,
      `GET /projects/${projectId}/branches/${made.id}/endpoints`,
      `GET /projects/${projectId}/connection_uri`,
    ]
    expect(await reuse()).toMatchObject({ sent: three, branch: { expiresAt: made.expiresAt } })
    const [stored] = named('pr-7')
    if (stored) stored.expires_at = new Date(Date.now() + 8.9 * 86_400_000).toISOString()
    const renewed = await reuse()
    expect(renewed.sent).toEqual([...three, `PATCH /projects/${projectId}/branches/${made.id}`])
    expect(Date.parse(renewed.branch.expiresAt ?? '') - Date.now()).toBeGreaterThan(9.9 * 86_400_000)
    expect((await reuse()).sent).toEqual(three)
  })

  test.each([
    ['a much shorter life', { expiresIn: '1d' }],
    ['a longer one', { expiresIn: '20d' }],
    ['never', { expiresIn: 'never' }],
    ['a moment', { expiresIn: '', expiresAt: new Date(Date.now() + 14 * 86_400_000 - 3_600_000).toISOString() }],
  ])('reuse that asks for %s sets it', async (_title, wish) => {
    await preview('pr-7')
    server.journal.length = 0
    const branch = await preview('pr-7', wish)
    expect(calls(server.journal)).toHaveLength(2)
    expect(named('pr-7')[0]?.expires_at).toBe(branch.expiresAt)
    server.journal.length = 0
    await preview('pr-7', wish)
    expect(calls(server.journal)).toHaveLength(1)
  })

  test('delete costs two, and once more one', async () => {
    const branch = await preview()
    server.journal.length = 0
    const wanted = { projectId, owner: OWNER, name: 'pr-7', namedByUser: false }
    expect(await deleteBranch(run.neon, wanted)).toMatchObject({ outcome: 'deleted', branch: { id: branch.id } })
    expect(await deleteBranch(run.neon, wanted)).toEqual({ outcome: 'gone' })
    expect(calls(server.journal)).toEqual([
      `GET /projects/${projectId}/branches`,
      `DELETE /projects/${projectId}/branches/${branch.id}`,
      `GET /projects/${projectId}/branches`,
    ])
  })

  test('many operations are polled with one list', async () => {
    server.journal.length = 0
    const { waitForOperations } = await import('../../src/neon/operations.ts')
    const branch = await preview()
    const done = server.operations(projectId).slice(-1)
    const four = [...server.operations(projectId), ...done]
      .slice(-4)
      .map((operation) => ({ ...operation, status: 'running' }))
    server.journal.length = 0
    await waitForOperations(run.neon, projectId, four as never)
    expect(server.journal.map(({ path }) => path.replace(/\?.*/, ''))).toEqual([
      `/api/v2/projects/${projectId}/operations`,
    ])
    expect(branch.created).toBe(true)
  })
})

describe('what is sent', () => {
  test('compute, expiry and annotations; nothing that was not given', async () => {
    await preview('pr-7', {
      origin: { ...OWNER, sha: 'abc', ref: 'feature', actor: 'octocat' },
    })
    const body = JSON.parse(posts(/branches$/)[0]?.body ?? '{}')
    expect(body).toEqual({
      branch: { name: 'pr-7', expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
      endpoints: [{ type: 'read_write' }],
      annotation_value: {
        'managed-by': 'neon-postgres-setup',
        'neon-postgres-setup-request': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'neon-postgres-setup-repository-id': '700',
        'github-commit-repo': REPOSITORY,
        'github-commit-sha': 'abc',
        'github-commit-ref': 'feature',
        'github-commit-author-login': 'octocat',
        'github-pr-number': '7',
      },
    })
  })

  test('suspend_timeout 0, size, schema-only; never means no expiry', async () => {
    await preview('pr-8', { suspendTimeout: 0, minCu: 0.25, maxCu: 1, schemaOnly: true, expiresIn: 'never' })
    const body = JSON.parse(posts(/branches$/)[0]?.body ?? '{}')
    expect(body.branch).toEqual({ name: 'pr-8', init_source: 'schema-only' })
    expect(body.endpoints).toEqual([
      { type: 'read_write', suspend_timeout_seconds: 0, autoscaling_limit_min_cu: 0.25, autoscaling_limit_max_cu: 1 },
    ])
    const schemaOnly = named('pr-8')[0]
    await server.settle()
    await deleteBranch(run.neon, { projectId, owner: OWNER, id: schemaOnly?.id ?? '', namedByUser: false })
  })

  test('never takes the expiry of a reused branch off; more than 30 days are cut with a notice', async () => {
    await preview('pr-7', { expiresIn: '60d' })
    expect(run.runtime.annotations).toMatchObject([{ kind: 'notice', text: expect.stringContaining('30 days') }])
    expect(named('pr-7')[0]?.expires_at).toBeDefined()
    const branch = await preview('pr-7', { expiresIn: 'never' })
    expect(branch.expiresAt).toBeUndefined()
    expect(named('pr-7')[0]?.expires_at).toBeUndefined()
  })

  test('an expiry that the API refuses is left out, when made and when reused', async () => {
    server.faults.add({
      kind: 'answer',
      method: 'POST',
      status: 403,
      body: JSON.stringify({ message: 'branch expiration is not available for this project', code: '' }),
    })
    await preview('pr-7')
    expect(posts(/branches$/)).toHaveLength(2)
    expect(named('pr-7')[0]?.expires_at).toBeUndefined()
    expect(run.runtime.annotations[0]).toMatchObject({
      kind: 'warning',
      text: expect.stringContaining('without expiry'),
    })
    server.seedBranches(projectId, 1, () => ({ name: 'child', parentId: named('pr-7')[0]?.id ?? '' }))
    expect((await preview('pr-7')).created).toBe(false)
    expect(run.runtime.annotations[1]).toMatchObject({ kind: 'notice', text: expect.stringContaining('children') })
    const child = named('child')[0]
    await deleteBranch(run.neon, { projectId, owner: OWNER, id: child?.id ?? '', namedByUser: true })
  })

  test('the parent by name, by id, at a moment and at an LSN', async () => {
    server.settings.allowPointInTime = true
    const main = server.branches(projectId).find((branch) => branch.default)
    const at = new Date(Date.now()).toISOString()
    const branch = await preview('pr-1', { parent: 'main' })
    expect(branch).toMatchObject({ parentId: main?.id, parentName: 'main' })
    await preview('pr-2', { parent: main?.id })
    await preview('pr-3', { parent: `main@${at}` })
    await preview('pr-4', { parent: `main@0/16B3748` })
    const bodies = posts(/branches$/).map(({ body }) => JSON.parse(body).branch)
    expect(bodies[0].parent_id).toBe(main?.id)
    expect(bodies[1].parent_id).toBe(main?.id)
    expect(bodies[2]).toMatchObject({ parent_id: main?.id, parent_timestamp: at })
    expect(bodies[3]).toMatchObject({ parent_id: main?.id, parent_lsn: '0/16B3748' })
    const error = await failure(preview('pr-5', { parent: 'nowhere' }))
    expect(error.sentence).toMatch(/has no branch nowhere to branch from.*parent_branch/)
    expect(named('pr-5')).toEqual([])
  })
})

describe('exact names', () => {
  test('a name that is part of others is not mistaken, over several pages', async () => {
    server.settings.branchPageSize = 2
    server.seedBranches(projectId, 7, (index) => ({ name: `pr-1${index}` }))
    server.seedBranches(projectId, 1, () => ({ name: 'pr-1' }))
    server.seedBranches(projectId, 5, (index) => ({ name: `xpr-1${index}` }))
    server.settings.branchLimit = 100
    const found = await ensureNamedBranch(run.neon, request('pr-1', { namedByUser: true }))
    expect(found).toMatchObject({ name: 'pr-1', created: false })
    expect((await preview('pr')).created).toBe(true)
    server.settings.branchPageSize = 100
    server.settings.branchLimit = 10
  })

  test('default and protected branches are refused before they are touched', async () => {
    const error = await failure(preview('main'))
    expect(error.sentence).toMatch(/Refused to use the branch main as a preview: it is the default branch/)
    server.settings.plan = 'paid'
    server.seedBranches(projectId, 1, () => ({ name: 'prod', protected: true }))
    expect((await failure(preview('prod'))).message).toMatch(/it is protected/)
    expect(server.journal.filter(({ method }) => method !== 'GET')).toEqual([])
    const prod = named('prod')[0]
    if (prod) prod.protected = false
    server.settings.plan = 'free'
  })
})

describe('a branch that the user named and that is not ours', () => {
  const outside = { ...OWNER, pullRequest: null }
  const expiryOf = (name: string) => named(name)[0]?.expires_at
  const soon = () => new Date(Date.now() + 86_400_000).toISOString()
  const seed = (name: string, annotations: Record<string, string>, expires: boolean) => {
    server.seedBranches(projectId, 1, () => ({ name, annotations }))
    const record = named(name)[0]
    if (record && expires) record.expires_at = soon()
  }
  const ours = { 'managed-by': 'neon-postgres-setup', 'github-commit-repo': REPOSITORY }

  test.each([
    ['unmarked, without an end: none is given', {}, false, '7d', 'none'],
    ['unmarked, with an end: left alone', {}, true, '7d', 'same'],
    ['unmarked, never: the end goes', {}, true, 'never', 'none'],
    ['of this repository outside pull requests, with an end: put off', ours, true, '7d', 'later'],
    ['the same, with a shorter life: left alone', ours, true, '1h', 'same'],
    ['the same, without an end: none is given', ours, false, '7d', 'none'],
  ])('%s', async (_, annotations, expires, expiresIn, after) => {
    seed('uat', annotations, expires)
    const before = expiryOf('uat')
    const wish = request('uat', { namedByUser: true, origin: outside, expiresIn })
    expect(await ensureNamedBranch(run.neon, wish)).toMatchObject({ name: 'uat', guest: true, created: false })
    const now = expiryOf('uat')
    const told = !now
      ? 'none'
      : now === before
        ? 'same'
        : Date.parse(now) > Date.parse(before ?? '')
          ? 'later'
          : 'sooner'
    expect(told).toBe(after)
  })
})

describe('faults', () => {
  test('a lock of the project is waited out', async () => {
    server.lock(projectId, 150)
    run = neonRun(server, 40)
    expect((await preview()).created).toBe(true)
    const statuses = posts(/branches$/).map(({ status }) => status)
    expect(statuses.at(-1)).toBe(201)
    expect(statuses.slice(0, -1)).toEqual(expect.arrayContaining([423]))
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set([423]))
  })

  test.each([
    { kind: 'drop-after' as const },
    { kind: 'answer-after' as const, status: 524, body: '<html><title>524</title></html>' },
    { kind: 'answer-after' as const, status: 500 },
  ])('the answer to the create is lost ($kind $status): the branch is adopted, one POST in all', async (fault) => {
    server.faults.add({ ...fault, method: 'POST' })
    const branch = await preview()
    expect(branch).toMatchObject({ name: 'pr-7', created: true, state: 'init' })
    expect(posts(/branches$/)).toHaveLength(1)
    expect(named('pr-7')).toHaveLength(1)
    await login(branch)
  })

  test('the create never arrived: it is sent again after looking, and one branch is there', async () => {
    server.faults.add({ kind: 'drop', method: 'POST' })
    expect((await preview()).created).toBe(true)
    expect(posts(/branches$/)).toHaveLength(2)
    const between = server.journal.slice(server.journal.findIndex(({ method }) => method === 'POST') + 1)
    expect(between[0]?.method).toBe('GET')
    expect(named('pr-7')).toHaveLength(1)
  })

  test('another run is faster: 409, and its branch is used', async () => {
    run = neonRun(server, 100)
    const other = neonRun(server, 100)
    const both = await Promise.all([preview(), ensurePreviewBranch(other.neon, request('pr-7'))])
    expect(both.map(({ created }) => created).sort()).toEqual([false, true])
    expect(both[0].id).toBe(both[1].id)
    expect(named('pr-7')).toHaveLength(1)
    await Promise.all(both.map(login))
  })

  test('the answer to the delete is lost: looked for, not sent again', async () => {
    await preview()
    server.faults.add({ kind: 'drop-after', method: 'DELETE' })
    const wanted = { projectId, owner: OWNER, name: 'pr-7', namedByUser: true }
    // Slow enough for the delete to be over when it is looked for, also on a busy machine.
    run = neonRun(server, 500)
    expect((await deleteBranch(run.neon, wanted)).outcome).toBe('deleted')
    expect(server.journal.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
  })

  test('a failed operation is told with its own text', async () => {
    server.settings.failOperations.push({ action: 'start_compute', error: 'no capacity in this region' })
    const error = await failure(preview())
    expect(error.message).toMatch(/start_compute .* ended as failed: no capacity in this region/)
  })
})

describe('refusals', () => {
  test('a wrong key', async () => {
    run = neonRun({ url: server.url, apiKey: 'napi_wrong_key_0000' })
    expect((await failure(preview())).sentence).toMatch(/Neon answered 401.*api_key/)
    expect(server.journal).toHaveLength(1)
  })

  test('an unknown project', async () => {
    const error = await failure(preview('pr-7', { projectId: 'no-such-123456' }))
    expect(error.sentence).toMatch(/create or reuse the branch pr-7: Neon answered 404.*project_id no-such-123456/)
    expect(calls(server.journal)).toEqual(['GET /projects/no-such-123456/branches'])
  })

  test('the limit of branches names how many, ours, and the fix', async () => {
    const marked = { 'managed-by': 'neon-postgres-setup', 'github-commit-repo': REPOSITORY }
    server.seedBranches(projectId, 9, (index) => ({
      name: `pr-${100 + index}`,
      createdAt: `2026-0${9 - index}-01T00:00:00Z`,
      ...(index > 4 ? { annotations: marked } : {}),
    }))
    const { sentence } = await failure(preview())
    expect(sentence).toContain('BRANCHES_LIMIT_EXCEEDED')
    expect(sentence).toContain('mode sweep')
    expect(sentence).toContain(
      'The project has 10 branches; ours are 4, the oldest: pr-108 (2026-01-01), pr-107 (2026-02-01), pr-106 (2026-03-01).',
    )
    expect(named('pr-7')).toEqual([])
  })

  test('402 for too many computes', async () => {
    server.settings.activeComputeLimit = 0
    const { sentence } = await failure(preview())
    server.settings.activeComputeLimit = 20
    expect(sentence).toMatch(/402.*active at once/)
  })
})

describe('database and role', () => {
  const databasePath = (branchId: string) => `${server.url}/projects/${projectId}/branches/${branchId}/databases`
  const addDatabase = async (branchId: string, name: string) => {
    const response = await fetch(databasePath(branchId), {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ database: { name, owner_name: 'neondb_owner' } }),
    })
    expect(response.status).toBe(201)
    await server.settle()
  }
  const dropDatabase = async (branchId: string, name: string) => {
    await fetch(`${databasePath(branchId)}/${name}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${server.apiKey}` },
    })
    await server.settle()
  }

  test('with several databases and none named, nothing is left; named, it goes on, also when reused', async () => {
    const main = server.branches(projectId).find((branch) => branch.default)?.id ?? ''
    await addDatabase(main, 'audit')
    await addDatabase(main, 'app')
    await dropDatabase(main, 'neondb')
    try {
      for (const _again of [1, 2]) {
        const error = await failure(preview())
        expect(error.sentence).toMatch(/2 databases, so one must be chosen: (app, audit|audit, app).*input database/)
        expect(named('pr-7')).toEqual([])
      }
      const branch = await preview('pr-7', { database: 'audit' })
      const connection = await connectionOf(run.neon, branch, { ...SSL, database: 'audit' })
      expect(connection).toMatchObject({ database: 'audit', role: 'neondb_owner' })
      // The branch remembers what it was made for.
      expect((await connectionOf(run.neon, await preview(), SSL)).database).toBe('audit')
    } finally {
      await addDatabase(main, 'neondb')
      await dropDatabase(main, 'audit')
      await dropDatabase(main, 'app')
    }
  })

  test("neondb among several is the one, as Neon's own actions have it", async () => {
    const branch = await preview()
    await addDatabase(branch.id, 'second')
    const { databases: _none, ...looked } = branch
    expect(await connectionOf(run.neon, looked, SSL)).toMatchObject({ database: 'neondb', role: 'neondb_owner' })
    expect(await connectionOf(run.neon, looked, { ...SSL, database: 'second' })).toMatchObject({ database: 'second' })
  })

  test('a branch that is not ours: found by looking, and listed when it is not there', async () => {
    server.seedBranches(projectId, 1, () => ({ name: 'foreign' }))
    const branch = await ensureNamedBranch(run.neon, request('foreign', { namedByUser: true }))
    server.journal.length = 0
    const connection = await connectionOf(run.neon, branch, SSL)
    expect(connection).toMatchObject({ database: 'neondb', role: 'neondb_owner' })
    await addDatabase(branch.id, 'second')
    expect(await connectionOf(run.neon, branch, SSL)).toMatchObject({ database: 'neondb', role: 'neondb_owner' })
    const wrong = await failure(connectionOf(run.neon, branch, { ...SSL, database: 'nope' }))
    expect(wrong.message).toMatch(/no database nope: it has/)
    const role = await failure(connectionOf(run.neon, branch, { ...SSL, database: 'second', role: 'nobody' }))
    expect(role.message).toMatch(/no role nobody: it has neondb_owner/)
  })

  test('a branch without a compute gets one', async () => {
    server.seedBranches(projectId, 1, () => ({ name: 'bare' }))
    const branch = await ensureNamedBranch(run.neon, request('bare', { namedByUser: true }))
    await login(branch)
    expect(posts(/endpoints$/)).toHaveLength(1)
    expect(server.endpoints(projectId).filter((endpoint) => endpoint.branch_id === branch.id)).toHaveLength(1)
  })

  test('without stored passwords the advice is connection_string', async () => {
    const branch = await preview()
    const stored = server.projects().find(({ id }) => id === projectId)
    if (stored) stored.store_passwords = false
    const { logins: _none, ...unknown } = branch
    const error = await failure(connectionOf(run.neon, unknown, SSL))
    if (stored) stored.store_passwords = true
    expect(error.sentence).toMatch(/412.*connection_string/)
  })
})
