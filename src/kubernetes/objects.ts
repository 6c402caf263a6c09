import { ownerAnnotations, ownerLabels } from './ownership.ts'
import { urlKey } from './template.ts'
import type { KubernetesObject, KubernetesOptions } from './types.ts'

/** An object with the address it lives at. */
export interface ObjectAddress {
  kind: 'Secret' | 'Component' | 'Namespace'
  namespace: string
  name: string
  path: string
}

/** Where the Secret lives. */
export function secretAddress(options: KubernetesOptions, namespace: string): ObjectAddress {
  const path = `/api/v1/namespaces/${namespace}/secrets/${options.secretName}`
  return { kind: 'Secret', namespace, name: options.secretName, path }
}

/** Where the Dapr Component lives. */
export function componentAddress(name: string, namespace: string): ObjectAddress {
  return {
    kind: 'Component',
    namespace,
    name,
    path: `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components/${name}`,
  }
}

/** Where the namespace lives. */
export function namespaceAddress(namespace: string): ObjectAddress {
  return { kind: 'Namespace', namespace, name: namespace, path: `/api/v1/namespaces/${namespace}` }
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
 * A Dapr state store whose connection string Dapr reads from our Secret; the Component holds no credential
 * (https://docs.dapr.io/reference/components-reference/supported-state-stores/setup-postgresql-v2/).
 */
export function componentObject(options: KubernetesOptions, address: ObjectAddress): KubernetesObject {
  const secretKeyRef = { name: options.secretName, key: urlKey(options.secretKeys) ?? '' }
  return {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: metadata(options, address),
    spec: { type: 'state.postgresql', version: 'v2', metadata: [{ name: 'connectionString', secretKeyRef }] },
    auth: { secretStore: 'kubernetes' },
  }
}

/** The namespace as we make it, with our mark. */
export function namespaceObject(options: KubernetesOptions, name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: ownerLabels({}), annotations: ownerAnnotations(options.owner) },
  }
}

function metadata(options: KubernetesOptions, { namespace, name }: ObjectAddress): KubernetesObject['metadata'] {
  return {
    name,
    namespace,
    labels: ownerLabels(options.secretLabels),
    annotations: ownerAnnotations(options.owner),
  }
}
