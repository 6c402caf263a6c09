import { setTimeout as sleep } from 'node:timers/promises'
import type { Reply, Request } from '../http/serve.ts'
import { authorize, authorizePath, userOf } from './access.ts'
import { coreVersions, groupList, groupOf, resourceList, VERSION } from './discovery.ts'
import { noSuchResource, notAllowed, Refusal, type Resource } from './objects.ts'
import { perform } from './perform.ts'
import { selectedName } from './selectors.ts'
import type { Store } from './store.ts'

/** The cluster. */
export interface World {
  store: Store
  /** The kinds that it serves. */
  resources: Resource[]
}

/** What a request is about, as its path and method tell (RequestInfo of the API server). */
interface About {
  group: string
  version: string
  plural: string
  namespace: string
  name: string
  subresource: string
}

const WATCH = 200
/** What a server tells a client whose version it no longer has: look anew. */
const EXPIRED = new Refusal(410, 'Expired', 'too old resource version')

/** Answers one request. */
export async function answer(world: World, request: Request): Promise<Reply> {
  try {
    world.store.settle()
    const reply = route(world, request)
    if (!request.url.searchParams.has('watch') || request.method !== 'GET') return reply
    // There are no events. Clients list again, and see what has changed.
    await sleep(WATCH)
    const event = `${JSON.stringify({ type: 'ERROR', object: EXPIRED.body })}\n`
    return { status: 200, headers: { 'content-type': 'application/json' }, body: event }
  } catch (error) {
    if (error instanceof Refusal) return { status: error.code, body: error.body }
    throw error
  }
}

function route(world: World, request: Request): Reply {
  const { pathname } = request.url
  const user = userOf(request)
  const about = aboutOf(pathname)
  if (!about) {
    authorizePath(user, pathname)
    return answerPath(world, request)
  }
  const { group, version, plural, namespace, name, subresource } = about
  const query = request.url.searchParams
  const verb = verbOf(request, name)
  const known = name || (verb === 'list' || verb === 'deletecollection' ? selectedName(query) : '')
  // Rights come before the question whether there is such a kind.
  authorize(world.store, { user, verb, resource: { group, plural }, subresource, namespace, name: known })
  const served = world.resources.filter((resource) => resource.group === group)
  const resource = served.find((entry) => entry.plural === plural && entry.version === version)
  if (!served.some((entry) => entry.version === version)) return group === '' ? missing() : noPage()
  if (!resource) return missing()
  // Of the namespaces themselves the name stands where that of a namespace does.
  const address = { resource, namespace: resource.namespaced ? namespace : '', name }
  return perform({ world, request, user, verb, subresource, address })
}

function missing(): never {
  throw noSuchResource()
}

function noPage(): Reply {
  return { status: 404, body: '404 page not found\n' }
}

function aboutOf(pathname: string): About | undefined {
  const [, core, group = '', grouped, rest] =
    /^\/(?:api\/([^/]+)|apis\/([^/]+)\/([^/]+))\/(.+)$/.exec(pathname.replace(/\/$/, '')) ?? []
  const version = core ?? grouped
  if (version === undefined || rest === undefined) return undefined
  const parts = rest.split('/').map(decodeURIComponent)
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 && !['finalize', 'status'].includes(parts[2] ?? '')
  const [plural = '', name = '', subresource = ''] = inNamespace ? parts.slice(2) : parts
  const namespace = inNamespace ? (parts[1] ?? '') : plural === 'namespaces' ? name : ''
  return { group, version, plural, namespace, name, subresource }
}

function verbOf({ method, url }: Request, name: string): string {
  const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' }
  if (method === 'DELETE') return name ? 'delete' : 'deletecollection'
  const reading = name ? 'get' : url.searchParams.has('watch') ? 'watch' : 'list'
  return verbs[method] ?? reading
}

/** What is about no object: health, version, discovery. */
function answerPath({ resources }: World, { url, method, headers }: Request): Reply {
  const path = url.pathname.replace(/(.)\/$/, '$1')
  if (method !== 'GET') throw notAllowed()
  if (/^\/(readyz|healthz|livez)$/.test(path)) return { status: 200, body: 'ok' }
  if (path === '/version') return { status: 200, body: VERSION }
  if (path === '/api') return { status: 200, body: coreVersions(headers.host ?? '') }
  if (path === '/apis') return { status: 200, body: groupList(resources) }
  if (path === '/openapi/v2') return openApi(headers.accept ?? '')
  const [, group = '', version] = /^\/(?:api|apis\/([^/]+))(?:\/([^/]+))?$/.exec(path) ?? []
  const served = resources.filter((resource) => resource.group === group && resource.version === version)
  if (served.length > 0) return { status: 200, body: resourceList(served) }
  if (group !== '') {
    const found = version === undefined ? groupOf(resources, group) : undefined
    return found ? { status: 200, body: found } : noPage()
  }
  if (version !== undefined) throw noSuchResource()
  return { status: 404, body: { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/readyz', '/version'] } }
}

/** An empty description: kubectl then leaves it to the server to judge what it is sent. */
function openApi(accept: string): Reply {
  if (!accept.includes('protobuf')) return { status: 200, body: { swagger: '2.0', info: {}, paths: {} } }
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: '' }
}
