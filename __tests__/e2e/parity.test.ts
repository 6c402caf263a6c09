import { afterAll, beforeAll, expect, test } from '@jest/globals'
import postgres from 'postgres'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

// A workflow that used Neon's own actions, with nothing changed but the `uses:` line.
let world: World
let projectId = ''
beforeAll(async () => {
  world = await startWorld({ integrationsUrl: 'https://sandbox.example', allowPointInTime: true })
  const made = await world.run({ name: 'push' }, { project_name: 'learnflow', schema: 'learnflow' })
  projectId = made.outputs.project_id ?? ''
  world.github.openPull({ number: 8 })
})
afterAll(() => world.close())

const event = { name: 'pull_request' as const, action: 'opened' as const, number: 8 }

function expectSuccess(result: RunResult): void {
  expect(result.annotations.filter(({ type }) => type === 'error')).toEqual([])
  expect(result.conclusion).toBe('success')
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.violations).toEqual([])
}

test('create-branch-action v6: every input is taken, every output is set', async () => {
  const expiresAt = new Date(Date.now() + 3 * 86_400_000).toISOString()
  const result = await world.run(event, {
    project_id: projectId,
    branch_name: 'preview/feature #8',
    parent_branch: 'main',
    prisma: 'true',
    database: 'neondb',
    role: 'neondb_owner',
    branch_type: 'default',
    ssl: 'require',
    suspend_timeout: '0',
    expires_at: expiresAt,
    get_auth_url: 'true',
    get_data_api_url: 'true',
  })
  expectSuccess(result)
  const { outputs } = result
  expect(outputs).toMatchObject({
    created: 'true',
    branch_name: 'preview/feature #8',
    branch_id: expect.stringMatching(/^br-/),
  })
  expect(outputs.password).toBeTruthy()
  expect(outputs.db_url).toBe(
    `postgresql://neondb_owner:${outputs.password}@${outputs.db_host}/neondb?connect_timeout=30&sslmode=require`,
  )
  expect(outputs.db_url_pooled).toContain('pgbouncer=true')
  expect(outputs.db_host_pooled).toBeTruthy()
  expect(outputs.auth_url).toMatch(/^https:\/\/sandbox\.example/)
  expect(outputs.data_api_url).toMatch(/^https:\/\/sandbox\.example/)
  const branch = world.neon.branches(projectId).find(({ id }) => id === outputs.branch_id)
  expect(Math.abs(Date.parse(branch?.expires_at ?? '') - Date.parse(expiresAt))).toBeLessThan(1000)
  const again = await world.run(event, { project_id: projectId, branch_name: 'preview/feature #8' })
  expect(again.outputs).toMatchObject({ created: 'false', branch_id: outputs.branch_id, password: outputs.password })
})

test('a branch by LSN and time of its parent, and a schema-only one', async () => {
  for (const [name, parent] of [
    ['by-time', `main@${new Date().toISOString()}`],
    ['by-lsn', 'main@0/1E88C18'],
  ] as const) {
    expectSuccess(await world.run(event, { project_id: projectId, branch_name: name, parent_branch: parent }))
  }
  const [main] = world.neon.branches(projectId)
  await world.neon
    .branchCluster(projectId, main?.id ?? '')
    ?.query("insert into users (email, name) values ('a@b.c', 'A')", 'neondb')
  const result = await world.run(event, {
    project_id: projectId,
    branch_name: 'tables-only',
    branch_type: 'schema-only',
    expires_in: 'never',
  })
  expectSuccess(result)
  const sql = postgres(result.outputs.db_url ?? '', { max: 1 })
  expect(await sql.unsafe('select count(*)::int as n from users')).toEqual([{ n: 0 }])
  await sql.end()
})

test('schema-diff-action: diff and comment_url, also at a time', async () => {
  const inputs = { project_id: projectId, compare_branch: 'by-time', base_branch: 'main', database: 'neondb' }
  const equal = await world.run(event, inputs)
  expectSuccess(equal)
  expect(equal.outputs.diff).toBe('')
  const branch = world.neon.branches(projectId).find(({ name }) => name === 'by-time')
  await world.neon.branchCluster(projectId, branch?.id ?? '')?.query('create table added (i int)', 'neondb')
  const result = await world.run(event, { ...inputs, timestamp: new Date().toISOString() })
  expectSuccess(result)
  expect(result.outputs.diff).toMatch(/^\+.*added/m)
  expect(result.outputs.comment_url).toContain('#issuecomment-')
})

test('reset-branch-action and delete-branch-action', async () => {
  const reset = await world.run(
    { name: 'workflow_dispatch' },
    { project_id: projectId, branch: 'by-time', parent: 'true', schema: 'none' },
  )
  expectSuccess(reset)
  expect(reset.outputs).toMatchObject({
    host: reset.outputs.db_host,
    host_with_pooler: reset.outputs.db_host_pooled,
    db_url_with_pooler: reset.outputs.db_url_pooled,
  })
  const branch = world.neon.branches(projectId).find(({ name }) => name === 'by-lsn')
  const wanted: Record<string, string>[] = [
    { branch: 'by-time' },
    { branch_id: branch?.id ?? '' },
    { branch: 'preview/feature #8' },
  ]
  for (const inputs of wanted) {
    const deleted = await world.run({ name: 'workflow_dispatch' }, { project_id: projectId, ...inputs })
    expectSuccess(deleted)
    expect(deleted.outputs.outcome).toBe('deleted')
    expect((await world.run({ name: 'workflow_dispatch' }, { project_id: projectId, ...inputs })).outputs.outcome).toBe(
      'gone',
    )
  }
  const main = await world.run({ name: 'workflow_dispatch' }, { project_id: projectId, branch: 'main' })
  expect(main.annotations.map(({ message }) => message)).toEqual([
    expect.stringMatching(/Refused to delete the branch main: it is the default/),
  ])
})

test('masking_rules: an anonymised branch', async () => {
  const rules = [
    {
      database_name: 'neondb',
      schema_name: 'public',
      table_name: 'users',
      column_name: 'email',
      masking_function: 'anon.dummy_free_email()',
    },
  ]
  const result = await world.run(event, {
    project_id: projectId,
    branch_name: 'masked',
    masking_rules: JSON.stringify(rules),
  })
  expectSuccess(result)
  const sql = postgres(result.outputs.db_url ?? '', { max: 1 })
  const rows = await sql.unsafe('select email from users')
  await sql.end()
  expect(rows).toHaveLength(1)
  expect(rows[0]?.email).not.toBe('a@b.c')
})
