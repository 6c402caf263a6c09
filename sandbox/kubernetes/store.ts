import { randomUUID } from 'node:crypto'
import { complete } from './decode.ts'
import { applyFields, now, updateFields } from './fields.ts'
import { finalizersOf, mayGo, refuseNewContent, terminate, withFinalizer } from './namespaces.ts'
import { detailsOf, type Item, isCustom, kindOf, notFound, pluralOf, Refusal, type Resource } from './objects.ts'
import { sorted } from './order.ts'
import { validate } from './validation.ts'

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

/** What a deletion makes sure of first. */
export interface Preconditions {
  uid?: string
  resourceVersion?: string
}

/** The objects of a cluster, with the API server's rules for writing them. */
export interface Store {
  /** That of the whole store, which every write moves on. */
  readonly version: string
  get(address: Address): Item
  /** By namespace and name; of all namespaces where `namespace` is empty. */
  list(resource: Resource, namespace: string): Item[]
  create(address: Address, body: Item, options: WriteOptions): Item
  replace(address: Address, body: Item, options: WriteOptions): Item
  /** Server-side apply; `created` says whether the object is new. */
  apply(address: Address, body: Item, options: WriteOptions): { item: Item; created: boolean }
  remove(address: Address, preconditions: Preconditions, dryRun: boolean): Item
  /** Replaces a namespace with its finalizers; one that is being deleted and has none is gone. */
  finalize(address: Address, body: Item, options: WriteOptions): Item
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
  /** When each namespace was deleted, in milliseconds since the epoch; objects tell whole seconds only. */
  const deleted = new Map<string, number>()
  let version = 100
  const prefix = ({ group, plural }: Resource) => `${group}/${plural}/`
  const id = ({ resource, namespace, name }: Address) => `${prefix(resource)}${namespace}/${name}`
  const namespaceAt = (name: string) => items.get(id({ resource: namespaces, namespace: '', name }))
  const save = (address: Address, item: Item, dryRun: boolean): Item => {
    const before = items.get(id(address))
    if (before && sameContent(before, item)) return before
    if (isCustom(address.resource)) {
      const changed = before === undefined || !sameContent(contentOf(before), contentOf(item))
      item.metadata.generation = (before?.metadata.generation ?? 0) + (changed ? 1 : 0)
    }
    if (dryRun) return item
    version += 1
    item.metadata.resourceVersion = String(version)
    items.set(id(address), item)
    return item
  }
  /** The object as the server completes it, where its place takes something new. */
  const fresh = (address: Address, body: Item): Item => {
    const { resource, name } = address
    if (resource.namespaced) {
      const namespace = namespaceAt(address.namespace)
      if (!namespace) throw notFound(namespaces, address.namespace)
      refuseNewContent(namespace, resource, name)
    }
    const place = { name, ...(address.namespace ? { namespace: address.namespace } : {}) }
    const metadata = { ...body.metadata, ...place, uid: randomUUID(), creationTimestamp: now() }
    return { ...body, metadata }
  }
  const created = (address: Address, item: Item, dryRun: boolean): Item => {
    const whole = address.resource.kind === 'Namespace' ? withFinalizer(item) : item
    validate(address.resource, whole)
    const live = items.get(id(address))
    if (live) throw alreadyExists(address, live)
    return save(address, whole, dryRun)
  }
  const store: Store = {
    get version() {
      return String(version)
    },
    get(address) {
      const item = items.get(id(address))
      if (!item) throw notFound(address.resource, address.name)
      return item
    },
    list: (resource, namespace) =>
      [...items.entries()]
        .filter(([key]) => key.startsWith(`${prefix(resource)}${namespace ? `${namespace}/` : ''}`))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([, item]) => item),
    create(address, body, { manager, dryRun }) {
      const item = updateFields(address.resource, undefined, fresh(address, body), manager)
      if (body.metadata.resourceVersion) {
        throw new Refusal(500, '', 'resourceVersion should not be set on objects to be created')
      }
      return created(address, item, dryRun)
    },
    replace(address, body, { manager, dryRun }) {
      const live = store.get(address)
      const item = updateFields(address.resource, live, { ...body, metadata: kept(live, body) }, manager)
      checkUid(address, live, body)
      checkVersion(address, live, body)
      const whole = address.resource.kind === 'Namespace' ? { ...item, spec: live.spec, status: live.status } : item
      validate(address.resource, whole, live)
      return save(address, whole, dryRun)
    },
    apply(address, body, { manager, force, dryRun }) {
      const { resource, name } = address
      const live = items.get(id(address))
      if (!live) {
        const { apiVersion, kind } = body
        const empty = fresh(address, { apiVersion, kind, metadata: { name } })
        const item = applyFields(resource, empty, body, { manager, force })
        return { item: created(address, complete(resource, item), dryRun), created: true }
      }
      // Fields of an object that no manager has are taken for somebody's who was there first.
      const owned = live.metadata.managedFields ? live : updateFields(resource, undefined, live, 'before-first-apply')
      const item = complete(resource, applyFields(resource, owned, body, { manager, force }))
      // One that makes the object takes no notice of it (kube-apiserver 1.20), and '0' is any.
      checkVersion(address, live, body)
      validate(resource, item, live)
      return { item: save(address, item, dryRun), created: false }
    },
    remove(address, preconditions, dryRun) {
      const live = store.get(address)
      checkPreconditions(address, live, preconditions)
      if (address.resource.plural === 'namespaces') {
        if (live.metadata.deletionTimestamp) return live
        if (!dryRun) deleted.set(id(address), Date.now())
        return save(address, terminate(live), dryRun)
      }
      if (!dryRun) items.delete(id(address))
      return live
    },
    finalize(address, body, { manager }) {
      const live = store.get(address)
      const written = updateFields(address.resource, live, { ...body, metadata: kept(live, body) }, manager)
      const item = { ...written, spec: body.spec, status: live.status }
      if (live.metadata.deletionTimestamp && finalizersOf(item).length === 0) items.delete(id(address))
      else save(address, item, false)
      return item
    },
    settle() {
      for (const [key, namespace] of items) {
        if (namespace.kind !== 'Namespace' || !mayGo(namespace)) continue
        if (Date.now() < (deleted.get(key) ?? 0) + namespaceDeletion) continue
        items.delete(key)
        for (const [below, item] of items) if (item.metadata.namespace === namespace.metadata.name) items.delete(below)
      }
    },
  }
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    const body = complete(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    const options = { manager: 'kube-apiserver', force: false, dryRun: false }
    store.create({ resource: namespaces, namespace: '', name }, body, options)
  }
  return store
}

function sameContent(one: object, other: object): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function contentOf({ metadata: _, ...rest }: Item): object {
  return rest
}

function kept(live: Item, body: Item): Item['metadata'] {
  const { uid, creationTimestamp, deletionTimestamp, managedFields, resourceVersion, generation } = live.metadata
  const own = { uid, creationTimestamp, managedFields, resourceVersion, generation, deletionTimestamp }
  const present = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  const { name, namespace } = live.metadata
  return { ...body.metadata, name, ...(namespace ? { namespace } : {}), ...present }
}

function alreadyExists({ resource, name }: Address, live: Item): Refusal {
  const prefix = live.metadata.deletionTimestamp ? 'object is being deleted: ' : ''
  const details = detailsOf(name, resource.group, resource.plural)
  return new Refusal(409, 'AlreadyExists', `${prefix}${pluralOf(resource)} "${name}" already exists`, details)
}

function unfulfilled({ resource, name }: Address, text: string): Refusal {
  const message = `Operation cannot be fulfilled on ${pluralOf(resource)} "${name}": ${text}`
  return new Refusal(409, 'Conflict', message, detailsOf(name, resource.group, resource.plural))
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

function checkUid(address: Address, live: Item, body: Item): void {
  const { uid } = body.metadata
  if (!uid || uid === live.metadata.uid) return
  const key = `/registry/${address.resource.plural}/${address.namespace}/${address.name}`
  const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`
  throw unfulfilled(
    address,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${text}`,
  )
}

function checkVersion(address: Address, live: Item, body: Item): void {
  const { resourceVersion } = body.metadata
  if (resourceVersion && !/^\d+$/.test(resourceVersion)) {
    throw new Refusal(500, '', `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
  }
  if (!resourceVersion || resourceVersion === '0' || resourceVersion === live.metadata.resourceVersion) return
  throw unfulfilled(address, MODIFIED)
}

/** A namespace is checked by the storage, other kinds before it: the texts differ. */
function checkPreconditions(address: Address, live: Item, { uid, resourceVersion }: Preconditions): void {
  const { resource, name } = address
  const { uid: liveUid, resourceVersion: liveVersion } = live.metadata
  const isNamespace = resource.plural === 'namespaces'
  if (isNamespace && uid && uid !== liveUid) {
    throw unfulfilled(address, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${liveUid}`)
  }
  const byKind = (text: string) => {
    const message = `Operation cannot be fulfilled on ${kindOf(resource)} "${name}": ${text}`
    return new Refusal(409, 'Conflict', message, detailsOf(name, resource.group, resource.kind))
  }
  if (uid && uid !== liveUid) {
    throw byKind(
      `the UID in the precondition (${uid}) does not match the UID in record (${liveUid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion && resourceVersion !== liveVersion) {
    throw byKind(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${liveVersion}). The object might have been modified`,
    )
  }
}
