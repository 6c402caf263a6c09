import type { KubernetesResult } from '../model.ts'
import { ActionError } from '../runtime/errors.ts'
import { backoff } from '../runtime/retry.ts'
import { type Connection, failure, knowsKind } from './connection.ts'
import { describeOwner, MARKED, mayWrite } from './marks.ts'
import { collectionOf, namespaceAddress, namespaceObject, titleOf } from './objects.ts'
import { deleteExisting, type Kept, keptWarning, resultOf } from './remove.ts'
import type { KubernetesObject } from './types.ts'

const LONGEST_WAIT = 120_000
// Names and annotations are enough: the credentials of others need not come here. Servers before 1.15 send whole objects.
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/** A namespace after {@link createNamespace}: `uid` is that of the one this run made, null when it was there already. */
export interface EnsuredNamespace {
  result: KubernetesResult
  uid: string | null
}

/** Makes the namespace with our mark. One that another run makes at the same time will do. */
export async function createNamespace(connection: Connection): Promise<EnsuredNamespace> {
  const { api, options, namespace } = connection
  const address = namespaceAddress(namespace)
  const body = namespaceObject(options, namespace)
  const answer = await api.call({ method: 'POST', path: '/api/v1/namespaces', body })
  if (answer.object) return { result: resultOf(address, 'created'), uid: answer.object.metadata.uid ?? null }
  if (answer.code !== 409 || answer.status.reason !== 'AlreadyExists') {
    throw failure(connection, answer, 'Namespace', `create ${titleOf(address)}`)
  }
  return { result: resultOf(address, 'unchanged'), uid: null }
}

/**
 * Waits until the namespace is no longer being deleted: a pull request that is reopened finds it so, and what is written
 * into it would go with it. Returns at once where nothing is being deleted or where the namespace may not be read. Throws
 * an ActionError after two minutes.
 */
export async function awaitTermination(connection: Connection): Promise<void> {
  const { api, namespace, runtime } = connection
  const started = runtime.clock.now()
  for (let round = 1; ; round += 1) {
    const { object } = await api.call({ method: 'GET', path: namespaceAddress(namespace).path })
    if (!object?.metadata.deletionTimestamp) return
    const waited = runtime.clock.now() - started
    if (waited >= LONGEST_WAIT) {
      throw new ActionError(
        `Could not use namespace ${namespace}: it is still being deleted after ${LONGEST_WAIT / 1000} s.`,
        {
          advice: `See what holds it (kubectl get namespace ${namespace} -o yaml, under status.conditions), and run the job again when it is gone.`,
        },
      )
    }
    const text = `Kubernetes: namespace ${namespace} is being deleted; waiting until it is gone (${Math.round(waited / 1000)} s of at most ${LONGEST_WAIT / 1000} s).`
    if (round === 1) runtime.log.info(text)
    else runtime.log.progress(text)
    await runtime.clock.sleep(backoff(round, 1000, 5000), runtime.signal)
  }
}

/**
 * Deletes the namespace if it is this pull request's alone: made by it, under a name with `{number}`, and without an object
 * of another owner in it. Never fails for what keeps it from knowing that: then the namespace stays.
 */
export async function removeNamespace(connection: Connection): Promise<KubernetesResult | Kept> {
  const { api, options, namespace } = connection
  const address = namespaceAddress(namespace)
  const answer = await api.call({ method: 'GET', path: address.path })
  const existing = answer.object
  if (answer.code === 404 || existing?.metadata.deletionTimestamp) return resultOf(address, 'gone')
  if (!existing) {
    const error = failure(connection, answer, 'Namespace', `read ${titleOf(address)}`)
    if (answer.code === 403) return keptFor('it may not be looked at', error)
    throw error
  }
  if (!mayWrite(existing, options.owner)) return { kept: 'this run did not make it' }
  if (!options.namespaceIsPerPullRequest || options.owner.pullRequest === null) {
    return { kept: "it is not one pull request's alone, since the input namespace has no {number}" }
  }
  return (await reasonToKeep(connection)) ?? (await deleteExisting(connection, address, existing.metadata.uid ?? ''))
}

/** Takes back a namespace that this run has just made, when nothing could be written into it. Warns where it cannot. */
export async function undoNamespace(connection: Connection, uid: string): Promise<void> {
  const { namespace, runtime } = connection
  const address = namespaceAddress(namespace)
  try {
    const kept = await reasonToKeep(connection)
    if (kept) return runtime.log.warning(keptWarning(address, kept))
    await deleteExisting(connection, address, uid)
    runtime.log.info(`Kubernetes: namespace ${namespace} deleted again, since nothing could be written into it.`)
  } catch (error) {
    runtime.signal.throwIfAborted()
    runtime.log.warning(keptWarning(address, keptFor('it could not be taken back', error)))
  }
}

/** Why the namespace must stay: an object in it that is not ours, or that we may not know; null when it may go. */
async function reasonToKeep(connection: Connection): Promise<Kept | null> {
  const { options, namespace, runtime } = connection
  try {
    for (const kind of ['Secret', 'Component'] as const) {
      const foreign = (await listMarked(connection, kind)).filter((object) => !mayWrite(object, options.owner))
      const [first] = foreign
      if (!first) continue
      const title = titleOf({ kind, namespace, name: first.metadata.name })
      const more = foreign.length > 1 ? ` and ${foreign.length - 1} more` : ''
      return { kept: `it holds ${title} of ${describeOwner(first, options.owner)}${more}` }
    }
    return null
  } catch (error) {
    runtime.signal.throwIfAborted()
    return keptFor('another owner may have something in it', error)
  }
}

function keptFor(clause: string, error: unknown): Kept {
  if (!(error instanceof ActionError)) throw error
  return { kept: `${clause}: ${error.message.replace(/\.$/, '')}`, advice: error.advice }
}

/** The objects of a kind that carry our mark, whoever's they are; none where the cluster does not know the kind. */
async function listMarked(connection: Connection, kind: 'Secret' | 'Component'): Promise<KubernetesObject[]> {
  const { api, namespace } = connection
  const path = collectionOf(kind, namespace)
  const query = new URLSearchParams({ labelSelector: MARKED })
  const answer = await api.call({ method: 'GET', path: `${path}?${query}`, accept: METADATA_ONLY })
  if (answer.object) return (answer.object.items ?? []) as KubernetesObject[]
  // Rights are checked before it is looked whether there is such a kind: without Dapr, 403 says nothing.
  if (answer.code === 404 || !(await knowsKind(connection, path))) return []
  throw failure(connection, answer, kind, `list ${kind}s in namespace ${namespace}`)
}
