import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import selfsigned from 'selfsigned'
import { type Kubernetes, type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import { applyCredentials } from '../../src/kubernetes/index.ts'
import {
  createObject,
  isGoing,
  newNamespace,
  ownServers,
  sampleCredentials,
  sampleOptions,
  unusedNamespace,
} from '../support/kubernetes.ts'
import { testRuntime } from '../support/runtime.ts'

/** A cluster whose owners forbid something. */
interface Ruled {
  server: Kubernetes
  /** Sees to it that no more Secret fits into the namespace. */
  fillQuota(namespace: string): Promise<void>
  /** Sees to it that a webhook denies the next Secret with the label `policy: denied`. */
  deny(): Promise<void>
  close(): Promise<void>
}

const DENIAL = 'label policy must not be "denied"'

/** The stand-in has no admission: it repeats what kube-apiserver 1.20.2 answered. */
async function startRuledStandIn(): Promise<Ruled> {
  const server = await startKubernetesStandIn()
  const refuse = (code: number, reason: string, message: string, path: RegExp, skip = 0) =>
    (server as KubernetesStandIn).faults.add({
      ...{ method: 'PATCH', path, skip, kind: 'answer', status: code },
      body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }),
    })
  const forbidden = 'secrets "postgres-credentials" is forbidden: '
  return {
    server,
    async fillQuota(namespace) {
      const text = 'exceeded quota: few, requested: secrets=1, used: secrets=0, limited: secrets=0'
      refuse(403, 'Forbidden', `${forbidden}${text}`, new RegExp(namespace))
    },
    // The first apply finds no namespace, the second is denied.
    deny: async () =>
      refuse(400, 'BadRequest', `admission webhook "policy.example.com" denied the request: ${DENIAL}`, /denied/, 1),
    close: () => server.close(),
  }
}

async function startRuled(start: () => Promise<Kubernetes>): Promise<Ruled> {
  const server = await start()
  let webhook: Server | undefined
  return {
    server,
    async fillQuota(namespace) {
      const item = { kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard: { secrets: '0' } } }
      const collection = `/api/v1/namespaces/${namespace}/resourcequotas`
      await createObject(server, collection, item)
      // The quota controller's part: without it nothing has been counted, and nothing is enforced.
      const status = { hard: { secrets: '0' }, used: { secrets: '0' } }
      await server.request('PUT', `${collection}/few/status`, { apiVersion: 'v1', ...item, status })
    },
    async deny() {
      webhook = await startWebhook(server)
    },
    async close() {
      webhook?.closeAllConnections()
      webhook?.close()
      await server.close()
    },
  }
}

/** An admission webhook that denies everything it is asked about. */
async function startWebhook(server: Kubernetes): Promise<Server> {
  const { cert, private: key } = await selfsigned.generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  const webhook = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { apiVersion, request: review } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const answer = { uid: review.uid, allowed: false, status: { message: DENIAL } }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion, kind: 'AdmissionReview', response: answer }))
  })
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
  const { port } = webhook.address() as AddressInfo
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] }
  await createObject(server, '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'policy' },
    webhooks: [
      {
        name: 'policy.example.com',
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(cert).toString('base64') },
        rules: [rule],
        objectSelector: { matchLabels: { policy: 'denied' } },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  })
  await untilDenied(server)
  return webhook
}

/** The API server takes up a new webhook after a moment; a dry run tells. */
async function untilDenied(server: Kubernetes): Promise<void> {
  const probe = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'probe', labels: { policy: 'denied' } },
  }
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const { status } = await server.request('POST', '/api/v1/namespaces/default/secrets?dryRun=All', probe)
    if (status !== 201) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the webhook is not asked')
}

const ruled = ownServers().map(({ name, start }) => ({
  name,
  start: () => (name === 'stand-in' ? startRuledStandIn() : startRuled(start)),
}))

describe.each(ruled)('a policy on $name', ({ start }) => {
  let cluster: Ruled
  beforeAll(async () => {
    cluster = await start()
  })
  afterAll(() => cluster.close())

  test('a quota that is used up is named, with what helps', async () => {
    const namespace = await newNamespace(cluster.server)
    await cluster.fillQuota(namespace)
    await expect(
      applyCredentials(testRuntime(), sampleOptions(cluster.server, { namespace }), sampleCredentials()),
    ).rejects.toMatchObject({
      message: `Could not write Secret ${namespace}/postgres-credentials: the quota 'few' of namespace '${namespace}' is used up: secrets "postgres-credentials" is forbidden: exceeded quota: few, requested: secrets=1, used: secrets=0, limited: secrets=0.`,
      advice: `Delete what nobody needs there, or let an administrator raise the quota: kubectl describe quota few -n ${namespace}`,
    })
  })

  test("a webhook's denial names the webhook and its words, and takes the namespace back that was just made", async () => {
    await cluster.deny()
    const namespace = `denied-${unusedNamespace()}`
    const options = sampleOptions(cluster.server, {
      namespace,
      createNamespace: true,
      secretLabels: { policy: 'denied' },
    })
    const runtime = testRuntime()
    await expect(applyCredentials(runtime, options, sampleCredentials())).rejects.toMatchObject({
      message: `Could not write Secret ${namespace}/postgres-credentials: a policy of the cluster denies it: admission webhook "policy.example.com" denied the request: ${DENIAL}.`,
      advice:
        "The admission webhook 'policy.example.com' sets this rule: change what it objects to (secret_name, secret_labels, namespace), or ask who runs the cluster for an exception.",
    })
    expect(runtime.lines).toEqual([
      `Kubernetes: namespace ${namespace} deleted again, since nothing could be written into it.`,
    ])
    expect(await isGoing(cluster.server, namespace)).toBe(true)
  })
})
