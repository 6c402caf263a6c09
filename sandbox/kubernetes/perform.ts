import type { Reply, Request } from '../http/serve.ts'
import { authorizeCreation, serviceAccountToken } from './access.ts'
import type { World } from './answer.ts'
import { judgeName, readApplied } from './applied.ts'
import { readObject, typed } from './decode.ts'
import { now } from './fields.ts'
import { type Item, invalid, isCustom, noSuchResource, notAllowed, Refusal, type Resource } from './objects.ts'
import { deleteOptions, writeOptions } from './options.ts'
import { jsonPatch, mergePatch, patchType } from './patches.ts'
import { formOf, represent, representList } from './represent.ts'
import { select } from './selectors.ts'
import type { Address, WriteOptions } from './store.ts'
import { required, wrong } from './validation.ts'

/** One request about objects, by someone who may send it. */
export interface Visit {
  world: World
  request: Request
  user: string
  verb: string
  subresource: string
  address: Address
}

const OF_ONE = ['get', 'update', 'patch', 'delete']

/** Does what a request asks. Throws a {@link Refusal} in the words of the API server. */
export function perform(visit: Visit): Reply {
  const { world, request, verb, subresource, address } = visit
  const { store } = world
  const { resource, name } = address
  if (subresource) return performBelow(visit)
  if (OF_ONE.includes(verb) !== Boolean(name)) throw notAllowed()
  switch (verb) {
    case 'get':
      return one(visit, store.get(address))
    case 'watch':
    case 'list': {
      const items = select(resource, store.list(resource, address.namespace), request.url.searchParams)
      return { status: 200, body: representList(resource, items, { form: formOf(request), version: store.version }) }
    }
    case 'create': {
      const body = readObject(request, resource)
      const options = writeOptions(request, 'CreateOptions')
      judgePlace(address, body)
      const named = nameOf(resource, body)
      const item = store.create({ ...address, name: named.metadata.name }, named, options)
      return { ...one(visit, item), status: 201 }
    }
    case 'update':
      return update(visit)
    case 'patch':
      return patch(visit)
    case 'delete':
      return remove(visit)
    case 'deletecollection':
      return removeAll(visit)
    default:
      throw notAllowed()
  }
}

function one({ request, address }: Visit, item: Item): Reply {
  return { status: 200, body: represent(address.resource, item, formOf(request)) }
}

/** Throws where a body names another namespace than the path. */
function judgePlace({ namespace }: Address, { metadata }: Item): void {
  if (!metadata.namespace || metadata.namespace === namespace) return
  const text = 'the namespace of the provided object does not match the namespace sent on the request'
  throw new Refusal(400, 'BadRequest', text)
}

function nameOf(resource: Resource, body: Item): Item {
  const { name, generateName } = body.metadata
  if (name) return body
  if (typeof generateName === 'string' && generateName !== '') {
    const made = `${generateName}${Math.random().toString(36).slice(2, 7)}`
    return { ...body, metadata: { ...body.metadata, name: made } }
  }
  throw invalid(resource, '', [required('metadata.name', 'name or generateName is required')])
}

function update(visit: Visit): Reply {
  const { world, request, address } = visit
  const body = readObject(request, address.resource)
  const options = writeOptions(request, 'UpdateOptions')
  judgeName(address, body, { isOptional: false })
  judgePlace(address, body)
  world.store.get(address)
  if (isCustom(address.resource) && !body.metadata.resourceVersion) {
    const cause = wrong('metadata.resourceVersion', '0x0', 'must be specified for an update')
    const { plural, group } = address.resource
    throw invalid({ kind: plural, group }, address.name, [cause])
  }
  return one(visit, world.store.replace(address, body, options))
}

function patch(visit: Visit): Reply {
  const { world, request, address } = visit
  const type = patchType(address.resource, request.headers['content-type'] ?? '')
  const options = writeOptions(request, 'PatchOptions', type === 'apply')
  if (type === 'apply') return apply(visit, options)
  const live = world.store.get(address)
  const parsed = JSON.parse(request.body)
  const patched = type === 'json' ? jsonPatch(live, parsed) : mergePatch(live, parsed)
  const item = typed(address.resource, patched)
  const metadata = { ...item.metadata, resourceVersion: parsed.metadata?.resourceVersion }
  return one(visit, world.store.replace(address, { ...item, metadata }, options))
}

function apply(visit: Visit, options: WriteOptions): Reply {
  const { world, request, user, address } = visit
  const body = readApplied(request, address)
  const exists = world.store
    .list(address.resource, address.namespace)
    .some(({ metadata }) => metadata.name === address.name)
  // An apply that creates needs both rights; the namespace is looked at before the second.
  if (!exists) {
    world.store.apply(address, body, { ...options, dryRun: true })
    authorizeCreation(world.store, { user, ...address })
  }
  const { item, created } = world.store.apply(address, body, options)
  return { ...one(visit, item), status: created ? 201 : 200 }
}

function remove({ world, request, address }: Visit): Reply {
  const { resource, name } = address
  const { preconditions = {}, dryRun } = deleteOptions(request)
  const removed = world.store.remove(address, preconditions, dryRun)
  if (resource.plural === 'namespaces') return { status: 200, body: represent(resource, removed, 'whole') }
  const details = { name, ...(resource.group ? { group: resource.group } : {}), kind: resource.plural }
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }
  return { status: 200, body: { ...status, details: { ...details, uid: removed.metadata.uid } } }
}

function removeAll({ world, request, address }: Visit): Reply {
  const { store } = world
  const { resource, namespace } = address
  if (resource.plural === 'namespaces') throw notAllowed()
  const { dryRun } = deleteOptions(request)
  const items = select(resource, store.list(resource, namespace), request.url.searchParams)
  for (const { metadata } of items) {
    store.remove({ resource, namespace: metadata.namespace ?? '', name: metadata.name }, {}, dryRun)
  }
  return { status: 200, body: representList(resource, items, { form: 'whole', version: store.version }) }
}

function performBelow(visit: Visit): Reply {
  const { subresource, verb, address, world, request } = visit
  if (subresource === 'token' && address.resource.kind === 'ServiceAccount') {
    if (verb !== 'create') throw notAllowed()
    return { status: 201, body: tokenRequest(visit) }
  }
  if (subresource === 'finalize' && address.resource.kind === 'Namespace') {
    if (verb !== 'update') throw notAllowed()
    const body = readObject(request, address.resource)
    return one(visit, world.store.finalize(address, body, writeOptions(request, 'UpdateOptions')))
  }
  throw noSuchResource()
}

const SHORTEST_TOKEN = 600

/** POST …/serviceaccounts/NAME/token (TokenRequest). */
function tokenRequest({ world, request, address }: Visit): unknown {
  world.store.get(address)
  const { spec = {} } = JSON.parse(request.body || '{}')
  const seconds: number = spec.expirationSeconds ?? 3600
  if (seconds < SHORTEST_TOKEN) {
    const cause = wrong('spec.expirationSeconds', String(seconds), 'may not specify a duration less than 10 minutes')
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [cause])
  }
  const token = serviceAccountToken(address.namespace, address.name, seconds)
  const expirationTimestamp = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
  const [manager = ''] = request.headers['user-agent']?.split('/') ?? []
  const apiVersion = 'authentication.k8s.io/v1'
  const fieldsV1 = { 'f:spec': { 'f:expirationSeconds': {} } }
  const managed = { manager, operation: 'Update', apiVersion, time: now(), fieldsType: 'FieldsV1', fieldsV1 }
  return {
    kind: 'TokenRequest',
    apiVersion,
    metadata: { creationTimestamp: null, managedFields: [managed] },
    spec: { audiences: [`https://${request.headers.host}/`], expirationSeconds: seconds, boundObjectRef: null },
    status: { token, expirationTimestamp },
  }
}
