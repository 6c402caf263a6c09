import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

const MAIN = { project_name: 'learnflow', schema: 'learnflow' }
const PULL = { project_name: 'learnflow', schema: 'learnflow\ndb' }
const pull = (action: 'opened' | 'synchronize' | 'closed' | 'reopened') => ({
  name: 'pull_request' as const,
  action,
  number: 7,
})

// One repository's story, told in order; each test is one run of the committed dist.
let world: World
beforeAll(async () => {
  world = await startWorld()
  world.github.openPull({ number: 7 })
})
afterAll(() => world.close())

/** What must hold after every run. */
function expectClean(result: RunResult): void {
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(result.unknownOutputs).toEqual([])
  expect(result.leftFiles).toEqual([])
  expect(world.neon.violations).toEqual([])
}
const tableNames = (result: RunResult) =>
  JSON.parse(result.outputs.tables ?? '{}').tables.map(({ name }: { name: string }) => name)
const comments = () => world.github.comments(7)

test('push: project made, schema applied to the default branch, five tables', async () => {
  const result = await world.run({ name: 'push' }, MAIN)
  expect(result.conclusion).toBe('success')
  expect(result.outputs).toMatchObject({
    outcome: 'provisioned',
    project_created: 'true',
    branch_name: 'main',
    applied: '5',
    skipped: 'false',
  })
  expect(tableNames(result)).toEqual(['exercises', 'learning_events', 'struggles', 'submissions', 'users'])
  expect(result.summary).toContain('main')
  expect(result.log).toMatch(/neon-postgres-setup: provisioned · branch main/)
  expectClean(result)
})

test('the same push: project reused, nothing applied', async () => {
  const result = await world.run({ name: 'push' }, MAIN)
  expect(result.outputs).toMatchObject({ outcome: 'provisioned', project_created: 'false', applied: '0' })
  expect(world.neon.projects()).toHaveLength(1)
  expectClean(result)
})

test('pull request opened: a branch, its file, a comment', async () => {
  await world.write({
    'db/0100_badges.sql': 'create table badges (id bigint primary key, user_id bigint references users (id));',
  })
  const result = await world.run(pull('opened'), PULL)
  expect(result.outputs).toMatchObject({ outcome: 'created', created: 'true', branch_name: 'pr-7', applied: '1' })
  expect(tableNames(result)).toContain('badges')
  expect(comments().map(({ body }) => body)).toEqual([expect.stringContaining('`badges`')])
  expect(result.outputs.comment_url).toContain('#issuecomment-')
  expect(JSON.parse(result.outputs.changes ?? '{}').changes).toContainEqual(
    expect.objectContaining({ action: 'added', kind: 'table' }),
  )
  expectClean(result)
})

test('pushed to: branch reused, only the new file, the same comment edited', async () => {
  const [before] = comments().map(({ id, body }) => ({ id, body }))
  await world.write({ 'db/0101_points.sql': 'alter table users add column points int not null default 0;' })
  const result = await world.run(pull('synchronize'), PULL)
  expect(result.outputs).toMatchObject({ outcome: 'reused', created: 'false', applied: '1' })
  const after = comments()
  expect(after.map(({ id }) => id)).toEqual([before?.id])
  expect(after[0]?.body).toContain('points')
  expect(after[0]?.body).not.toEqual(before?.body)
  // The differences are told against the branch point, so the first file is still among them.
  expect(after[0]?.body).toContain('`badges`')
  // So are the locks that it held, although it is unchanged now.
  expect(after[0]?.body).toMatch(/`db\/0100_badges\.sql` .*SHARE ROW EXCLUSIVE on `users`/)
  expectClean(result)
})

test('the same again: nothing applied, and the comment not written', async () => {
  const quiet = await world.run(pull('synchronize'), PULL)
  expect(quiet.outputs).toMatchObject({ outcome: 'reused', applied: '0' })
  const writes = () => world.github.journal.filter(({ method, path }) => method !== 'GET' && path !== '/graphql').length
  const before = writes()
  const again = await world.run(pull('synchronize'), PULL)
  expect(again.conclusion).toBe('success')
  expect(writes()).toBe(before)
  expectClean(again)
})

test('an edited file of this pull request: the branch is reset and everything replayed', async () => {
  await world.write({ 'db/0101_points.sql': 'alter table users add column score int not null default 0;' })
  const result = await world.run(pull('synchronize'), PULL)
  expect(result.outputs).toMatchObject({ outcome: 'reused', applied: '2' })
  expect(result.summary).toContain('score')
  expect(result.log).toContain('reset to its parent')
  expect(comments()[0]?.body).not.toContain('`points`')
  expectClean(result)
})

test('an edited file that main has: an error, and nothing happens', async () => {
  await world.write({ 'own/0001_a.sql': 'create table a (id int primary key);' })
  const inputs = { project_name: 'learnflow', schema: 'own' }
  expect((await world.run({ name: 'push' }, inputs)).conclusion).toBe('success')
  await world.write({ 'own/0001_a.sql': 'create table a (id bigint primary key);' })
  const result = await world.run({ name: 'push' }, inputs)
  expect(result.conclusion).toBe('failure')
  expect(result.annotations.filter(({ type }) => type === 'error')).toEqual([
    expect.objectContaining({
      message: expect.stringMatching(/own\/0001_a\.sql: it was changed after it was applied/),
    }),
  ])
  expectClean(result)
})

test('closed: branch deleted, the comment says so and keeps the last report', async () => {
  const result = await world.run(pull('closed'), PULL)
  expect(result.outputs).toMatchObject({ outcome: 'deleted', deleted: 'true' })
  const [project] = world.neon.projects()
  expect(world.neon.branches(project?.id ?? '').map(({ name }) => name)).toEqual(['main'])
  expect(comments()).toHaveLength(1)
  expect(comments()[0]?.body).toMatch(/deleted[\s\S]*<details>[\s\S]*score/)
  expect(result.log).not.toContain('Kubernetes')
  expectClean(result)
})

test('closed again: success, already gone', async () => {
  const result = await world.run(pull('closed'), PULL)
  expect(result.conclusion).toBe('success')
  expect(result.outputs).toMatchObject({ outcome: 'gone', deleted: 'false' })
  expect(result.log).toContain('already gone')
  expect(comments()).toHaveLength(1)
  expectClean(result)
})

test('reopened: a new branch, the same comment', async () => {
  const result = await world.run(pull('reopened'), PULL)
  expect(result.outputs).toMatchObject({ outcome: 'created', applied: '2' })
  expect(comments()).toHaveLength(1)
  expect(comments()[0]?.body).toContain('is ready')
  expectClean(result)
})

test('the Git branch is deleted: so are its Neon branches, found by their annotation', async () => {
  const result = await world.run({ name: 'delete', ref: 'feature-7' }, PULL)
  expect(result.conclusion).toBe('success')
  const [project] = world.neon.projects()
  const left = world.neon.branches(project?.id ?? '').map(({ name }) => name)
  expect([result.outputs.outcome, left]).toEqual(['deleted', ['main']])
  expectClean(result)
})
