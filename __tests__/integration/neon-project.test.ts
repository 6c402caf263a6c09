import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { serve } from '../../sandbox/http/serve.ts'
import { type NeonSandbox, startNeon } from '../../sandbox/neon/index.ts'
import { openDatabase } from '../../src/database/connect.ts'
import { connectionOf, defaultBranch, ensureProject, type ProjectRequest } from '../../src/neon/index.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { calls, type NeonRun, neonRun } from '../support/neon.ts'

const SSL = { ssl: 'require' as const }

let server: NeonSandbox
let run: NeonRun

beforeEach(async () => {
  server = await startNeon()
  run = neonRun(server, 20)
})
afterEach(async () => {
  expect(server.violations).toEqual([])
  await server.close()
})

const ensure = (request: ProjectRequest) => ensureProject(run.neon, request)
const posts = () => server.journal.filter(({ method }) => method === 'POST')
const failure = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ActionError)
  return (error as ActionError).sentence
}

describe('by name', () => {
  test('made once with a login, then reused; only the exact name counts', async () => {
    const made = await ensure({ name: 'learn' })
    expect(made).toMatchObject({ name: 'learn', created: true, orgId: server.organizationId, pgVersion: 17 })
    const branch = made.defaultBranch
    if (!branch) throw new Error('the create reply has a branch')
    const asked = server.journal.length
    const connection = await connectionOf(run.neon, branch, SSL)
    expect(server.journal).toHaveLength(asked)
    const database = await openDatabase(run.runtime, { url: connection.url })
    expect(await database.sql`select 1 as one`).toHaveLength(1)
    await database.close()
    await ensure({ name: 'learn-two' })
    expect(await ensure({ name: 'learn' })).toMatchObject({ id: made.id, created: false })
    expect(
      server
        .projects()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['learn', 'learn-two'])
    expect(await defaultBranch(run.neon, made.id)).toMatchObject({ id: branch.id, default: true, created: false })
  })

  test('two of one name are refused with both ids', async () => {
    const first = await ensure({ name: 'learn' })
    await ensure({ name: 'other' })
    await server.settle()
    const [, second] = server.projects()
    if (second) Object.assign(second, { name: 'learn', created_at: '2026-01-01T00:00:00Z' })
    const [one] = server.projects()
    if (one) one.created_at = '2026-01-02T00:00:00Z'
    const sentence = await failure(ensure({ name: 'learn' }))
    expect(sentence).toMatch(/2 projects are named learn/)
    expect(sentence).toContain(first.id)
    expect(sentence).toContain(second?.id)
    expect(sentence).toContain('project_id')
  })

  test('found on a later page; the cursor that comes with the last page ends nothing but the list', async () => {
    const item = (index: number) => ({
      id: `p-${index}`,
      name: index === 250 ? 'learn' : `learn-${index}`,
      created_at: '2026-01-01T00:00:00Z',
    })
    const all = Array.from({ length: 260 }, (_, index) => item(index))
    const paged = await serve(async ({ url }) => {
      if (url.pathname.endsWith('/organizations')) return { status: 200, body: { organizations: [] } }
      const start = all.findIndex(({ id }) => id === url.searchParams.get('cursor')) + 1
      const projects = all.slice(start, start + Number(url.searchParams.get('limit')))
      return { status: 200, body: { projects, pagination: { cursor: projects.at(-1)?.id ?? '' } } }
    })
    try {
      const project = await ensureProject(neonRun(paged).neon, { name: 'learn' })
      expect(project).toMatchObject({ id: 'p-250', created: false })
      expect(paged.journal.filter(({ path }) => path.startsWith('/projects'))).toHaveLength(3)
    } finally {
      await paged.close()
    }
  })

  test('several organizations: they are listed, one of them is named', async () => {
    server.settings.accounts[0]?.organizations.push('org-second-12345678')
    expect(await failure(ensure({ name: 'learn' }))).toMatch(/belongs to 2 organizations.*org-second-12345678.*org_id/)
    expect(posts()).toEqual([])
    expect((await ensure({ name: 'learn', orgId: server.organizationId })).orgId).toBe(server.organizationId)
  })

  test('a key of the organization needs no org_id', async () => {
    run = neonRun({ url: server.url, apiKey: server.organizationApiKey }, 20)
    expect((await ensure({ name: 'learn' })).created).toBe(true)
  })

  test('create: false makes nothing', async () => {
    expect(await failure(ensure({ name: 'learn', create: false }))).toMatch(/No Neon project is named learn/)
    expect(posts()).toEqual([])
  })

  test('nothing named', async () => {
    expect(await failure(ensure({}))).toMatch(/project_id or project_name/)
  })
})

describe('by id', () => {
  test('one request, or none; projects are never listed', async () => {
    const { id } = await ensure({ name: 'learn' })
    server.journal.length = 0
    expect(await ensure({ id })).toMatchObject({ id, name: 'learn', created: false, regionId: 'aws-us-east-2' })
    expect(await ensure({ id, describe: false })).toEqual({ id, name: id, created: false })
    expect(await failure(ensure({ id: 'no-such-123456' }))).toMatch(
      /find the project no-such-123456: Neon answered 404/,
    )
    expect(calls(server.journal)).toEqual([`GET /projects/${id}`, 'GET /projects/no-such-123456'])
  })
})

describe('settings', () => {
  test('all that are given reach the project', async () => {
    server.settings.plan = 'paid'
    const project = await ensure({
      name: 'learn',
      regionId: 'aws-eu-central-1',
      pgVersion: 16,
      database: 'app',
      role: 'app_admin',
      minCu: 0.5,
      maxCu: 2,
      suspendTimeout: -1,
      historyRetention: 3600,
      allowedIps: ['10.0.0.0/8'],
      blockPublicConnections: true,
      protectDefaultBranch: true,
    })
    expect(server.projects()[0]).toMatchObject({
      region_id: 'aws-eu-central-1',
      pg_version: 16,
      history_retention_seconds: 3600,
      default_endpoint_settings: {
        autoscaling_limit_min_cu: 0.5,
        autoscaling_limit_max_cu: 2,
        suspend_timeout_seconds: -1,
      },
      settings: { allowed_ips: { ips: ['10.0.0.0/8'] }, block_public_connections: true },
    })
    expect(project.defaultBranch).toMatchObject({ protected: true, databases: [{ name: 'app', owner: 'app_admin' }] })
    expect(server.branches(project.id)[0]?.protected).toBe(true)
  })

  test('protection that a broken run left out is made up for', async () => {
    server.settings.plan = 'paid'
    const { id } = await ensure({ name: 'learn' })
    const again = await ensure({ name: 'learn', protectDefaultBranch: true })
    expect(again.defaultBranch?.protected).toBe(true)
    server.journal.length = 0
    await ensure({ name: 'learn', protectDefaultBranch: true })
    expect(server.journal.filter(({ method }) => method !== 'GET')).toEqual([])
    expect(server.branches(id)[0]?.protected).toBe(true)
  })

  test('an unknown region lists the right ones and makes nothing', async () => {
    expect(await failure(ensure({ name: 'learn', regionId: 'eu-west-9' }))).toMatch(
      /Neon has no region eu-west-9.*aws-eu-central-1/,
    )
    expect(posts()).toEqual([])
  })

  test('a region or version that an existing project does not have is told', async () => {
    await ensure({ name: 'learn' })
    await ensure({ name: 'learn', regionId: 'aws-eu-central-1', pgVersion: 16 })
    expect(run.runtime.annotations).toMatchObject([
      {
        kind: 'warning',
        text: expect.stringMatching(/region is aws-us-east-2, not aws-eu-central-1.*Postgres is 17, not 16/),
      },
    ])
  })

  test('the limit of projects', async () => {
    server.settings.projectLimit = 0
    expect(await failure(ensure({ name: 'learn' }))).toMatch(/PROJECTS_LIMIT_EXCEEDED.*project_id/)
  })
})

describe('lost answers and races', () => {
  test.each([{ kind: 'drop-after' as const }, { kind: 'answer-after' as const, status: 524, body: '<html></html>' }])(
    'the answer to the create is lost ($kind): adopted, one POST',
    async (fault) => {
      server.faults.add({ ...fault, method: 'POST' })
      const project = await ensure({ name: 'learn' })
      expect(project.created).toBe(true)
      expect(posts()).toHaveLength(1)
      expect(server.projects()).toHaveLength(1)
    },
  )

  test('the create never arrived: it is not sent again, and the next run makes the project', async () => {
    server.faults.add({ kind: 'drop', method: 'POST' })
    expect(await failure(ensure({ name: 'learn' }))).toMatch(/no answer from the Neon API.*run the job again/)
    expect(posts()).toHaveLength(1)
    expect((await ensure({ name: 'learn' })).created).toBe(true)
    expect(server.projects()).toHaveLength(1)
  })

  test('an older project of that name is not taken for the one whose answer was lost', async () => {
    await ensure({ name: 'learn' })
    const [project] = server.projects()
    if (project) project.created_at = '2026-01-01T00:00:00Z'
    const body = JSON.stringify({ projects: [], applications: {}, integrations: {} })
    server.faults.add({
      kind: 'answer',
      path: /projects\?/,
      status: 200,
      headers: { 'content-type': 'application/json' },
      body,
    })
    server.faults.add({ kind: 'drop', method: 'POST' })
    server.journal.length = 0
    expect(await failure(ensure({ name: 'learn' }))).toMatch(/no answer from the Neon API/)
    expect(posts()).toHaveLength(1)
  })

  test('two runs at once end with one project, and the loser says so', async () => {
    // Both look before either has made it.
    server.latency = 60
    const other = neonRun(server, 20)
    const projects = await Promise.all([ensure({ name: 'learn' }), ensureProject(other.neon, { name: 'learn' })])
    expect(new Set(projects.map(({ id }) => id)).size).toBe(1)
    expect(projects.map(({ created }) => created).sort()).toEqual([false, true])
    expect(server.projects()).toHaveLength(1)
    expect(posts()).toHaveLength(2)
    const told = [...run.runtime.annotations, ...other.runtime.annotations].map(({ text }) => text)
    expect(told).toEqual([expect.stringMatching(/at the same time; it stays, ours .* is deleted/)])
    expect(await ensure({ name: 'learn' })).toMatchObject({ id: projects[0].id, created: false })
  })

  test('a third run that sees both waits until one is left', async () => {
    await ensure({ name: 'learn' })
    await ensure({ name: 'other' })
    const [older, younger] = server.projects()
    if (younger) younger.name = 'learn'
    run = neonRun(server, 20)
    let looks = 0
    const clock = run.clock.sleep
    Object.assign(run.clock, {
      sleep: async (milliseconds: number, signal?: AbortSignal) => {
        looks += 1
        if (looks === 2 && younger) younger.name = 'gone'
        await clock(milliseconds, signal)
      },
    })
    expect(await ensure({ name: 'learn' })).toMatchObject({ id: older?.id, created: false })
    expect(looks).toBe(2)
  })
})
