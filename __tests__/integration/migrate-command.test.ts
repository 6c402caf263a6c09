import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { runMigrateCommand } from '../../src/database/migrate/index.ts'
import { testRuntime } from '../support/runtime.ts'

const MODULES = resolve('node_modules')
let cluster: Cluster
let workspace = ''
let database = ''
beforeAll(async () => {
  cluster = await startCluster({ version: 17 })
  workspace = await mkdtemp(join(tmpdir(), 'neon-migrate-'))
})
beforeEach(async () => {
  database = `db_${Math.random().toString(36).slice(2)}`
  await cluster.query(`create database ${database}`)
})
afterAll(async () => {
  await cluster.stop()
  await rm(workspace, { recursive: true, force: true })
})

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, name)), { recursive: true })
    await writeFile(join(workspace, name), text)
  }
}
const migrate = (command: string, runtime = testRuntime()) => {
  const url = cluster.url({ database })
  return runMigrateCommand(runtime, { command, workspace, url, urlPooled: url })
}
const tables = async () =>
  (
    await cluster.query(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
      database,
    )
  ).map(({ relname }) => relname)
const states = (result: { files: { path: string; state: string }[] }) =>
  result.files.map(({ path, state }) => `${path}:${state}`)

describe('real tools', () => {
  // The sandbox's certificate signs itself; Neon's are public, so users need no such variable.
  const TRUST = 'NODE_TLS_REJECT_UNAUTHORIZED=0 NODE_NO_WARNINGS=1'

  test('node-pg-migrate: what ran is listed, the next run has nothing to do', async () => {
    await write({
      'package.json': '{"type":"commonjs"}',
      'migrations/1_books.js': "exports.up = (pgm) => pgm.createTable('books', { id: 'id' })",
      'migrations/2_pages.js': "exports.up = (pgm) => pgm.createTable('pages', { id: 'id' })",
    })
    const command = `${TRUST} ${process.execPath} ${MODULES}/node-pg-migrate/bin/node-pg-migrate.js up -m migrations`
    const first = await migrate(command)
    expect(states(first)).toEqual(['1_books:applied', '2_pages:applied'])
    expect(await tables()).toEqual(['books', 'pages', 'pgmigrations'])
    await write({ 'migrations/3_notes.js': "exports.up = (pgm) => pgm.createTable('notes', { id: 'id' })" })
    expect(states(await migrate(command))).toEqual(['1_books:unchanged', '2_pages:unchanged', '3_notes:applied'])
  })

  test('Drizzle: its migrator through postgres.js', async () => {
    await write({
      'drizzle/0000_first.sql': 'create table shelves (id int primary key);',
      'drizzle/meta/_journal.json': JSON.stringify({
        version: '7',
        dialect: 'postgresql',
        entries: [{ idx: 0, version: '7', when: 1_700_000_000_000, tag: '0000_first', breakpoints: true }],
      }),
      'drizzle.mjs': `import { drizzle } from '${MODULES}/drizzle-orm/postgres-js/index.js'
import { migrate } from '${MODULES}/drizzle-orm/postgres-js/migrator.js'
import postgres from '${MODULES}/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await migrate(drizzle(sql), { migrationsFolder: 'drizzle' })
await sql.end()`,
    })
    const result = await migrate(`${process.execPath} drizzle.mjs`)
    expect(result).toMatchObject({ applied: 1, unchanged: 0, source: expect.stringContaining('drizzle.mjs') })
    expect(result.files[0]?.path).toMatch(/^20231114221320 [0-9a-f]{12}$/)
    expect(await tables()).toEqual(['shelves'])
    expect((await migrate(`${process.execPath} drizzle.mjs`)).applied).toBe(0)
  })
})

describe('the command', () => {
  test('gets the direct host in every common variable, and none of our inputs', async () => {
    process.env.INPUT_API_KEY = 'napi_not_for_tools_0001'
    await migrate('env > seen.txt').finally(() => delete process.env.INPUT_API_KEY)
    const seen = Object.fromEntries(
      (await readFile(join(workspace, 'seen.txt'), 'utf8')).split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)),
    )
    const url = cluster.url({ database })
    expect(seen).toMatchObject({
      DATABASE_URL: url,
      DIRECT_URL: url,
      DATABASE_URL_UNPOOLED: url,
      PGHOST: '127.0.0.1',
      PGPORT: String(cluster.port),
      PGUSER: cluster.superuser.name,
      PGPASSWORD: cluster.superuser.password,
      PGDATABASE: database,
      PGSSLMODE: 'require',
    })
    expect(Object.keys(seen).filter((name) => /^INPUT_/.test(name))).toEqual([])
  })

  test('its output is streamed and redacted, and cannot be a workflow command', async () => {
    const runtime = testRuntime()
    await migrate(
      'echo "::set-output name=x::y"; printf "a\\r  ::stop-commands::z\\n"; echo "at $DATABASE_URL"',
      runtime,
    )
    expect(runtime.lines.slice(0, 4)).toEqual([': :set-output name=x::y', 'a', '  : :stop-commands::z', 'at ***'])
  })

  test('a last line that is cut in the password is redacted first', async () => {
    const { password } = cluster.superuser
    for (const length of [270, 280, 290]) {
      const work = migrate(`printf '%${length}s' x; echo " $PGPASSWORD"; exit 3`)
      const error = await work.then(
        () => new Error('it did not fail'),
        (thrown: Error) => thrown,
      )
      expect(error.message).toMatch(/x \*\*\*\.$/)
      expect(error.message).not.toContain(password.slice(0, 4))
    }
  })

  test.each([
    ['exit code', 'echo "relation missing" >&2; exit 3', /ended with exit code 3: relation missing\./],
    ['a command in the middle of a pipe', 'false | cat', /exit code 1/],
    ['a signal', 'kill -KILL $$', /was ended by SIGKILL/],
    ['an unknown program', 'no-such-migrator up', /exit code 127/],
  ])('%s: an error that names the command', async (_, command, pattern) => {
    await expect(migrate(command)).rejects.toThrow(pattern)
  })

  test('children it leaves in the background do not hold the run', async () => {
    const started = Date.now()
    await migrate('sleep 60 & echo $! > pid.txt')
    expect(Date.now() - started).toBeLessThan(30_000)
    expect(childRuns()).toBe(false)
  })

  test('what has left its process group and holds its output does not hold the run', async () => {
    const started = Date.now()
    await migrate('setsid sleep 30 & echo $! > pid.txt')
    expect(Date.now() - started).toBeLessThan(15_000)
    process.kill(Number(readFileSync(join(workspace, 'pid.txt'), 'utf8')), 'SIGKILL')
  })

  test('a cancel ends it although it ignores SIGTERM, with its whole process group', async () => {
    const runtime = testRuntime()
    const stubborn = `trap '' TERM INT; (trap '' TERM; while :; do sleep 1; done) & echo $! > pid.txt; echo started; while :; do sleep 1; done`
    const outcome = expect(migrate(stubborn, runtime)).rejects.toThrow('The run was cancelled.')
    while (!runtime.lines.includes('started')) await sleep(20)
    const started = Date.now()
    runtime.abort(new Error('The run was cancelled.'))
    await outcome
    expect(Date.now() - started).toBeLessThan(7000)
    await sleep(50)
    expect(childRuns()).toBe(false)
  })

  test('a cancel ends it with its children', async () => {
    const runtime = testRuntime()
    const work = migrate('sleep 60 & echo $! > pid.txt; echo started; wait', runtime)
    const outcome = expect(work).rejects.toThrow('The run was cancelled.')
    while (!runtime.lines.includes('started')) await sleep(20)
    expect(childRuns()).toBe(true)
    runtime.abort(new Error('The run was cancelled.'))
    await outcome
    await sleep(50)
    expect(childRuns()).toBe(false)
  })
})

/** Whether the child that wrote its number still runs; one that ended and was not asked for yet does not. */
function childRuns(): boolean {
  try {
    const pid = readFileSync(join(workspace, 'pid.txt'), 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}
