import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parse, parseAllDocuments, stringify } from 'yaml'
import {
  findAssets,
  type Kubernetes,
  startKubeApiserver,
  startKubernetesStandIn,
} from '../../sandbox/kubernetes/index.ts'
import type { Credentials, KubernetesOptions, Owner } from '../../src/kubernetes/index.ts'

const UNPACK = '../shared/envtest/unpack'

/**
 * The API servers that a contract test can run against here: the stand-in always, the real one where its binaries are, or
 * where ENVTEST_DOWNLOAD=true lets envtest download them.
 */
export function availableServers(): { name: string; start: () => Promise<Kubernetes> }[] {
  const servers = [{ name: 'stand-in', start: () => startKubernetesStandIn({ dapr: false }) as Promise<Kubernetes> }]
  const existing = process.env.USE_EXISTING_CLUSTER?.toLowerCase() === 'true'
  const assets = findAssets() ?? (existsSync(UNPACK) ? execFileSync(UNPACK, { encoding: 'utf8' }).trim() : undefined)
  if (existing || assets || process.env.ENVTEST_DOWNLOAD === 'true') {
    servers.push({
      name: 'kube-apiserver',
      start: () => startKubeApiserver({ dapr: false, ...(assets ? { assets } : {}) }),
    })
  }
  return servers
}

/**
 * Those of them that belong to a test alone. A cluster that was there before cannot reach a webhook of the test's process,
 * and other tests may have brought Dapr into it.
 */
export function ownServers(): ReturnType<typeof availableServers> {
  const existing = process.env.USE_EXISTING_CLUSTER?.toLowerCase() === 'true'
  return availableServers().filter(({ name }) => name === 'stand-in' || !existing)
}

let count = 0

/** A namespace of its own for each test, with labels and annotations where a test wants some. */
export async function newNamespace(server: Kubernetes, metadata: object = {}): Promise<string> {
  count += 1
  const name = `test-${process.pid}-${count}`
  await createObject(server, '/api/v1/namespaces', { kind: 'Namespace', metadata: { ...metadata, name } })
  return name
}

/** Creates an object as administrator; its resourceVersion tells later whether it was touched. */
export async function createObject(server: Kubernetes, collection: string, item: object): Promise<string> {
  const apiVersion = collection.match(/^\/apis\/([^/]+\/[^/]+)\//)?.[1] ?? 'v1'
  const { status, body } = await server.request('POST', `${collection}?fieldManager=kubectl-create`, {
    apiVersion,
    ...item,
  })
  if (status !== 201) throw new Error(`${collection}: ${status} ${JSON.stringify(body)}`)
  return body.metadata.resourceVersion
}

/** A namespace that is being deleted, and stays so until {@link finishNamespace}; `fill` puts something into it before. */
export async function terminatingNamespace(
  server: Kubernetes,
  fill: (name: string) => Promise<void> = async () => undefined,
): Promise<string> {
  count += 1
  const name = `going-${process.pid}-${count}`
  // The finalizer is nobody's, so that no controller takes it out.
  const spec = { finalizers: ['example.com/hold'] }
  await createObject(server, '/api/v1/namespaces', { kind: 'Namespace', metadata: { name }, spec })
  await fill(name)
  await server.request('DELETE', `/api/v1/namespaces/${name}`)
  return name
}

/** Does what the namespace controller does at the end of a deletion; envtest runs none. */
export async function finishNamespace(server: Kubernetes, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } }
  await server.request('PUT', `/api/v1/namespaces/${name}/finalize`, body)
}

/** Whether a namespace is gone or on its way. */
export async function isGoing(server: Kubernetes, name: string): Promise<boolean> {
  const { status, body } = await server.request('GET', `/api/v1/namespaces/${name}`)
  return status === 404 || body.status.phase === 'Terminating'
}

/** A name that no namespace has yet. */
export function unusedNamespace(): string {
  count += 1
  return `fresh-${process.pid}-${count}`
}

/** Credentials as a Neon branch gives them, with a password that needs encoding. */
export function sampleCredentials(password = 'n0t&Real=pa55/word'): Credentials {
  const login = (user: string, secret: string, host: string) =>
    `postgresql://${user}:${encodeURIComponent(secret)}@${host}.eu-central-1.aws.neon.tech/learnflow?sslmode=require`
  return {
    url: login('neondb_owner', password, 'ep-cool-rain-123456'),
    pooledUrl: login('neondb_owner', password, 'ep-cool-rain-123456-pooler'),
    roles: {
      api: {
        url: login('api', 'api-role-password', 'ep-cool-rain-123456'),
        pooledUrl: login('api', 'api-role-password', 'ep-cool-rain-123456-pooler'),
      },
    },
  }
}

/** Options of a run for pull request 7, with what a test wants otherwise. */
export function sampleOptions(server: Kubernetes, more: Partial<KubernetesOptions>): KubernetesOptions {
  return {
    kubeconfig: server.kubeconfig,
    createNamespace: false,
    namespaceIsPerPullRequest: true,
    secretName: 'postgres-credentials',
    secretKeys: [{ key: 'DATABASE_URL', template: '{db_url_pooled}' }],
    secretForce: false,
    secretLabels: {},
    owner: sampleOwner(),
    ...more,
  }
}

/** Pull request 7 of acme/learnflow, with what a test wants otherwise. */
export function sampleOwner(more: Partial<Owner> = {}): Owner {
  return {
    repository: 'acme/learnflow',
    repositoryId: '700',
    pullRequest: 7,
    branchId: 'br-cool-rain-123456',
    projectId: 'proud-sun-1',
    ...more,
  }
}

/** A kubeconfig as parsed YAML. */
interface KubeconfigTree {
  'current-context': string
  clusters: { name: string; cluster: Record<string, unknown> }[]
  users: { name: string; user: Record<string, unknown> }[]
  contexts: { name: string; context: Record<string, unknown> }[]
}

/** The server's kubeconfig after `change`, as text. */
export function changedKubeconfig(server: Kubernetes, change: (tree: KubeconfigTree) => void): string {
  const tree = parse(server.kubeconfig) as KubeconfigTree
  change(tree)
  return stringify(tree)
}

/** The kubeconfig of a server, with its user replaced or extended. */
export function kubeconfigOf(server: Kubernetes, user: Record<string, unknown>, keep = false): string {
  return changedKubeconfig(server, (tree) => {
    for (const entry of tree.users) entry.user = keep ? { ...entry.user, ...user } : user
  })
}

/** Applies the documents of a manifest as administrator: creates each. */
export async function createManifest(server: Kubernetes, yaml: string): Promise<void> {
  for (const document of parseAllDocuments(yaml)) {
    const item = document.toJS() as { kind: string; metadata: { namespace?: string } }
    const where = item.metadata.namespace ? `namespaces/${item.metadata.namespace}/` : ''
    const path = `/apis/rbac.authorization.k8s.io/v1/${where}${item.kind.toLowerCase()}s`
    const answer = await server.request('POST', path, item)
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
}
