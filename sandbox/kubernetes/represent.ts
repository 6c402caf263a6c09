import type { Request } from '../http/serve.ts'
import { apiVersionOf, type Item, isCustom, type Resource } from './objects.ts'
import { inOrder, metadataInOrder } from './order.ts'

/** What a client wants of an object or a list: all of it, its metadata alone, or a table for people. */
export type Form = 'whole' | 'metadata' | 'table'

/** The first form of the `accept` header that the stand-in has; it takes `application/json` for all that is not told. */
export function formOf({ headers }: Request): Form {
  for (const wanted of (headers.accept ?? '').split(',')) {
    const parts = wanted.trim().split(';')
    if (!parts.includes('g=meta.k8s.io') || !parts.includes('v=v1')) {
      if (parts[0] === 'application/json' && parts.length === 1) return 'whole'
      continue
    }
    if (parts.includes('as=Table')) return 'table'
    if (parts.some((part) => /^as=PartialObjectMetadata(List)?$/.test(part))) return 'metadata'
  }
  return 'whole'
}

/** One object as it is answered. */
export function represent(resource: Resource, item: Item, form: Form): unknown {
  if (form === 'metadata') return partial(item)
  if (form === 'table') return table(resource, [item], item.metadata.resourceVersion ?? '')
  return inOrder(resource, item)
}

/** A list as it is answered; `version` is that of the whole store. */
export function representList(resource: Resource, items: Item[], { form, version }: { form: Form; version: string }) {
  const apiVersion = apiVersionOf(resource)
  const kind = `${resource.kind}List`
  if (form === 'table') return table(resource, items, version)
  if (form === 'metadata') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
    return { ...head, metadata: { resourceVersion: version }, items: items.map(partial) }
  }
  const ordered = items.map((item) => inOrder(resource, item))
  if (isCustom(resource)) {
    return { apiVersion, items: ordered, kind, metadata: { continue: '', resourceVersion: version } }
  }
  // In a list of its own kinds the server does not repeat what they are.
  const bare = ordered.map(({ kind: _, apiVersion: __, ...rest }) => rest)
  return { kind, apiVersion, metadata: { resourceVersion: version }, items: bare }
}

function partial(item: Item): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: metadataInOrder(item) }
}

interface Column {
  name: string
  type: string
  format: string
  read(item: Item): unknown
}

const NAME: Column = { name: 'Name', type: 'string', format: 'name', read: ({ metadata }) => metadata.name }
const AGE: Column = {
  name: 'Age',
  type: 'string',
  format: '',
  read: ({ metadata }) => ageOf(metadata.creationTimestamp ?? ''),
}
const COLUMNS: Record<string, Column[]> = {
  Namespace: [
    NAME,
    { name: 'Status', type: 'string', format: '', read: ({ status }) => (status as { phase: string }).phase },
    AGE,
  ],
  Secret: [
    NAME,
    { name: 'Type', type: 'string', format: '', read: ({ type }) => type },
    { name: 'Data', type: 'string', format: '', read: ({ data }) => Object.keys(data ?? {}).length },
    AGE,
  ],
}

/** A table as kubectl prints it. The stand-in gives no descriptions of the columns. */
function table(resource: Resource, items: Item[], version: string): object {
  const columns = COLUMNS[resource.kind] ?? [NAME, { ...AGE, type: isCustom(resource) ? 'date' : 'string' }]
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: version },
    columnDefinitions: columns.map(({ name, type, format }) => ({ name, type, format, description: '', priority: 0 })),
    rows: items.map((item) => ({ cells: columns.map(({ read }) => read(item)), object: partial(item) })),
  }
}

function ageOf(created: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(created)) / 1000))
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m`
}
