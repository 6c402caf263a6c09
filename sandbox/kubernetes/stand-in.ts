import { type Reply, type Request, serve } from '../http/serve.ts'
import { ADMIN_TOKEN, authorize, authorizeCreation, serviceAccountToken, userOf } from './access.ts'
import { BUILT_IN, COMPONENTS, type Item, Refusal, type Resource, sorted } from './objects.ts'
import { type Address, createStore, type Store, type WriteOptions } from './store.ts'
import type { KubernetesStandIn } from './types.ts'

/** What the cluster is like. */
export interface StandInOptions {
  /** Whether it has Dapr's Components from the start; it has unless told. */
  dapr?: boolean
  port?: number
  /** Milliseconds that a deleted namespace stays in phase Terminating; 500 unless told, and some seconds in a real cluster. */
  namespaceDeletion?: number
}

interface World {
  store: Store
  resources: Resource[]
}

/**
 * A stand-in for kube-apiserver on 127.0.0.1, with a journal and faults: namespaces, Secrets, service accounts with
 * tokens, RBAC and Dapr's Components; get, list, create, replace, server-side apply, delete. A deleted namespace is in
 * phase Terminating for a while, or until its finalizers are taken out (PUT …/finalize).
 */
export async function startKubernetesStandIn(options: StandInOptions = {}): Promise<KubernetesStandIn> {
  const [namespaces] = BUILT_IN
  if (!namespaces) throw new Error('no namespaces')
  const resources = [...BUILT_IN, ...(options.dapr === false ? [] : [COMPONENTS])]
  const world: World = {
    store: createStore({ namespaces, namespaceDeletion: options.namespaceDeletion ?? 500 }),
    resources,
  }
  const server = await serve(async (request) => answer(world, request), options.port)
  return {
    kind: 'stand-in',
    version: 'stand-in',
    noCustomResources: null,
    url: server.url,
    kubeconfig: kubeconfig(server.url),
    journal: server.journal,
    faults: server.faults,
    async installDapr() {
      if (!resources.includes(COMPONENTS)) resources.push(COMPONENTS)
    },
    async request(method, path, body) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
      const content = body === undefined ? {} : { body: JSON.stringify(body) }
      const response = await fetch(`${server.url}${path}`, { method, headers, ...content })
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
    },
    close: server.close,
  }
}

function kubeconfig(url: string): string {
  return [
    'apiVersion: v1',
    'kind: Config',
    'current-context: sandbox',
    'clusters:',
    `  - { name: sandbox, cluster: { server: "${url}" } }`,
    'users:',
    `  - { name: admin, user: { token: ${ADMIN_TOKEN} } }`,
    'contexts:',
    '  - { name: sandbox, context: { cluster: sandbox, user: admin } }',
    '',
  ].join('\n')
}

function answer(world: World, request: Request): Reply {
  try {
    world.store.settle()
    const { status, body } = route(world, request)
    return { status, body: sorted(body) }
  } catch (error) {
    if (error instanceof Refusal) return { status: error.code, body: error.body }
    throw error
  }
}

function route(world: World, request: Request): Reply {
  if (request.url.pathname === '/readyz') return { status: 200, body: 'ok' }
  const user = userOf(request)
  const [, group = '', version, rest = ''] =
    request.url.pathname.match(/^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/(.*))?$/) ?? []
  const served = world.resources.filter((resource) => resource.group === group && resource.version === version)
  if (served.length === 0 && rest === '') return { status: 404, body: '404 page not found\n' }
  if (rest === '') return { status: 200, body: resourceList(served) }
  const [, namespace = '', plural, name = '', subresource] =
    rest.match(/^(?:namespaces\/([^/]+)\/(?!finalize$)(?=.))?([^/]+)(?:\/([^/]+))?(?:\/(token|finalize))?$/) ?? []
  const resource = served.find((entry) => entry.plural === plural)
  if (!resource) {
    // Rights come before the question whether there is such a kind.
    const unknown = { group, version: version ?? '', plural: plural ?? '', kind: '', namespaced: namespace !== '' }
    authorize(world.store, { user, verb: verbOf(request, name), resource: unknown, namespace, name })
    return { status: 404, body: '404 page not found\n' }
  }
  const address = { resource, namespace, name }
  if (subresource === 'token') return { status: 201, body: tokenRequest(world, request, address) }
  if (subresource === 'finalize') return { status: 200, body: finalize(world, request, address) }
  const verb = verbOf(request, name)
  authorize(world.store, { user, verb, ...address })
  return perform({ world, request, user }, verb, address)
}

/** What discovery answers: clients find the path of a kind by it. */
function resourceList(served: Resource[]): object {
  const [{ group, version } = { group: '', version: '' }] = served
  const resources = served.map(({ plural, kind, namespaced }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: ['create', 'delete', 'get', 'list', 'patch'],
  }))
  return { kind: 'APIResourceList', groupVersion: group ? `${group}/${version}` : version, resources }
}

function verbOf(request: Request, name: string): string {
  const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  return verbs[request.method] ?? (name ? 'get' : 'list')
}

interface Visit {
  world: World
  request: Request
  user: string
}

function perform(visit: Visit, verb: string, address: Address): Reply {
  const { store } = visit.world
  const { request } = visit
  const options = writeOptions(request)
  const { resource, namespace } = address
  if (verb === 'get') return { status: 200, body: store.get(address) }
  if (verb === 'list') return { status: 200, body: listOf(request, resource, store.list(resource, namespace)) }
  if (verb === 'delete') {
    const { preconditions = {} } = request.body ? JSON.parse(request.body) : {}
    const removed = store.remove(address, preconditions, options.dryRun)
    if (resource.plural === 'namespaces') return { status: 200, body: removed }
    return { status: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } }
  }
  const body = readBody(request, resource)
  if (verb === 'create')
    return { status: 201, body: store.create({ ...address, name: body.metadata.name }, body, options) }
  if (verb === 'update') return { status: 200, body: store.replace(address, body, options) }
  return applyPatch(visit, address, body)
}

/** A list, with a label selector of equalities, and of metadata alone where that is what the client takes first. */
function listOf({ url, headers }: Request, resource: Resource, items: Item[]): Record<string, unknown> {
  const selector = url.searchParams.get('labelSelector') ?? ''
  const pairs = selector === '' ? [] : selector.split(',').map((pair) => pair.split('='))
  if (pairs.some((pair) => pair.length !== 2)) {
    throw new Refusal(400, 'BadRequest', `the stand-in knows only equalities in a label selector, not ${selector}`)
  }
  const found = items.filter(({ metadata }) => pairs.every(([key = '', value]) => metadata.labels?.[key] === value))
  if (headers.accept?.startsWith('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1')) {
    const type = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }
    const partial = found.map(({ metadata }) => ({ ...type, metadata }))
    return { ...type, kind: 'PartialObjectMetadataList', items: partial, metadata: {} }
  }
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version
  return { kind: `${resource.kind}List`, apiVersion, items: found, metadata: {} }
}

function applyPatch({ world, request, user }: Visit, address: Address, body: Item): Reply {
  if (request.headers['content-type'] !== 'application/apply-patch+yaml') {
    throw new Refusal(415, 'UnsupportedMediaType', 'the stand-in serves application/apply-patch+yaml only')
  }
  if (!request.url.searchParams.get('fieldManager')) {
    throw new Refusal(
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    )
  }
  const exists = world.store
    .list(address.resource, address.namespace)
    .some(({ metadata }) => metadata.name === address.name)
  const options = writeOptions(request)
  // An apply that creates needs both rights; namespace and name are checked before the second.
  if (!exists) {
    world.store.apply(address, body, { ...options, dryRun: true })
    authorizeCreation(world.store, { user, ...address })
  }
  const { item, created } = world.store.apply(address, body, options)
  return { status: created ? 201 : 200, body: item }
}

function readBody(request: Request, resource: Resource): Item {
  const body = JSON.parse(request.body) as Item
  if (body.kind !== resource.kind || !body.metadata?.name) {
    throw new Refusal(400, 'BadRequest', `the body is no ${resource.kind} with a name`)
  }
  if ('stringData' in body) {
    const plain = Object.entries(body.stringData as Record<string, string>)
    const data = plain.map(([key, value]) => [key, Buffer.from(value).toString('base64')])
    const { stringData: _, ...rest } = body
    return { ...rest, data: { ...(body.data as object | undefined), ...Object.fromEntries(data) } } as Item
  }
  return body
}

function writeOptions({ url, headers }: Request): WriteOptions {
  const agent = headers['user-agent']?.split('/')[0] ?? 'unknown'
  return {
    manager: url.searchParams.get('fieldManager') ?? agent,
    force: url.searchParams.get('force') === 'true',
    dryRun: url.searchParams.get('dryRun') === 'All',
  }
}

/** PUT /api/v1/namespaces/NAME/finalize, as the namespace controller sends it. */
function finalize({ store }: World, request: Request, address: Address): unknown {
  return store.finalize(address, JSON.parse(request.body).spec?.finalizers ?? [])
}

/** POST …/serviceaccounts/NAME/token (TokenRequest). */
function tokenRequest({ store }: World, request: Request, address: Address): unknown {
  store.get(address)
  const seconds = JSON.parse(request.body || '{}').spec?.expirationSeconds ?? 3600
  const token = serviceAccountToken(address.namespace, address.name, seconds)
  return { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: {}, status: { token } }
}
