import { type Item, Refusal, type Resource } from './objects.ts'

/** What the namespace controller puts into `spec.finalizers`, and takes out when everything in the namespace is gone. */
const FINALIZER = 'kubernetes'

/** A new namespace as the API server completes it. */
export function completeNamespace(item: Item): Item {
  const finalizers = [...new Set([...finalizersOf(item), FINALIZER])]
  return { ...item, spec: { finalizers }, status: { phase: 'Active' } }
}

/** A deleted namespace lives on in phase Terminating until its finalizers are gone. */
export function terminate(item: Item): Item {
  const metadata = { ...item.metadata, deletionTimestamp: item.metadata.deletionTimestamp ?? new Date().toISOString() }
  return { ...item, metadata, status: { phase: 'Terminating' } }
}

/**
 * Whether the namespace controller, which takes `milliseconds`, is through with a deleted namespace. It never is while
 * someone else's finalizer stands in it.
 */
export function isFinished(item: Item, milliseconds: number): boolean {
  const { deletionTimestamp } = item.metadata
  if (!deletionTimestamp || finalizersOf(item).some((name) => name !== FINALIZER)) return false
  return Date.now() >= Date.parse(deletionTimestamp) + milliseconds
}

/** What keeps a namespace: the names in `spec.finalizers`. */
export function finalizersOf(item: Item): string[] {
  return (item.spec as { finalizers?: string[] } | undefined)?.finalizers ?? []
}

/** Throws the API server's 403 for a new object in a namespace that is being deleted. */
export function refuseNewContent(namespace: Item, { plural, group }: Resource, name: string): void {
  if (!namespace.metadata.deletionTimestamp) return
  const place = namespace.metadata.name
  const what = `${plural}${group ? `.${group}` : ''} "${name}"`
  const reason = `unable to create new content in namespace ${place} because it is being terminated`
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${place} is being terminated`,
    field: 'metadata.namespace',
  }
  const details = { name, ...(group ? { group } : {}), kind: plural, causes: [cause] }
  throw new Refusal(403, 'Forbidden', `${what} is forbidden: ${reason}`, details)
}
