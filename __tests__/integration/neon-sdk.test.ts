import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createNeonClient, NeonApiError, NeonOperationError } from '@neon/sdk'
import { type NeonSandbox, startNeon } from '../../sandbox/neon/index.ts'
import { login } from '../support/login.ts'

// Neon's own client, unmodified, proves the stand-in: what it reads, waits for and follows is there.

let sandbox: NeonSandbox

beforeAll(async () => {
  sandbox = await startNeon({ operationMilliseconds: 30 })
})

afterAll(async () => {
  await sandbox.close()
  expect(sandbox.violations).toEqual([])
})

const client = () =>
  createNeonClient({
    apiKey: sandbox.apiKey,
    orgId: sandbox.organizationId,
    baseUrl: sandbox.url,
    throwOnError: true,
    wait: { pollIntervalMs: 20 },
  })

test('makes a project, waits until it is ready, and its connection string works', async () => {
  const neon = client()
  const { project, connectionString } = await neon.projects.createAndConnect({ name: 'sdk', pooled: false })
  expect(await login(connectionString)).toEqual([{ user: 'neondb_owner' }])
  expect(await neon.projects.get({ projectId: project.id })).toMatchObject({ name: 'sdk', pg_version: 17 })
  const listed: string[] = []
  for await (const { name } of neon.projects.list()) listed.push(name)
  expect(listed).toEqual(['sdk'])
})

test('makes, lists, connects, compares, resets and deletes a branch', async () => {
  const neon = client()
  const [project] = sandbox.projects()
  const projectId = String(project?.id)
  const { branch, connectionString } = await neon.branches.createAndConnect({ projectId, name: 'preview' })
  await login(connectionString, 'create table only_here (x int)')
  expect((await neon.branches.getDefault({ projectId })).name).toBe('main')
  const names: string[] = []
  for await (const { name } of neon.branches.list({ projectId })) names.push(name)
  expect(names.sort()).toEqual(['main', 'preview'])
  for (const pooled of [true, false]) {
    const uri = await neon.postgres.connectionString({ projectId, branchId: branch.id, pooled })
    expect(await login(uri, 'select count(*)::int as n from only_here')).toEqual([{ n: 0 }])
  }
  const { diff } = await neon.branches.compareSchema({ projectId, branchId: branch.id, databaseName: 'neondb' })
  expect(diff).toContain('+CREATE TABLE public.only_here (')
  await neon.branches.resetFromParent({ projectId, branchId: branch.id }, { waitForReadiness: true })
  expect(await login(connectionString, `select to_regclass('only_here') as found`)).toEqual([{ found: null }])
  await neon.branches.delete({ projectId, branchId: branch.id }, { waitForReadiness: true })
  expect(sandbox.branches(projectId).map(({ name }) => name)).toEqual(['main'])
})

test.each([false, true])(
  'pages through more branches than one page holds (empty page with cursor: %s)',
  async (repeats) => {
    sandbox.settings.emptyPageCursor = repeats
    const neon = client()
    const projectId = String(sandbox.projects()[0]?.id)
    if (!repeats) sandbox.seedBranches(projectId, 230, (index) => ({ name: `seed-${index}` }))
    const names = new Set<string>()
    for await (const { name } of neon.branches.list({ projectId })) names.add(name)
    expect(names.size).toBe(231)
  },
)

test('tells the errors apart: wrong key, unknown project, taken name, failed operation', async () => {
  const neon = client()
  const projectId = String(sandbox.projects()[0]?.id)
  const stranger = createNeonClient({ apiKey: 'napi_wrong', baseUrl: sandbox.url })
  expect((await stranger.projects.get({ projectId })).error).toMatchObject({ kind: 'auth', status: 401 })
  await expect(neon.projects.get({ projectId: 'no-such-1' })).rejects.toMatchObject({ kind: 'not_found' })
  sandbox.settings.branchLimit = 1000
  const taken = neon.branches.create({ projectId, name: 'main', noCompute: true })
  await expect(taken).rejects.toBeInstanceOf(NeonApiError)
  await expect(taken).rejects.toMatchObject({ status: 409, code: 'BRANCH_ALREADY_EXISTS' })
  sandbox.settings.failOperations.push({ action: 'create_branch', error: 'no pageserver' })
  await expect(neon.branches.create({ projectId, name: 'bad', noCompute: true })).rejects.toBeInstanceOf(
    NeonOperationError,
  )
})
