import { type Cause, type Item, type ManagedFields, Refusal, type Resource } from './objects.ts'
import { isRecord } from './order.ts'

/** A field of an object: its path as a JSON list of names, such as `["data","KEY"]`. */
type Path = string
type Fields = Map<Path, unknown>

/** Who writes, and how. */
export interface Writer {
  manager: string
  /** Of an apply: takes fields of others over. */
  force: boolean
}

// Written by the server or part of the address; nobody owns them.
const SERVER_SIDE = [
  ...['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'managedFields', 'selfLink'],
]
// Structs that Go always writes: they are there before anything is set in them.
const ALWAYS_THERE: Record<string, string[]> = { Namespace: ['spec', 'status'], RoleBinding: ['roleRef'] }

/** The fields of an object with their values: its leaves (a list is one), and with `nodes` what they stand in. */
function fieldsOf(resource: Resource, item: Item, { nodes }: { nodes: boolean }): Fields {
  const fields: Fields = new Map()
  const always = ALWAYS_THERE[resource.kind.replace(/^Cluster/, '')] ?? []
  const walk = (value: unknown, path: string[]) => {
    if (path.length === 1 && (path[0] === 'apiVersion' || path[0] === 'kind')) return
    if (path.length === 2 && path[0] === 'metadata' && SERVER_SIDE.includes(path[1] ?? '')) return
    if (value === undefined || value === null) return
    const isNode = isRecord(value) && Object.keys(value).length > 0
    const isSet = path.length > 0 && !(path.length === 1 && (path[0] === 'metadata' || always.includes(path[0] ?? '')))
    if (isSet && (!isNode || nodes)) fields.set(JSON.stringify(path), isNode ? NODE : value)
    if (isRecord(value)) for (const [name, below] of Object.entries(value)) walk(below, [...path, name])
  }
  walk(item, [])
  return fields
}

const NODE = 'a node'

/**
 * Server-side apply: merges what a manager wants into the live object, takes away what it wanted before and no longer
 * does, and refuses with 409 where another manager owns a field with another value, unless forced
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
 */
export function applyFields(resource: Resource, live: Item, wanted: Item, { manager, force }: Writer): Item {
  const next = structuredClone(live)
  const owned = ownersOf(live)
  const own = key('Apply', manager)
  const before = owned.get(own)?.paths ?? new Set()
  const leaves = fieldsOf(resource, wanted, { nodes: false })
  const current = fieldsOf(resource, live, { nodes: false })
  const conflicts: Conflict[] = []
  for (const [path, value] of leaves) {
    for (const [other, { manager: name, operation, apiVersion, paths }] of owned) {
      if (other === own || !paths.has(path) || same(current.get(path), value)) continue
      conflicts.push({ who: `"${name}"${operation === 'Update' ? ` using ${apiVersion}` : ''}`, path })
      if (force) paths.delete(path)
    }
  }
  if (conflicts.length > 0 && !force) throw conflict(conflicts)
  for (const path of before) {
    const shared = [...owned].some(([other, { paths }]) => other !== own && paths.has(path))
    if (!leaves.has(path) && !shared) setLeaf(next, path, undefined)
  }
  for (const [path, value] of leaves) setLeaf(next, path, value)
  return withOwners(next, { owned, manager, operation: 'Apply', paths: new Set(leaves.keys()) })
}

/** Records that a manager wrote the object by another way than apply: it owns what it changed, others lose that. */
export function updateFields(resource: Resource, before: Item | undefined, after: Item, manager: string): Item {
  const owned = before ? ownersOf(before) : new Map<string, Owner>()
  const old = before ? fieldsOf(resource, before, { nodes: true }) : (new Map() as Fields)
  const now = fieldsOf(resource, after, { nodes: true })
  const mine = new Set(owned.get(key('Update', manager))?.paths)
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    if (same(old.get(path), now.get(path))) continue
    for (const { paths } of owned.values()) paths.delete(path)
    if (now.has(path)) mine.add(path)
    else mine.delete(path)
  }
  return withOwners(structuredClone(after), { owned, manager, operation: 'Update', paths: mine })
}

interface Conflict {
  who: string
  path: Path
}

function conflict(conflicts: Conflict[]): Refusal {
  const found = conflicts.map(({ who, path }) => ({ who, field: fieldText(path) }))
  found.sort((a, b) => (a.who === b.who ? (a.field < b.field ? -1 : 1) : a.who < b.who ? -1 : 1))
  const causes: Cause[] = found.map(({ who, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${who}`,
    field,
  }))
  const [first] = causes
  if (causes.length === 1 && first) return refusal(`1 conflict: ${first.message}: ${first.field}`, causes)
  const managers = [...new Set(found.map(({ who }) => who))]
  const lines = managers.flatMap((who) => [
    `conflicts with ${who}:`,
    ...found.filter((one) => one.who === who).map(({ field }) => `- ${field}`),
  ])
  return refusal(`${causes.length} conflicts: ${lines.join('\n')}`, causes)
}

function refusal(text: string, causes: Cause[]): Refusal {
  return new Refusal(409, 'Conflict', `Apply failed with ${text}`, { causes })
}

function fieldText(path: Path): string {
  return `.${(JSON.parse(path) as string[]).join('.')}`
}

const key = (operation: ManagedFields['operation'], manager: string) => `${operation}:${manager}`

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function setLeaf(item: Item, path: Path, value: unknown): void {
  const names = JSON.parse(path) as string[]
  const last = names.pop() ?? ''
  let place: Record<string, unknown> = item
  for (const name of names) {
    const below = place[name]
    if (isRecord(below)) place = below
    else {
      const fresh: Record<string, unknown> = {}
      place[name] = fresh
      place = fresh
    }
  }
  if (value !== undefined) place[last] = value
  else delete place[last]
  // What is left of a map whose last field was taken out is null (kube-apiserver 1.20).
  if (value === undefined && Object.keys(place).length === 0 && names.length > 0) setEmpty(item, names)
}

function setEmpty(item: Item, names: string[]): void {
  const parent = names.slice(0, -1).reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), item)
  if (isRecord(parent)) parent[names.at(-1) ?? ''] = null
}

interface Owner {
  manager: string
  operation: ManagedFields['operation']
  apiVersion: string
  time: string
  paths: Set<Path>
}

function ownersOf(item: Item): Map<string, Owner> {
  return new Map(
    (item.metadata.managedFields ?? []).map(({ manager, operation, apiVersion, time, fieldsV1 }) => {
      const paths = new Set<Path>()
      const walk = (fields: Record<string, unknown>, path: string[]) => {
        const below = Object.entries(fields)
        if (below.length === 0 && path.length > 0) paths.add(JSON.stringify(path))
        for (const [name, value] of below) {
          if (name === '.') paths.add(JSON.stringify(path))
          else walk(value as Record<string, unknown>, [...path, name.slice(2)])
        }
      }
      walk(fieldsV1, [])
      return [key(operation, manager), { manager, operation, apiVersion, time, paths }]
    }),
  )
}

interface Ownership {
  owned: Map<string, Owner>
  manager: string
  operation: ManagedFields['operation']
  paths: Set<Path>
}

/** Writes down who owns what; the time of an entry changes only with its fields. */
function withOwners(item: Item, { owned, manager, operation, paths }: Ownership): Item {
  const before = owned.get(key(operation, manager))
  const time = before && sameSet(before.paths, paths) ? before.time : now()
  owned.set(key(operation, manager), { manager, operation, apiVersion: item.apiVersion, time, paths })
  const entries = [...owned.values()].filter((owner) => owner.paths.size > 0)
  entries.sort((a, b) => compare(a.operation, b.operation) || compare(a.time, b.time) || compare(a.manager, b.manager))
  item.metadata.managedFields = entries.map((owner) => ({
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    time: owner.time,
    fieldsType: 'FieldsV1' as const,
    fieldsV1: fieldsV1Of(owner.paths),
  }))
  if (entries.length === 0) delete item.metadata.managedFields
  return item
}

function fieldsV1Of(paths: Set<Path>): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const path of paths) {
    let place = root
    for (const name of JSON.parse(path) as string[]) {
      place[`f:${name}`] ??= {}
      place = place[`f:${name}`] as Record<string, unknown>
    }
  }
  // A field that is owned itself and has fields below says so with a point.
  for (const path of paths) {
    const place = (JSON.parse(path) as string[]).reduce((at, name) => at[`f:${name}`] as Record<string, unknown>, root)
    if (Object.keys(place).length > 0) place['.'] = {}
  }
  return root
}

function sameSet(one: Set<Path>, other: Set<Path>): boolean {
  return one.size === other.size && [...one].every((path) => other.has(path))
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** The present as the API server writes it: whole seconds, UTC. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d{3}Z$/, 'Z')
}
