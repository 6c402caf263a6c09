import { parse as parseYaml } from 'yaml'
import type { Reply, Request } from '../http/serve.ts'
import { authorizeCreation, serviceAccountToken } from './access.ts'
import type { World } from './answer.ts'
import { base64Problem, readObject, typed } from './decode.ts'
import { now } from './fields.ts'
import {
  apiVersionOf,
  type Cause,
  type Item,
  invalid,
  isCustom,
  noSuchResource,
  notAllowed,
  Refusal,
  type Resource,
} from './objects.ts'
import { hasMember, isRecord } from './order.ts'
import { jsonPatch, mergePatch, patchType } from './patches.ts'
import { formOf, represent, representList } from './represent.ts'
import { undeclaredField } from './schema.ts'
import { select } from './selectors.ts'
import type { Address, Preconditions, WriteOptions } from './store.ts'
import { required, tooLong, wrong } from './validation.ts'

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

function judgeName({ name }: Address, { metadata }: Item, { isOptional }: { isOptional: boolean }): void {
  if (metadata.name === name || (isOptional && !metadata.name)) return
  const text = metadata.name
    ? `the name of the object (${metadata.name}) does not match the name on the URL (${name})`
    : `the name of the object (${name} based on URL) was undeterminable: name must be provided`
  throw new Refusal(400, 'BadRequest', text)
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

/** The body of an apply. It is not decoded as other bodies are: what is no field of the kind is refused. */
function readApplied(request: Request, address: Address): Item {
  const { resource } = address
  const body = readYaml(request.body)
  const expected = apiVersionOf(resource)
  if (body.apiVersion !== expected) {
    const text = `Incorrect version specified in apply patch. Specified patch version: ${body.apiVersion ?? ''}, expected: ${expected}`
    throw new Refusal(400, 'BadRequest', text)
  }
  if (body.metadata?.managedFields) throw new Refusal(400, 'BadRequest', 'metadata.managedFields must be nil')
  if (body.kind !== resource.kind) {
    const pair = '{0xc000000000 {<nil> <nil> <nil>}}'
    const text = `failed to merge config: expected objects of the same type, but got ${pair} and ${pair}`
    throw new Refusal(500, '', text)
  }
  judgeFields(resource, body)
  const whole = { ...body, metadata: { ...body.metadata, name: body.metadata?.name ?? address.name } } as Item
  judgeName(address, whole, { isOptional: true })
  const { namespace } = whole.metadata
  if (namespace && namespace !== address.namespace) {
    const text = `the namespace of the object (${namespace}) does not match the namespace on the request (${address.namespace})`
    throw new Refusal(400, 'BadRequest', text)
  }
  return whole
}

function readYaml(text: string): Partial<Item> {
  try {
    const value: unknown = parseYaml(text)
    if (isRecord(value)) return value as Partial<Item>
  } catch {
    // Told below.
  }
  throw new Refusal(400, 'BadRequest', 'error decoding YAML: error converting YAML to JSON: yaml: line 1: it is broken')
}

function judgeFields(resource: Resource, body: Partial<Item>): void {
  const own = Object.keys(body).find((name) => !hasMember(resource, name))
  const unknown = isCustom(resource) ? undeclaredField(body) : own && `.${own}`
  if (unknown) {
    throw new Refusal(500, '', `failed to create typed patch object: ${unknown}: field not declared in schema`)
  }
  if (resource.kind !== 'Secret') return
  for (const value of Object.values((body.data ?? {}) as Record<string, unknown>)) {
    const problem = base64Problem(String(value))
    const start =
      'failed to convert new object to proper version: unable to convert unstructured object to /v1, Kind=Secret'
    if (problem) throw new Refusal(500, '', `${start}: error decoding from json: ${problem}`)
  }
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

interface DeleteOptions {
  preconditions?: Preconditions
  dryRun: boolean
}

function deleteOptions(request: Request): DeleteOptions {
  const body = request.body ? JSON.parse(request.body) : {}
  const { kind = 'DeleteOptions', apiVersion = 'v1' } = body
  if (kind !== 'DeleteOptions') {
    const scheme = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27'
    const version = JSON.stringify(apiVersion)
    const text = `no kind ${JSON.stringify(kind)} is registered for version ${version} in scheme ${JSON.stringify(scheme)}`
    throw new Refusal(500, '', text)
  }
  const dryRun = request.url.searchParams.get('dryRun') === 'All' || body.dryRun?.includes('All') === true
  return { preconditions: body.preconditions ?? {}, dryRun }
}

const LONGEST_MANAGER = 128

/** The options in the query of a write. Throws the API server's 422 for wrong ones. */
function writeOptions({ url, headers }: Request, kind: string, isApply = false): WriteOptions {
  const query = url.searchParams
  const [agent = 'unknown'] = headers['user-agent']?.split('/') ?? []
  const given = query.get('fieldManager') ?? ''
  const dryRuns = query.getAll('dryRun')
  const causes: Cause[] = []
  if (kind === 'PatchOptions' && !isApply && query.has('force')) {
    causes.push({
      reason: 'FieldValueForbidden',
      message: 'Forbidden: may not be specified for non-apply patch',
      field: 'force',
    })
  }
  if (isApply && given === '') causes.push(required('fieldManager', 'is required for apply patch'))
  if (Buffer.byteLength(given) > LONGEST_MANAGER) causes.push(tooLong('fieldManager', LONGEST_MANAGER))
  causes.push(...unprintable(given))
  const odd = dryRuns.filter((value) => value !== 'All')
  if (odd.length > 0) {
    const shown = `[]string{${dryRuns.map((value) => JSON.stringify(value)).join(', ')}}`
    const message = `Unsupported value: ${shown}: supported values: "All"`
    causes.push({ reason: 'FieldValueNotSupported', message, field: 'dryRun' })
  }
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', causes)
  const force = !['', '0', 'false'].includes(query.get('force') ?? '')
  return { manager: given || agent.slice(0, LONGEST_MANAGER), force, dryRun: dryRuns.length > 0 }
}

function unprintable(manager: string): Cause[] {
  const at = [...manager].findIndex((character) => /\p{C}/u.test(character))
  const code = manager.codePointAt(at)
  if (at < 0 || code === undefined) return []
  const hexadecimal = code.toString(16).toUpperCase().padStart(4, '0')
  // As Go quotes a text.
  const shown = JSON.stringify(manager).replace(/\\u00(..)/g, '\\x$1')
  return [wrong('fieldManager', shown, `invalid character U+${hexadecimal} (at position ${at})`)]
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
