import { DEFAULT_DAPR_VERSION } from './dapr.ts'
import { markAnnotations, markLabels } from './marks.ts'
import { urlKey } from './template.ts'
import type { KubernetesObject, KubernetesOptions } from './types.ts'

/** An object with the address it lives at. */
export interface ObjectAddress {
  kind: 'Secret' | 'Component' | 'Namespace'
  namespace: string
  name: string
  path: string
}

/** Where the objects of a kind live together. */
export function collectionOf(kind: 'Secret' | 'Component', namespace: string): string {
  const [group, plural] = kind === 'Secret' ? ['/api/v1', 'secrets'] : ['/apis/dapr.io/v1alpha1', 'components']
  return `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

/** Where the Secret lives. */
export function secretAddress({ secretName }: KubernetesOptions, namespace: string): ObjectAddress {
  return objectAddress('Secret', namespace, secretName)
}

/** Where the Dapr Component lives. */
export function componentAddress(name: string, namespace: string): ObjectAddress {
  return objectAddress('Component', namespace, name)
}

/** Where the namespace lives. */
export function namespaceAddress(namespace: string): ObjectAddress {
  return { kind: 'Namespace', namespace, name: namespace, path: `/api/v1/namespaces/${encodeURIComponent(namespace)}` }
}

function objectAddress(kind: 'Secret' | 'Component', namespace: string, name: string): ObjectAddress {
  return { kind, namespace, name, path: `${collectionOf(kind, namespace)}/${encodeURIComponent(name)}` }
}

/** What people call an object: `Secret shop/postgres-credentials`, `namespace shop`. */
export function titleOf({ kind, namespace, name }: Pick<ObjectAddress, 'kind' | 'namespace' | 'name'>): string {
  return kind === 'Namespace' ? `namespace ${name}` : `${kind} ${namespace}/${name}`
}

/** The Secret as it should be; `values` are plain text. */
export function secretObject(
  options: KubernetesOptions,
  address: ObjectAddress,
  values: Record<string, string>,
): KubernetesObject {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(options, address),
    type: 'Opaque',
    data: Object.fromEntries(data),
  }
}

/**
 * A Dapr state store whose connection string Dapr reads from our Secret; the Component holds no credential. Both versions
 * call it `connectionString` (setup-postgresql-v1 and -v2 below
 * https://docs.dapr.io/reference/components-reference/supported-state-stores/).
 */
export function componentObject(options: KubernetesOptions, address: ObjectAddress): KubernetesObject {
  const secretKeyRef = { name: options.secretName, key: urlKey(options.secretKeys) ?? '' }
  return {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: metadata(options, address),
    spec: {
      type: 'state.postgresql',
      version: options.daprVersion ?? DEFAULT_DAPR_VERSION,
      metadata: [{ name: 'connectionString', secretKeyRef }],
    },
    auth: { secretStore: 'kubernetes' },
  }
}

/** The namespace as we make it, with our mark. */
export function namespaceObject(options: KubernetesOptions, name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: markLabels({}), annotations: markAnnotations(options.owner) },
  }
}

function metadata(options: KubernetesOptions, { namespace, name }: ObjectAddress): KubernetesObject['metadata'] {
  return {
    name,
    namespace,
    labels: markLabels(options.secretLabels),
    annotations: markAnnotations(options.owner),
  }
}
