import { randomUUID } from 'node:crypto'
import { applyFields, updateFields } from './fields.ts'
import { completeNamespace, isFinished, refuseNewContent, terminate } from './namespaces.ts'
import { checkName, type Item, notFound, Refusal, type Resource } from './objects.ts'

/** Which object a request is about. */
export interface Address {
  resource: Resource
  namespace: string
  name: string
}

/** What a write carries besides its object. */
export interface WriteOptions {
  manager: string
  force: boolean
  dryRun: boolean
}

/** The objects of a cluster, with the API server's rules for writing them. */
export interface Store {
  get(address: Address): Item
  list(resource: Resource, namespace: string): Item[]
  create(address: Address, body: Item, options: WriteOptions): Item
  replace(address: Address, body: Item, options: WriteOptions): Item
  /** Server-side apply; `created` says whether the object is new. */
  apply(address: Address, body: Item, options: WriteOptions): { item: Item; created: boolean }
  remove(address: Address, preconditions: { uid?: string; resourceVersion?: string }, dryRun: boolean): Item
  /** Sets a namespace's finalizers; one that is being deleted and has none is gone. */
  finalize(address: Address, finalizers: string[]): Item
  /** Does what is due: namespaces that were deleted long enough ago go, with everything in them. */
  settle(): void
}

/** What a store is told about the cluster. */
export interface StoreOptions {
  namespaces: Resource
  /** Milliseconds that a namespace is in phase Terminating. */
  namespaceDeletion: number
}

/** An empty cluster with the namespaces that every cluster has. */
export function createStore({ namespaces, namespaceDeletion }: StoreOptions): Store {
  const items = new Map<string, Item>()
  let version = 100
  const id = ({ resource, namespace, name }: Address) => `${resource.group}/${resource.plural}/${namespace}/${name}`
  const namespaceAt = (name: string) => items.get(id({ resource: namespaces, namespace: '', name }))
  const save = (address: Address, item: Item, dryRun: boolean): Item => {
    const before = items.get(id(address))
    if (before && JSON.stringify(before) === JSON.stringify(item)) return before
    version += 1
    item.metadata.resourceVersion = String(version)
    if (!dryRun) items.set(id(address), item)
    return item
  }
  const fresh = (address: Address, body: Item): Item => {
    const { resource, name } = address
    if (resource.namespaced) {
      const namespace = namespaceAt(address.namespace)
      if (!namespace) throw notFound('namespaces', address.namespace)
      refuseNewContent(namespace, resource, name)
    }
    checkName(resource, name)
    const creationTimestamp = new Date().toISOString()
    const place = { name, ...(address.namespace ? { namespace: address.namespace } : {}) }
    const metadata = { ...body.metadata, ...place, uid: randomUUID(), creationTimestamp }
    const item: Item = { ...body, metadata }
    if (item.kind === 'Secret') item.type ??= 'Opaque'
    return item.kind === 'Namespace' ? completeNamespace(item) : item
  }
  const store: Store = {
    get(address) {
      const item = items.get(id(address))
      if (!item) throw notFound(address.resource.plural, address.name)
      return item
    },
    list: (resource, namespace) =>
      [...items.entries()]
        .filter(([key]) => key.startsWith(`${resource.group}/${resource.plural}/${namespace ? `${namespace}/` : ''}`))
        .map(([, item]) => item),
    create(address, body, options) {
      const item = fresh(address, body)
      const live = items.get(id(address))
      if (live) throw alreadyExists(address, live)
      return save(address, updateFields(undefined, item, options.manager), options.dryRun)
    },
    replace(address, body, options) {
      const live = store.get(address)
      const wanted = body.metadata.resourceVersion
      if (wanted && wanted !== live.metadata.resourceVersion) throw modified(address)
      const { uid, creationTimestamp, managedFields, resourceVersion } = live.metadata
      const kept = { uid, creationTimestamp, managedFields, resourceVersion }
      const item = { ...body, metadata: { ...body.metadata, ...kept } } as Item
      checkUpdate(live, item)
      return save(address, updateFields(live, item, options.manager), options.dryRun)
    },
    apply(address, body, options) {
      const live = items.get(id(address))
      const { manager, force } = options
      const wanted = body.metadata.resourceVersion
      // kube-apiserver 1.20 takes no notice of it where the apply makes the object, and '0' is any.
      if (live && wanted && wanted !== '0' && wanted !== live.metadata.resourceVersion) throw modified(address)
      const empty = () =>
        fresh(address, { apiVersion: body.apiVersion, kind: body.kind, metadata: { name: address.name } })
      const item = applyFields(live ?? empty(), body, { manager, force })
      if (live) checkUpdate(live, item)
      return { item: save(address, item, options.dryRun), created: live === undefined }
    },
    remove(address, preconditions, dryRun) {
      const live = store.get(address)
      const { uid, resourceVersion } = live.metadata
      if (preconditions.uid && preconditions.uid !== uid) throw anotherUid(address, preconditions.uid, uid)
      if (preconditions.resourceVersion && preconditions.resourceVersion !== resourceVersion) throw modified(address)
      if (address.resource.plural === 'namespaces') return save(address, terminate(live), dryRun)
      if (!dryRun) items.delete(id(address))
      return live
    },
    finalize(address, finalizers) {
      const live = store.get(address)
      const item = { ...live, spec: { finalizers } }
      if (live.metadata.deletionTimestamp && finalizers.length === 0) items.delete(id(address))
      else save(address, item, false)
      return item
    },
    settle() {
      for (const [key, namespace] of items) {
        if (namespace.kind !== 'Namespace' || !isFinished(namespace, namespaceDeletion)) continue
        items.delete(key)
        for (const [below, item] of items) if (item.metadata.namespace === namespace.metadata.name) items.delete(below)
      }
    },
  }
  for (const name of ['default', 'kube-system']) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    store.create({ resource: namespaces, namespace: '', name }, body, {
      manager: 'kube-apiserver',
      force: false,
      dryRun: false,
    })
  }
  return store
}

function alreadyExists({ resource, name }: Address, live: Item): Refusal {
  const prefix = live.metadata.deletionTimestamp ? 'object is being deleted: ' : ''
  const details = { name, kind: resource.plural }
  return new Refusal(409, 'AlreadyExists', `${prefix}${resource.plural} "${name}" already exists`, details)
}

function modified({ resource, name }: Address): Refusal {
  const message = `Operation cannot be fulfilled on ${resource.plural} "${name}": the object has been modified; please apply your changes to the latest version and try again`
  return new Refusal(409, 'Conflict', message, { name, kind: resource.plural })
}

function anotherUid({ resource, name }: Address, wanted: string, uid = ''): Refusal {
  const message = `Operation cannot be fulfilled on ${resource.kind} "${name}": the UID in the precondition (${wanted}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`
  return new Refusal(409, 'Conflict', message, { name, kind: resource.kind })
}

/** What the API server never changes in a Secret. */
function checkUpdate(before: Item, after: Item): void {
  if (before.kind !== 'Secret') return
  const invalid = (field: string, text: string) =>
    new Refusal(422, 'Invalid', `Secret "${before.metadata.name}" is invalid: ${field}: ${text}`, {
      name: before.metadata.name,
      kind: 'Secret',
      causes: [{ reason: 'FieldValueInvalid', message: text, field }],
    })
  if (before.type !== after.type) throw invalid('type', `Invalid value: "${after.type}": field is immutable`)
  if (before.immutable === true && JSON.stringify(before.data) !== JSON.stringify(after.data)) {
    throw invalid('data', 'Forbidden: field is immutable when `immutable` is set')
  }
}
