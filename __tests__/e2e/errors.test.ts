import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { compareInputNames } from '../../sandbox/runner/index.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

let world: World
let projectId = ''
beforeAll(async () => {
  world = await startWorld()
  const made = await world.run({ name: 'push' }, { project_name: 'learnflow', schema: 'none' })
  projectId = made.outputs.project_id ?? ''
  world.github.openPull({ number: 3 })
  world.github.openPull({ number: 4 })
})
beforeEach(() => {
  world.neon.faults.clear()
  world.neon.journal.length = 0
})
afterAll(() => world.close())

const PASSED = '2020-01-01T00:00:00Z'
const opened = { name: 'pull_request' as const, action: 'opened' as const, number: 3 }
const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
const writes = () => world.neon.journal.filter(({ method }) => method !== 'GET')

/** One error sentence with value and next step, exit 1, no leak; nothing made unless `made` says so. */
function expectError(result: RunResult, pattern: RegExp, made = 0): void {
  expect(result.exitCode).toBe(1)
  expect(errorsOf(result)).toEqual([expect.stringMatching(pattern)])
  expect(result.outputs).toMatchObject({ outcome: 'failed', skipped: 'false' })
  expect(writes()).toHaveLength(made)
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
}

describe('errors, before anything is made', () => {
  test('no api_key', async () => {
    expectError(
      await world.run({ name: 'push' }, { project_id: projectId, api_key: '' }),
      /api_key is missing or empty: create a key/,
    )
  })

  test('all wrong inputs at once', async () => {
    const result = await world.run(opened, {
      api_key: '',
      pg_version: '9',
      counts: 'all',
      roles: 'pg_x=admin',
      kubeconfig: 'x',
      secret_keys: '=',
    })
    expectError(result, /[67] inputs are wrong[\s\S]*api_key[\s\S]*project_name[\s\S]*/)
    for (const name of ['pg_version', 'counts', 'roles', 'secret_keys']) expect(errorsOf(result)[0]).toContain(name)
    expect(world.neon.journal).toHaveLength(0)
  })

  test('a wrong key', async () => {
    const result = await world.run(
      { name: 'push' },
      { project_id: projectId, schema: 'none', api_key: 'napi_wrong_key_000000000000' },
    )
    expectError(result, /401|key/i)
    expect(result.log).not.toContain('napi_wrong_key_000000000000')
  })

  test('an unknown project', async () => {
    expectError(await world.run({ ...opened, number: 4 }, { project_id: 'no-such-12345678' }), /no-such-12345678/)
    expect(world.neon.journal.some(({ operation }) => operation === 'createProject')).toBe(false)
  })

  test('a personal key without org_id finds its one organization', async () => {
    const result = await world.run(
      { name: 'push' },
      { project_name: 'learnflow', schema: 'none', api_key: world.neon.apiKey },
    )
    expect(result.conclusion).toBe('success')
    expect(result.outputs.project_id).toBe(projectId)
  })

  test('a key of two organizations needs org_id, and lists both', async () => {
    const key = 'napi_two_organizations_0001'
    const organizations = [world.neon.organizationId, 'org-second-one-12345678']
    world.neon.settings.accounts.push({ apiKey: key, kind: 'personal', organizations })
    const inputs = { project_name: 'learnflow', schema: 'none', api_key: key }
    const result = await world.run({ name: 'push' }, inputs)
    expectError(result, /org_id/)
    for (const id of organizations) expect(errorsOf(result)[0]).toContain(id)
    expect(
      (await world.run({ name: 'push' }, { ...inputs, org_id: world.neon.organizationId })).outputs.project_id,
    ).toBe(projectId)
  })

  test('an expires_at that is no time, with the other wrong inputs', async () => {
    const inputs = { project_name: 'never-made', schema: 'none', expires_at: 'tomorrow', counts: 'all' }
    const result = await world.run({ ...opened, number: 4 }, inputs)
    expectError(result, /2 inputs are wrong[\s\S]*expires_at is 'tomorrow', which is no RFC 3339 time/)
    expect(errorsOf(result)[0]).toContain('counts')
    expect(world.neon.journal).toHaveLength(0)
  })

  test.each([
    ['preview', { ...opened, number: 4 }, {}],
    ['reset', { ...opened, number: 4 }, { mode: 'reset' }],
    ['provision of a named branch', { name: 'push' as const }, { branch_name: 'staging' }],
  ])('an expires_at that has passed: %s asks nothing of Neon', async (_, event, inputs) => {
    expectError(
      await world.run(event, { project_name: 'never-made', schema: 'none', expires_at: PASSED, ...inputs }),
      /expires_at is 2020-01-01T00:00:00Z, which has passed\. Give a moment in the future/,
    )
    expect(world.neon.journal).toHaveLength(0)
  })

  test.each([
    ['cleanup', { ...opened, number: 4, action: 'closed' as const }],
    ['sweep', { name: 'schedule' as const }],
    ['provision of the default branch', { name: 'push' as const }],
  ])('an expires_at that has passed: %s has no use for it and goes on', async (_, event) => {
    const result = await world.run(event, { project_id: projectId, schema: 'none', expires_at: PASSED })
    expect(errorsOf(result)).toEqual([])
    expect(result.conclusion).toBe('success')
  })

  test('an unknown region lists the right ones, for a key that may ask for them', async () => {
    const inputs = { project_name: 'other', region: 'aws-mars-1', schema: 'none' }
    const { apiKey, organizationId } = world.neon
    const personal = await world.run({ name: 'push' }, { ...inputs, api_key: apiKey, org_id: organizationId })
    expectError(personal, /aws-mars-1[\s\S]*aws-eu-central-1, aws-/)
    expectError(await world.run({ name: 'push' }, inputs), /aws-mars-1[\s\S]*docs\/introduction\/regions/, 1)
    expect(world.neon.projects().map(({ name }) => name)).toEqual(['learnflow'])
  })

  test('a schema entry that matches nothing', async () => {
    expectError(await world.run(opened, { project_id: projectId, schema: 'db/missing' }), /db\/missing/)
    expect(world.neon.journal).toHaveLength(0)
  })

  test('a folder of another tool is refused with the command to use', async () => {
    await world.write({ 'dbmate/1_a.sql': '-- migrate:up\ncreate table a (i int);\n-- migrate:down\ndrop table a;\n' })
    expectError(await world.run(opened, { project_id: projectId, schema: 'dbmate' }), /dbmate[\s\S]*migrate_command/)
  })

  test('pull_request_target with a fork is refused although secrets are there', async () => {
    const result = await world.run(
      { ...opened, name: 'pull_request_target', headRepository: 'stranger/learn' },
      { project_id: projectId },
    )
    expectError(result, /Refusing to run for pull request #3 from a fork/)
  })

  test('the default and a protected branch are no previews', async () => {
    expectError(
      await world.run(opened, { project_id: projectId, branch_name: 'main' }),
      /Refused to use the branch main as a preview/,
    )
    const [main] = world.neon.branches(projectId)
    if (main) main.protected = true
    expectError(await world.run(opened, { project_id: projectId, branch_name: 'main' }), /Refused/)
    if (main) main.protected = false
  })
})

describe('errors of the database', () => {
  test('an SQL error stands on its line, in outputs, summary and comment', async () => {
    await world.write({
      'bad/0001_a.sql': 'create table fine (id int primary key);\n',
      'bad/0002_b.sql': '-- 😀\r\ncreate table also (id int primary key);\r\ninsert into fine values (1), (1);\r\n',
    })
    const result = await world.run(opened, { project_id: projectId, schema: 'bad' })
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatchObject({
      outcome: 'failed',
      failed_file: 'bad/0002_b.sql',
      failed_line: '3',
      sqlstate: '23505',
      applied: '1',
    })
    expect(result.outputs.branch_id).toMatch(/^br-/)
    const errors = result.annotations.filter(({ type }) => type === 'error')
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ file: 'bad/0002_b.sql', line: 3, title: expect.stringContaining('23505') })
    for (const text of [result.summary, world.github.comments(3)[0]?.body]) {
      expect(text).toContain('bad/0002_b.sql')
      expect(text).not.toContain('Key (id)')
    }
    expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  })

  test('mended, it goes on where it stopped', async () => {
    await world.write({ 'bad/0002_b.sql': 'create table also (id int primary key);\n' })
    const result = await world.run({ ...opened, action: 'synchronize' }, { project_id: projectId, schema: 'bad' })
    expect(result.outputs).toMatchObject({ outcome: 'reused', applied: '1' })
    expect(world.github.comments(3)).toHaveLength(1)
    expect(world.github.comments(3)[0]?.body).toContain('is ready')
  })

  test('no table although a schema step ran', async () => {
    await world.write({ 'empty/0001_view.sql': 'create view v as select 1 as one;' })
    const inputs = { project_id: projectId, schema: 'empty', branch_name: 'without-tables' }
    const result = await world.run(opened, inputs)
    expect(errorsOf(result)).toEqual([expect.stringMatching(/The database 'neondb' has no table/)])
    const uncounted = await world.run(opened, { ...inputs, counts: 'off' })
    expect(errorsOf(uncounted)).toEqual([expect.stringMatching(/has no table/)])
    expect((await world.run(opened, { ...inputs, require_tables: 'false' })).conclusion).toBe('success')
    const without = { project_id: projectId, branch_name: 'without-schema' }
    expect((await world.run(opened, without)).conclusion).toBe('success')
    expect(errorsOf(await world.run(opened, { ...without, require_tables: 'true' }))).toHaveLength(1)
  })
})

test('a run that takes longer than timeout ends, and says so', async () => {
  world.neon.latency = 3000
  try {
    const result = await world.run(opened, { project_id: projectId, timeout: '500ms', comment: 'false' })
    expect(result.exitCode).toBe(1)
    expect(errorsOf(result)).toEqual([expect.stringMatching(/longer than timeout 0\.5 s.*Raise the input timeout/)])
    expect(result.milliseconds).toBeLessThan(2900)
  } finally {
    world.neon.latency = 0
  }
})

describe('runs that have nothing to do', () => {
  test.each([
    ['a fork without secrets', { ...opened, headRepository: 'stranger/learn' }],
    ['Dependabot without secrets', { ...opened, author: 'dependabot[bot]' }],
  ])('%s: notice, skipped, exit 0', async (_, event) => {
    const result = await world.run(event, { api_key: '', project_name: '' })
    expect(result.exitCode).toBe(0)
    expect(result.outputs).toMatchObject({ skipped: 'true', outcome: 'skipped' })
    expect(result.annotations).toEqual([expect.objectContaining({ type: 'notice' })])
    expect(world.neon.journal).toHaveLength(0)
  })

  test('a push to another branch than the default one', async () => {
    const result = await world.run({ name: 'push', branch: 'feature' }, { project_id: projectId })
    expect(result.outputs).toMatchObject({ skipped: 'true' })
    expect(world.neon.journal).toHaveLength(0)
  })
})

describe('optional parts', () => {
  test('a token that may not comment: a line of the log, and a warning where comment: true is written; exit 0', async () => {
    world.github.setToken('ghs_read_only_0000000000000000000000', {
      kind: 'installation',
      repository: world.repository,
      permissions: { contents: 'read' },
    })
    const run = (more: Record<string, string>) =>
      world.run(
        opened,
        { project_id: projectId, schema: 'none', ...more },
        { token: 'ghs_read_only_0000000000000000000000' },
      )
    const warnings = ({ annotations }: RunResult) =>
      annotations.filter(({ type }) => type === 'warning').map(({ message }) => message)
    const asked = await run({ comment: 'true' })
    expect(asked.exitCode).toBe(0)
    expect(warnings(asked)).toEqual([expect.stringMatching(/pull-requests: write/)])
    const usual = await run({})
    expect(usual.exitCode).toBe(0)
    expect(warnings(usual)).toEqual([])
    expect(usual.log).toMatch(/was not written: [\s\S]*pull-requests: write/)
  })

  test('a limit of GitHub that would outlast the timeout is told, and the run ends well at once', async () => {
    const operations = ['issues/create-comment', 'issues/update-comment']
    world.github.refuse('content creation', { operations, times: 1 })
    const inputs = { project_id: projectId, schema: 'none', comment: 'true', timeout: '40s' }
    const result = await world.run({ ...opened, number: 4 }, inputs)
    expect(result.exitCode).toBe(0)
    const warnings = result.annotations.filter(({ type }) => type === 'warning').map(({ message }) => message)
    expect(warnings).toEqual([expect.stringMatching(/blocked from content creation[\s\S]*GitHub slows the token down/)])
    expect(result.log).not.toContain('asking again in')
  })

  test('comment and summary can be turned off', async () => {
    const before = world.github.journal.length
    const result = await world.run(opened, {
      project_id: projectId,
      schema: 'none',
      comment: 'false',
      summary: 'false',
    })
    expect([result.conclusion, result.summary, world.github.journal.length]).toEqual(['success', '', before])
  })
})

test('every input the sources read is in action.yml, and the reverse', async () => {
  expect(await compareInputNames('.', 'src/inputs')).toEqual({ undeclared: [], unread: [] })
})
