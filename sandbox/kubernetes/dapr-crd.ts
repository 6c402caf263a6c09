/**
 * components.dapr.io as Dapr's chart installs it, without descriptions: the fields of the Component resource
 * (https://docs.dapr.io/reference/resource-specs/component-schema/).
 */
export const DAPR_COMPONENTS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'components.dapr.io', labels: { 'app.kubernetes.io/part-of': 'dapr' } },
  spec: {
    group: 'dapr.io',
    scope: 'Namespaced',
    names: { kind: 'Component', listKind: 'ComponentList', plural: 'components', singular: 'component' },
    versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: componentSchema() } }],
  },
}

/** A Component for a dry run. */
export const PROBE_COMPONENT = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'probe' },
  spec: { type: 'state.in-memory', version: 'v1', metadata: [{ name: 'a', value: 'b' }] },
}

function componentSchema() {
  const text = { type: 'string' }
  const metadataItem = {
    type: 'object',
    required: ['name'],
    properties: {
      name: text,
      envRef: text,
      value: { 'x-kubernetes-preserve-unknown-fields': true },
      secretKeyRef: { type: 'object', required: ['key', 'name'], properties: { key: text, name: text } },
    },
  }
  return {
    type: 'object',
    properties: {
      apiVersion: text,
      kind: text,
      metadata: { type: 'object' },
      auth: { type: 'object', required: ['secretStore'], properties: { secretStore: text } },
      scopes: { type: 'array', items: text },
      spec: {
        type: 'object',
        required: ['metadata', 'type', 'version'],
        properties: {
          type: text,
          version: text,
          ignoreErrors: { type: 'boolean' },
          initTimeout: text,
          metadata: { type: 'array', items: metadataItem },
        },
      },
    },
  }
}
