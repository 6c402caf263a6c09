/** One request that is sent to both servers, in this order: later ones build on earlier ones. */
export interface Sent {
  /** What it tries; unique. */
  name: string
  method: string
  /** Path and query; `NS` stands for the namespace of this run, `NS-x` for another one of its own. */
  path: string
  body?: unknown
  /** Sent as it is in place of `body`. */
  text?: string
  /** JSON, or the type of an apply for PATCH, unless told. */
  type?: string
  accept?: string
  /** What was written before it must have been taken up: a real server judges rights by what it knew a moment ago. */
  settled?: true
  /** User to act as; the administrator unless told. `nobody`: no login, `stranger`: a token that no server knows. */
  as?: string
}

export const SECRETS = '/api/v1/namespaces/NS/secrets'
export const NAMESPACES = '/api/v1/namespaces'
export const COMPONENTS = '/apis/dapr.io/v1alpha1/namespaces/NS/components'
export const RBAC = '/apis/rbac.authorization.k8s.io/v1'
export const MERGE = 'application/merge-patch+json'
export const STRATEGIC = 'application/strategic-merge-patch+json'
export const JSON_PATCH = 'application/json-patch+json'
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'
export const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

export type Metadata = Record<string, unknown>
export type Fields = Record<string, unknown>

export const secret = (metadata: string | Metadata, more: Fields = { data: { A: 'YQ==' } }) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: typeof metadata === 'string' ? { name: metadata } : metadata,
  ...more,
})
export const namespace = (metadata: string | Metadata, more: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: typeof metadata === 'string' ? { name: metadata } : metadata,
  ...more,
})
export const component = (metadata: string | Metadata, spec?: unknown, more: Fields = {}) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: typeof metadata === 'string' ? { name: metadata } : metadata,
  spec: spec ?? { type: 'state.postgresql', version: 'v2', metadata: [{ name: 'a', value: 'b' }] },
  ...more,
})
export const role = (kind: string, name: string, rules: unknown) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name },
  rules,
})
export const binding = (kind: string, name: string, roleRef: [kind: string, name: string], subjects: unknown[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleRef[0], name: roleRef[1] },
  subjects,
})
export const user = (name: string) => ({ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' })

export const get = (name: string, path: string, more: Partial<Sent> = {}): Sent => ({
  name,
  method: 'GET',
  path,
  ...more,
})
export const post = (name: string, path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'POST', path, body },
  ...more,
})
export const put = (name: string, path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'PUT', path, body },
  ...more,
})
export const patch = (name: string, path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'PATCH', path, body },
  ...more,
})
export const apply = (
  name: string,
  path: string,
  body: unknown,
  query = 'fieldManager=ours',
  more: Partial<Sent> = {},
) => patch(name, `${path}?${query}`, body, more)
export const remove = (name: string, path: string, more: Partial<Sent> = {}): Sent => ({
  ...{ name, method: 'DELETE', path },
  ...more,
})

export const ROLES = `${RBAC}/namespaces/NS/roles`

export const BINDINGS = `${RBAC}/namespaces/NS/rolebindings`

export const ACCOUNTS = '/api/v1/namespaces/NS/serviceaccounts'

export const tokenRequest = (spec: unknown) => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })
