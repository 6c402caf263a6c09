import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { PullRequestSettings, RunResult } from '../../sandbox/runner/index.ts'
import { checkOut, type Merge, mergeOf, type Texts } from '../support/git-history.ts'
import { startWorld, type World } from '../support/world.ts'

// One repository with several pull requests; each test is one push, run with the committed dist.
let world: World
let projectId = ''
beforeAll(async () => {
  world = await startWorld()
  for (const number of [1, 2, 3, 4, 5]) world.github.openPull({ number })
})
afterAll(() => world.close())

const INPUTS = { project_name: 'shop', schema: 'sql' }
const main: Texts = {
  'sql/0001_users.sql': 'create table users (id int primary key, name text);\ninsert into users values (1, $$Ann$$);',
  'sql/0002_orders.sql': 'create table orders (id int primary key, user_id int references users (id));',
}

async function pushToMain(files: Texts, inputs = INPUTS): Promise<RunResult> {
  Object.assign(main, files)
  await checkOut(world, main)
  const result = await world.run({ name: 'push' }, inputs)
  projectId = world.neon.projects()[0]?.id ?? ''
  return result
}

const event = (number: number, { headSha, mergeSha }: Merge): PullRequestSettings => ({
  ...{ name: 'pull_request', action: 'synchronize', number, headSha, mergeSha },
})

async function push(number: number, pull: Record<string, string | null>, inputs: Record<string, string> = INPUTS) {
  return await world.run(event(number, await mergeOf(world, main, pull)), inputs)
}

const changesOf = (result: RunResult): string[] =>
  JSON.parse(result.outputs.changes ?? '{}').changes.map(
    ({ action, kind, id }: Record<string, string>) => `${action} ${kind} ${id}`,
  )
const warningsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'warning').map(({ message }) => message)
const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
const noticesOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'notice').map(({ message }) => message)
const commentOf = (number: number) => world.github.comments(number).at(-1)?.body ?? ''

/** Asks the preview of a pull request. */
async function ask(number: number, sql: string): Promise<Record<string, unknown>[]> {
  const id = world.neon.branches(projectId).find(({ name }) => name === `pr-${number}`)?.id ?? ''
  const cluster = world.neon.branchCluster(projectId, id)
  if (!cluster) throw new Error(`pull request ${number} has no preview`)
  return await cluster.query(sql, 'neondb')
}
const ledgerOf = async (number: number) =>
  (await ask(number, 'select name from neon_setup.migrations order by name')).map(({ name }) => name)
const isReset = (result: RunResult) => /was reset to its parent/.test(result.log)

describe('main moves under an open pull request', () => {
  let requests: string[] = []
  const own = { 'sql/0010_badges.sql': 'create table badges (id int primary key);' }

  test('its files run before those of the pull request, and what they did is no change of it', async () => {
    expect((await pushToMain({})).conclusion).toBe('success')
    const first = await push(1, own)
    expect(first.outputs).toMatchObject({ outcome: 'created', applied: '1' })
    await ask(1, "insert into badges values (1); insert into users values (2, 'Bob')")
    await pushToMain({
      'sql/0003_tags.sql': 'create table tags (id int primary key);\nalter table users add column points int;',
      'sql/0004_more.sql': 'insert into tags values (1), (2);\ninsert into users values (7, $$Cid$$);',
    })
    const second = await push(1, { ...own, 'sql/0011_stars.sql': 'create table stars (id int primary key);' })
    requests = world.requests()
    expect(second.outputs).toMatchObject({ outcome: 'reused', applied: '1' })
    expect(isReset(second)).toBe(false)
    expect(await ask(1, 'select id from badges')).toEqual([{ id: 1 }])
    expect(changesOf(second).filter((change) => / table /.test(change))).toEqual([
      'added table public.badges',
      'added table public.stars',
    ])
    expect(changesOf(second).join()).not.toMatch(/tags|points/)
    const users = JSON.parse(second.outputs.tables ?? '{}').tables.find(
      ({ name }: { name: string }) => name === 'users',
    )
    // Bob was put there by hand, Cid by main.
    expect(users).toMatchObject({ rows: 3, change: 1 })
    expect(commentOf(1)).toContain('2 files of `main`')
    expect(warningsOf(second)).toEqual([])
  })

  test('and on the next push they are unchanged, and still no change of it', async () => {
    const again = await push(1, { ...own, 'sql/0011_stars.sql': 'create table stars (id int primary key);' })
    expect(again.outputs).toMatchObject({ outcome: 'reused', applied: '0' })
    // Nobody asked the parent: what main has cost no request of Neon and no login elsewhere.
    expect(world.requests()).toEqual(requests)
    expect(changesOf(again).join()).not.toMatch(/tags|points/)
    expect(warningsOf(again)).toEqual([])
  })

  test('a plan of it writes nothing to the preview', async () => {
    const pull = { ...own, 'sql/0011_stars.sql': 'create table stars (id int primary key);' }
    const seen = () =>
      ask(1, 'select (select job from neon_setup.seen_by) as job, (select count(*)::int from neon_setup.effects) as n')
    const before = await seen()
    expect((await push(1, pull, { ...INPUTS, mode: 'plan' })).conclusion).toBe('success')
    expect(await seen()).toEqual(before)
    expect(before[0]?.job).toMatch(/^9000000001 1 /)
  })

  test('where they do not run on what the preview holds, it is reset and replayed', async () => {
    const pull = { ...own, 'sql/0011_stars.sql': 'create table stars (id int primary key);' }
    await ask(1, 'create table carts (id int)')
    await pushToMain({ 'sql/0005_carts.sql': 'create table carts (id int primary key);' })
    const result = await push(1, pull)
    expect(result.conclusion).toBe('success')
    expect(warningsOf(result)).toEqual([
      expect.stringMatching(
        /sql\/0005_carts\.sql of main failed on what it holds: .*data that was put on the preview is gone/,
      ),
    ])
    expect(commentOf(1)).toContain('data that was put on the preview is gone')
    expect(await ask(1, 'select id from badges')).toEqual([])
  })
})

describe('a file that only the pull request has', () => {
  const badges = 'create table badges (id int primary key);'

  test('renamed with the same text: its row is renamed, and nothing runs', async () => {
    await push(2, { 'sql/0010_badges.sql': badges })
    await ask(2, 'insert into badges values (1)')
    const result = await push(2, { 'sql/0020_badges.sql': badges })
    expect(result.outputs).toMatchObject({ outcome: 'reused', applied: '0' })
    expect(noticesOf(result)).toEqual([
      expect.stringMatching(
        /sql\/0020_badges\.sql is 0010_badges\.sql under another name.*To run its statements once more/,
      ),
    ])
    expect(await ask(2, 'select id from badges')).toEqual([{ id: 1 }])
    expect((await ledgerOf(2)).at(-1)).toBe('0020_badges.sql')
  })

  test('renamed with a change: the preview is reset and replayed, and the report says what is gone', async () => {
    const result = await push(2, { 'sql/0021_badges.sql': 'create table badges (id bigint primary key);' })
    expect(result.conclusion).toBe('success')
    expect(warningsOf(result)).toEqual([
      expect.stringMatching(
        /0020_badges\.sql was applied to it, and is no file any more.*data that was put on the preview is gone/,
      ),
    ])
    expect(await ask(2, 'select * from badges')).toEqual([])
    expect((await ledgerOf(2)).at(-1)).toBe('0021_badges.sql')
  })

  test('edited: the same', async () => {
    const result = await push(2, { 'sql/0021_badges.sql': badges })
    expect(warningsOf(result)).toEqual([expect.stringMatching(/0021_badges\.sql changed after being applied to it/)])
    expect(result.outputs.applied).toBe('1')
  })

  test('out of a sparse checkout: an error, and the preview keeps what it has', async () => {
    await ask(2, 'insert into badges values (5)')
    const merge = await mergeOf(world, main, { 'sql/0021_badges.sql': 'create table badges (id text primary key);' })
    await rm(join(world.workspace, 'sql/0001_users.sql'))
    const result = await world.run(event(2, merge), INPUTS)
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(/Could not reset the preview for a replay: the checkout lacks sql\/0001_users\.sql/),
    ])
    expect(await ask(2, 'select id from badges')).toEqual([{ id: 5 }])
  })

  test('seen from another folder, which the input names now: an error, and nothing is reset', async () => {
    const result = await push(
      2,
      { 'db/0001_else.sql': 'create table elsewhere (id int);' },
      { ...INPUTS, schema: 'db' },
    )
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(/0021_badges\.sql of this preview came from another folder than db/),
    ])
    expect(await ask(2, 'select id from badges')).toEqual([{ id: 5 }])
  })

  test('deleted: reset, and what it made is gone', async () => {
    const result = await push(2, { 'sql/0030_other.sql': 'select 1;' })
    expect(isReset(result)).toBe(true)
    expect(await ask(2, "select to_regclass('badges') as badges")).toEqual([{ badges: null }])
  })
})

describe('merged out of order', () => {
  const late = { 'sql/0002_5_late.sql': 'create table late (id int);' }

  test('the pull request is warned, on each push, with the free name', async () => {
    const text =
      'sql/0002_5_late.sql is new but sorts before 0005_carts.sql, which main already has: rename it to 0006_late.sql.'
    expect(warningsOf(await push(3, late))).toEqual([text])
    expect(warningsOf(await push(3, late))).toEqual([text])
  })

  test('obeying it is a rename, and runs nothing a second time', async () => {
    const result = await push(3, { 'sql/0006_late.sql': late['sql/0002_5_late.sql'] })
    expect(result.outputs).toMatchObject({ outcome: 'reused', applied: '0' })
    expect(warningsOf(result)).toEqual([])
  })

  test('merged all the same: it runs with a notice, and no rename is advised', async () => {
    const result = await pushToMain(late)
    expect(result.outputs.applied).toBe('1')
    expect(warningsOf(result)).toEqual([])
    expect(noticesOf(result)).toEqual([
      'sql/0002_5_late.sql is new and sorts before 0005_carts.sql, which is already applied: it runs behind it.',
    ])
    expect(result.log).not.toContain('rename it')
  })
})

describe('where the base cannot be told', () => {
  test.each([
    ['the head is checked out', { head: true }, /checked out is [0-9a-f]{40}, and merging would give/],
    ['a filter changed a text', { filter: true }, /sql\/0001_users\.sql has another text than the commit/],
  ])(
    'it is said once, and the ledger of the copy decides: %s',
    async (_, { head = false, filter = false }: { head?: boolean; filter?: boolean }, said) => {
      const pull = { 'sql/0010_other.sql': 'create table other (id int);' }
      const merge = await mergeOf(world, main, pull)
      if (head) await world.write({ '.git/HEAD': `${merge.headSha}\n` })
      if (filter) await world.write({ 'sql/0001_users.sql': `${main['sql/0001_users.sql']} -- $Id$` })
      const result = await world.run(event(4, merge), filter ? { ...INPUTS, on_edit: 'accept' } : INPUTS)
      expect(result.conclusion).toBe('success')
      expect(noticesOf(result).filter((text) => said.test(text ?? ''))).toHaveLength(1)
    },
  )
})

test('an entry of the merge queue is compared with what it is queued behind', async () => {
  const { baseSha, mergeSha } = await mergeOf(world, main, { 'sql/0009_queued.sql': 'create table queued (id int);' })
  const result = await world.run({ name: 'merge_group', number: 3, sha: mergeSha, baseSha }, INPUTS)
  expect(result.conclusion).toBe('success')
  expect(result.outputs).toMatchObject({ applied: '1' })
  expect(result.log).not.toContain('is not known here')
})

test('an existing database is adopted, as its first error says', async () => {
  const inputs = { project_name: 'old', schema: 'sql' }
  const files = {
    'sql/0001_a.sql': 'create table a (id int);',
    'sql/0002_b.sql': 'create table b (id int);',
    'sql/0003_new.sql': 'create table fresh (id int);',
  }

  await checkOut(world, files)
  await world.run({ name: 'push' }, { ...inputs, schema: 'none' })
  const project = world.neon.projects().find(({ name }) => name === 'old')
  const [branch] = world.neon.branches(project?.id ?? '')
  await world.neon
    .branchCluster(project?.id ?? '', branch?.id ?? '')
    ?.query('set role neondb_owner; create table a (id int); create table b (id int)', 'neondb')
  const failed = await world.run({ name: 'push' }, inputs)
  expect(errorsOf(failed).join()).toMatch(
    /relation "a" already exists\n.*set the input baseline to the last file that the database has already/,
  )
  const adopted = await world.run({ name: 'push' }, { ...inputs, baseline: '0002_b.sql' })
  expect(adopted.conclusion).toBe('success')
  expect(adopted.outputs.applied).toBe('1')
})

describe('two databases in one pull request', () => {
  const shop = { ...INPUTS, database: 'neondb' }
  const audit = { ...INPUTS, database: 'audit', schema: 'audit', comment_id: 'audit' }
  const own = { 'sql/0010_shop.sql': 'create table shop (id int);', 'audit/0001_log.sql': 'create table log (id int);' }

  /** Both steps of a job; the second runs only when the first was green, as in a workflow. */
  async function job(pull: Record<string, string>, runId: number): Promise<RunResult[]> {
    const merge = await mergeOf(world, main, pull)
    const first = await world.run(event(5, merge), shop, { runId })
    return first.conclusion === 'success' ? [first, await world.run(event(5, merge), audit, { runId })] : [first]
  }

  test('a reset for one puts the other back too: that is red, and the next run of the job makes both whole', async () => {
    const [branch] = world.neon.branches(projectId).filter(({ name }) => name === 'main')
    const answer = await fetch(`${world.neon.url}/projects/${projectId}/branches/${branch?.id}/databases`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.neon.organizationApiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ database: { name: 'audit', owner_name: 'neondb_owner' } }),
    })
    expect(answer.status).toBe(201)
    await world.neon.settle()
    const opened = await job(own, 71)
    expect(opened.map(({ outputs }) => outputs.applied)).toEqual(['1', '1'])
    expect(world.github.comments(5)).toHaveLength(2)
    const edited = { ...own, 'audit/0001_log.sql': 'create table log (id bigint);' }
    const [first, second] = await job(edited, 72)
    expect([first?.conclusion, second?.conclusion]).toEqual(['success', 'failure'])
    expect(second && errorsOf(second)).toEqual([
      expect.stringMatching(/The reset put the database neondb of this branch back as well.* Run the job again/),
    ])
    const again = await job(edited, 73)
    expect(again.map(({ conclusion, outputs }) => [conclusion, outputs.applied])).toEqual([
      ['success', '1'],
      ['success', '0'],
    ])
  })

  test('with fresh, a job resets the branch once, and both steps apply to it', async () => {
    const merge = await mergeOf(world, main, own)
    const steps = async (runId: number) => {
      const first = await world.run(event(9, merge), { ...shop, fresh: 'true' }, { runId })
      return [first, await world.run(event(9, merge), { ...audit, fresh: 'true' }, { runId })]
    }
    expect((await steps(91)).map(({ outputs }) => outputs.applied)).toEqual(['1', '1'])
    const again = await steps(92)
    expect(again.map(({ conclusion, outputs }) => [conclusion, outputs.applied])).toEqual([
      ['success', '1'],
      ['success', '1'],
    ])
    expect(again.map(({ log }) => /::group::Fresh data|##\[group\]Fresh data/.test(log))).toEqual([true, false])
    expect(await ask(9, 'select count(*)::int as n from shop')).toEqual([{ n: 0 }])
  })
})

test('files of the pull request that main has by now are said to be told as its changes all the same', async () => {
  const own = { 'sql/0010_badges.sql': 'create table badges (id int primary key);' }
  const stars = { 'sql/0011_stars.sql': 'create table stars (id int primary key);' }
  expect((await pushToMain(own)).outputs.applied).toBe('1')
  const result = await push(1, stars)
  expect(isReset(result)).toBe(false)
  expect(warningsOf(result)).toEqual([expect.stringMatching(/^main has sql\/0010_badges\.sql by now.*mode: reset/)])
})
