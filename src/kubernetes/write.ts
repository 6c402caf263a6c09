import type { KubernetesResult } from '../model.ts'
import { ActionError } from '../runtime/errors.ts'
import { type Connection, failure, readObject } from './connection.ts'
import { differences, hasLeftovers } from './differences.ts'
import { emptiedMark, MANAGER, mayWrite } from './marks.ts'
import { awaitTermination, createNamespace, type EnsuredNamespace, undoNamespace } from './namespace.ts'
import { type ObjectAddress, titleOf } from './objects.ts'
import { isMissingNamespace, isStale, isTerminating } from './refusals.ts'
import type { Answer, KubernetesObject } from './types.ts'

/** An object to write: as it should be, and as it is. */
export interface Write {
  address: ObjectAddress
  desired: KubernetesObject
  existing: KubernetesObject | null
}

const APPLY = 'application/apply-patch+yaml'
// An apply that makes an object takes no notice of a resourceVersion; on one that is there, this one is never the present.
const NONE_THERE = '1'

/**
 * Makes the object as desired, or does nothing when it is. With `createNamespace`, makes its namespace where it is missing,
 * and takes that back when the object is refused. Writes only what is still as `existing` says: null tells that another
 * writer was quicker, and that the object is to be read and judged anew. Throws an ActionError for a refusal and for what
 * reads back different.
 */
export async function writeObject(connection: Connection, write: Write): Promise<KubernetesResult[] | null> {
  const { address, existing } = write
  const desired = existing ? takenOver(connection, write.desired, existing) : write.desired
  const result = (action: KubernetesResult['action']): KubernetesResult => ({
    kind: address.kind,
    namespace: address.namespace,
    name: address.name,
    action,
    keys: Object.keys(desired.data ?? {}),
  })
  if (existing) {
    if (differences(existing, desired).length === 0 && !hasLeftovers(existing, desired)) return [result('unchanged')]
    refuseUnchangeable(address, desired, existing)
  }
  const condition = existing?.metadata.resourceVersion ?? NONE_THERE
  const { answer, namespace } = await applyInNamespace(connection, address, withVersion(desired, condition))
  const done = () => [...(namespace ? [namespace.result] : []), result(existing ? 'updated' : 'created')]
  // A write whose answer was lost, and that was sent again, meets itself.
  if (isStale(answer)) return differences(await readObject(connection, address), desired).length === 0 ? done() : null
  if (!answer.object) {
    const error = failure(connection, answer, address.kind, `write ${titleOf(address)}`)
    if (namespace?.uid) await undoNamespace(connection, namespace.uid)
    throw error
  }
  if (!(await verify(connection, address, { desired, written: answer.object }))) return null
  return done()
}

function takenOver({ options }: Connection, desired: KubernetesObject, existing: KubernetesObject): KubernetesObject {
  if (mayWrite(existing, options.owner)) return desired
  const annotations = { ...desired.metadata.annotations, ...emptiedMark(existing, options.owner) }
  return { ...desired, metadata: { ...desired.metadata, annotations } }
}

async function applyInNamespace(
  connection: Connection,
  address: ObjectAddress,
  desired: KubernetesObject,
): Promise<{ answer: Answer; namespace: EnsuredNamespace | null }> {
  const send = async () => {
    const answer = await apply(connection, address, desired)
    // Seen on kube-apiserver 1.20; one that takes a version on nothing for a mistake gets the object without.
    if (answer.object || isStale(answer) || !/resourceVersion/.test(answer.status.message)) return answer
    return await apply(connection, address, withVersion(desired, undefined))
  }
  let answer = await send()
  if (!connection.options.createNamespace) return { answer, namespace: null }
  if (isTerminating(answer)) {
    await awaitTermination(connection)
    answer = await send()
  }
  if (!isMissingNamespace(answer)) return { answer, namespace: null }
  const namespace = await createNamespace(connection)
  return { answer: await send(), namespace }
}

/** Undefined leaves it out of the request. */
function withVersion(desired: KubernetesObject, version: string | undefined): KubernetesObject {
  const { resourceVersion: _, ...metadata } = desired.metadata
  return { ...desired, metadata: { ...metadata, ...(version === undefined ? {} : { resourceVersion: version }) } }
}

function apply({ api, options }: Connection, address: ObjectAddress, desired: KubernetesObject): Promise<Answer> {
  const query = new URLSearchParams({ fieldManager: MANAGER, ...(options.secretForce ? { force: 'true' } : {}) })
  return api.call({
    method: 'PATCH',
    path: `${address.path}?${query}`,
    body: desired,
    contentType: APPLY,
    isConditional: true,
  })
}

/** The API server keeps a Secret's type for ever, and the data of an immutable one. */
function refuseUnchangeable(address: ObjectAddress, desired: KubernetesObject, existing: KubernetesObject): void {
  if (address.kind !== 'Secret') return
  const advice = `Delete it (kubectl delete secret ${address.name} -n ${address.namespace}) and run the job again, or choose another secret_name.`
  if (existing.type !== desired.type) {
    throw new ActionError(
      `Will not write ${titleOf(address)}: its type is '${existing.type}', not '${desired.type}', and a type cannot be changed.`,
      { advice },
    )
  }
  if (existing.immutable === true) {
    throw new ActionError(`Will not write ${titleOf(address)}: it is immutable.`, { advice })
  }
}

interface Written {
  desired: KubernetesObject
  /** What the server answered to the write. */
  written: KubernetesObject
}

/** Whether the object reads back as it was written; false when it was written again since then. */
async function verify(connection: Connection, address: ObjectAddress, { desired, written }: Written): Promise<boolean> {
  const read = await readObject(connection, address)
  const wrong = differences(read, desired)
  if (wrong.length === 0) return true
  const version = read?.metadata.resourceVersion
  if (read === null || (version !== undefined && version !== written.metadata.resourceVersion)) return false
  throw new ActionError(
    `${titleOf(address)} was written, but reads back different at ${wrong.join(', ') || 'every address'}.`,
    {
      advice: 'Look for an admission webhook or a second writer in the cluster.',
    },
  )
}
