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
import {
  changedKubeconfig,
  createObject,
  finishNamespace,
  isGoing,
  newNamespace,
  sampleCredentials,
  sampleOptions,
  sampleOwner,
  unusedNamespace,
} from '../support/kubernetes.ts'
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
    ['an empty body', { kind: 'answer-after' as const, status: 200, body: '' }],
    ['{}', { kind: 'answer-after' as const, status: 200, body: '{}' }],
    ['cut JSON', { kind: 'answer-after' as const, status: 200, body: '{"kind":"Secret","metad' }],
    ['a page', { kind: 'answer-after' as const, status: 200, body: '<html>sign in</html>' }],
    ['423', { kind: 'answer' as const, status: 423 }],
    ['429', { kind: 'answer' as const, status: 429, headers: { 'retry-after': '2' } }],
    ['500', { kind: 'answer' as const, status: 500 }],
    ['503', { kind: 'answer' as const, status: 503 }],
    ['504 after it took effect', { kind: 'answer-after' as const, status: 504 }],
    ['524 after it took effect', { kind: 'answer-after' as const, status: 524 }],
    ['a dropped connection', { kind: 'drop' as const, status: 0 }],
    ['a connection dropped after it took effect', { kind: 'drop-after' as const, status: 0 }],
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
    // A conditional write that meets another is not sent again: the Secret is looked at anew.
    expect(runtime.lines.filter((line) => line.includes(' again in '))).toHaveLength(fault.status === 409 ? 2 : 3)
  })

  test.each(['', '{}', 'null', '[]', '{"kind":"Secret"}', '<html><title>Sign in</title>'])(
    'that answers %j for ever is an error of ours',
    async (body) => {
      server.faults.add({ kind: 'answer', status: 200, body, times: 99 })
      const work = applyCredentials(testRuntime({ instant: true }), options, sampleCredentials())
      await expect(work).rejects.toMatchObject({
        name: 'ActionError',
        message: expect.stringMatching(
          /^Could not read Secret .*: the Kubernetes server answered 200: the answer is no/,
        ),
      })
    },
  )

  test('is waited for as long as Retry-After says', async () => {
    server.faults.add({ method: 'GET', kind: 'answer', status: 429, headers: { 'retry-after': '3' } })
    const clock = instantClock()
    await applyCredentials({ ...testRuntime(), clock }, options, sampleCredentials())
    expect(clock.slept).toEqual([3000])
  })

  test.each([
    ['nothing', undefined],
    ['0', '0'],
    ['a thousandth of a second', '0.001'],
    ['a time before now', '-5'],
    ['a moment that has passed', 'Wed, 21 Oct 2015 07:28:00 GMT'],
    ['something that cannot be read', 'soon'],
  ])('that asks for %s with Retry-After is not hammered: every wait is at least the backoff', async (_, after) => {
    const headers = after === undefined ? {} : { headers: { 'retry-after': after } }
    server.faults.add({ method: 'GET', kind: 'answer', status: 503, times: 4, ...headers })
    const clock = instantClock()
    await applyCredentials({ ...testRuntime(), clock }, options, sampleCredentials())
    expect(requests()).toEqual(['GET 503', 'GET 503', 'GET 503', 'GET 503', 'GET 404', 'PATCH 201', 'GET 200'])
    const least = [375, 750, 1500, 3000]
    expect(clock.slept).toHaveLength(4)
    for (const [index, milliseconds] of clock.slept.entries()) {
      expect(milliseconds).toBeGreaterThanOrEqual(least[index] ?? 0)
      expect(milliseconds).toBeLessThanOrEqual((least[index] ?? 0) * 1.5)
    }
  })

  test('is waited for until the moment that Retry-After names, eight seconds at most', async () => {
    const clock = instantClock()
    for (const seconds of [5, 3600]) {
      const moment = new Date(clock.now() + seconds * 1000).toUTCString()
      server.faults.add({ method: 'GET', kind: 'answer', status: 503, headers: { 'retry-after': moment } })
      await readCredentials({ ...testRuntime(), clock }, options)
    }
    expect(clock.slept).toEqual([5000, 8000])
  })

  test('whose quota has not been counted yet is asked again', async () => {
    const message = 'secrets "postgres-credentials" is forbidden: status unknown for quota: few, resources: secrets'
    const body = JSON.stringify({ kind: 'Status', reason: 'Forbidden', message, code: 403 })
    server.faults.add({ method: 'PATCH', kind: 'answer', status: 403, body })
    await applyCredentials(testRuntime({ instant: true }), options, sampleCredentials())
    expect(requests()).toEqual(['GET 404', 'PATCH 403', 'PATCH 201', 'GET 200'])
  })

  test.each([[400], [409], [429], [500]])(
    'whose webhook denies with %i is asked once: the answer would be the same',
    async (code) => {
      const message = 'admission webhook "policy.example.com" denied the request: no'
      const body = JSON.stringify({ kind: 'Status', message, code })
      server.faults.add({ method: 'PATCH', kind: 'answer', status: code, body, times: 9 })
      await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
        message: expect.stringContaining(`a policy of the cluster denies it: ${message}.`),
        advice: expect.stringMatching(/^The admission webhook 'policy\.example\.com' sets this rule: /),
      })
      expect(requests()).toEqual(['GET 404', `PATCH ${code}`])
    },
  )

  test("whose own policy denies is told with the policy's name", async () => {
    const message = `ValidatingAdmissionPolicy 'labels' with binding 'all' denied request: failed expression: x`
    const body = JSON.stringify({ kind: 'Status', reason: 'Invalid', message, code: 422 })
    server.faults.add({ method: 'PATCH', kind: 'answer', status: 422, body })
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
      advice: expect.stringMatching(/^The ValidatingAdmissionPolicy 'labels' sets this rule: /),
    })
  })

  test('whose webhook does not answer is asked five times, then the webhook is named', async () => {
    const message = 'Internal error occurred: failed calling webhook "policy.example.com": connection refused'
    const body = JSON.stringify({ kind: 'Status', reason: 'InternalError', message, code: 500 })
    server.faults.add({ method: 'PATCH', kind: 'answer', status: 500, body, times: 9 })
    await expect(applyCredentials(testRuntime({ instant: true }), options, sampleCredentials())).rejects.toMatchObject({
      message: expect.stringContaining(`a policy of the cluster could not be asked: ${message}.`),
      advice: expect.stringContaining("'policy.example.com' does not answer"),
    })
    expect(requests().filter((line) => line.startsWith('PATCH'))).toHaveLength(5)
  })

  test.each([
    ['answers 500', { kind: 'answer' as const, status: 500 }, 'the Kubernetes server answered 500'],
    ['drops the connection', { kind: 'drop' as const }, 'it closed the connection'],
  ])(
    'that %s whenever others are looked for keeps the namespace, which is a warning and no error',
    async (_, fault, cause) => {
      const whole = { ...options, namespace: unusedNamespace(), createNamespace: true }
      await applyCredentials(testRuntime(), whole, sampleCredentials())
      server.faults.add({ method: 'GET', path: /labelSelector/, times: 99, ...fault })
      const runtime = testRuntime({ instant: true })
      const removed = await removeCredentials(runtime, whole)
      expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret deleted'])
      expect(runtime.annotations.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
        expect.stringContaining(
          `warning: Kept namespace ${whole.namespace}: another owner may have something in it: Could not `,
        ),
      ])
      expect(runtime.annotations[0]?.text).toContain(cause)
      expect(requests()).not.toContain('DELETE 404')
      expect(await isGoing(server, whole.namespace)).toBe(false)
    },
  )

  test('looks for others right before it deletes the namespace, and reads none of their values', async () => {
    const whole = { ...options, namespace: unusedNamespace(), createNamespace: true }
    await applyCredentials(testRuntime(), whole, sampleCredentials())
    server.journal.length = 0
    await removeCredentials(testRuntime(), whole)
    const paths = server.journal.map(({ method, path }) => `${method} ${path.replace(whole.namespace, 'NS')}`)
    const selector = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dneon-postgres-setup'
    expect(paths.slice(-3)).toEqual([
      `GET /api/v1/namespaces/NS/secrets?${selector}`,
      `GET /apis/dapr.io/v1alpha1/namespaces/NS/components?${selector}`,
      'DELETE /api/v1/namespaces/NS',
    ])
    const lists = server.journal.filter(({ path }) => path.includes('labelSelector'))
    for (const { headers } of lists) expect(headers.accept).toContain('as=PartialObjectMetadataList')
  })

  /** Waits until the server has been sent a request. */
  async function untilAsked(method: string, path: RegExp): Promise<void> {
    while (!server.journal.some((entry) => entry.method === method && path.test(entry.path))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  test('whose namespace begins to go when the run has already looked is waited for too', async () => {
    const namespace = unusedNamespace()
    const whole = { ...options, namespace, createNamespace: true }
    const spec = { finalizers: ['example.com/hold'] }
    await createObject(server, '/api/v1/namespaces', { kind: 'Namespace', metadata: { name: namespace }, spec })
    server.journal.length = 0
    server.faults.add({ method: 'GET', path: /secrets/, kind: 'slow', milliseconds: 300 })
    const clock = instantClock()
    const { sleep } = clock
    clock.sleep = async (milliseconds, signal) => {
      await sleep(milliseconds, signal)
      await finishNamespace(server, namespace)
    }
    const running = applyCredentials({ ...testRuntime(), clock }, whole, sampleCredentials())
    await untilAsked('GET', /secrets/)
    await server.request('DELETE', `/api/v1/namespaces/${namespace}`)
    expect((await running).map(({ kind, action }) => `${kind} ${action}`)).toEqual([
      'Namespace created',
      'Secret created',
    ])
    const patches = requests().filter((line) => line.startsWith('PATCH'))
    expect(patches).toEqual(['PATCH 403', 'PATCH 404', 'PATCH 201'])
  })

  test('whose Secret was made anew by someone else since the run looked at it does not lose that one', async () => {
    const [namespace, name] = [options.namespace ?? '', options.secretName]
    await applyCredentials(testRuntime(), options, sampleCredentials())
    server.journal.length = 0
    server.faults.add({ method: 'DELETE', path: /secrets/, kind: 'slow', milliseconds: 300 })
    const running = removeCredentials(testRuntime({ instant: true }), options)
    await untilAsked('DELETE', /secrets/)
    const collection = `/api/v1/namespaces/${namespace}/secrets`
    await server.request('DELETE', `${collection}/${name}`)
    await createObject(server, collection, { kind: 'Secret', metadata: { name } })
    expect((await running).map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret gone'])
    expect(requests().filter((line) => line === 'DELETE 409')).toHaveLength(1)
    expect((await server.request('GET', `${collection}/${name}`)).status).toBe(200)
  })

  test('that refuses the Secret keeps the namespace when another owner came in between', async () => {
    const namespace = unusedNamespace()
    const refused = { ...options, namespace, createNamespace: true, secretName: 'Bad_Name' }
    server.faults.add({ method: 'PATCH', path: /Bad_Name/, skip: 1, kind: 'slow', milliseconds: 500 })
    const runtime = testRuntime()
    const running = applyCredentials(runtime, refused, sampleCredentials()).catch((error: Error) => error.message)
    while ((await server.request('GET', `/api/v1/namespaces/${namespace}`)).status !== 200) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const owner = sampleOwner({ pullRequest: 8 })
    await applyCredentials(testRuntime(), { ...options, namespace, owner }, sampleCredentials())
    expect(await running).toContain('the server refuses it')
    expect(runtime.annotations.map(({ text }) => text)).toEqual([
      `Kept namespace ${namespace}: it holds Secret ${namespace}/postgres-credentials of pull request 8 of acme/learnflow.`,
    ])
    expect(await isGoing(server, namespace)).toBe(false)
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
