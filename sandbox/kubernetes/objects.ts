/** A Kubernetes object as JSON. */
export interface Item {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    generation?: number
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
  time: string
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
  /** As kubectl takes it: `ns`. */
  shortNames?: readonly string[]
  /** What clients may keep discovery by; the one of kube-apiserver 1.20. */
  storageVersionHash: string
}

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' }
const CORE = { group: '', version: 'v1' }

/** Every kind but Dapr's, which a cluster has only after its installation. */
export const BUILT_IN: readonly Resource[] = [
  {
    ...{ ...CORE, plural: 'namespaces', kind: 'Namespace', namespaced: false },
    ...{ shortNames: ['ns'], storageVersionHash: 'Q3oi5N2YM8M=' },
  },
  { ...CORE, plural: 'secrets', kind: 'Secret', namespaced: true, storageVersionHash: 'S6u1pOWzb84=' },
  {
    ...{ ...CORE, plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
    ...{ shortNames: ['sa'], storageVersionHash: 'pbx9ZvyFpBE=' },
  },
  {
    ...{ ...RBAC, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
    storageVersionHash: '48tpQ8gZHFc=',
  },
  { ...RBAC, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false, storageVersionHash: 'bYE5ZWDrJ44=' },
  { ...RBAC, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true, storageVersionHash: 'eGsCzGH6b1g=' },
  { ...RBAC, plural: 'roles', kind: 'Role', namespaced: true, storageVersionHash: '7FuwZcIIItM=' },
]

/** Dapr's components.dapr.io. */
export const COMPONENTS: Resource = {
  group: 'dapr.io',
  version: 'v1alpha1',
  plural: 'components',
  kind: 'Component',
  namespaced: true,
  storageVersionHash: 'AwQyLl8DHJs=',
}

/** Whether a kind came with a CustomResourceDefinition: the API server treats those differently in many small ways. */
export function isCustom(resource: Resource): boolean {
  return resource.group === COMPONENTS.group
}

/** As errors call a kind: `secrets`, `components.dapr.io`. */
export function pluralOf({ plural, group }: Pick<Resource, 'plural' | 'group'>): string {
  return group ? `${plural}.${group}` : plural
}

/** As errors call the kind of an object: `Secret`, `Component.dapr.io`. */
export function kindOf({ kind, group }: Pick<Resource, 'kind' | 'group'>): string {
  return group ? `${kind}.${group}` : kind
}

/** The apiVersion of its objects: `v1`, `dapr.io/v1alpha1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group ? `${group}/${version}` : version
}

/** What an answer says of an error (StatusDetails); the order of its members is that of the API server. */
export interface Details {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: Cause[]
}

/** One reason of several. */
export interface Cause {
  reason: string
  message: string
  field: string
}

/** An answer that is no success, as the API server words it (kind Status); empty parts are left out of it. */
export class Refusal extends Error {
  readonly code: number
  readonly reason: string
  readonly details: Details | undefined

  constructor(code: number, reason: string, message: string, details?: Details) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  /** The body of the answer. */
  get body(): Record<string, unknown> {
    const { code, reason, message, details } = this
    const head = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message }
    return { ...head, ...(reason ? { reason } : {}), ...(details ? { details } : {}), code }
  }
}

/** Name, group and kind of an object in the details of an error, in the server's order and without what is empty. */
export function detailsOf(name: string, group: string, kind: string, causes?: Cause[]): Details {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind, ...(causes ? { causes } : {}) }
}

/** 404 for an object. */
export function notFound(resource: Pick<Resource, 'plural' | 'group'>, name: string): Refusal {
  const details = detailsOf(name, resource.group, resource.plural)
  return new Refusal(404, 'NotFound', `${pluralOf(resource)} "${name}" not found`, details)
}

/** 404 for a path below a served version that no kind answers. */
export function noSuchResource(): Refusal {
  return new Refusal(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** 405 for a verb that a path does not take. */
export function notAllowed(): Refusal {
  const message = 'the server does not allow this method on the requested resource'
  return new Refusal(405, 'MethodNotAllowed', message, {})
}

/** 422 for an object, with each problem as a cause. */
export function invalid(kind: Pick<Resource, 'kind' | 'group'>, name: string, causes: Cause[]): Refusal {
  const each = causes.map(({ field, message }) => `${field}: ${message}`)
  const text = each.length === 1 ? each[0] : `[${each.join(', ')}]`
  const details = detailsOf(name, kind.group, kind.kind, causes)
  return new Refusal(422, 'Invalid', `${kindOf(kind)} ${JSON.stringify(name)} is invalid: ${text}`, details)
}
