import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { CommandFailed, runMigrateCommand } from '../../src/database/migrate/index.ts'
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
const migrate = (command: string, runtime = testRuntime(), more: { isPreview?: boolean } = {}) => {
  const url = cluster.url({ database })
  return runMigrateCommand(runtime, { command, workspace, url, urlPooled: url, ...more })
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
    const direct = `${url}&options=-c%20client_connection_check_interval%3D500&application_name=${seen.PGAPPNAME}`
    expect(seen.PGAPPNAME).toMatch(/^neon-postgres-setup-command-[0-9a-f]{12}$/)
    expect(seen).toMatchObject({
      DATABASE_URL: direct,
      DIRECT_URL: direct,
      DATABASE_URL_UNPOOLED: direct,
      DATABASE_URL_POOLED: url,
      PGOPTIONS: '-c client_connection_check_interval=500',
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

describe('what a command leaves in the database', () => {
  /** As sequelize-cli, Umzug and Postgrator do: no transaction, and its ledger's row behind the migration. */
  const PLAIN = `await client.query(MIGRATION)
await client.query("insert into knex_migrations values ('1_slow', now())")`
  /** As graphile-migrate and node-pg-migrate do: a lock of the session, and a transaction. */
  const LOCKED = `const { rows } = await client.query('select pg_try_advisory_lock(4711) as got')
if (!rows[0].got) throw new Error('another migration runs')
await client.query('begin')
${PLAIN}
await client.query('commit')`
  const tool = (steps: string) => `import pg from '${MODULES}/pg/lib/index.js'
const MIGRATION = 'create table slow as select s.pg_sleep::text from (select pg_sleep(seconds) from pace) s'
const client = new pg.Client({ ssl: { rejectUnauthorized: false } })
await client.connect()
await client.query('create table if not exists knex_migrations (name text, migration_time timestamptz)')
${steps}
await client.end()
`
  const NODE = process.execPath
  /** Neither the server's look nor our name: what only the start time tells. */
  const NAMELESS = 'PGAPPNAME=theirs PGOPTIONS="-c client_connection_check_interval=0"'
  const RUNNING = `select pid, application_name from pg_stat_activity
    where pid <> pg_backend_pid() and datname = current_database() and query ~ 'pg_sleep'`
  const running = () => cluster.query(RUNNING, database)

  beforeEach(async () => {
    await cluster.query('create table pace (seconds int); insert into pace values (40)', database)
    await write({ 'plain.mjs': tool(PLAIN), 'locked.mjs': tool(LOCKED) })
  })

  /** Runs a command until its query runs, cancels it, and says what then still runs. */
  async function cancelled(command: string, more: { isPreview?: boolean } = {}) {
    const runtime = testRuntime()
    const outcome = expect(migrate(command, runtime, more)).rejects.toThrow('The run was cancelled.')
    while ((await running()).length === 0) await sleep(20)
    runtime.abort(new Error('The run was cancelled.'))
    await outcome
    return { left: await running(), lines: runtime.lines }
  }

  test.each([
    ['without a transaction', 'plain.mjs'],
    ['in a transaction, with a lock', 'locked.mjs'],
  ])('%s: a cancel ends it, and the next run does the whole migration at once', async (_, script) => {
    const { left, lines } = await cancelled(`${NODE} ${script}`)
    expect(left).toEqual([])
    expect(await tables()).toEqual(['knex_migrations', 'pace'])
    await cluster.query('update pace set seconds = 0', database)
    expect(await migrate(`${NODE} ${script}`)).toMatchObject({ applied: 1 })
    expect(await tables()).toEqual(['knex_migrations', 'pace', 'slow'])
    expect(lines.filter((line) => /warning/.test(line))).toEqual([])
  })

  test('by the name of its sessions, where the server does not look', async () => {
    const { left, lines } = await cancelled(`PGOPTIONS="-c client_connection_check_interval=0" ${NODE} plain.mjs`)
    expect(left).toEqual([])
    expect(lines).toContain('Ended a session that migrate_command had left in the database, with what ran there.')
  })

  test('by the server itself within a second, where they have another name', async () => {
    await cancelled(`PGAPPNAME=theirs ${NODE} plain.mjs`)
    await sleep(1500)
    expect(await running()).toEqual([])
  })

  test('by their start on a preview; an application that was there before goes on, and so does all on any other branch', async () => {
    const application = cluster.query("select pg_sleep(30), 'the application'", database).catch(() => 'ended')
    while ((await running()).length === 0) await sleep(20)
    const left = async (isPreview: boolean) => {
      const runtime = testRuntime()
      const outcome = expect(migrate(`${NAMELESS} ${NODE} plain.mjs`, runtime, { isPreview })).rejects.toThrow()
      while ((await running()).length < 2) await sleep(20)
      runtime.abort(new Error('The run was cancelled.'))
      await outcome
      return (await running()).map(({ application_name }) => application_name)
    }
    expect(await left(true)).toEqual(['postgres.js'])
    expect((await left(false)).sort()).toEqual(['postgres.js', 'theirs'])
    await cluster.query(`select pg_terminate_backend(pid) from (${RUNNING}) s`, database)
    expect(await application).toBe('ended')
  })

  test('a command that fails, or kills its tool, leaves nothing either', async () => {
    const command = `export PGOPTIONS="-c client_connection_check_interval=0"; ${NODE} plain.mjs & sleep 2; exit 3`
    await expect(migrate(command)).rejects.toThrow(/exit code 3/)
    expect(await running()).toEqual([])
  })

  test.each([
    ['PostgreSQL 13', '42704', 'unrecognized configuration parameter "client_connection_check_interval"'],
    ['PgBouncer', '08P01', 'unsupported startup parameter in options: client_connection_check_interval'],
  ])('%s, which refuses the setting, is spared it', async (_, code, message) => {
    const old = await startRefusing({ port: cluster.port, word: 'client_connection_check_interval', code, message })
    try {
      const url = cluster.url({ database }).replace(`:${cluster.port}/`, `:${old.port}/`).replace('require', 'disable')
      const command =
        'echo "options: [$PGOPTIONS]"; case "$DATABASE_URL" in *options=*) exit 3;; *application_name=*) ;; esac'
      const runtime = testRuntime()
      await runMigrateCommand(runtime, { command, workspace, url, urlPooled: url })
      expect(runtime.lines).toContain('options: []')
    } finally {
      old.close()
    }
  })
})

describe('a command that failed', () => {
  test('has what ran before, why it failed, and where', async () => {
    await write({ 'db/2_pages.sql': 'create tabel pages ();' })
    await cluster.query('create table knex_migrations (name text, migration_time timestamptz)', database)
    await write({
      'half.mjs': `import postgres from '${MODULES}/postgres/src/index.js'
const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
await sql\`insert into knex_migrations values ('1_books', now())\`
console.error('psql:db/2_pages.sql:1: ERROR:  syntax error at or near "tabel"')
console.error('LINE 1: create tabel pages ();')
console.error('               ^')
await sql.end()
process.exit(3)`,
    })
    const error = await migrate(
      `${process.execPath} half.mjs || { echo "make: *** [Makefile:2: migrate] Error 3"; exit 2; }`,
    ).then(
      () => new Error('it did not fail'),
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(CommandFailed)
    if (!(error instanceof CommandFailed)) return
    expect(error.location).toEqual({ file: 'db/2_pages.sql', line: 1 })
    expect(error.message).toMatch(
      /ended with exit code 2:\npsql:db\/2_pages\.sql:1: ERROR: {2}syntax error at or near "tabel"\nLINE 1: create tabel pages \(\);\n {15}\^\n$/,
    )
    expect(error.result).toMatchObject({ applied: 1, commandFailure: { file: 'db/2_pages.sql', line: 1 } })
    expect(error.result.commandFailure?.output).toMatch(/Error 3$/)
    expect(states(error.result)).toEqual(['1_books:applied'])
  })

  test('without a ledger, what ran is not told as 0', async () => {
    expect(await migrate('true')).toMatchObject({ isUncounted: true, files: [] })
    await cluster.query('create table knex_migrations (name text, migration_time timestamptz)', database)
    expect(await migrate('true')).not.toHaveProperty('isUncounted')
  })
})

/** Stands before a server and refuses logins whose first message has a word, as an older server or a pooler does. */
async function startRefusing(options: { port: number; word: string; code: string; message: string }) {
  const server = createServer((client) => {
    client.on('error', () => undefined)
    client.once('data', (first) => {
      if (first.includes(options.word)) {
        const fields = Buffer.from(`SFATAL\0C${options.code}\0M${options.message}\0\0`)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(fields.length + 4)
        client.end(Buffer.concat([Buffer.from('E'), length, fields]))
        return
      }
      const upstream = connect(options.port, '127.0.0.1')
      upstream.on('error', () => client.destroy())
      upstream.write(first)
      client.pipe(upstream).pipe(client)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

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
