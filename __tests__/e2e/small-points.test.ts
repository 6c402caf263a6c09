import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'

import type { EventSettings, RunResult } from '../../sandbox/runner/index.ts'
import { startWorld, type World } from '../support/world.ts'

// Small promises that are easily broken by wiring: each is played once with the committed dist.
let world: World
let projectId = ''
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  await world.write({ 'db/0001_a.sql': 'create table a (id int primary key);' })
  const made = await world.run({ name: 'push' }, { project_name: 'Learn Flow', schema: 'db' })
  projectId = made.outputs.project_id ?? ''
})
beforeEach(() => {
  world.neon.faults.clear()
  world.neon.journal.length = 0
})
afterAll(() => world.close())

const pull = (number: number, headRef = `feature-${number}`): EventSettings => {
  world.github.openPull({ number })
  return { name: 'pull_request', action: 'opened', number, headRef }
}
const inputs = (more: Record<string, string> = {}) => ({ project_id: projectId, schema: 'db', ...more })
const named = (name: string) => world.neon.branches(projectId).find((branch) => branch.name === name)
const writes = () => world.neon.journal.filter(({ method }) => method !== 'GET')
const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)

describe('a run that only looks', () => {
  test.each<[string, EventSettings, Record<string, string>]>([
    ['plan', { name: 'push' }, { mode: 'plan' }],
    ['diff', { name: 'workflow_dispatch' }, { mode: 'diff', compare_branch: 'main', base_branch: 'main' }],
    ['sweep with dry_run', { name: 'schedule' }, { mode: 'sweep', dry_run: 'true' }],
  ])('%s sends Neon nothing but reads, whatever settings are given', async (_, event, more) => {
    const settings = { protect_default_branch: 'true', history_retention: '1h', suspend_timeout: '600', max_cu: '2' }
    const result = await world.run(event, { project_name: 'Learn Flow', schema: 'db', ...settings, ...more })
    expect(errorsOf(result)).toEqual([])
    expect(writes()).toEqual([])
  })

  test('plan on a pull request without a branch hands out nothing of the default branch', async () => {
    const result = await world.run(pull(11), inputs({ mode: 'plan' }))
    expect(result.conclusion).toBe('success')
    for (const name of ['db_url', 'db_url_pooled', 'password', 'host']) expect(result.outputs[name] ?? '').toBe('')
    expect(named('pr-11')).toBeUndefined()
  })
})

test('a slip in project_name on a pull request makes no project, and says which one is meant', async () => {
  const before = world.neon.projects().length
  const result = await world.run(pull(12), { project_name: 'learn-flwo', schema: 'db' })
  expect(errorsOf(result)).toEqual([expect.stringContaining('Learn Flow')])
  expect(world.neon.projects()).toHaveLength(before)
  expect(writes()).toEqual([])
})

test('a server that asks to come back at once is asked a few times, not hundreds', async () => {
  world.neon.faults.add({
    kind: 'answer',
    status: 503,
    path: /branches/,
    headers: { 'retry-after': '0' },
    body: '{}',
    times: 2,
  })
  const result = await world.run(pull(13), inputs({ schema: 'none' }))
  expect(result.conclusion).toBe('success')
  expect(world.neon.journal.filter(({ status }) => status === 503)).toHaveLength(2)
  expect(world.neon.journal.length).toBeLessThan(30)
})

describe('names', () => {
  test('a parent with an @ in its name is a parent', async () => {
    expect((await world.run({ name: 'push' }, inputs({ branch_name: 'team@acme', schema: 'none' }))).conclusion).toBe(
      'success',
    )
    const result = await world.run(pull(14), inputs({ parent_branch: 'team@acme' }))
    expect(errorsOf(result)).toEqual([])
    expect(named('pr-14')?.parent_id).toBe(named('team@acme')?.id)
  })

  test('two long Git branches that begin alike, or differ in signs only, have two Neon branches', async () => {
    const refs = [`a/${'x'.repeat(250)}1`, `a/${'x'.repeat(250)}2`, 'fix it', 'fix+it']
    const names: string[] = []
    for (const [index, ref] of refs.entries()) {
      const result = await world.run(pull(20 + index, ref), inputs({ branch_name: '{head_ref}', schema: 'none' }))
      expect(errorsOf(result)).toEqual([])
      names.push(result.outputs.branch_name ?? '')
    }
    expect(new Set(names).size).toBe(refs.length)
  })

  test('{slug} has small letters and no slash; a word in braces that is no placeholder stays', async () => {
    const slug = await world.run(pull(30, 'Feature/Login'), inputs({ branch_name: 'p-{slug}', schema: 'none' }))
    expect(slug.outputs.branch_name).toMatch(/^p-feature-login/)
    const odd = await world.run(pull(31), inputs({ branch_name: 'p-{number}-{who}', schema: 'none' }))
    expect(odd.outputs.branch_name).toBe('p-31-{who}')
  })

  test('an entry of the merge queue for release/pr-12-x belongs to the pull request at its end', async () => {
    world.github.openPull({ number: 40 })
    const queued = { name: 'merge_group', number: 40, branch: 'release/pr-12-x' } as const
    const result = await world.run(queued, inputs({ schema: 'none' }))
    expect(errorsOf(result)).toEqual([])
    const made = world.neon.branches(projectId).find(({ id }) => id === result.outputs.branch_id)
    expect(world.neon.annotations(projectId, made?.id ?? '')).toMatchObject({ 'github-pr-number': '40' })
  })
})
