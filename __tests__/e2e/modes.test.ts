import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import postgres from 'postgres'
import { type Kubernetes, startKubernetes } from '../../sandbox/kubernetes/index.ts'
import { startCluster } from '../../sandbox/postgres/index.ts'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { startLyingNeon } from '../support/lying-neon.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

let world: World
let projectId = ''
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  const made = await world.run({ name: 'push' }, { project_name: 'learnflow', schema: 'learnflow' })
  projectId = made.outputs.project_id ?? ''
  for (const number of [1, 2, 3, 4, 5]) world.github.openPull({ number })
})
beforeEach(() => {
  world.neon.journal.length = 0
})
afterAll(() => world.close())

const pull = (number: number, action: 'opened' | 'synchronize' | 'closed' = 'opened') => ({
  name: 'pull_request' as const,
  action,
  number,
})
const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
const branchNames = () =>
  world.neon
    .branches(projectId)
    .map(({ name }) => name)
    .sort()

function expectSuccess(result: RunResult): void {
  expect(errorsOf(result)).toEqual([])
  expect(result.conclusion).toBe('success')
  expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.violations).toEqual([])
}

async function query(url: string | undefined, text: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url ?? '', { max: 1, onnotice: () => undefined, connection: { application_name: 'test' } })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end()
  }
}

describe('calls', () => {
  test('a new preview branch costs two Neon requests, reuse three', async () => {
    expectSuccess(await world.run(pull(1), { project_id: projectId, schema: 'learnflow' }))
    expect(world.requests()).toHaveLength(2)
    expectSuccess(await world.run(pull(1, 'synchronize'), { project_id: projectId, schema: 'learnflow' }))
    expect(world.requests().length).toBeLessThanOrEqual(3)
    expect(world.neon.journal.some(({ operation }) => operation === 'listProjects')).toBe(false)
  })
})

describe('reset', () => {
  test('puts the branch back, keeps its URL, applies the schema again', async () => {
    const inputs = { project_id: projectId, schema: 'learnflow' }
    const before = await world.run(pull(2), inputs)
    await query(before.outputs.db_url, 'create table scratch (i int)')
    const result = await world.run(pull(2, 'synchronize'), { ...inputs, mode: 'reset' })
    expectSuccess(result)
    expect(result.outputs).toMatchObject({
      outcome: 'reset',
      db_url: before.outputs.db_url,
      branch_id: before.outputs.branch_id,
    })
    expect(await query(result.outputs.db_url, "select to_regclass('scratch') as it")).toEqual([{ it: null }])
  })

  test("as reset-branch-action's inputs ask for it; never the default branch", async () => {
    const inputs = { project_id: projectId, schema: 'none', parent: 'true' }
    const result = await world.run({ name: 'workflow_dispatch' }, { ...inputs, branch: 'pr-2' })
    expectSuccess(result)
    expect(result.outputs.db_url_with_pooler).toBe(result.outputs.db_url_pooled)
    expect(errorsOf(await world.run({ name: 'workflow_dispatch' }, { ...inputs, branch: 'main' }))).toEqual([
      expect.stringMatching(/main.*default/),
    ])
  })
})

describe('rotate', () => {
  test('the new password logs in, the old one does not', async () => {
    const inputs = { project_id: projectId, schema: 'none', branch_name: 'pr-1' }
    const before = await world.run(pull(1, 'synchronize'), inputs)
    const result = await world.run({ name: 'schedule' }, { project_id: projectId, mode: 'rotate', branch: 'pr-1' })
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('rotated')
    expect(result.outputs.password).not.toBe(before.outputs.password)
    expect(await query(result.outputs.db_url, 'select 1 as one')).toEqual([{ one: 1 }])
    await expect(query(before.outputs.db_url, 'select 1')).rejects.toThrow(/password authentication failed/)
  })
})

describe('plan', () => {
  test('lists what would run and writes nothing anywhere', async () => {
    await world.write({
      'plan/0001_drop.sql': 'drop table struggles;',
      'plan/0002_index.sql': 'create index concurrently i on users (name);',
    })
    const main = world.neon.branchCluster(
      projectId,
      world.neon.branches(projectId).find(({ name }) => name === 'main')?.id ?? '',
    )
    const written = () => main?.query('select pg_current_wal_insert_lsn()::text as lsn', 'neondb')
    const before = await written()
    const result = await world.run(pull(3), { project_id: projectId, schema: 'learnflow\nplan', mode: 'plan' })
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'planned', pending: '2', applied: '0', branch_name: 'main' })
    expect(result.summary).toContain('plan/0001_drop.sql')
    expect(result.summary).toMatch(/drop/i)
    expect(branchNames()).not.toContain('pr-3')
    expect(world.neon.journal.every(({ method }) => method === 'GET')).toBe(true)
    expect(await written()).toEqual(before)
  })
})

describe('an API that leads to the default branch', () => {
  test('is refused after the login, before anything is written or told', async () => {
    const main = world.neon.branches(projectId).find(({ name }) => name === 'main')
    const { host } = world.neon.endpoints(projectId).find(({ branch_id }) => branch_id === main?.id) ?? {}
    const liar = await startLyingNeon(world.neon)
    const toMain = (uri: unknown) => Object.assign(new URL(String(uri)), { host }).href
    const uri = 'connection_uris.0.connection_uri'
    const parameters = 'connection_uris.0.connection_parameters'
    liar.lies = {
      createProjectBranch: {
        ...{ 'endpoints.0.host': host, [uri]: toMain },
        ...{ [`${parameters}.host`]: host, [`${parameters}.pooler_host`]: host },
      },
    }
    world.github.openPull({ number: 30 })
    await world.write({ 'refused/0001.sql': 'create table refused (i int);' })
    try {
      const result = await world.run(pull(30), { project_id: projectId, schema: 'refused', api_host: liar.url })
      expect(result.conclusion).toBe('failure')
      expect(errorsOf(result)).toEqual([
        expect.stringMatching(
          `^Refused to use the branch pr-30: its id is br-.*, and the database .* is on ${main?.id}\\.`,
        ),
      ])
      const { db_url, db_host, password, branch_id, branch_name, outcome } = result.outputs
      expect({ db_url, db_host, password, outcome }).toEqual({ outcome: 'failed' })
      expect([branch_id ?? '', branch_name ?? '']).toEqual(['', ''])
      const rows = await world.neon
        .branchCluster(projectId, main?.id ?? '')
        ?.query("select to_regclass('refused') as it", 'neondb')
      expect(rows).toEqual([{ it: null }])
    } finally {
      await liar.close()
    }
  })
})

describe('diff', () => {
  test('compares a branch with its parent, in the comment and as output', async () => {
    await world.write({ 'diff/0001_x.sql': 'create table only_here (id int primary key);' })
    expectSuccess(await world.run(pull(4), { project_id: projectId, schema: 'diff', comment: 'false' }))
    const result = await world.run(pull(4), { project_id: projectId, compare_branch: 'pr-4' })
    expectSuccess(result)
    expect(result.outputs.outcome).toBe('compared')
    expect(result.outputs.diff).toMatch(/^\+.*only_here/m)
    expect(world.github.comments(4)[0]?.body).toContain('only_here')
  })
})

describe('sweep', () => {
  test('deletes branches of closed pull requests; a dry run first tells, and without GitHub nothing happens', async () => {
    world.neon.seedBranches(projectId, 1, () => ({ name: 'hand-made' }))
    world.github.closePull(4, { merged: true })
    const before = branchNames()
    const inputs = { project_id: projectId }
    const dry = await world.run({ name: 'schedule' }, { ...inputs, dry_run: 'true' })
    expectSuccess(dry)
    expect([dry.outputs.swept, branchNames()]).toEqual(['1', before])
    const blind = await world.run({ name: 'schedule' }, inputs, { token: 'ghs_unknown_token_0000000000000000' })
    expect(errorsOf(blind)).toEqual([expect.stringMatching(/Could not read the pull requests/)])
    expect(branchNames()).toEqual(before)
    const result = await world.run({ name: 'schedule' }, inputs)
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'swept', swept: '1' })
    expect(branchNames()).toEqual(before.filter((name) => name !== 'pr-4'))
    expect(result.summary).toContain('pr-4')
  })
})

describe('merge queue', () => {
  test('gets a branch of its own, which the sweep knows the pull request of', async () => {
    const result = await world.run({ name: 'merge_group', number: 5 }, { project_id: projectId, schema: 'learnflow' })
    expectSuccess(result)
    expect(result.outputs.branch_name).toMatch(/^queue-[0-9a-f]{8}$/)
    expect(world.neon.annotations(projectId, result.outputs.branch_id ?? '')).toMatchObject({ 'github-pr-number': '5' })
  })
})

describe('migrate_command', () => {
  test('the tool runs on the branch, with the same report', async () => {
    world.github.openPull({ number: 6 })
    await world.write({
      'tool.mjs': `import postgres from '${process.cwd()}/node_modules/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await sql.unsafe('create table knex_migrations (name text, migration_time timestamptz); create table planets (id int primary key)')
await sql.unsafe("insert into knex_migrations values ('001_planets.js', now())")
await sql.end()`,
    })
    const result = await world.run(pull(6), { project_id: projectId, migrate_command: `${process.execPath} tool.mjs` })
    expectSuccess(result)
    expect(result.outputs).toMatchObject({ outcome: 'created', applied: '1' })
    for (const text of [result.summary, world.github.comments(6)[0]?.body]) {
      expect(text).toContain('001_planets.js')
      expect(text).toContain('`planets`')
    }
    const failing = await world.run(pull(6, 'synchronize'), {
      project_id: projectId,
      migrate_command: 'echo oh no; exit 4',
    })
    expect(errorsOf(failing)).toEqual([expect.stringMatching(/ended with exit code 4: oh no\./)])
  })

  test('a failure is told with what ran before it: outputs, list, the lines that say why and the end of the output', async () => {
    world.github.openPull({ number: 61 })
    await world.write({
      'half.mjs': `import postgres from '${process.cwd()}/node_modules/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await sql.unsafe('create table knex_migrations (name text, migration_time timestamptz); create table knex_migrations_lock (i int); create table moons (id int primary key)')
await sql.unsafe("insert into knex_migrations values ('001_moons.js', now())")
console.log('migration file "002_rings.js" failed')
try { await sql.unsafe('insert into moons values (1), (1)') } catch (error) { console.error(error) }
await sql.end()
process.exit(1)`,
    })
    const command = `${process.execPath} half.mjs || { echo "password $PGPASSWORD"; echo "make: *** [migrate] Error 1"; exit 2; }`
    const result = await world.run(pull(61), { project_id: projectId, migrate_command: command })
    expect(result.outputs).toMatchObject({
      ...{ outcome: 'failed', applied: '1', failed_file: '002_rings.js', sqlstate: '23505' },
    })
    expect(result.outputs.tables).toContain('"moons"')
    expect(result.outputs.changes).toContain('public.moons')
    expect(`${result.outputs.tables} ${result.outputs.changes}`).not.toContain('knex')
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(
        /exit code 2 in 002_rings\.js: PostgresError: duplicate key value violates unique constraint/,
      ),
    ])
    for (const text of [result.summary, world.github.comments(61)[0]?.body ?? '']) {
      expect(text).toContain('001_moons.js')
      expect(text).toContain('duplicate key value violates unique constraint')
      expect(text).toMatch(/<summary>Last \d+ lines of migrate_command<\/summary>/)
      expect(text).toContain('password ***')
      // DETAIL has values of rows: they stay in the log.
      expect(text).not.toContain('Key (id)=(1)')
    }
    expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  })

  test('a database in which a tool made nothing but its ledger has no table', async () => {
    world.github.openPull({ number: 62 })
    await world.write({
      'ledger.mjs': `import postgres from '${process.cwd()}/node_modules/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
for (const { name } of await sql\`select oid::regclass::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')\`)
  await sql.unsafe('drop table if exists ' + name + ' cascade')
await sql.unsafe('create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)')
await sql.end()`,
    })
    const result = await world.run(pull(62), {
      project_id: projectId,
      migrate_command: `${process.execPath} ledger.mjs`,
    })
    expect(errorsOf(result)).toEqual([expect.stringMatching(/^The database '\w+' has no table\./)])
    expect(result.outputs).toMatchObject({ applied: '0' })
    expect(result.outputs.changes).not.toContain('drizzle')
  })

  test('ssl: verify-full: the tool verifies with the system’s authorities, and libpq finds them', async () => {
    world.github.openPull({ number: 63 })
    const [branch] = world.neon.branches(projectId)
    const certificate = world.neon.branchCluster(projectId, branch?.id ?? '')?.certificate ?? ''
    expect(certificate).toContain('BEGIN CERTIFICATE')
    await world.write({
      'store.pem': certificate,
      'verify.mjs': `import { readFileSync } from 'node:fs'
import pg from '${process.cwd()}/node_modules/pg/lib/index.js'
// As libpq does: the authorities of PGSSLROOTCERT, and no others.
const ca = readFileSync(process.env.PGSSLROOTCERT)
const client = new pg.Client({ ssl: { ca, rejectUnauthorized: true } })
await client.connect()
const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
console.log('verified', rows[0].ssl, process.env.PGSSLMODE, process.env.PGSSLROOTCERT)
console.log('in the URL:', new URL(process.env.DATABASE_URL).searchParams.get('sslmode'), /sslrootcert/.test(process.env.DATABASE_URL))
await client.end()`,
    })
    const store = join(world.workspace, 'store.pem')
    const psql =
      'if command -v psql > /dev/null; then psql -qAtc "select 1" > /dev/null && psql "$DATABASE_URL" -qAtc "select 1" > /dev/null; fi'
    const result = await world.run(
      pull(63),
      {
        ...{ project_id: projectId, ssl: 'verify-full', require_tables: 'false' },
        migrate_command: `env -u NODE_EXTRA_CA_CERTS ${process.execPath} verify.mjs && ${psql}`,
      },
      { env: { NODE_EXTRA_CA_CERTS: store, SSL_CERT_FILE: store } },
    )
    expectSuccess(result)
    expect(result.log).toContain(`verified true verify-full ${store}`)
    expect(result.log).toContain('in the URL: verify-full false')
    expect(result.outputs.applied).toBe('')
  })
})

describe('connection_string', () => {
  test('runs schema and tables on any Postgres, without Neon', async () => {
    const cluster = await startCluster({ version: 18 })
    try {
      const url = cluster.url({ database: 'postgres' })
      const inputs = { api_key: '', connection_string: url, schema: 'learnflow' }
      const result = await world.run({ name: 'push' }, inputs)
      expectSuccess(result)
      expect(result.outputs).toMatchObject({ outcome: 'provisioned', applied: '5' })
      expect(result.leaks([cluster.superuser.password, url], SECRET_OUTPUTS)).toEqual([])
      expect((await world.run({ name: 'push' }, inputs)).outputs.applied).toBe('0')
      expect(world.neon.journal).toHaveLength(0)
    } finally {
      await cluster.stop()
    }
  })
})

describe('Kubernetes', () => {
  test('its client is not even read without a kubeconfig', async () => {
    const traced = (inputs: Record<string, string>) =>
      world.run({ name: 'push' }, { project_id: projectId, schema: 'none', ...inputs }, { env: { NODE_DEBUG: 'esm' } })
    const loads = (result: RunResult) => /kubernetes\/index\.js/.test(result.rawLog)
    expect(loads(await traced({}))).toBe(false)
    expect(loads(await traced({ kubeconfig: kubernetes.kubeconfig, namespace: 'default' }))).toBe(true)
  })

  let kubernetes: Kubernetes
  beforeAll(async () => {
    kubernetes = await startKubernetes()
    process.stdout.write(`Kubernetes of these tests: ${kubernetes.version}\n`)
  })
  afterAll(() => kubernetes.close())

  test('Secret with role URLs in a namespace of its own; unchanged on the next push; all gone on close', async () => {
    const inputs = {
      project_id: projectId,
      schema: 'learnflow',
      roles: 'api=readwrite, reports=readonly',
      kubeconfig: kubernetes.kubeconfig,
      namespace: 'learnflow-pr-{number}',
      create_namespace: 'true',
      secret_keys: 'DATABASE_URL={role.api.db_url_pooled}\nREPORTS_URL={role.reports.db_url}\nPGHOST',
    }
    const read = () => kubernetes.request('GET', '/api/v1/namespaces/learnflow-pr-5/secrets/postgres-credentials')
    const first = await world.run(pull(5), inputs)
    expectSuccess(first)
    const secret = await read()
    const value = (key: string) => Buffer.from(secret.body.data[key], 'base64').toString()
    expect(Object.keys(secret.body.data).sort()).toEqual(['DATABASE_URL', 'PGHOST', 'REPORTS_URL'])
    expect(
      first.leaks(
        [value('DATABASE_URL'), value('REPORTS_URL'), new URL(value('DATABASE_URL')).password],
        SECRET_OUTPUTS,
      ),
    ).toEqual([])
    await query(value('DATABASE_URL'), "insert into users (email, name) values ('a@b.c', 'A')")
    expect(await query(value('REPORTS_URL'), 'select count(*)::int as n from users')).toEqual([{ n: 1 }])
    await expect(query(value('REPORTS_URL'), 'delete from users')).rejects.toThrow(/permission denied/)
    await expect(query(value('DATABASE_URL'), 'create table mine (i int)')).rejects.toThrow(/permission denied/)

    const second = await world.run(pull(5, 'synchronize'), inputs)
    expectSuccess(second)
    expect((await read()).body.metadata.resourceVersion).toBe(secret.body.metadata.resourceVersion)

    expectSuccess(await world.run(pull(5, 'closed'), inputs))
    expect((await read()).status).toBe(404)
    expect(branchNames()).not.toContain('pr-5')
  })

  test('a sweep takes the Secret of a closed pull request too; where the cluster is out of reach, the branch stays', async () => {
    world.github.openPull({ number: 7 })
    const inputs = {
      project_id: projectId,
      kubeconfig: kubernetes.kubeconfig,
      namespace: 'swept-pr-{number}',
      create_namespace: 'true',
    }
    const read = () => kubernetes.request('GET', '/api/v1/namespaces/swept-pr-7/secrets/postgres-credentials')
    expectSuccess(await world.run(pull(7), { ...inputs, schema: 'learnflow' }))
    world.github.closePull(7)
    const before = await read()
    expect(before.status).toBe(200)

    const dry = await world.run({ name: 'schedule' }, { ...inputs, dry_run: 'true' })
    expectSuccess(dry)
    expect([dry.outputs.swept, await read()]).toEqual(['1', before])

    const unreachable = inputs.kubeconfig.replace(/(https?):\/\/127\.0\.0\.1:\d+/, '$1://127.0.0.1:1')
    expect(unreachable).not.toBe(inputs.kubeconfig)
    const blind = await world.run({ name: 'schedule' }, { ...inputs, kubeconfig: unreachable })
    expect(errorsOf(blind)).toEqual([
      expect.stringMatching(
        /Could not delete 1 of 1 branch: pr-7: .*127\.0\.0\.1:1.*self-hosted runner\. The summary/s,
      ),
    ])
    expect(branchNames()).toContain('pr-7')

    const result = await world.run({ name: 'schedule' }, inputs)
    expectSuccess(result)
    expect((await read()).status).toBe(404)
    expect(branchNames()).not.toContain('pr-7')
    expect(result.summary).toContain('swept-pr-7')
  })
})
