import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import type { Kubernetes } from '../../sandbox/kubernetes/index.ts'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { DAPR_COMPONENT, inputs, namespaces } from '../fixtures/v1.0.0/inputs.ts'
import { availableServers, isGoing } from '../support/kubernetes.ts'
import { type Leftovers, leaveObjects, leaveVersion1, OBJECTS, objectOf } from '../support/version-1.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

// A repository changes from version 1.0.0 to this one. What the old version left behind is real: see fixtures/v1.0.0.
let world: World
let left: Leftovers
beforeEach(async () => {
  world = await startWorld({ plan: 'paid' })
  left = await leaveVersion1(world)
  world.neon.journal.length = 0
  world.github.journal.length = 0
})
afterEach(() => world.close())

interface Metadata {
  labels: object
  annotations: object
  managedFields: { manager: string; operation: string; fieldsV1: object }[]
}
type Action = 'opened' | 'reopened' | 'synchronize' | 'closed'
const pull = (action: Action, number = 7) => ({ name: 'pull_request' as const, action, number })
const step = (more: Record<string, string> = {}) => ({ project_id: left.projectId, ...inputs, ...more })
const messages = (result: RunResult, type: string) =>
  result.annotations.filter((annotation) => annotation.type === type).map(({ message }) => message)
const find = (name: string) => world.neon.branches(left.projectId).find((branch) => branch.name === name)
const query = async (branchId: string, text: string) =>
  (await world.neon.branchCluster(left.projectId, branchId)?.query(text, 'neondb')) ?? []
const ledger = (branchId: string) =>
  query(branchId, 'select name, applied_at, done, checksum, branch from neon_setup.migrations order by name')
const baselines = (branchId: string) => query(branchId, 'select * from neon_setup.baseline order by branch')
const commentsOf = (number: number) => world.github.comments(number)
const writes = (journal: World['neon']['journal']) =>
  journal.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
/** The file that 1.0.0 could not finish runs to its end once no two orders have the same address. */
const mendRows = () => query(left.branchId, "update orders set email = 'eve@example.com' where id = 3")

function expectSuccess(result: RunResult): void {
  expect(messages(result, 'error')).toEqual([])
  expect(result.conclusion).toBe('success')
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.violations).toEqual([])
}

describe('a push to a pull request that 1.0.0 opened', () => {
  test('reuses its branch, goes on in the half-applied file, runs the new one and no other', async () => {
    await mendRows()
    const before = await ledger(left.branchId)
    await world.write({ 'db/0005_notes.sql': 'create table notes (id int primary key);' })
    const result = await world.run(pull('synchronize'), step())
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'reused', branch_id: left.branchId, created: 'false' })
    const after = await ledger(left.branchId)
    expect(after.map(({ name }) => name)).toEqual([
      '0001_orders.sql',
      '0002_items.sql',
      '0003_coupons.sql',
      '0004_order_indexes.sql',
      '0005_notes.sql',
      'R__coupons_used.sql',
      'R__totals.sql',
    ])
    const untouched = (rows: Record<string, unknown>[]) =>
      rows.filter(({ name }) => name !== '0004_order_indexes.sql' && name !== '0005_notes.sql')
    expect(untouched(after)).toEqual(untouched(before))
    expect(after.find(({ name }) => name === '0004_order_indexes.sql')).toMatchObject({ done: 2 })
    const indexes = `select indexrelid::regclass::text as name, indisvalid as valid from pg_index
      where indrelid = 'orders'::regclass and not indisprimary order by 1`
    expect(await query(left.branchId, indexes)).toEqual([
      { name: 'orders_email', valid: true },
      { name: 'orders_total', valid: true },
    ])
    // Nothing was made anew or reset: but for the expiry, Neon is only asked.
    expect(writes(world.neon.journal).filter((line) => !line.startsWith('PATCH'))).toEqual([])
  })

  test('says the same as 1.0.0 where nothing is new: the rest of the file fails at the same statement', async () => {
    const done = () => query(left.branchId, 'select name, done, done_checksum from neon_setup.migrations order by name')
    const before = await done()
    const result = await world.run(pull('synchronize'), step())
    expect(result.conclusion).toBe('failure')
    expect(messages(result, 'error')).toEqual([expect.stringContaining('could not create unique index "orders_email"')])
    // Behind the checksum of what is in: the next statement was tried, and may have left an index that is not valid.
    const tried = (row: Record<string, unknown>) => ({ ...row, done_checksum: `${row.done_checksum}!` })
    expect(await done()).toEqual(before.map((row) => (row.name === '0004_order_indexes.sql' ? tried(row) : row)))
  })

  test('tells the differences since the branch began, in the comment that is there', async () => {
    await mendRows()
    const [old] = commentsOf(7).map((comment) => ({ ...comment }))
    const kept = await baselines(left.branchId)
    await world.write({ 'db/0005_notes.sql': 'create table notes (id int primary key);' })
    const result = await world.run(pull('synchronize'), step())
    expectSuccess(result)
    expect(await baselines(left.branchId)).toEqual(kept)
    const [comment, ...others] = commentsOf(7)
    expect(others).toEqual([])
    expect(comment?.id).toBe(old?.id)
    expect(comment?.body).not.toBe(old?.body)
    expect(comment?.body).toContain('### ✅ Neon branch')
    expect(comment?.body).not.toContain('failed')
    // What 1.0.0 applied is still this pull request's difference; what was there before the branch is none.
    for (const name of ['coupons', 'coupons_used', 'notes', 'orders_total'])
      expect(comment?.body).toContain(`\`${name}\``)
    expect(comment?.body).not.toMatch(/`(items|orders|totals)` +(\| )?🟢 new(:|$)/m)
    // What 1.0.0 observed of a file is told although the file does not run again.
    expect(comment?.body).toMatch(/`db\/0003_coupons\.sql` \|.*ACCESS EXCLUSIVE on `orders`/)
  })

  test('with an edited file of the pull request resets the branch that 1.0.0 made, and replays', async () => {
    await world.write({
      'db/0003_coupons.sql': 'create table coupons (code text primary key, percent numeric not null);',
      'db/R__coupons_used.sql': null,
      'db/0004_order_indexes.sql': null,
    })
    const result = await world.run(pull('synchronize'), step())
    expectSuccess(result)
    expect(result.outputs.branch_id).toBe(left.branchId)
    expect(writes(world.neon.journal)).toContainEqual(expect.stringMatching(/POST .*\/restore$/))
    expect((await ledger(left.branchId)).map(({ name }) => name)).toEqual([
      '0001_orders.sql',
      '0002_items.sql',
      '0003_coupons.sql',
      'R__totals.sql',
    ])
  })
})

describe('the end of a pull request of 1.0.0', () => {
  test('closed: the branch goes, and the comment keeps its history', async () => {
    const [old] = commentsOf(7).map((comment) => ({ ...comment }))
    world.github.closePull(7)
    const result = await world.run(pull('closed'), step())
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'deleted', deleted: 'true' })
    expect(find('pr-7')).toBeUndefined()
    const [comment, ...others] = commentsOf(7)
    expect(others).toEqual([])
    expect(comment?.id).toBe(old?.id)
    expect(comment?.body).toContain('`pr-7` is deleted')
    expect(comment?.body).toContain(old?.body.split('\n').slice(2).join('\n').trim())
  })

  test('closed again: the comment that 1.0.0 closed is found, and says the same', async () => {
    const [before] = commentsOf(8).map((comment) => ({ ...comment }))
    const result = await world.run(pull('closed', 8), step())
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('gone')
    expect(result.outputs.comment_url).toMatch(new RegExp(`issuecomment-${before?.id}$`))
    expect(commentsOf(8)).toHaveLength(1)
    // The marker has a blank line below it since.
    const lines = (body = '') => body.split('\n').filter((line) => line !== '')
    expect(lines(commentsOf(8)[0]?.body)).toEqual(lines(before?.body))
  })

  test('reopened: the comment that 1.0.0 closed tells the new branch', async () => {
    world.github.reopenPull(8)
    await world.write({ 'db/0004_order_indexes.sql': null })
    const result = await world.run(pull('reopened', 8), step())
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('created')
    expect(commentsOf(8)).toHaveLength(1)
    expect(commentsOf(8)[0]?.body).toContain('Neon branch `pr-8` is ready')
  })

  test('a sweep takes the branch of a closed pull request, and leaves an open one', async () => {
    const sweep = { project_id: left.projectId }
    const none = await world.run({ name: 'schedule' }, sweep)
    expectSuccess(none)
    expect([none.outputs.swept, find('pr-7')?.id]).toEqual(['0', left.branchId])
    world.github.closePull(7)
    const result = await world.run({ name: 'schedule' }, sweep)
    expectSuccess(result)
    expect([result.outputs.swept, find('pr-7')]).toEqual(['1', undefined])
    expect(find('main')?.id).toBe(left.defaultBranchId)
  })

  test('a deleted Git branch takes it too', async () => {
    const result = await world.run({ name: 'delete', ref: 'feature-7' }, step())
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('deleted')
    expect(find('pr-7')).toBeUndefined()
  })
})

test('provisioning applies nothing to the database that 1.0.0 provisioned', async () => {
  await world.write({
    'db/0003_coupons.sql': null,
    'db/R__coupons_used.sql': null,
    'db/0004_order_indexes.sql': null,
  })
  const before = await ledger(left.defaultBranchId)
  const result = await world.run({ name: 'push' }, { ...inputs, project_name: 'shop' })
  expectSuccess(result)
  expect(result.outputs).toMatchObject({ project_id: left.projectId, branch_id: left.defaultBranchId })
  expect(result.log).toContain('0 files applied, 3 unchanged')
  expect(await ledger(left.defaultBranchId)).toEqual(before)
  expect(writes(world.neon.journal)).toEqual([])
})

test('after the merge, production applies what the pull request had, each file once', async () => {
  await query(left.defaultBranchId, "update orders set email = 'eve@example.com' where id = 3")
  const result = await world.run({ name: 'push' }, step())
  expectSuccess(result)
  expect(result.log).toContain('3 files applied, 3 unchanged')
  expect(await ledger(left.defaultBranchId)).toHaveLength(6)
})

describe('another repository', () => {
  const other = { repository: { fullName: 'octo/api', id: 1 } }
  test.each(['synchronize', 'closed'] as const)('does not touch the branch of 1.0.0: %s', async (action) => {
    const before = { ...find('pr-7') }
    const result = await world.run(pull(action), step(), other)
    expect(find('pr-7')).toEqual(before)
    expect(result.outputs.db_url).toBeUndefined()
    if (action === 'closed') expect(result.outputs.outcome).toBe('kept')
    else
      expect(messages(result, 'error')).toEqual([expect.stringContaining('belongs to pull request #7 of octo/learn')])
    expect(writes(world.neon.journal)).toEqual([])
  })

  test('nor by a sweep', async () => {
    world.github.closePull(7)
    const result = await world.run({ name: 'schedule' }, { project_id: left.projectId }, other)
    expect(find('pr-7')?.id).toBe(left.branchId)
    expect(result.outputs.swept).not.toBe('1')
    expect(writes(world.neon.journal)).toEqual([])
  })
})

describe.each(availableServers())('on Kubernetes ($name)', ({ start }) => {
  let kubernetes: Kubernetes
  // One server for each test: the namespaces have the names that they had then.
  beforeEach(async () => {
    kubernetes = await start()
    await leaveObjects(kubernetes, left)
  }, 60_000)
  afterEach(() => kubernetes.close())

  const files = Object.keys(OBJECTS) as (keyof typeof OBJECTS)[]
  const read = async (file: keyof typeof OBJECTS) => (await kubernetes.request('GET', OBJECTS[file])).body
  const statusOf = async (file: keyof typeof OBJECTS) => (await kubernetes.request('GET', OBJECTS[file])).status
  const cluster = (namespace: string) =>
    step({ kubeconfig: kubernetes.kubeconfig, namespace, dapr_component: DAPR_COMPONENT })

  test('what is put back is what 1.0.0 wrote, with the same managers of the same fields; another repository does not touch it', async () => {
    for (const file of files) {
      const [was, is] = [await objectOf(file, left), await read(file)]
      // The fields of an update are told by the stand-in in its own way; an apply goes by them, and there both agree.
      const bare = ({ labels, annotations, managedFields }: Metadata) => ({
        labels,
        annotations,
        managers: managedFields.map(({ manager, operation, fieldsV1 }) => ({
          manager,
          operation,
          fieldsV1: operation === 'Apply' && fieldsV1,
        })),
      })
      expect(bare(is.metadata)).toEqual(bare(was.metadata))
      expect([is.data, is.spec]).toEqual([was.data, was.spec])
    }
    const before = await Promise.all(files.map(read))
    for (const action of ['synchronize', 'closed'] as const) {
      await world.run(pull(action), cluster(namespaces.pull), { repository: { fullName: 'octo/api', id: 1 } })
      expect(await Promise.all(files.map(read))).toEqual(before)
    }
  })

  test('a push updates Secret and Component in place, with the id of the repository, and the close takes them away', async () => {
    await mendRows()
    const before = await Promise.all(files.map(read))
    const [secret, component] = [await read('secret.json'), await read('component.json')]
    const result = await world.run(pull('synchronize'), cluster(namespaces.pull))
    expectSuccess(result)
    expect(messages(result, 'warning')).toEqual([])
    const after = await read('secret.json')
    expect(after.metadata.uid).toBe(secret.metadata.uid)
    expect(after.metadata.annotations).toEqual({
      ...secret.metadata.annotations,
      'neon-postgres-setup/branch': 'pr-7',
      'neon-postgres-setup/repository-id': expect.stringMatching(/^\d+$/),
    })
    const url = Buffer.from(after.data.DATABASE_URL, 'base64').toString()
    // The password that 1.0.0 made still logs in, so that it stays: who reads the Secret only later is not locked out.
    expect([new URL(url).username, new URL(url).password]).toEqual(['api', 'sandbox-password'])
    expect(url).not.toContain('ep-old')
    expect(after.data.PGDATABASE).toBe(secret.data.PGDATABASE)
    const now = await read('component.json')
    expect(now.metadata.uid).toBe(component.metadata.uid)
    expect(now.spec).toEqual(component.spec)

    expectSuccess(await world.run(pull('synchronize'), cluster(namespaces.pull)))
    expect((await read('secret.json')).metadata.resourceVersion).toBe(after.metadata.resourceVersion)

    world.github.closePull(7)
    const closed = await world.run(pull('closed'), cluster(namespaces.pull))
    expectSuccess(closed)
    expect(messages(closed, 'warning')).toEqual([])
    expect(find('pr-7')).toBeUndefined()
    expect(await isGoing(kubernetes, 'shop-pr-7')).toBe(true)
    expect(await Promise.all([statusOf('secret.json'), statusOf('component.json')])).toEqual([404, 404])
    // Nothing of production was touched by all that.
    const production = files.flatMap((file, index) => (file.startsWith('default-') ? [before[index]] : []))
    expect(await Promise.all(files.filter((file) => file.startsWith('default-')).map(read))).toEqual(production)
  })

  test('a sweep takes them with the branch; production keeps its Secret, which the next push gives the id', async () => {
    world.github.closePull(7)
    const swept = await world.run({ name: 'schedule' }, cluster(namespaces.pull))
    expectSuccess(swept)
    expect(swept.outputs.swept).toBe('1')
    expect(await Promise.all([statusOf('secret.json'), statusOf('component.json')])).toEqual([404, 404])
    expect(await isGoing(kubernetes, 'shop-pr-7')).toBe(true)

    await world.write({ 'db/0004_order_indexes.sql': null })
    const before = await read('default-secret.json')
    const result = await world.run({ name: 'push' }, cluster(namespaces.push))
    expectSuccess(result)
    const after = await read('default-secret.json')
    expect(after.metadata.uid).toBe(before.metadata.uid)
    expect(after.metadata.annotations['neon-postgres-setup/repository-id']).toMatch(/^\d+$/)
  })
})
