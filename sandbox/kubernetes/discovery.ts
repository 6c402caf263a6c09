import { apiVersionOf, isCustom, type Resource } from './objects.ts'

/** What the stand-in says it is. */
export const VERSION = { major: '1', minor: '20', gitVersion: 'v1.20.2', platform: 'linux/amd64' }

const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SUBRESOURCES: Record<string, object[]> = {
  namespaces: [
    { name: 'namespaces/finalize', singularName: '', namespaced: false, kind: 'Namespace', verbs: ['update'] },
  ],
  serviceaccounts: [
    {
      ...{ name: 'serviceaccounts/token', singularName: '', namespaced: true },
      ...{ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] },
    },
  ],
}

/** `GET /api`: where the core is. */
export function coreVersions(host: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: host }]
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs }
}

/** `GET /apis`: the groups. */
export function groupList(resources: readonly Resource[]): object {
  const names = [...new Set(resources.map(({ group }) => group))].filter((group) => group !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((name) => groupBody(resources, name)) }
}

/** `GET /apis/GROUP`; undefined where there is no such group. */
export function groupOf(resources: readonly Resource[], name: string): object | undefined {
  const known = resources.some(({ group }) => group === name)
  return known ? { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(resources, name) } : undefined
}

function groupBody(resources: readonly Resource[], name: string) {
  const versions = [...new Set(resources.filter(({ group }) => group === name).map(({ version }) => version))]
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: all, preferredVersion: all[0] }
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`: the kinds; clients find the path of a kind by it. */
export function resourceList(served: readonly Resource[]): object {
  const [first] = served
  const head = first?.group ? { kind: 'APIResourceList', apiVersion: 'v1' } : { kind: 'APIResourceList' }
  return {
    ...head,
    groupVersion: first ? apiVersionOf(first) : '',
    resources: served.flatMap((resource) => [describe(resource), ...(SUBRESOURCES[resource.plural] ?? [])]),
  }
}

function describe(resource: Resource): object {
  const { plural, kind, namespaced, shortNames, storageVersionHash } = resource
  const own = plural === 'namespaces' ? VERBS.filter((verb) => verb !== 'deletecollection') : VERBS
  return {
    name: plural,
    singularName: isCustom(resource) ? kind.toLowerCase() : '',
    namespaced,
    kind,
    verbs: isCustom(resource) ? CUSTOM_VERBS : own,
    ...(shortNames ? { shortNames } : {}),
    storageVersionHash,
  }
}
