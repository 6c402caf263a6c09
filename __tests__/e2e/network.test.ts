import { rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import { startHttpProxy } from '../../sandbox/proxy/index.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
let enterprise: GitHubSandbox
let projectId = ''
beforeAll(async () => {
  world = await startWorld()
  const permissions = { contents: 'read', 'pull-requests': 'write' } as const
  enterprise = await startGitHub({
    flavour: 'enterprise',
    repositories: [world.repository],
    tokens: { [world.token]: { kind: 'installation', repository: world.repository, permissions } },
  })
  const made = await world.run({ name: 'push' }, { project_name: 'learnflow', schema: 'learnflow' })
  projectId = made.outputs.project_id ?? ''
  for (const github of [world.github, enterprise]) for (const number of [1, 2, 3]) github.openPull({ number })
})
afterAll(() => Promise.all([world.close(), enterprise.close()]))

const opened = (number: number) => ({ name: 'pull_request' as const, action: 'opened' as const, number })
const inputs = () => ({ project_id: projectId, schema: 'learnflow' })

interface Certificate {
  key: string
  cert: string
}

/** A certificate for the stand-ins' names, which signs itself. */
async function makeCertificate(names: string[]): Promise<Certificate> {
  const altNames = names.map((value) => ({ type: 2 as const, value }))
  const pems = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  })
  return { key: pems.private, cert: pems.cert }
}

/** TLS in front of a server on 127.0.0.1. */
async function serveTls({ key, cert }: Certificate, port: string) {
  const sockets = new Set<Socket>()
  const server = createServer({ key, cert }, (socket) => {
    const upstream = connect(Number(port), '127.0.0.1')
    for (const end of [socket, upstream]) sockets.add(end.on('error', () => end.destroy()))
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

test('GitHub Enterprise Server: comment and sweep go to its API, links to its pages', async () => {
  const ghes = { apiUrl: enterprise.apiUrl, graphqlUrl: enterprise.graphqlUrl, serverUrl: 'https://github.example.com' }
  const result = await world.run(opened(1), inputs(), ghes)
  expect(result.conclusion).toBe('success')
  expect(enterprise.comments(1)).toHaveLength(1)
  expect(world.github.comments(1)).toHaveLength(0)
  expect(result.outputs.comment_url).toContain(new URL(enterprise.serverUrl).host)
  await world.write({ 'wrong/0001.sql': 'selct 1;' })
  await world.run(opened(1), { ...inputs(), schema: 'wrong' }, ghes)
  expect(enterprise.comments(1)[0]?.body).toContain('https://github.example.com/octo/learn/actions/runs/')
  expect(enterprise.comments(1)[0]?.body).not.toContain('https://github.com/')
  enterprise.closePull(1)
  expect((await world.run({ name: 'schedule' }, inputs(), ghes)).outputs).toMatchObject({
    outcome: 'swept',
    swept: '1',
  })
})

test('HTTPS_PROXY: Neon and GitHub are reached through tunnels, with the login of the proxy', async () => {
  const certificate = await makeCertificate(['neon.example.test', 'github.example.test'])
  const tls = await Promise.all([
    serveTls(certificate, new URL(world.neon.url).port),
    serveTls(certificate, String(world.github.port)),
  ])
  const proxy = await startHttpProxy({
    credentials: { user: 'runner', password: 'proxy-password-0001' },
    routes: { 'neon.example.test': `127.0.0.1:${tls[0].port}`, 'github.example.test': `127.0.0.1:${tls[1].port}` },
  })
  const authority = join(world.workspace, '..', `authority-${process.pid}.pem`)
  await writeFile(authority, certificate.cert)
  try {
    const more = {
      apiUrl: 'https://github.example.test',
      graphqlUrl: 'https://github.example.test/graphql',
      env: { HTTPS_PROXY: proxy.url, https_proxy: proxy.url, NODE_EXTRA_CA_CERTS: authority },
    }
    const result = await world.run(opened(2), { ...inputs(), api_host: 'https://neon.example.test/api/v2' }, more)
    expect(result.annotations.filter(({ type }) => type !== 'notice')).toEqual([])
    expect(result.conclusion).toBe('success')
    expect(proxy.journal.every(({ method, status }) => method === 'CONNECT' && status === 200)).toBe(true)
    expect(proxy.hosts().sort()).toEqual(['github.example.test:443', 'neon.example.test:443'])
    expect(world.github.comments(2)).toHaveLength(1)
    expect(result.leaks(['proxy-password-0001'])).toEqual([])
  } finally {
    await Promise.all([proxy.close(), ...tls.map(({ close }) => close()), rm(authority)])
  }
})

test('NO_PROXY: what it names is reached directly', async () => {
  const proxy = await startHttpProxy()
  try {
    const env = { http_proxy: proxy.url, HTTP_PROXY: proxy.url, no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' }
    expect((await world.run(opened(3), inputs(), { env })).conclusion).toBe('success')
    expect(proxy.hosts()).toEqual([])
  } finally {
    await proxy.close()
  }
})
