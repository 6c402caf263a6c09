import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { logFaults } from '../support/log-rail.ts'
import { startWorld, type World } from '../support/world.ts'

// Two pull requests of one repository, told in order; each run is one of the committed dist.
let world: World
let projectId = ''
const HEAD = 'a'.repeat(40)
const pull = (number: number, action: 'opened' | 'synchronize' | 'closed' = 'synchronize') => ({
  name: 'pull_request' as const,
  ...{ action, number, headSha: HEAD },
})

beforeAll(async () => {
  world = await startWorld({ plan: 'paid' })
  for (const number of [7, 8, 9]) world.github.openPull({ number })
  await world.write({
    'sql/1_users.sql': 'create table users (id int primary key, name text);\ninsert into users values (1, $$Ada$$);',
  })
  made = await world.run({ name: 'push' }, { project_name: 'shop' })
  projectId = made.outputs.project_id ?? ''
})
afterAll(() => world.close())
let made: RunResult

/** Runs the action; whatever the run is about, its log must be one that people can read. */
async function run(event: Parameters<World['run']>[0], inputs: Record<string, string>): Promise<RunResult> {
  const result = await world.run(event, { ...(projectId ? { project_id: projectId } : {}), ...inputs })
  expect(logFaults(result.log)).toEqual([])
  return result
}

/** The comments of a pull request by their first visible line, without links. */
const headlines = (number: number) =>
  world.github
    .comments(number)
    .map(({ body }) =>
      (body.split('\n').find((line) => line.startsWith('### ')) ?? '').replace(/\[(`[^`]*`)\]\([^)]*\)/g, '$1'),
    )
const writes = () => world.github.journal.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/graphql'))

describe('one pull request with a preview, a comparison, a second database and a second report', () => {
  test('preview and diff stand side by side, each with what it found in things', async () => {
    expect(logFaults(made.log)).toEqual([])
    expect(made.summary).toMatch(/^### ✅ .*: adds table `users`$/m)
    await world.write({
      'sql/2_points.sql':
        'alter table users add column points int not null default 0;\ncreate table badges (id int primary key);\ncreate index badges_idx on badges (id);',
    })
    await run(pull(7, 'opened'), { expires_in: '3d' })
    const compared = await run(pull(7), { compare_branch: 'pr-7' })
    expect(headlines(7)).toEqual([
      '### ✅ Neon branch `pr-7` is ready: adds table `badges`, column `users.points`',
      '### 🔍 Neon branch `pr-7` compared with `main`: adds table `badges`, column `users.points`',
    ])
    // The ledger and the baselines of the branch are nobody's change.
    expect(compared.outputs.diff).toContain('badges')
    expect(`${compared.outputs.diff}${compared.outputs.changes}${compared.summary}`).not.toContain('neon_setup.')
    expect(JSON.parse(compared.outputs.changes ?? '{}')).toMatchObject({ added: 5, removed: 0 })
    expect(world.github.comments(7)[0]?.body).toMatch(
      /<sub>Commit `aaaaaaa` · expires \d{4}-\d\d-\d\d \d\d:\d\d UTC · host `\S+`<\/sub>$/,
    )
  })

  test('the same commit again writes nothing, in either comment; the next commit does', async () => {
    const before = writes().length
    await run(pull(7), {})
    await run(pull(7), { compare_branch: 'pr-7' })
    expect(writes().slice(before)).toEqual([])
    await run({ ...pull(7), headSha: 'b'.repeat(40) }, {})
    expect(
      writes()
        .slice(before)
        .map(({ method }) => method),
    ).toEqual(['PATCH'])
    expect(world.github.comments(7)[0]?.body).toContain('`bbbbbbb`')
  })

  test('a red run says once what to do now, and which input shows what is hidden', async () => {
    await world.write({ 'sql/3_again.sql': 'insert into users select id, name from users;' })
    const result = await run(pull(7), {})
    expect(result.conclusion).toBe('failure')
    expect(headlines(7)[0]).toBe('### ❌ `sql/3_again.sql` failed on Neon branch `pr-7`')
    const body = world.github.comments(7)[0]?.body ?? ''
    expect(body.match(/\*\*Next:\*\*/g)).toHaveLength(1)
    expect(body).toContain('**Next:** Write ON CONFLICT DO NOTHING')
    expect(body.match(/The file was rolled back/g)).toHaveLength(1)
    expect(body).toContain('`show_detail: true`')
    expect(body).not.toContain('Key (id)=')
    expect(result.annotations.filter(({ type }) => type === 'error')).toEqual([
      expect.objectContaining({ file: 'sql/3_again.sql', line: 1, title: 'SQLSTATE 23505' }),
    ])
    await world.write({ 'sql/3_again.sql': null })
  })

  test('closing marks the comments of all databases and comment_ids, once', async () => {
    const branchId = world.neon.branches(projectId).find(({ name }) => name === 'pr-7')?.id
    const added = await fetch(`${world.neon.url}/projects/${projectId}/branches/${branchId}/databases`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.neon.organizationApiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ database: { name: 'audit', owner_name: 'neondb_owner' } }),
    })
    expect(added.status).toBe(201)
    await run(pull(7), { database: 'audit' })
    await run(pull(7), { comment_id: 'api', database: 'neondb' })
    expect(headlines(7)).toHaveLength(4)
    world.github.closePull(7, { merged: true })
    await run(pull(7, 'closed'), {})
    expect(headlines(7)).toEqual(Array(4).fill('### 🗑️ Neon branch `pr-7` is deleted'))
    const before = writes().length
    await run(pull(7, 'closed'), {})
    expect(writes().slice(before)).toEqual([])
  })
})

test('a sweep marks the comment of each branch that it deletes, and its log names each branch', async () => {
  for (const number of [8, 9]) await run(pull(number, 'opened'), { schema: 'none' })
  world.github.closePull(8, { merged: false })
  world.github.addComment(8, { body: 'thanks' })
  const dry = await run({ name: 'schedule' }, { dry_run: 'true' })
  expect(headlines(8)[0]).toMatch(/^### ✅/)
  expect(dry.log).toContain('Would delete the branch pr-8: pull request #8 is closed.')
  const swept = await run({ name: 'schedule' }, {})
  expect(headlines(8)).toEqual(['### 🗑️ Neon branch `pr-8` is deleted', ''])
  expect(headlines(9)[0]).toMatch(/^### ✅/)
  expect(swept.log).toContain('Deleted the branch pr-8: pull request #8 is closed.')
  expect(swept.log).toContain('Kept the branch pr-9: pull request #9 is open.')
  expect(swept.log).toContain('Deleted 1 of 3 branches.')
})

test.each([
  ['plan', pull(9), {}],
  ['reset', pull(9), { mode: 'reset' }],
  ['rotate', { name: 'workflow_dispatch' as const }, { mode: 'rotate', branch: 'pr-9' }],
  ['a branch that is not there', { name: 'workflow_dispatch' as const }, { mode: 'reset', branch: 'nope' }],
  ['cleanup by name', { name: 'workflow_dispatch' as const }, { mode: 'cleanup', branch: 'pr-9' }],
])('the log of %s has no empty or nested group, no error twice and right plurals', async (mode, event, inputs) => {
  const result = await run(event, mode === 'plan' ? { mode } : inputs)
  expect(result.conclusion).toBe(mode === 'a branch that is not there' ? 'failure' : 'success')
})
