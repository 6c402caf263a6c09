import selfsigned from 'selfsigned'
import { type Certificate, serve } from '../http/serve.ts'
import { ADMIN_TOKEN } from './access.ts'
import { answer, type World } from './answer.ts'
import { BUILT_IN, COMPONENTS } from './objects.ts'
import { createStore } from './store.ts'
import type { KubernetesStandIn } from './types.ts'

/** What the cluster is like. */
export interface StandInOptions {
  /** Whether it has Dapr's Components from the start; it has unless told. */
  dapr?: boolean
  port?: number
  /** Milliseconds that a deleted namespace stays in phase Terminating; 500 unless told, and some seconds in a real cluster. */
  namespaceDeletion?: number
  /** Speaks TLS with a certificate of its own: kubectl sends no token without it. */
  tls?: boolean
}

/**
 * A stand-in for kube-apiserver 1.20 on 127.0.0.1, with a journal and faults: namespaces, Secrets, service accounts with
 * tokens, RBAC and Dapr's Components; get, list with selectors, create, replace, patches of every kind, delete, discovery.
 * A deleted namespace is in phase Terminating for a while, or until its finalizers are taken out (PUT …/finalize). It has
 * no admission plugins but the one for namespaces, and one client at a time: nothing of it is asynchronous. Where it
 * differs from the real one stands in `__tests__/support/kubernetes-differential/allowed.ts`.
 */
export async function startKubernetesStandIn(options: StandInOptions = {}): Promise<KubernetesStandIn> {
  const [namespaces] = BUILT_IN
  if (!namespaces) throw new Error('no namespaces')
  const world: World = {
    store: createStore({ namespaces, namespaceDeletion: options.namespaceDeletion ?? 500 }),
    resources: [...BUILT_IN, ...(options.dapr === false ? [] : [COMPONENTS])],
  }
  const certificate = options.tls ? await makeCertificate() : undefined
  const server = await serve((request) => answer(world, request), options.port, certificate)
  return {
    kind: 'stand-in',
    version: 'stand-in',
    noCustomResources: null,
    url: server.url,
    kubeconfig: kubeconfig(server.url, certificate),
    journal: server.journal,
    faults: server.faults,
    async installDapr() {
      if (!world.resources.includes(COMPONENTS)) world.resources.push(COMPONENTS)
    },
    async request(method, path, body) {
      if (certificate) throw new Error('a stand-in with TLS is asked by its kubeconfig')
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
      const content = body === undefined ? {} : { body: JSON.stringify(body) }
      const response = await fetch(`${server.url}${path}`, { method, headers, ...content })
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
    },
    close: server.close,
  }
}

async function makeCertificate(): Promise<Certificate> {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }]
  const extensions = [{ name: 'subjectAltName' as const, altNames }]
  const made = await selfsigned.generate([{ name: 'commonName', value: '127.0.0.1' }], { extensions })
  return { cert: made.cert, key: made.private }
}

function kubeconfig(url: string, certificate: Certificate | undefined): string {
  const authority = certificate
    ? `, certificate-authority-data: ${Buffer.from(certificate.cert).toString('base64')}`
    : ''
  return [
    'apiVersion: v1',
    'kind: Config',
    'current-context: sandbox',
    'clusters:',
    `  - { name: sandbox, cluster: { server: "${url}"${authority} } }`,
    'users:',
    `  - { name: admin, user: { token: ${ADMIN_TOKEN} } }`,
    'contexts:',
    '  - { name: sandbox, context: { cluster: sandbox, user: admin } }',
    '',
  ].join('\n')
}
