/** A Kubernetes object as JSON. */
export interface Item {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    creationTimestamp?: string
    deletionTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    managedFields?: ManagedFields[]
    [field: string]: unknown
  }
  [field: string]: unknown
}

/** Who set which fields. */
export interface ManagedFields {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  fieldsType: 'FieldsV1'
  fieldsV1: Record<string, unknown>
}

/** A kind that the stand-in serves. */
export interface Resource {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
}

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' }

/** Every kind but Dapr's, which a cluster has only after its installation. */
export const BUILT_IN: readonly Resource[] = [
  { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
  { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
  { ...RBAC, plural: 'roles', kind: 'Role', namespaced: true },
  { ...RBAC, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true },
  { ...RBAC, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false },
  { ...RBAC, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
]

/** Dapr's components.dapr.io. */
export const COMPONENTS: Resource = {
  group: 'dapr.io',
  version: 'v1alpha1',
  plural: 'components',
  kind: 'Component',
  namespaced: true,
}

/** The same JSON with the keys of every object in order: so a real API server writes maps, and custom resources as a whole. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, below]) => [key, sorted(below)]))
}

/** An answer that is no success, as the API server words it (kind Status). */
export class Refusal extends Error {
  readonly code: number
  readonly reason: string
  readonly details: Record<string, unknown>

  constructor(code: number, reason: string, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  /** The body of the answer. */
  get body(): Record<string, unknown> {
    const { code, reason, message, details } = this
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code }
  }
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Throws the API server's 422 for a name that no object of the kind can have; its texts are shortened. */
export function checkName({ kind, plural }: Resource, name: string): void {
  const isLabel = plural === 'namespaces'
  if ((isLabel ? LABEL : SUBDOMAIN).test(name)) return
  const rule = isLabel
    ? "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
  const message = `Invalid value: ${JSON.stringify(name)}: ${rule}`
  throw new Refusal(422, 'Invalid', `${kind} ${JSON.stringify(name)} is invalid: metadata.name: ${message}`, {
    name,
    kind,
    causes: [{ reason: 'FieldValueInvalid', message, field: 'metadata.name' }],
  })
}

/** 404 for an object. */
export function notFound(plural: string, name: string): Refusal {
  return new Refusal(404, 'NotFound', `${plural} "${name}" not found`, { name, kind: plural })
}
