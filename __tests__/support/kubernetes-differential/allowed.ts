import type { Told } from './send.ts'

/** Where the stand-in may answer otherwise than the real server: both answers are changed so before they are compared. */
export interface AllowedDifference {
  why: string
  /** Matched against the name of the request. */
  requests: RegExp
  /** Takes out of an answer what may differ; status and reason always count. */
  without(body: Body): unknown
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of any kind
type Body = any

const KINDS = /^(namespaces|secrets|serviceaccounts)(\/(finalize|token))?$/
const GROUPS = /^(rbac\.authorization\.k8s\.io|dapr\.io)$/
const isServed = ({ version }: { version: string }) => version !== 'v1beta1'
const firstVersion = (group: Body) => ({ ...group, versions: group.versions.filter(isServed) })

/** All of them. */
export const ALLOWED: readonly AllowedDifference[] = [
  {
    why: 'The stand-in serves the kinds that the action needs, and their newest version.',
    requests: /^discovery: (the groups|the kinds of the core|a group)$/,
    without(body) {
      if (body.groups) return { ...body, groups: body.groups.filter(byGroup).map(firstVersion).sort(byName) }
      if (body.versions) return firstVersion(body)
      return { ...body, resources: body.resources.filter(({ name }: { name: string }) => KINDS.test(name)) }
    },
  },
  {
    why: 'The stand-in was not built by Go.',
    requests: /^(discovery: the version|login: none, the version|rights: none, the version)$/,
    without: ({ major, minor, gitVersion }) => ({ major, minor, gitVersion }),
  },
  {
    why: 'The stand-in has fewer paths that are about no object.',
    requests: /^discovery: (a path that is not there|a description of version 3)$/,
    without: ({ paths: _, ...body }) => body,
  },
  {
    why: 'The descriptions of columns are quoted from the documentation of the API.',
    requests: /: as a table$/,
    without: (body) => ({
      ...body,
      columnDefinitions: body.columnDefinitions.map((column: object) => ({ ...column, description: '' })),
    }),
  },
  {
    why: 'The stand-in takes every list for one field, also ownerReferences, whose items have a key.',
    requests: /^more: (owners and finalizers|the Secret with an owner)$/,
    without: (body) => ({ ...body, metadata: { ...body.metadata, managedFields: [] } }),
  },
  {
    why: "The texts of Go's decoders show places in the text, or types of Go.",
    requests:
      /^(namespace: (a label that is a number|a list)|secret: a value that is (no base64|a number)|apply: YAML that is broken)$/,
    without: ({ message: _, ...body }) => body,
  },
]

function byGroup({ name }: { name: string }): boolean {
  return GROUPS.test(name)
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1
}

/** An answer without what may differ. */
export function comparable(name: string, told: Told): Told {
  const found = ALLOWED.find(({ requests }) => requests.test(name))
  return found ? { ...told, body: found.without(told.body) } : told
}
