import { type Item, isCustom, type Resource } from './objects.ts'

/**
 * The members of an object as the API server writes them: those of its own kinds in the order of their Go structs
 * (k8s.io/api), with the keys of maps sorted, and custom resources sorted as a whole. What a kind of its own does not have
 * is dropped, as the server does when it decodes.
 */
export function inOrder(resource: Resource, item: Item): Item {
  if (isCustom(resource)) return sorted(item) as Item
  return pick(item, { kind: null, apiVersion: null, metadata: METADATA, ...KINDS[resource.kind] }) as Item
}

/** The metadata of an object alone, in order. */
export function metadataInOrder(item: Item): unknown {
  return pick(item.metadata, METADATA)
}

/** The same JSON with the keys of every object in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, below]) => [key, sorted(below)]))
}

/** Whether a kind of the server's own has this top-level member. */
export function hasMember(resource: Resource, name: string): boolean {
  return name === 'kind' || name === 'apiVersion' || name === 'metadata' || name in (KINDS[resource.kind] ?? {})
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Null: a scalar, a list of scalars, or a map. */
type Struct = { [member: string]: Struct | null }

const MANAGED = { manager: null, operation: null, apiVersion: null, time: null, fieldsType: null, fieldsV1: null }
const OWNER = { apiVersion: null, kind: null, name: null, uid: null, controller: null, blockOwnerDeletion: null }
const METADATA: Struct = {
  ...{ name: null, generateName: null, namespace: null, uid: null, resourceVersion: null, generation: null },
  ...{ creationTimestamp: null, deletionTimestamp: null, deletionGracePeriodSeconds: null },
  ...{ labels: null, annotations: null, ownerReferences: OWNER, finalizers: null, managedFields: MANAGED },
}
const RULE = { verbs: null, apiGroups: null, resources: null, resourceNames: null, nonResourceURLs: null }
const SUBJECT = { kind: null, apiGroup: null, name: null, namespace: null }
const BINDING = { subjects: SUBJECT, roleRef: { apiGroup: null, kind: null, name: null } }
const KINDS: Record<string, Struct> = {
  Namespace: { spec: { finalizers: null }, status: { phase: null } },
  Secret: { immutable: null, data: null, stringData: null, type: null },
  ServiceAccount: { secrets: null, imagePullSecrets: null, automountServiceAccountToken: null },
  Role: { rules: RULE },
  ClusterRole: { rules: RULE, aggregationRule: null },
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
}

function pick(value: unknown, struct: Struct | null): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, struct))
  if (!isRecord(value) || struct === null) return sorted(value)
  const members = Object.keys(struct).filter((name) => value[name] !== undefined)
  return Object.fromEntries(members.map((name) => [name, pick(value[name], struct[name] ?? null)]))
}
