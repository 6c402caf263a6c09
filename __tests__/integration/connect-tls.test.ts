import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { withDatabase } from '../../src/database/connect.ts'
import { waitUntilReady } from '../../src/database/ready.ts'
import { testRuntime } from '../support/runtime.ts'

/** The cluster's URL with other parameters, and another host if told. */
function urlOf(cluster: Cluster, query: string, host = '127.0.0.1'): string {
  const url = new URL(cluster.url())
  url.hostname = host
  url.search = query
  return url.href
}

/** Whether the server says that the session is encrypted. */
async function isEncrypted(url: string): Promise<unknown> {
  return await withDatabase(testRuntime(), { url }, async ({ sql }) => {
    const [row] = await sql.unsafe('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
    return row?.ssl
  })
}

let folder = ''
let withTls: Cluster
let withoutTls: Cluster
let onlyTls: Cluster
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connect-tls-'))
  ;[withTls, withoutTls, onlyTls] = await Promise.all([
    startCluster({ settings: { listen_addresses: '127.0.0.1,::1' } }),
    startCluster({ settings: { ssl: 'off' } }),
    startCluster({ requireTls: true }),
  ])
})
afterAll(async () => {
  await Promise.all([withTls, withoutTls, onlyTls].map((cluster) => cluster.stop()))
  await rm(folder, { recursive: true })
})

describe('a server with TLS', () => {
  test.each([
    ['', true],
    ['sslmode=prefer', true],
    ['sslmode=allow', false],
    ['sslmode=disable', false],
    ['sslmode=require', true],
    ['ssl=true', true],
  ])('with %j the session is encrypted: %s', async (query, encrypted) => {
    expect(await isEncrypted(urlOf(withTls, query))).toBe(encrypted)
  })

  test.each(['verify-ca', 'verify-full'])('%s takes no certificate of an unknown authority', async (mode) => {
    await expect(isEncrypted(urlOf(withTls, `sslmode=${mode}`))).rejects.toMatchObject({
      code: 'CERTIFICATE_REJECTED',
      message: "the server's certificate is not accepted: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)",
    })
  })

  test('with sslrootcert the authority is known; require then looks at the certificate too, but not at its name', async () => {
    const [right, wrong] = [join(folder, 'right.pem'), join(folder, 'wrong.pem')]
    const other = await generate([{ name: 'commonName', value: 'other.example' }], {
      keyType: 'ec',
      algorithm: 'sha256',
    })
    await Promise.all([writeFile(right, withTls.certificate), writeFile(wrong, other.cert)])
    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      expect(await isEncrypted(urlOf(withTls, `sslmode=${mode}&sslrootcert=${right}`))).toBe(true)
      await expect(isEncrypted(urlOf(withTls, `sslmode=${mode}&sslrootcert=${wrong}`))).rejects.toMatchObject({
        code: 'CERTIFICATE_REJECTED',
      })
    }
  })

  test('a certificate for another host is refused by verify-full alone, with what it is for', async () => {
    const cluster = await startCluster()
    try {
      const { cert, private: key } = await generate([{ name: 'commonName', value: 'other.example' }], {
        ...{ keyType: 'ec', algorithm: 'sha256' },
        extensions: [
          { name: 'basicConstraints', cA: true },
          { name: 'subjectAltName', altNames: [{ type: 2, value: 'other.example' }] },
        ],
      })
      const path = join(folder, 'other.pem')
      await Promise.all([
        writeFile(path, cert),
        writeFile(join(cluster.dataDirectory, 'server.crt'), cert),
        writeFile(join(cluster.dataDirectory, 'server.key'), key),
      ])
      await cluster.query('select pg_reload_conf()')
      const url = (mode: string) => urlOf(cluster, `sslmode=${mode}&sslrootcert=${path}`, 'localhost')
      await settled(() => isEncrypted(url('verify-ca')))
      const work = waitUntilReady(testRuntime(), { url: url('verify-full') })
      await expect(work).rejects.toMatchObject({
        message: expect.stringMatching(
          /Could not log in at localhost:\d+: the server's certificate is not accepted: .*localhost.*other\.example/,
        ),
        advice: expect.stringMatching(/sslrootcert/),
        title: 'CERTIFICATE_REJECTED',
      })
    } finally {
      await cluster.stop()
    }
  })
})

/** Waits until the server has taken over its new certificate. */
async function settled(look: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return void (await look())
    } catch (error) {
      if (attempt === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

describe('a server without TLS', () => {
  test.each(['', 'sslmode=prefer', 'sslmode=allow', 'sslmode=disable'])('%j goes without', async (query) => {
    expect(await isEncrypted(urlOf(withoutTls, query))).toBe(false)
  })

  test.each(['require', 'verify-ca', 'verify-full'])('sslmode=%s fails at once, and says why', async (mode) => {
    const started = Date.now()
    const work = waitUntilReady(testRuntime(), { url: urlOf(withoutTls, `sslmode=${mode}`) })
    await expect(work).rejects.toMatchObject({
      message: expect.stringMatching(/^Could not log in at 127\.0\.0\.1:\d+: the server has no TLS\.$/),
      advice: 'Turn TLS on at the server, or write sslmode=prefer, which goes without where there is none.',
      title: 'TLS_NOT_OFFERED',
    })
    expect(Date.now() - started).toBeLessThan(2000)
  })
})

describe('a server that takes no login without TLS', () => {
  test.each(['', 'sslmode=allow', 'sslmode=prefer', 'sslmode=require'])('%j gets in', async (query) => {
    expect(await isEncrypted(urlOf(onlyTls, query))).toBe(true)
  })

  test('disable does not', async () => {
    await expect(isEncrypted(urlOf(onlyTls, 'sslmode=disable'))).rejects.toMatchObject({ code: '28000' })
  })

  test('and has none either: allow tells the first refusal, which is the cause', async () => {
    const cluster = await startCluster({ requireTls: true, settings: { ssl: 'off' } })
    try {
      await expect(isEncrypted(urlOf(cluster, 'sslmode=allow'))).rejects.toMatchObject({ code: '28000' })
    } finally {
      await cluster.stop()
    }
  })
})

describe('an IPv6 address', () => {
  test.each(['sslmode=disable', 'sslmode=prefer', 'sslmode=require'])('reaches its server (%s)', async (query) => {
    await appendFile(join(withTls.dataDirectory, 'pg_hba.conf'), 'host all all ::1/128 scram-sha-256\n')
    await withTls.query('select pg_reload_conf()')
    const url = urlOf(withTls, query, '[::1]')
    const look = () =>
      withDatabase(testRuntime(), { url }, async ({ sql }) => {
        return [...(await sql.unsafe('select host(inet_server_addr()) as address'))]
      })
    if (await hasLoopback()) {
      expect(await waitUntilReady(testRuntime(), { url })).toBeLessThan(5000)
      expect(await look()).toEqual([{ address: '::1' }])
    } else {
      // A machine without IPv6 says so of the right address, not of a name with brackets.
      await expect(look()).rejects.toMatchObject({ address: '::1', port: withTls.port, syscall: 'connect' })
    }
  })
})

function hasLoopback(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(0, '::1', () => probe.close(() => resolve(true)))
  })
}

describe('parameters', () => {
  test('options, application_name and schema reach the server', async () => {
    await withTls.query('create schema if not exists "my shop"')
    const query = 'options=-c%20work_mem%3D7MB%20-c%20geqo%3Doff&application_name=my%20app&schema=my%20shop'
    const settings = { lock_timeout: '3s', application_name: 'neon-postgres-setup run 1' }
    const told = await withDatabase(testRuntime(), { url: urlOf(withTls, query), settings }, async ({ sql }) => {
      const names = ['work_mem', 'geqo', 'application_name', 'search_path', 'lock_timeout']
      const [row] = await sql.unsafe(
        `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(', ')}`,
      )
      return { ...row }
    })
    expect(told).toEqual({
      ...{ work_mem: '7MB', geqo: 'off', application_name: 'my app', search_path: '"my shop"', lock_timeout: '3s' },
    })
  })
})

describe('something else than PostgreSQL', () => {
  let server: Server | undefined
  const sockets = new Set<Socket>()
  afterEach(() => {
    server?.close()
    for (const socket of sockets) socket.destroy()
  })

  async function listen(onConnection: (socket: Socket) => void): Promise<string> {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      onConnection(socket)
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    return `postgresql://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`
  }

  test.each([
    ['speaks HTTP', (socket: Socket) => socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    // What comes behind the answer would have been sent by somebody in between, without TLS.
    ['says more than that it takes TLS', (socket: Socket) => socket.once('data', () => socket.write('Sxxxx'))],
    ['hangs up when asked for TLS', (socket: Socket) => socket.once('data', () => socket.end())],
    ['hangs up at once', (socket: Socket) => socket.end()],
  ])('what %s is not taken for a server', async (_, behave) => {
    const url = await listen(behave)
    await expect(isEncrypted(url)).rejects.toMatchObject({
      code: expect.stringMatching(/CONNECTION_CLOSED|ECONNRESET/),
    })
  })

  test.each(['sslmode=disable', 'sslmode=require'])(
    'what never answers is given up after connect_timeout (%s)',
    async (mode) => {
      const url = await listen(() => undefined)
      const started = Date.now()
      const work = waitUntilReady(testRuntime(), { url: `${url}?connect_timeout=1&${mode}` })
      await expect(work).rejects.toMatchObject({
        message: expect.stringMatching(/^Could not log in at 127\.0\.0\.1:\d+: no (login|connection) .* within 1 s\.$/),
        advice: expect.stringMatching(/host and port in connection_string/),
      })
      expect(Date.now() - started).toBeLessThan(2500)
    },
  )
})
