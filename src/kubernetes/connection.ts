import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Api } from './http.ts'
import { describeOwner, mayWrite } from './marks.ts'
import { type ObjectAddress, titleOf } from './objects.ts'
import { answerFailure } from './refusals.ts'
import type { Answer, KubernetesObject, KubernetesOptions } from './types.ts'

/** What every verb of this room works with: one cluster, as one run reaches it. */
export interface Connection {
  runtime: Runtime
  options: KubernetesOptions
  /** Where the Secret lives. */
  namespace: string
  api: Api
}

/** The object, or null when it is not there; a missing kind or namespace counts as not there too. */
export async function readObject(connection: Connection, address: ObjectAddress): Promise<KubernetesObject | null> {
  const answer = await connection.api.call({ method: 'GET', path: address.path })
  if (answer.object) return answer.object
  if (answer.code === 404) return null
  throw failure(connection, answer, address.kind, `read ${titleOf(address)}`)
}

/** Throws an ActionError when an object is there that this run may not write. */
export function refuseForeign(
  { options }: Connection,
  address: ObjectAddress,
  existing: KubernetesObject | null,
): void {
  if (existing === null || options.secretForce || mayWrite(existing, options.owner)) return
  throw new ActionError(
    `Will not write ${titleOf(address)}: it belongs to ${describeOwner(existing, options.owner)}.`,
    {
      advice: 'Choose another secret_name or namespace, or set secret_force: true to take it over.',
    },
  )
}

/** Whether the server knows the kind of objects that live below a path; every user who has logged in may ask this. */
export async function knowsKind({ api }: Connection, path: string): Promise<boolean> {
  const { code } = await api.call({ method: 'GET', path: path.slice(0, path.indexOf('/namespaces/')) })
  return code !== 404
}

/** An answer about an object that is no success, as an error; `what` follows `Could not`. */
export function failure(
  connection: Connection,
  answer: Answer,
  kind: ObjectAddress['kind'],
  what: string,
): ActionError {
  const { runtime, options, namespace, api } = connection
  return answerFailure(runtime, api.session, answer, {
    verb: what,
    namespace,
    createNamespace: options.createNamespace,
    dapr: Boolean(options.daprComponent) || kind === 'Component',
  })
}
