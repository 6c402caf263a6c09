import { appendFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

let world: World
let cluster: Cluster
beforeAll(async () => {
  ;[world, cluster] = await Promise.all([
    startWorld(),
    startCluster({ requireTls: true, settings: { listen_addresses: '127.0.0.1,::1' } }),
  ])
  await world.write({
    'db/0001_planets.sql': 'create table planets (id int primary key);',
    'ca/server.pem': cluster.certificate,
    'tool.sh': `env | grep '^PG' | grep -v PGPASSWORD | sort; echo "$DATABASE_URL" | sed 's/:[^:@]*@/:…@/'`,
  })
  world.github.openPull({ number: 1 })
})
afterAll(() => Promise.all([world.close(), cluster.stop()]))

/** Runs the action on a database of its own, of the cluster unless the URL is another's. */
async function run(url: string, inputs: Record<string, string> = {}): Promise<RunResult> {
  const event = { name: 'pull_request' as const, action: 'opened' as const, number: 1 }
  return await world.run(event, { api_key: '', mode: 'preview', connection_string: url, schema: 'db', ...inputs })
}

async function urlOf(database: string, query: string, host = '127.0.0.1'): Promise<string> {
  await cluster.query(`create database ${database}`)
  const url = new URL(cluster.url({ database }))
  url.hostname = host
  url.search = query
  return url.href
}

const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)

function expectApplied(result: RunResult, url: string): void {
  expect(errorsOf(result)).toEqual([])
  expect(result.outputs).toMatchObject({ outcome: 'reused', applied: '1', db_url: url })
  expect(result.leaks([cluster.superuser.password, url], SECRET_OUTPUTS)).toEqual([])
  expect(world.neon.journal).toEqual([])
}

describe('a server that takes nobody without TLS', () => {
  test('needs no sslmode', async () => {
    const url = await urlOf('plain', '')
    expectApplied(await run(url), url)
  })

  test('is looked at with a certificate of the repository', async () => {
    const url = await urlOf('looked_at', 'sslmode=verify-full&sslrootcert=ca/server.pem')
    expectApplied(await run(url), url)
    const [error = '', ...more] = errorsOf(await run(url.replace('&sslrootcert=ca/server.pem', '')))
    expect(error).toMatch(
      /^Could not log in at 127\.0\.0\.1:\d+: the server's certificate is not accepted: self-signed certificate .*sslrootcert/,
    )
    expect(more).toEqual([])
  })

  test('and with the authorities of the machine', async () => {
    const url = await urlOf('machine', 'sslrootcert=system')
    const env = { SSL_CERT_FILE: join(world.workspace, 'ca/server.pem') }
    const event = { name: 'push' as const }
    const result = await world.run(event, { api_key: '', connection_string: url, schema: 'db' }, { env })
    expect([errorsOf(result), result.outputs.applied]).toEqual([[], '1'])
  })

  test('gives a migration tool the same connection', async () => {
    const url = await urlOf('tool', 'connect_timeout=9&options=-c%20geqo%3Doff')
    const result = await run(url, { schema: '', migrate_command: 'sh tool.sh', require_tables: 'false' })
    expect(errorsOf(result)).toEqual([])
    for (const line of ['PGHOST=127.0.0.1', 'PGSSLMODE=prefer', 'PGCONNECT_TIMEOUT=9', 'PGOPTIONS=-c geqo=off']) {
      expect(result.log).toContain(line)
    }
  })
})

test('an IPv6 address works from the first connection to the report', async () => {
  await appendFile(join(cluster.dataDirectory, 'pg_hba.conf'), 'hostssl all all ::1/128 scram-sha-256\n')
  await cluster.query('select pg_reload_conf()')
  const url = await urlOf('six', '', '[::1]')
  const result = await run(url, { roles: 'api=readwrite' })
  if (await hasLoopback()) {
    expectApplied(result, url)
    expect(result.outputs).toMatchObject({ host: '::1', db_host: '::1' })
    expect(JSON.parse(result.outputs.role_urls ?? '{}').api).toContain(`@[::1]:${cluster.port}/six`)
  } else {
    // A machine without IPv6 says so of the right address.
    expect(errorsOf(result)).toEqual([expect.stringMatching(/^Could not log in at \[::1\]:\d+: connect E\w+ ::1:\d+/)])
  }
})

function hasLoopback(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(0, '::1', () => probe.close(() => resolve(true)))
  })
}

test('a run that fails before it connects speaks of the database too', async () => {
  const result = await run('postgresql://owner:hunter2secret@db.example/early', { schema: 'no-such-folder' })
  expect(errorsOf(result)).toEqual([expect.stringMatching(/no-such-folder/)])
  for (const text of [result.summary, world.github.comments(1).at(-1)?.body ?? '']) {
    expect(text).toContain('Database `early` is not ready')
    expect(text.replace(/<!--.*-->/g, '')).not.toMatch(/Neon/)
  }
})

describe('what cannot be meant is told before anything is asked', () => {
  test('every wrong parameter at once, by its name, and the password nowhere', async () => {
    const url = 'postgresql://owner:hunter%2secret@db.example/app?sslcert=c.pem&passfile=x&host=/var/run&frobnicate=1'
    const comments = world.github.comments(1)
    const result = await run(url)
    expect(result.exitCode).toBe(1)
    const [error = '', ...more] = errorsOf(result)
    expect(more).toEqual([])
    for (const part of [
      '5 inputs',
      "connection_string has a '%' in its password",
      '%25',
      'sslcert',
      'passfile',
      'host',
      'frobnicate',
    ]) {
      expect(error).toContain(part)
    }
    expect(result.leaks(['hunter%2secret', 'hunter'], [])).toEqual([])
    expect(world.neon.journal).toEqual([])
    expect(world.github.comments(1)).toEqual(comments)
  })
})

describe('a foreign host that is not there', () => {
  test.each([
    ['a closed port', () => closedPort(), /connect ECONNREFUSED .*Check host and port in connection_string/, 15],
    [
      'a name that nobody knows',
      async () => 'nowhere.invalid',
      /(ENOTFOUND|EAI_AGAIN) .*Check the host in connection_string/,
      15,
    ],
  ])('%s fails in seconds, with no word of Neon', async (_, host, message, seconds) => {
    const started = Date.now()
    const result = await run(`postgresql://owner:hunter2secret@${await host()}/app`)
    expect((Date.now() - started) / 1000).toBeLessThan(seconds)
    expect(errorsOf(result)).toEqual([expect.stringMatching(message)])
    const comment = world.github.comments(1).at(-1)?.body ?? ''
    for (const text of [errorsOf(result).join(), result.summary, comment]) {
      // The action's own name and what the comment is about stand in its markers.
      expect(text.replace(/<!--.*-->/g, '')).not.toMatch(/Neon|compute|branch|project/i)
      expect(text).toMatch(/in connection(_|&#95;)string/)
    }
    expect(result.leaks(['hunter2secret'], SECRET_OUTPUTS)).toEqual([])
  })
})

async function closedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}
