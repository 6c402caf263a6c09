import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import selfsigned from 'selfsigned'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import {
  applyCredentials,
  type KubernetesOptions,
  readCredentials,
  removeCredentials,
} from '../../src/kubernetes/index.ts'
import { changedKubeconfig, newNamespace, sampleCredentials, sampleOptions } from '../support/kubernetes.ts'
import { instantClock, testRuntime } from '../support/runtime.ts'

describe('a Kubernetes server with faults', () => {
  let server: KubernetesStandIn
  let options: KubernetesOptions
  beforeAll(async () => {
    server = await startKubernetesStandIn()
  })
  afterAll(() => server.close())
  beforeEach(async () => {
    server.faults.clear()
    const namespace = await newNamespace(server)
    options = sampleOptions(server, { namespace })
    server.journal.length = 0
  })
  const requests = () => server.journal.map(({ method, status }) => `${method} ${status}`)

  test('gets three requests for a new Secret and one for an equal one', async () => {
    await applyCredentials(testRuntime(), options, sampleCredentials())
    expect(requests()).toEqual(['GET 404', 'PATCH 201', 'GET 200'])
    server.journal.length = 0
    await applyCredentials(testRuntime(), options, sampleCredentials())
    expect(requests()).toEqual(['GET 200'])
    expect(JSON.stringify(server.journal.map(({ headers }) => headers['user-agent']))).toBe('["neon-postgres-setup"]')
  })

  const modified = JSON.stringify({
    kind: 'Status',
    reason: 'Conflict',
    message: 'the object has been modified',
    code: 409,
  })
  test.each([
    ['409', { kind: 'answer' as const, status: 409, body: modified }],
    ['429', { kind: 'answer' as const, status: 429, headers: { 'retry-after': '2' } }],
    ['500', { kind: 'answer' as const, status: 500 }],
    ['503', { kind: 'answer' as const, status: 503 }],
    ['504 after it took effect', { kind: 'answer-after' as const, status: 504 }],
    ['a dropped connection', { kind: 'drop' as const }],
    ['a connection dropped after it took effect', { kind: 'drop-after' as const }],
  ])('that answers %s goes on by itself, at every request of apply and remove', async (_, fault) => {
    for (const method of ['GET', 'PATCH']) {
      server.faults.add({ method, ...fault })
    }
    const runtime = testRuntime({ instant: true })
    const [applied] = await applyCredentials(runtime, options, sampleCredentials())
    expect(applied?.action).toBe('created')
    expect(await readCredentials(runtime, options)).toEqual({ DATABASE_URL: sampleCredentials().pooledUrl })
    server.faults.add({ method: 'DELETE', ...fault })
    const [removed] = await removeCredentials(runtime, options)
    expect(removed?.action).toBe('deleted')
    expect(await readCredentials(runtime, options)).toBeNull()
    expect(runtime.lines.filter((line) => line.includes(' again in '))).toHaveLength(3)
  })

  test('is waited for as long as Retry-After says', async () => {
    server.faults.add({ method: 'GET', kind: 'answer', status: 429, headers: { 'retry-after': '3' } })
    const clock = instantClock()
    await applyCredentials({ ...testRuntime(), clock }, options, sampleCredentials())
    expect(clock.slept).toEqual([3000])
  })

  test('that stays down is given up after five tries, with its words', async () => {
    server.faults.add({ kind: 'answer', status: 503, body: 'etcd is away', times: 99 })
    await expect(applyCredentials(testRuntime({ instant: true }), options, sampleCredentials())).rejects.toMatchObject({
      message: expect.stringMatching(/^Could not read Secret .*: the Kubernetes server answered 503: etcd is away\.$/),
    })
    expect(requests()).toHaveLength(5)
  })

  test('that does not answer is given up on, naming server and time', async () => {
    server.faults.add({ kind: 'slow', milliseconds: 400, times: 99 })
    const slow = applyCredentials(
      testRuntime({ instant: true }),
      { ...options, requestTimeout: 50 },
      sampleCredentials(),
    )
    await expect(slow).rejects.toMatchObject({
      message: `Could not reach the Kubernetes server ${server.url} of context 'sandbox': no answer within 0.05 s.`,
    })
  })

  test('that is slow once is asked again', async () => {
    server.faults.add({ method: 'PATCH', kind: 'slow', milliseconds: 300 })
    const [result] = await applyCredentials(
      testRuntime({ instant: true }),
      { ...options, requestTimeout: 100 },
      sampleCredentials(),
    )
    expect(result?.action).toBe('created')
  })

  test('is left at once when the run is cancelled', async () => {
    server.faults.add({ kind: 'slow', milliseconds: 400, times: 99 })
    const runtime = testRuntime()
    const running = applyCredentials(runtime, options, sampleCredentials())
    setTimeout(() => runtime.abort(new Error('cancelled')), 50)
    await expect(running).rejects.toThrow('cancelled')
  })

  test('whose value reads back different is an error that shows no value', async () => {
    const other = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: { DATABASE_URL: 'b3RoZXI=' } }
    server.faults.add({ method: 'GET', skip: 1, kind: 'answer', status: 200, body: JSON.stringify(other) })
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
      message: expect.stringMatching(/reads back different at .*data\.DATABASE_URL/),
    })
  })

  test('that quotes a credential in its error does not bring it into ours', async () => {
    const { pooledUrl } = sampleCredentials()
    const quoted = `invalid: ${pooledUrl} ${Buffer.from(pooledUrl).toString('base64')}`
    const body = JSON.stringify({ kind: 'Status', reason: 'Invalid', message: quoted, code: 422 })
    server.faults.add({ method: 'PATCH', kind: 'answer', status: 422, body })
    const error = await applyCredentials(testRuntime(), options, sampleCredentials()).catch((thrown: Error) => thrown)
    expect(String(error)).toContain('the server refuses it: invalid: *** ***')
  })
})

describe('a server that cannot be used', () => {
  test('because nothing listens there, or its name is unknown', async () => {
    const server = await startKubernetesStandIn()
    await server.close()
    const options = sampleOptions(server, {})
    await expect(applyCredentials(testRuntime({ instant: true }), options, sampleCredentials())).rejects.toMatchObject({
      message: `Could not reach the Kubernetes server ${server.url} of context 'sandbox': nothing listens there.`,
      advice: expect.stringContaining('self-hosted runner'),
    })
    const kubeconfig = server.kubeconfig.replace('http://127.0.0.1', 'https://cluster.invalid')
    await expect(
      applyCredentials(testRuntime({ instant: true }), { ...options, kubeconfig }, sampleCredentials()),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/https:\/\/cluster\.invalid:\d+.*its name (is not known|could not be looked up)/),
    })
  })

  test('because its certificate is not trusted or has expired; insecure-skip-tls-verify goes on with a warning', async () => {
    const standIn = await startKubernetesStandIn()
    const dates = { notBeforeDate: new Date('2024-01-01'), notAfterDate: new Date('2024-02-01') }
    const extensions = [{ name: 'subjectAltName' as const, altNames: [{ type: 7 as const, ip: '127.0.0.1' }] }]
    const { cert, private: key } = await selfsigned.generate([{ name: 'commonName', value: '127.0.0.1' }], {
      ...dates,
      extensions,
    })
    const tls = createServer({ cert, key }, (request, response) => {
      // TLS in front of the stand-in.
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const body = Buffer.concat(chunks)
        const headers = {
          authorization: request.headers.authorization ?? '',
          'content-type': request.headers['content-type'] ?? '',
        }
        const method = request.method ?? 'GET'
        const answer = await fetch(`${standIn.url}${request.url}`, {
          method,
          headers,
          ...(body.length > 0 ? { body } : {}),
        })
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
      })
    })
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
    const address = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`
    const withCluster = (more: Record<string, unknown>) =>
      sampleOptions(standIn, {
        kubeconfig: changedKubeconfig(standIn, (tree) => {
          for (const entry of tree.clusters) entry.cluster = { server: address, ...more }
        }),
      })
    try {
      const ca = Buffer.from(cert).toString('base64')
      await expect(
        applyCredentials(testRuntime(), withCluster({ 'certificate-authority-data': ca }), sampleCredentials()),
      ).rejects.toMatchObject({
        message: `Could not trust the Kubernetes server ${address}: the server's certificate has expired (CERT_HAS_EXPIRED).`,
      })
      await expect(applyCredentials(testRuntime(), withCluster({}), sampleCredentials())).rejects.toMatchObject({
        message: expect.stringMatching(/^Could not trust the Kubernetes server/),
      })
      const runtime = testRuntime()
      const [result] = await applyCredentials(
        runtime,
        withCluster({ 'insecure-skip-tls-verify': true }),
        sampleCredentials(),
      )
      expect(result?.action).toBe('created')
      expect(runtime.annotations).toMatchObject([
        { kind: 'warning', text: expect.stringContaining('insecure-skip-tls-verify') },
      ])
    } finally {
      tls.closeAllConnections()
      await new Promise((resolve) => tls.close(resolve))
      await standIn.close()
    }
  })
})
