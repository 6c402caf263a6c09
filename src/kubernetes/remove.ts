import type { KubernetesResult } from '../model.ts'
import { type Connection, failure, readObject } from './connection.ts'
import { mayDelete } from './marks.ts'
import { type ObjectAddress, titleOf } from './objects.ts'
import { isAnotherObject } from './refusals.ts'

/** Why something was not deleted: a clause such as `this run did not make it`, and the next step where there is one. */
export interface Kept {
  kept: string
  advice?: string
}

/** Deletes the object if it is this run's. Throws an ActionError when the cluster cannot be asked or refuses. */
export async function removeObject(connection: Connection, address: ObjectAddress): Promise<KubernetesResult | Kept> {
  const existing = await readObject(connection, address)
  if (existing === null || existing.metadata.deletionTimestamp) return resultOf(address, 'gone')
  if (!mayDelete(existing, connection.options.owner)) return { kept: 'this run did not make it' }
  return await deleteExisting(connection, address, existing.metadata.uid ?? '')
}

/** Deletes by uid, so that an object made anew under this name since we looked is not the one that goes. */
export async function deleteExisting(
  connection: Connection,
  address: ObjectAddress,
  uid: string,
): Promise<KubernetesResult> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } }
  const answer = await connection.api.call({ method: 'DELETE', path: address.path, body })
  if (isAnotherObject(answer)) return resultOf(address, 'gone')
  if (answer.code === 404 || answer.code < 300) return resultOf(address, 'deleted')
  throw failure(connection, answer, address.kind, `delete ${titleOf(address)}`)
}

/** The line of the report for an object without keys. */
export function resultOf(
  { kind, namespace, name }: ObjectAddress,
  action: KubernetesResult['action'],
): KubernetesResult {
  return { kind, namespace, name, action, keys: [] }
}

/** The warning for what was not deleted. */
export function keptWarning(address: ObjectAddress, { kept, advice }: Kept): string {
  return `Kept ${titleOf(address)}: ${kept}.${advice ? ` ${advice}` : ''}`
}
