import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { type HttpProxy, startHttpProxy } from '../../sandbox/proxy/index.ts'

const KEY = 'napi_proxy_test_key_42'
const HOST = 'console.neon.example'
const source = pathToFileURL(fileURLToPath(new URL('../../src', import.meta.url))).href

let folder: string
let port: number
let proxy: HttpProxy
const seen: { authorization: string | undefined; host: string | undefined }[] = []
const closers: (() => void)[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neon-proxy-'))
  const certificate = await generate([{ name: 'commonName', value: HOST }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: HOST },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  await writeFile(join(folder, 'ca.pem'), certificate.cert)
  const server = createServer({ key: certificate.private, cert: certificate.cert }, (request, response) => {
    const { authorization, host } = request.headers
    seen.push({ authorization, host })
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ project: { id: 'a', name: 'learn' } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  closers.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  proxy = await startHttpProxy({
    credentials: { user: 'runner', password: 'pa:ss' },
    routes: { [`${HOST}:443`]: `127.0.0.1:${port}` },
  })
})
afterAll(async () => {
  for (const close of closers) close()
  await proxy.close()
  await rm(folder, { recursive: true })
})

/** Asks for a project in a process of its own, because Node reads its certificates and proxies when it starts. */
async function ask(apiHost: string, environment: Record<string, string>): Promise<string> {
  const script = `
    import { createNeon, describeProject } from '${source}/neon/index.ts'
    import { createSecrets } from '${source}/runtime/secrets.ts'
    import { errorMessage } from '${source}/runtime/errors.ts'
    const quiet = () => undefined
    const log = { debug: quiet, info: quiet, notice: quiet, warning: quiet, error: quiet, progress: quiet }
    const clock = { now: () => Date.now(), sleep: () => Promise.resolve() }
    const runtime = { log, clock, secrets: createSecrets(quiet), signal: new AbortController().signal }
    const neon = createNeon(runtime, { apiKey: '${KEY}', apiHost: '${apiHost}', userAgent: 'test/1' })
    console.log(await describeProject(neon, 'a').then(({ name }) => name, errorMessage))
  `
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
    { env: { PATH: process.env.PATH ?? '', NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), ...environment } },
  )
  return stdout.trim()
}

describe('proxies', () => {
  test('HTTPS_PROXY: a tunnel to the true host, in which the proxy sees no key', async () => {
    proxy.journal.length = 0
    seen.length = 0
    expect(await ask(`https://${HOST}/api/v2`, { HTTPS_PROXY: proxy.url })).toBe('learn')
    expect(proxy.journal).toEqual([{ method: 'CONNECT', host: HOST, port: 443, path: '', status: 200 }])
    expect(seen).toEqual([{ authorization: `Bearer ${KEY}`, host: HOST }])
  })

  test('NO_PROXY goes directly', async () => {
    proxy.journal.length = 0
    const direct = `https://127.0.0.1:${port}/api/v2`
    expect(await ask(direct, { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' })).toBe('learn')
    expect(proxy.journal).toEqual([])
  })

  test('a proxy that refuses is told, without the key or its password', async () => {
    const url = new URL(proxy.url)
    url.password = 'wrong-secret'
    const text = await ask(`https://${HOST}/api/v2`, { https_proxy: url.href })
    expect(text).toMatch(/find the project a: .*407/)
    expect(text).not.toContain(KEY)
    expect(text).not.toContain('wrong-secret')
  })

  test('a proxy that is not there is told with the advice to look at it', async () => {
    const text = await ask(`https://${HOST}/api/v2`, { HTTPS_PROXY: 'http://127.0.0.1:9' })
    expect(text).toMatch(/ECONNREFUSED.*HTTPS_PROXY/)
  })

  test('a certificate that nobody vouches for is refused at once', async () => {
    const text = await ask(`https://127.0.0.1:${port}/api/v2`, { NODE_EXTRA_CA_CERTS: '' })
    expect(text).toMatch(/no answer from the Neon API \(.*SELF_SIGNED/)
  })
})
