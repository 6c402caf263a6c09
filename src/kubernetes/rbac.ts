import { MANAGER } from './marks.ts'

/** What a refused request was about. */
export interface Refused {
  /** As the API server calls the user: `system:serviceaccount:ci:deployer`, `alice`. */
  user: string
  namespace: string
  createNamespace: boolean
  dapr: boolean
}

/**
 * The manifest that lets a user do what this action does and no more: a Role with its binding, or with
 * `create_namespace` the cluster-wide kinds, because the namespace's own Role cannot exist before it.
 */
export function roleManifest(refused: Refused): string {
  const kind = refused.createNamespace ? 'ClusterRole' : 'Role'
  const metadata = refused.createNamespace
    ? `{ name: ${MANAGER} }`
    : `{ name: ${MANAGER}, namespace: ${refused.namespace} }`
  // To list is needed only before a namespace is deleted.
  const verbs = refused.createNamespace ? 'get, list, create, patch, delete' : 'get, create, patch, delete'
  const rules = [
    rule('', 'secrets', verbs),
    ...(refused.dapr ? [rule('dapr.io', 'components', verbs)] : []),
    ...(refused.createNamespace ? [rule('', 'namespaces', 'get, create, delete')] : []),
  ]
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${kind}`,
    `metadata: ${metadata}`,
    'rules:',
    ...rules,
    '---',
    'apiVersion: rbac.authorization.k8s.io/v1',
    `kind: ${kind}Binding`,
    `metadata: ${metadata}`,
    `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: ${MANAGER} }`,
    'subjects:',
    `  - ${subject(refused.user)}`,
  ].join('\n')
}

function rule(group: string, resource: string, verbs: string): string {
  return `  - { apiGroups: ["${group}"], resources: [${resource}], verbs: [${verbs}] }`
}

function subject(user: string): string {
  const [, namespace, name] = user.match(/^system:serviceaccount:([^:]+):([^:]+)$/) ?? []
  return namespace && name
    ? `{ kind: ServiceAccount, name: ${name}, namespace: ${namespace} }`
    : `{ kind: User, name: ${JSON.stringify(user)}, apiGroup: rbac.authorization.k8s.io }`
}
