import type { Item, ManagedFields } from './objects.ts'
import { Refusal } from './objects.ts'

/** A field of an object: its path as a JSON list of names, such as `["data","KEY"]`. */
type Path = string

// Written by the server or part of the address; nobody owns them.
const SERVER_SIDE = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
]

/** The leaves of an object with their values; a list is one leaf, as in resources without list keys. */
export function leavesOf(item: Item): Map<Path, unknown> {
  const leaves = new Map<Path, unknown>()
  const walk = (value: unknown, path: string[]) => {
    if (path.length === 1 && (path[0] === 'apiVersion' || path[0] === 'kind')) return
    if (path.length === 2 && path[0] === 'metadata' && SERVER_SIDE.includes(path[1] ?? '')) return
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject) return void leaves.set(JSON.stringify(path), value)
    for (const [name, below] of Object.entries(value)) walk(below, [...path, name])
  }
  walk(item, [])
  return leaves
}

/**
 * Server-side apply: merges what a manager wants into the live object, takes away what it wanted before and no longer
 * does, and refuses with 409 where another manager owns a field with another value, unless forced
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
 */
export function applyFields(live: Item, wanted: Item, options: { manager: string; force: boolean }): Item {
  const { manager, force } = options
  const next = structuredClone(live)
  const owned = ownersOf(live)
  const own = key(manager, 'Apply')
  const before = owned.get(own) ?? new Set()
  const leaves = leavesOf(wanted)
  const current = leavesOf(live)
  const conflicts: { manager: string; path: Path }[] = []
  for (const [path, value] of leaves) {
    for (const [other, paths] of owned) {
      if (other === own || !paths.has(path) || same(current.get(path), value)) continue
      conflicts.push({ manager: other.slice(other.indexOf(':') + 1), path })
      if (force) paths.delete(path)
    }
  }
  if (conflicts.length > 0 && !force) throw conflict(conflicts, live.apiVersion)
  for (const path of before) {
    const shared = [...owned].some(([other, paths]) => other !== own && paths.has(path))
    if (!leaves.has(path) && !shared) setLeaf(next, path, undefined)
  }
  for (const [path, value] of leaves) setLeaf(next, path, value)
  owned.set(own, new Set(leaves.keys()))
  return withOwners(next, owned)
}

/** Records that a manager wrote the whole object (create, replace): it owns what it changed, others lose that. */
export function updateFields(before: Item | undefined, after: Item, manager: string): Item {
  const owned = before ? ownersOf(before) : new Map<string, Set<Path>>()
  const old = before ? leavesOf(before) : new Map<Path, unknown>()
  const now = leavesOf(after)
  const mine = owned.get(key(manager, 'Update')) ?? new Set()
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    if (same(old.get(path), now.get(path))) continue
    for (const paths of owned.values()) paths.delete(path)
    if (now.has(path)) mine.add(path)
  }
  owned.set(key(manager, 'Update'), mine)
  return withOwners(structuredClone(after), owned)
}

function conflict(conflicts: { manager: string; path: Path }[], apiVersion: string): Refusal {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${manager}" using ${apiVersion}`,
    field: `.${(JSON.parse(path) as string[]).join('.')}`,
  }))
  const text = causes.map(({ message, field }) => `${message}: ${field}`).join('\n')
  const count = `${causes.length} conflict${causes.length === 1 ? '' : 's'}`
  return new Refusal(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes })
}

const key = (manager: string, operation: ManagedFields['operation']) => `${operation}:${manager}`

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function setLeaf(item: Item, path: Path, value: unknown): void {
  const names = JSON.parse(path) as string[]
  const last = names.pop() ?? ''
  let place: Record<string, unknown> = item
  for (const name of names) {
    const below = place[name]
    if (typeof below === 'object' && below !== null) place = below as Record<string, unknown>
    else {
      const fresh: Record<string, unknown> = {}
      place[name] = fresh
      place = fresh
    }
  }
  if (value === undefined) delete place[last]
  else place[last] = value
}

function ownersOf(item: Item): Map<string, Set<Path>> {
  return new Map(
    (item.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => {
      const paths = new Set<Path>()
      const walk = (fields: Record<string, unknown>, path: string[]) => {
        const below = Object.entries(fields)
        if (below.length === 0 && path.length > 0) paths.add(JSON.stringify(path))
        for (const [name, value] of below) walk(value as Record<string, unknown>, [...path, name.slice(2)])
      }
      walk(fieldsV1, [])
      return [key(manager, operation), paths]
    }),
  )
}

function withOwners(item: Item, owned: Map<string, Set<Path>>): Item {
  item.metadata.managedFields = [...owned]
    .filter(([, paths]) => paths.size > 0)
    .map(([owner, paths]) => {
      const at = owner.indexOf(':')
      const fieldsV1: Record<string, unknown> = {}
      for (const path of paths) {
        let place = fieldsV1
        for (const name of JSON.parse(path) as string[]) {
          place[`f:${name}`] ??= {}
          place = place[`f:${name}`] as Record<string, unknown>
        }
      }
      const operation = owner.slice(0, at) as ManagedFields['operation']
      return {
        manager: owner.slice(at + 1),
        operation,
        apiVersion: item.apiVersion,
        fieldsType: 'FieldsV1' as const,
        fieldsV1,
      }
    })
  return item
}
