import { MANAGER } from './marks.ts'
import type { KubernetesObject } from './types.ts'

/**
 * The places where an object lacks something of the desired one or has another value, as paths such as
 * `data.DATABASE_URL`; what others added is no difference. Lists must be equal as a whole, item by item, in whatever order
 * the server writes the keys of an item. Values are not shown.
 */
export function differences(actual: unknown, desired: unknown, path = ''): string[] {
  if (!isRecord(desired)) return isSame(actual, desired) ? [] : [path]
  if (!isRecord(actual)) return [path]
  return Object.entries(desired).flatMap(([key, value]) =>
    differences(actual[key], value, path ? `${path}.${key}` : key),
  )
}

/**
 * Whether our last apply set a field that the desired object no longer has: a key taken out of `secret_keys`. Another
 * apply would take it out; fields of other managers stay.
 */
export function hasLeftovers(actual: KubernetesObject, desired: KubernetesObject): boolean {
  const ours = actual.metadata.managedFields?.find(
    ({ manager, operation }) => manager === MANAGER && operation === 'Apply',
  )
  return ours?.fieldsV1 !== undefined && ownsMore(ours.fieldsV1, desired)
}

/** Fields are members `f:<name>`; `.` stands for the object itself, `k:` and `v:` for items of lists. */
function ownsMore(fields: Record<string, unknown>, desired: unknown): boolean {
  return Object.entries(fields).some(([name, below]) => {
    if (!name.startsWith('f:')) return false
    if (!isRecord(desired) || !(name.slice(2) in desired)) return true
    return isRecord(below) && ownsMore(below, desired[name.slice(2)])
  })
}

/** Whether two JSON values are the same, in whatever order the keys of their objects stand. */
function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]))
  }
  if (!isRecord(one) || !isRecord(other)) return one === other
  const keys = Object.keys(one)
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isSame(one[key], other[key]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
