import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer as createTlsServer, type RequestOptions } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import postgres from 'postgres'
import { generate } from 'selfsigned'
import { startGitHub } from '../../sandbox/github/index.ts'
import { serve } from '../../sandbox/http/serve.ts'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type DelayOptions, startDelayProxy, startHttpProxy } from '../../sandbox/proxy/index.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})
function keep<T extends { close(): unknown }>(one: T): T {
  open.push(one)
  return one
}

/** A server that answers by `answer`, and a client behind a delay proxy before it. */
async function startPair(answer: (socket: Socket) => void, options: Partial<DelayOptions> = {}) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    answer(socket)
  })
  await listen(server)
  keep({ close: () => server.close() })
  const { port } = server.address() as AddressInfo
  const proxy = keep(await startDelayProxy({ targetPort: port, roundTripMilliseconds: 0, ...options }))
  const client = connect({ port: proxy.port, host: '127.0.0.1' })
  keep({ close: () => client.destroy() })
  return { proxy, client }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

/** Sends a text and waits until so many bytes have come back. */
function exchange(client: Socket, text: string, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = ''
    const take = (chunk: Buffer) => {
      got += chunk.toString()
      if (got.length < bytes) return
      client.off('data', take)
      resolve(got)
    }
    client.on('data', take)
    client.once('error', reject)
    client.write(text)
  })
}

const echo = (socket: Socket) => socket.on('data', (chunk) => socket.write(chunk))

describe('the delay proxy', () => {
  test('counts a question and its answer as one round trip', async () => {
    const { proxy, client } = await startPair(echo)
    for (const text of ['one', 'two', 'three']) expect(await exchange(client, text, text.length)).toBe(text)
    expect(proxy.roundTrips()).toBe(3)
    expect(proxy.connections).toBe(1)
    expect(proxy.open).toBe(1)
    expect(proxy.bytes).toEqual({ toServer: 11, toClient: 11 })
    proxy.reset()
    expect([proxy.roundTrips(), proxy.connections, proxy.bytes.toServer]).toEqual([0, 0, 0])
    await exchange(client, 'x', 1)
    expect(proxy.roundTrips()).toBe(1)
  })

  test('what is sent before the answer is there belongs to one flight', async () => {
    const { proxy, client } = await startPair(echo, { roundTripMilliseconds: 60 })
    const all = exchange(client, 'a', 4)
    for (const text of ['b', 'c', 'd']) {
      await new Promise((resolve) => setTimeout(resolve, 12))
      client.write(text)
    }
    expect(await all).toBe('abcd')
    // The answer to `a` arrives after `d` was sent: the later answers belong to the same flight.
    expect(proxy.roundTrips()).toBe(1)
  })

  test('an answer in many pieces is one, and data nobody asked for is none', async () => {
    const { proxy, client } = await startPair((socket) => {
      socket.write('hello')
      socket.on('data', async () => {
        for (let piece = 0; piece < 5; piece += 1) {
          socket.write(`${piece}`)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })
    })
    await new Promise((resolve) => client.once('data', resolve))
    expect(proxy.roundTrips()).toBe(0)
    expect(await exchange(client, 'go', 5)).toBe('01234')
    expect(proxy.roundTrips()).toBe(1)
  })

  test('a flight that nobody answers is none', async () => {
    const { proxy, client } = await startPair((socket) => socket.on('data', () => socket.end()))
    client.end('bye')
    await new Promise((resolve) => client.resume().once('close', resolve))
    expect(proxy.roundTrips()).toBe(0)
    expect(proxy.bytes.toServer).toBe(3)
  })

  test('adds the time of a round trip to each, and the order stays', async () => {
    const { proxy, client } = await startPair(echo, { roundTripMilliseconds: 40 })
    const started = performance.now()
    for (let turn = 0; turn < 5; turn += 1) await exchange(client, 'ping', 4)
    const far = performance.now() - started
    expect(far).toBeGreaterThanOrEqual(195)
    expect(proxy.roundTrips()).toBe(5)
    proxy.roundTripMilliseconds = 0
    const long = 'x'.repeat(300_000)
    expect(await exchange(client, long, long.length)).toBe(long)
  })

  test('connections are separate: each has its own flights', async () => {
    const { proxy, client } = await startPair(echo)
    const second = connect({ port: proxy.port, host: '127.0.0.1' })
    keep({ close: () => second.destroy() })
    await Promise.all([exchange(client, 'a', 1), exchange(second, 'b', 1)])
    await exchange(second, 'c', 1)
    expect([proxy.connections, proxy.roundTrips()]).toEqual([2, 3])
  })

  test('a server that is not there closes the client’s connection', async () => {
    const proxy = keep(await startDelayProxy({ targetPort: 1, roundTripMilliseconds: 0 }))
    const client = connect({ port: proxy.port, host: '127.0.0.1' })
    client.on('error', () => {})
    await new Promise((resolve) => client.resume().once('close', resolve))
    expect(proxy.roundTrips()).toBe(0)
  })

  test('closing it closes what goes through it', async () => {
    const { proxy, client } = await startPair(echo)
    await exchange(client, 'a', 1)
    client.on('error', () => {})
    const closed = new Promise((resolve) => client.once('close', resolve))
    await proxy.close()
    await closed
  })
})

describe('round trips on the wire of a real Postgres', () => {
  const TLS = { rejectUnauthorized: false, ecdhCurve: 'prime256v1' } as const
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())

  async function start(ssl: false | { rejectUnauthorized: false; ecdhCurve?: string }) {
    const proxy = keep(await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 0 }))
    const { name: user, password } = cluster.superuser
    const sql = postgres({
      host: '127.0.0.1',
      port: proxy.port,
      user,
      password,
      database: 'postgres',
      ssl,
      max: 1,
      fetch_types: false,
      connection: { application_name: 'proxy-test' },
    })
    keep({ close: () => sql.end({ timeout: 5 }) })
    return { proxy, sql }
  }

  test('without TLS: SCRAM costs three, a simple query one', async () => {
    const { proxy, sql } = await start(false)
    await sql.unsafe('select 1').simple()
    // Startup and its challenge, the first SASL message, the last one (its answer ends with ReadyForQuery), the query.
    expect(proxy.roundTrips()).toBe(4)
    proxy.reset()
    for (let turn = 0; turn < 10; turn += 1) await sql.unsafe('select 1').simple()
    expect(proxy.roundTrips()).toBe(10)
  })

  test('with TLS: two more to agree on it, as many for a query', async () => {
    const { proxy, sql } = await start(TLS)
    await sql.unsafe('select 1').simple()
    // SSLRequest and its answer, then the handshake of TLS 1.3.
    expect(proxy.roundTrips()).toBe(6)
    proxy.reset()
    await sql.unsafe('select 1').simple()
    expect(proxy.roundTrips()).toBe(1)
  })

  test('with TLS: one more where client and server guess different curves', async () => {
    const { proxy, sql } = await start({ rejectUnauthorized: false })
    await sql.unsafe('select 1').simple()
    // Postgres 17 takes prime256v1 only (ssl_ecdh_curve) and answers Node's first hello with HelloRetryRequest.
    expect(proxy.roundTrips()).toBe(7)
  })

  test('pipelined queries and statements in one message cost one', async () => {
    const { proxy, sql } = await start(TLS)
    await sql.unsafe('select 1').simple()
    proxy.roundTripMilliseconds = 30
    proxy.reset()
    await Promise.all(Array.from({ length: 20 }, (_, index) => sql.unsafe(`select ${index}`).simple()))
    expect(proxy.roundTrips()).toBe(1)
    proxy.reset()
    await sql.unsafe('select 1; select 2; select 3').simple()
    expect(proxy.roundTrips()).toBe(1)
  })

  test('a large result is one round trip however many packets it takes', async () => {
    const { proxy, sql } = await start(TLS)
    await sql.unsafe('select 1').simple()
    proxy.reset()
    const rows = await sql.unsafe("select repeat('x', 1000) from generate_series(1, 5000)").simple()
    expect(rows).toHaveLength(5000)
    expect(proxy.roundTrips()).toBe(1)
    expect(proxy.bytes.toClient).toBeGreaterThan(5_000_000)
  })

  test('ending a session is no round trip', async () => {
    const { proxy, sql } = await start(false)
    await sql.unsafe('select 1').simple()
    proxy.reset()
    await sql.end({ timeout: 5 })
    expect(proxy.roundTrips()).toBe(0)
  })
})

/** Asks through a proxy in absolute form. */
function ask(proxy: string, address: string, headers: RequestOptions['headers'] = {}): Promise<[number, string]> {
  const { hostname, port } = new URL(proxy)
  return new Promise((resolve, reject) => {
    request(
      { host: hostname, port, path: address, headers: { host: new URL(address).host, ...headers } },
      async (reply) => {
        let body = ''
        for await (const chunk of reply) body += chunk
        resolve([reply.statusCode ?? 0, body])
      },
    )
      .once('error', reject)
      .end()
  })
}

/** Runs a program in a process of its own, as proxies are read from the environment once. */
async function runNode(script: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: repository,
    env: { PATH: process.env.PATH ?? '', ...env },
  })
  return stdout.trim()
}

describe('the forward proxy', () => {
  test('passes on requests in absolute form, without the headers that are its own', async () => {
    const target = keep(
      await serve(async ({ method, url, body }) => ({ status: 201, body: `${method} ${url.pathname} ${body}` })),
    )
    const proxy = keep(await startHttpProxy())
    const reply = await ask(proxy.url, `${target.url}/a?b=c`, {
      'proxy-authorization': 'Basic x',
      accept: 'text/plain',
    })
    expect(reply).toEqual([201, 'GET /a '])
    expect(target.journal[0]?.headers).toMatchObject({ accept: 'text/plain' })
    expect(target.journal[0]?.headers['proxy-authorization']).toBeUndefined()
    expect(proxy.journal).toEqual([
      { method: 'GET', host: '127.0.0.1', port: target.port, path: '/a?b=c', status: 201 },
    ])
    expect(proxy.hosts()).toEqual([`127.0.0.1:${target.port}`])
  })

  test('refuses whoever does not log in, and takes who does', async () => {
    const target = keep(await serve(async () => ({ status: 200, body: 'ok' })))
    const proxy = keep(await startHttpProxy({ credentials: { user: 'us er', password: 'p@ss:word' } }))
    expect(proxy.url).toBe(`http://us%20er:p%40ss%3Aword@127.0.0.1:${proxy.port}`)
    expect((await ask(proxy.url, target.url))[0]).toBe(407)
    const login = `Basic ${Buffer.from('us er:p@ss:word').toString('base64')}`
    expect((await ask(proxy.url, target.url, { 'proxy-authorization': login }))[0]).toBe(200)
    expect(target.journal).toHaveLength(1)
    expect(proxy.journal.map(({ status }) => status)).toEqual([407, 200])
  })

  test('answers 502 for a server that is not there', async () => {
    const proxy = keep(await startHttpProxy())
    expect((await ask(proxy.url, 'http://127.0.0.1:1/'))[0]).toBe(502)
    expect(proxy.journal[0]?.status).toBe(502)
  })

  test('is no server itself', async () => {
    const proxy = keep(await startHttpProxy())
    expect((await fetch(`${proxy.url}/path`)).status).toBe(400)
  })

  const octokit = `import { getOctokit } from '@actions/github'
    const { data } = await getOctokit('ghs_x').rest.repos.get({ owner: 'octo', repo: 'demo' })
    console.log(data.full_name)`

  test('a real client goes through it, and around it for a host in NO_PROXY', async () => {
    const github = keep(await startGitHub({ tokens: { ghs_x: { kind: 'installation' } } }))
    const routes = { 'github.test': `127.0.0.1:${github.port}` }
    const proxy = keep(await startHttpProxy({ routes, credentials: { user: 'u', password: 'p w' } }))
    const environment = { GITHUB_API_URL: 'http://github.test', HTTP_PROXY: proxy.url }
    expect(await runNode(octokit, environment)).toBe('octo/demo')
    expect(proxy.hosts()).toEqual(['github.test:80'])
    await expect(runNode(octokit, { ...environment, NO_PROXY: 'github.test' })).rejects.toThrow(
      /github\.test|fetch failed/,
    )
    expect(proxy.journal).toHaveLength(1)
    expect(github.journal).toHaveLength(1)
  })

  test('a tunnel carries TLS that the proxy cannot read', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'api.test' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'api.test' }] }],
    })
    const server = createTlsServer({ cert, key }, (incoming, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ full_name: `over tls ${incoming.url}` }))
    })
    await listen(server)
    keep({ close: () => server.close() })
    const folder = await mkdtemp(join(tmpdir(), 'proxy-test-'))
    keep({ close: () => rm(folder, { recursive: true }) })
    await writeFile(join(folder, 'ca.pem'), cert)
    const { port } = server.address() as AddressInfo
    const proxy = keep(await startHttpProxy({ routes: { 'api.test:443': `127.0.0.1:${port}` } }))
    const told = await runNode(octokit, {
      GITHUB_API_URL: 'https://api.test',
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    })
    expect(told).toBe('over tls /repos/octo/demo')
    expect(proxy.journal).toEqual([{ method: 'CONNECT', host: 'api.test', port: 443, path: '', status: 200 }])
  })
})
