import { now } from './fields.ts'
import { detailsOf, type Item, pluralOf, Refusal, type Resource } from './objects.ts'

/** What the namespace controller puts into `spec.finalizers`, and takes out when everything in the namespace is gone. */
const FINALIZER = 'kubernetes'

/** A new namespace with the finalizer that the API server gives it. */
export function withFinalizer(item: Item): Item {
  const finalizers = [...new Set([...finalizersOf(item), FINALIZER])]
  return { ...item, spec: { finalizers } }
}

/** A deleted namespace lives on in phase Terminating until its finalizers are gone. */
export function terminate(item: Item): Item {
  const metadata = { ...item.metadata, deletionTimestamp: item.metadata.deletionTimestamp ?? now() }
  return { ...item, metadata, status: { phase: 'Terminating' } }
}

/**
 * Whether the namespace controller is through with a namespace that was deleted long enough ago. It never is while someone
 * else's finalizer stands in it.
 */
export function mayGo(item: Item): boolean {
  return item.metadata.deletionTimestamp !== undefined && finalizersOf(item).every((name) => name === FINALIZER)
}

/** What keeps a namespace: the names in `spec.finalizers`. */
export function finalizersOf(item: Item): string[] {
  return (item.spec as { finalizers?: string[] } | undefined)?.finalizers ?? []
}

/** Throws the API server's 403 for a new object in a namespace that is being deleted. */
export function refuseNewContent(namespace: Item, resource: Resource, name: string): void {
  if (!namespace.metadata.deletionTimestamp) return
  const place = namespace.metadata.name
  const what = `${pluralOf(resource)} "${name}"`
  const reason = `unable to create new content in namespace ${place} because it is being terminated`
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${place} is being terminated`,
    field: 'metadata.namespace',
  }
  const details = detailsOf(name, resource.group, resource.plural, [cause])
  throw new Refusal(403, 'Forbidden', `${what} is forbidden: ${reason}`, details)
}
