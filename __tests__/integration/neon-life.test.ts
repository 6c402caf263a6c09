import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type NeonSandbox, type Seed, startNeon } from '../../sandbox/neon/index.ts'
import { openDatabase } from '../../src/database/connect.ts'
import {
  authUrlOf,
  type Branch,
  compareSchemas,
  connectionOf,
  dataApiUrlOf,
  deleteBranch,
  ensurePreviewBranch,
  ensureProject,
  lookUpBranch,
  type NamedBranchRequest,
  planSweep,
  pullRequestsOf,
  resetToParent,
  rotatePassword,
  sweepBranches,
  sweepCandidates,
} from '../../src/neon/index.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { calls, type NeonRun, neonRun } from '../support/neon.ts'

const REPOSITORY = 'octo/learn'
const OWNER = { repository: REPOSITORY, repositoryId: '', pullRequest: 7 }
const SSL = { ssl: 'require' as const }

let server: NeonSandbox
let projectId: string
let run: NeonRun

beforeAll(async () => {
  server = await startNeon({ plan: 'paid', branchLimit: 1000, operationMilliseconds: 20 })
  run = neonRun(server)
  const project = await ensureProject(run.neon, { name: 'learn' })
  projectId = project.id
  if (project.defaultBranch) {
    await sql(
      project.defaultBranch,
      "create table users (id int, email text); insert into users values (1, 'ann@real.example')",
    )
  }
})
afterAll(async () => {
  expect(server.violations).toEqual([])
  await server.close()
})
beforeEach(async () => {
  await server.settle()
  server.faults.clear()
  server.journal.length = 0
  run = neonRun(server, 20)
})

const preview = (name: string, changes: Partial<NamedBranchRequest> = {}) => {
  const origin = { ...OWNER, pullRequest: 7 }
  return ensurePreviewBranch(run.neon, {
    ...{ projectId, name, origin, expiresIn: '2d', namedByUser: false },
    ...changes,
  })
}
async function sql(branch: Branch, text: string, url?: string) {
  const connection = await connectionOf(run.neon, branch, SSL)
  const database = await openDatabase(run.runtime, { url: url ?? connection.url })
  try {
    return await database.sql.unsafe(text)
  } finally {
    await database.close()
  }
}
const failure = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ActionError)
  return (error as ActionError).sentence
}
const sent = (method: string) => server.journal.filter((entry) => entry.method === method)
const mark = (pull: number, repository = REPOSITORY) => ({
  'managed-by': 'neon-postgres-setup',
  'github-commit-repo': repository,
  'github-pr-number': String(pull),
})
const remove = (wanted: { name?: string; id?: string }, namedByUser = false) =>
  deleteBranch(run.neon, { projectId, owner: OWNER, namedByUser, ...wanted })

describe('cleanup', () => {
  test('refuses default and protected, keeps what is not ours, and names the children', async () => {
    const [parent = ''] = server.seedBranches(projectId, 1, () => ({ name: 'with-children', annotations: mark(7) }))
    const [child = ''] = server.seedBranches(projectId, 1, () => ({ name: 'its-child', parentId: parent }))
    server.seedBranches(projectId, 1, () => ({ name: 'guarded', protected: true, annotations: mark(7) }))
    server.seedBranches(projectId, 1, () => ({ name: 'theirs', annotations: mark(7, 'octo/other') }))
    server.seedBranches(projectId, 1, () => ({ name: 'by-hand' }))
    expect(await failure(remove({ name: 'main' }, true))).toMatch(/it is the default branch/)
    expect(await failure(remove({ name: 'guarded' }, true))).toMatch(/it is protected/)
    expect(await remove({ name: 'main' })).toMatchObject({ outcome: 'kept', reason: expect.stringMatching(/default/) })
    expect(await remove({ name: 'guarded' })).toMatchObject({ outcome: 'kept', reason: 'it is protected' })
    expect(await remove({ name: 'theirs' })).toMatchObject({
      outcome: 'kept',
      reason: 'it was made by pull request #7 of octo/other',
    })
    expect(await remove({ name: 'by-hand' })).toMatchObject({ outcome: 'kept', reason: expect.stringMatching(/mark/) })
    expect(sent('DELETE')).toEqual([])
    expect(await failure(remove({ name: 'with-children' }))).toMatch(/it has children: its-child/)
    expect((await remove({ name: 'by-hand' }, true)).outcome).toBe('deleted')
    expect((await remove({ id: child }, true)).outcome).toBe('deleted')
    expect((await remove({ id: parent })).outcome).toBe('deleted')
    expect((await remove({ id: parent })).outcome).toBe('gone')
    expect(await failure(remove({}, true))).toMatch(/branch or branch_id/)
  })

  test('gone between the look and the delete (204) is a success', async () => {
    server.seedBranches(projectId, 1, () => ({ name: 'pr-204', annotations: mark(7) }))
    server.faults.add({ kind: 'answer-after', method: 'DELETE', status: 204 })
    expect((await remove({ name: 'pr-204' })).outcome).toBe('gone')
  })

  test('a delete that never arrived is sent again after looking', async () => {
    server.seedBranches(projectId, 1, () => ({ name: 'pr-drop', annotations: mark(7) }))
    server.faults.add({ kind: 'drop', method: 'DELETE' })
    expect((await remove({ name: 'pr-drop' })).outcome).toBe('deleted')
    expect(sent('DELETE')).toHaveLength(2)
    expect(await lookUpBranch(run.neon, projectId, 'pr-drop')).toBeUndefined()
  })
})

describe('reset', () => {
  test('to the parent: same URL, parent rows, time to live anew', async () => {
    const branch = await preview('pr-reset')
    const before = await connectionOf(run.neon, branch, SSL)
    await sql(branch, 'create table own (id int); delete from users')
    const found = await lookUpBranch(run.neon, projectId, 'pr-reset')
    if (!found) throw new Error('the branch is there')
    server.journal.length = 0
    const expiresAt = `${new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 19)}Z`
    const reset = await resetToParent(run.neon, found, expiresAt)
    expect(reset.expiresAt).toBe(expiresAt)
    expect(server.branches(projectId).find(({ id }) => id === branch.id)?.expires_at).toBe(expiresAt)
    expect(calls(server.journal)[0]).toBe(`POST /projects/${projectId}/branches/${branch.id}/restore`)
    const after = await connectionOf(run.neon, reset, SSL)
    expect(after.url).toBe(before.url)
    const rows = await sql(reset, "select to_regclass('own') as own, (select count(*)::int from users) as users")
    expect([...rows]).toEqual([{ own: null, users: 1 }])
    await remove({ name: 'pr-reset' })
  })

  test('a lost answer is settled by looking, one restore in all', async () => {
    const branch = await preview('pr-reset-2')
    server.journal.length = 0
    server.faults.add({ kind: 'drop-after', method: 'POST', path: /restore/ })
    await resetToParent(run.neon, branch)
    expect(sent('POST')).toHaveLength(1)
    expect(server.branches(projectId).find(({ id }) => id === branch.id)?.last_reset_at).toBeDefined()
    await remove({ name: 'pr-reset-2' })
  })

  test('refuses the default branch, roots, and names the children', async () => {
    const main = await lookUpBranch(run.neon, projectId, 'main')
    if (!main) throw new Error('main is there')
    expect(await failure(resetToParent(run.neon, main))).toMatch(/it is the default branch/)
    const root = await preview('pr-root', { schemaOnly: true, expiresIn: 'never' })
    const { parentId: _none, ...rootless } = root
    expect(await failure(resetToParent(run.neon, rootless))).toMatch(/no parent/)
    const [id = ''] = server.seedBranches(projectId, 1, () => ({ name: 'pr-parent', annotations: mark(7) }))
    const [child = ''] = server.seedBranches(projectId, 1, () => ({ name: 'pr-child', parentId: id }))
    const parent = await lookUpBranch(run.neon, projectId, 'pr-parent')
    if (!parent) throw new Error('pr-parent is there')
    expect(await failure(resetToParent(run.neon, parent))).toMatch(/it has children: pr-child/)
    await remove({ id: child }, true)
    await remove({ id })
    await remove({ id: root.id })
  })
})

describe('rotate', () => {
  test('the new password works, the old one no longer, both are masked', async () => {
    const branch = await preview('pr-rotate')
    const old = await connectionOf(run.neon, branch, SSL)
    const fresh = await rotatePassword(run.neon, branch, old, SSL)
    expect(fresh.password).not.toBe(old.password)
    expect(fresh.host).toBe(old.host)
    expect(run.runtime.masks).toEqual(
      expect.arrayContaining([old.password, fresh.password, fresh.url, fresh.pooledUrl]),
    )
    await sql(branch, 'select 1', fresh.url)
    await expect(sql(branch, 'select 1', old.url)).rejects.toMatchObject({ code: '28P01' })
    await remove({ name: 'pr-rotate' })
  })

  test('a lost answer: the new password is read, one reset in all', async () => {
    const branch = await preview('pr-rotate-2')
    const old = await connectionOf(run.neon, branch, SSL)
    server.journal.length = 0
    server.faults.add({ kind: 'drop-after', method: 'POST' })
    const fresh = await rotatePassword(run.neon, branch, old, SSL)
    expect(fresh.password).not.toBe(old.password)
    expect(sent('POST')).toHaveLength(1)
    await sql(branch, 'select 1', fresh.url)
    await remove({ name: 'pr-rotate-2' })
  })

  test('never arrived: the password is still the old one, so it is sent again', async () => {
    const branch = await preview('pr-rotate-3')
    const old = await connectionOf(run.neon, branch, SSL)
    server.journal.length = 0
    server.faults.add({ kind: 'drop', method: 'POST' })
    const fresh = await rotatePassword(run.neon, branch, old, SSL)
    await sql(branch, 'select 1', fresh.url)
    expect(sent('POST')).toHaveLength(2)
    await remove({ name: 'pr-rotate-3' })
  })
})

describe('schema-only and anonymised branches', () => {
  const rules = [
    {
      database_name: 'neondb',
      schema_name: 'public',
      table_name: 'users',
      column_name: 'email',
      masking_value: 'hidden@example.com',
    },
  ]

  test('schema-only has the tables and no rows', async () => {
    const branch = await preview('pr-schema', { schemaOnly: true, expiresIn: 'never' })
    expect(branch.schemaOnly).toBe(true)
    expect([...(await sql(branch, 'select count(*)::int as rows from users'))]).toEqual([{ rows: 0 }])
    await remove({ name: 'pr-schema' })
  })

  test('anonymised: masked when it is handed out, and again when reused', async () => {
    const branch = await preview('pr-masked', { maskingRules: rules })
    expect([...(await sql(branch, 'select email from users'))]).toEqual([{ email: 'hidden@example.com' }])
    expect(await preview('pr-masked', { maskingRules: rules })).toMatchObject({ id: branch.id, created: false })
    await remove({ name: 'pr-masked' })
  })

  test('a branch with real rows is never handed out in its place', async () => {
    await preview('pr-real')
    expect(await failure(preview('pr-real', { maskingRules: rules }))).toMatch(/its data is not masked/)
    await remove({ name: 'pr-real' })
  })

  test('rules that cannot be applied fail with the cause', async () => {
    const [rule] = rules
    const wrong = { ...(rule as (typeof rules)[0]), column_name: 'nope' }
    expect(await failure(preview('pr-wrong', { maskingRules: [wrong] }))).toMatch(/ended as error: .*nope/)
    await remove({ name: 'pr-wrong' })
  })
})

describe('extras', () => {
  test('auth and Data API URLs, or nothing where they are not set up', async () => {
    const main = await lookUpBranch(run.neon, projectId, 'main')
    if (!main) throw new Error('main is there')
    expect(await authUrlOf(run.neon, main)).toBeUndefined()
    expect(await dataApiUrlOf(run.neon, main, 'neondb')).toBeUndefined()
    server.settings.integrationsUrl = 'https://integrations.example'
    expect(await authUrlOf(run.neon, main)).toMatch(/^https:\/\/integrations\.example\//)
    expect(await dataApiUrlOf(run.neon, main, 'neondb')).toMatch(/^https:\/\/integrations\.example\//)
    server.settings.integrationsUrl = undefined
  })

  test('the schema of a branch against its parent and against another', async () => {
    const branch = await preview('pr-diff')
    const request = { projectId, compareBranch: 'pr-diff', database: 'neondb' }
    const equal = await compareSchemas(run.neon, request)
    expect(equal.compareSql).toBe(equal.baseSql)
    await sql(branch, 'create table fresh (id int)')
    const against = await compareSchemas(run.neon, request)
    expect(against).toMatchObject({ compare: { name: 'pr-diff' }, base: { name: 'main' } })
    expect([against.baseSql, against.compareSql].map((text) => /^CREATE TABLE public\.fresh/m.test(text))).toEqual([
      false,
      true,
    ])
    const back = await compareSchemas(run.neon, { ...request, compareBranch: 'main', baseBranch: branch.id })
    expect(back.baseSql).toBe(against.compareSql)
    expect(await failure(compareSchemas(run.neon, { ...request, compareBranch: 'main' }))).toMatch(/base_branch/)
    expect(await failure(compareSchemas(run.neon, { ...request, compareBranch: 'nope' }))).toMatch(/no branch nope/)
    const both = { ...request, timestamp: '2026-01-01T00:00:00Z', lsn: '0/1' }
    expect(await failure(compareSchemas(run.neon, both))).toMatch(/Both timestamp and lsn/)
    await remove({ name: 'pr-diff' })
  })
})

describe('sweep', () => {
  const states = new Map<number, 'open' | 'closed'>()
  const seeds = (index: number): Seed => {
    const createdAt = new Date(Date.now() - 3 * 86_400_000).toISOString()
    // 300 to go, 200 to stay: open, another repository's, not ours, protected.
    if (index < 300) return { name: `pr-${index}`, createdAt, annotations: mark(index) }
    if (index < 400) return { name: `pr-${index}`, createdAt, annotations: mark(index) }
    if (index < 450) return { name: `pr-${index}`, createdAt, annotations: mark(index - 400, 'octo/other') }
    if (index < 490) return { name: `dev-${index}`, createdAt }
    return { name: `pr-${index}`, createdAt, protected: true, annotations: mark(index - 400) }
  }
  for (let pull = 0; pull < 300; pull += 1) states.set(pull, 'closed')
  for (let pull = 300; pull < 400; pull += 1) states.set(pull, 'open')
  const rules = { owner: OWNER, pullRequests: states }
  const options = {
    again: async (branch: Branch) => planSweep([branch], rules, run.clock.now())[0],
  }

  test('500 branches, 200 of which stay, over pages; with dry_run first, and locks in between', async () => {
    const others = server.branches(projectId).length
    const before = new Set(server.seedBranches(projectId, 500, seeds))
    server.settings.operationMilliseconds = 1
    server.settings.branchPageSize = 70
    run = neonRun(server, 2)
    const branches = await sweepCandidates(run.neon, projectId)
    expect(branches).toHaveLength(500 + others)
    expect(pullRequestsOf(branches, OWNER)).toHaveLength(400)
    const plan = planSweep(branches, rules, run.clock.now())
    const dry = await sweepBranches(run.neon, plan, { ...options, projectId, dryRun: true })
    expect(dry.filter(({ action }) => action === 'would delete')).toHaveLength(300)
    expect(sent('DELETE')).toEqual([])
    const [reused] = branches.filter(({ name }) => name === 'pr-17')
    const used = server.branches(projectId).find(({ id }) => id === reused?.id)
    if (used) used.expires_at = new Date(Date.now() + 86_400_000).toISOString()
    server.faults.add({ kind: 'drop-after', method: 'DELETE', times: 3, skip: 20 })
    server.faults.add({
      kind: 'answer',
      method: 'DELETE',
      status: 429,
      headers: { 'retry-after': '3' },
      times: 2,
      skip: 90,
    })
    const rows = await sweepBranches(run.neon, plan, { ...options, projectId, dryRun: false })
    expect(rows).toHaveLength(plan.length)
    expect(rows.filter(({ action }) => action === 'failed')).toEqual([])
    expect(rows.filter(({ action }) => action === 'deleted')).toHaveLength(299)
    expect(rows.find(({ branchName }) => branchName === 'pr-17')).toMatchObject({
      action: 'kept',
      reason: 'a run used it while this sweep was under way',
    })
    await server.settle()
    const left = server.branches(projectId).filter(({ id }) => before.has(id))
    expect(left).toHaveLength(201)
    expect(left.filter(({ name }) => /^pr-([12]?\d?\d)$/.test(name)).map(({ name }) => name)).toEqual(['pr-17'])
    expect(sent('DELETE').some(({ status }) => status === 423)).toBe(true)
    server.settings.branchPageSize = 100
  })

  test('a page that cannot be read ends the sweep before it begins', async () => {
    server.settings.branchPageSize = 70
    server.faults.add({ kind: 'answer', method: 'GET', status: 500, skip: 1, times: 100 })
    expect(await failure(sweepCandidates(run.neon, projectId))).toMatch(/list the branches/)
    server.faults.clear()
    server.faults.add({
      kind: 'answer',
      times: 5,
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ branches: server.branches(projectId), annotations: {}, pagination: { next: 'again' } }),
    })
    expect(await failure(sweepCandidates(run.neon, projectId))).toMatch(/same page twice/)
    server.settings.branchPageSize = 100
  })

  test('one that fails does not stop the others; a refused key does', async () => {
    server.seedBranches(projectId, 3, (index) => ({ name: `late-${index}`, annotations: mark(index) }))
    const branches = (await sweepCandidates(run.neon, projectId)).filter(({ name }) => name.startsWith('late-'))
    const plan = planSweep(branches, rules, run.clock.now())
    server.faults.add({
      kind: 'answer',
      method: 'DELETE',
      status: 400,
      body: JSON.stringify({ message: 'no', code: '' }),
    })
    const rows = await sweepBranches(run.neon, plan, { ...options, projectId, dryRun: false, concurrency: 1 })
    expect(rows.map(({ action }) => action)).toEqual(['failed', 'deleted', 'deleted'])
    expect(rows[0]?.reason).toMatch(/Neon answered 400: no/)
    server.faults.add({ kind: 'answer', method: 'GET', status: 401 })
    expect(
      await failure(sweepBranches(run.neon, plan, { ...options, projectId, dryRun: false, concurrency: 1 })),
    ).toMatch(/api_key/)
  })
})
