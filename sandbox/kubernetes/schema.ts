import { DAPR_COMPONENTS } from './dapr-crd.ts'
import type { Cause, Item } from './objects.ts'
import { isRecord } from './order.ts'

/** A schema of a CustomResourceDefinition, as far as Dapr's has it. */
interface Schema {
  type?: string
  required?: readonly string[]
  properties?: Record<string, Schema>
  items?: Schema
  'x-kubernetes-preserve-unknown-fields'?: boolean
}

const COMPONENT: Schema = DAPR_COMPONENTS.spec.versions[0]?.schema.openAPIV3Schema ?? {}

/** A Component without the fields that its schema does not know. */
export function pruned(item: Item): Item {
  const { apiVersion, kind, metadata, ...rest } = item
  return { apiVersion, kind, metadata, ...(prune(rest, COMPONENT) as object) }
}

function prune(value: unknown, { properties, items, ...more }: Schema): unknown {
  if (more['x-kubernetes-preserve-unknown-fields']) return value
  if (Array.isArray(value)) return items ? value.map((item) => prune(item, items)) : value
  if (!isRecord(value) || !properties) return value
  const known = Object.entries(value).flatMap(([name, below]) => {
    const field = properties[name]
    return field ? [[name, prune(below, field)] as const] : []
  })
  return Object.fromEntries(known)
}

/** The path of the first field that a Component's schema does not know, such as `.spec.extra`; undefined where it knows all. */
export function undeclaredField(item: object): string | undefined {
  return undeclared(item, COMPONENT, '')
}

function undeclared(value: unknown, { properties, items, ...more }: Schema, path: string): string | undefined {
  if (more['x-kubernetes-preserve-unknown-fields'] || path === '.metadata') return undefined
  if (Array.isArray(value)) return items && value.map((item) => undeclared(item, items, path)).find((found) => found)
  if (!isRecord(value) || !properties) return undefined
  return Object.entries(value)
    .map(([name, below]) => {
      const field = properties[name]
      return field ? undeclared(below, field, `${path}.${name}`) : `${path}.${name}`
    })
    .find((found) => found)
}

/** What is wrong with a Component by its schema; as in 1.20, an item of a list is not told by its number. */
export function componentCauses(item: Item): Cause[] {
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = item
  return causesOf(rest, COMPONENT, '')
}

function causesOf(value: unknown, { type, properties = {}, items, ...more }: Schema, path: string): Cause[] {
  const found = typeOf(value)
  if (type && found !== type) {
    const text = `${path} in body must be of type ${type}: "${found}"`
    return [{ reason: 'FieldValueInvalid', message: `Invalid value: "${found}": ${text}`, field: path }]
  }
  if (Array.isArray(value)) return items ? value.flatMap((item) => causesOf(item, items, path)) : []
  if (!isRecord(value)) return []
  const at = (name: string) => (path ? `${path}.${name}` : name)
  const missing = (more.required ?? []).filter((name) => !(name in value))
  return [
    ...missing.map((name) => ({ reason: 'FieldValueRequired', message: 'Required value', field: at(name) })),
    ...Object.entries(value).flatMap(([name, below]) => {
      const field = properties[name]
      return field ? causesOf(below, field, at(name)) : []
    }),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}
