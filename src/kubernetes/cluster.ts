import type { KubernetesResult } from '../model.ts'
import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { differences, hasLeftovers } from './differences.ts'
import { answerFailure } from './failures.ts'
import { type Api, createApi } from './http.ts'
import { openContext } from './kubeconfig.ts'
import { namespaceAddress, namespaceObject, type ObjectAddress } from './objects.ts'
import { describeOwner, MANAGER, mayDelete, mayWrite } from './ownership.ts'
import type { Answer, KubernetesObject, KubernetesOptions } from './types.ts'

/** One cluster, as one run uses it. */
export interface Cluster {
  readonly namespace: string
  /** The object, or null when it is not there; a missing kind or namespace counts as not there too. */
  read(address: ObjectAddress): Promise<KubernetesObject | null>
  /** Whether the server knows the kind of an address that {@link read} did not find. */
  knows(address: ObjectAddress): Promise<boolean>
  /** Throws when an object is there that this run may not write. */
  refuseForeign(address: ObjectAddress, existing: KubernetesObject | null): void
  /** Makes the object as desired, or does nothing when it is. */
  write(
    address: ObjectAddress,
    desired: KubernetesObject,
    existing: KubernetesObject | null,
  ): Promise<KubernetesResult[]>
  /** Deletes the object if it is ours; null when it is there and not ours. */
  remove(address: ObjectAddress): Promise<KubernetesResult | null>
}

const APPLY = 'application/apply-patch+yaml'

/** Opens the kubeconfig's context, runs `work` on it and closes the connections. */
export async function withCluster<T>(
  runtime: Runtime,
  options: KubernetesOptions,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const session = await openContext(runtime, options)
  try {
    const namespace = options.namespace || session.namespace || 'default'
    return await work(
      createCluster({ runtime, options, namespace, api: createApi(runtime, session, options.requestTimeout) }),
    )
  } finally {
    session.close()
  }
}

interface Parts {
  runtime: Runtime
  options: KubernetesOptions
  namespace: string
  api: Api
}

function createCluster(parts: Parts): Cluster {
  const { options, namespace, api } = parts
  return {
    namespace,
    read: (address) => read(parts, address),
    async knows(address) {
      const { code } = await api.call({
        method: 'GET',
        path: address.path.slice(0, address.path.indexOf('/namespaces/')),
      })
      return code !== 404
    },
    refuseForeign(address, existing) {
      if (existing === null || options.secretForce || mayWrite(existing, options.owner)) return
      throw new ActionError(
        `Will not write ${address.kind} ${address.namespace}/${address.name}: it belongs to ${describeOwner(existing)}.`,
        { advice: 'Choose another secret_name or namespace, or set secret_force: true to take it over.' },
      )
    },
    write: (address, desired, existing) => write(parts, { address, desired, existing }),
    remove: (address) => remove(parts, address),
  }
}

function fail(parts: Parts, answer: Answer, verb: string, address: ObjectAddress): ActionError {
  const { runtime, options, namespace, api } = parts
  return answerFailure(runtime, api.session, answer, {
    verb: `${verb} ${title(address)}`,
    namespace,
    createNamespace: options.createNamespace,
    dapr: Boolean(options.daprComponent),
  })
}

function title({ kind, namespace, name }: ObjectAddress): string {
  return kind === 'Namespace' ? `Namespace ${name}` : `${kind} ${namespace}/${name}`
}

async function read(parts: Parts, address: ObjectAddress): Promise<KubernetesObject | null> {
  const answer = await parts.api.call({ method: 'GET', path: address.path })
  if (answer.object) return answer.object
  if (answer.code === 404) return null
  throw fail(parts, answer, 'read', address)
}

interface Write {
  address: ObjectAddress
  desired: KubernetesObject
  existing: KubernetesObject | null
}

async function write(parts: Parts, { address, desired, existing }: Write): Promise<KubernetesResult[]> {
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
  const results: KubernetesResult[] = []
  let answer = await apply(parts, address, desired)
  if (answer.code === 404 && answer.status.details?.kind === 'namespaces' && parts.options.createNamespace) {
    results.push(await createNamespace(parts, address.namespace))
    answer = await apply(parts, address, desired)
  }
  if (!answer.object) throw fail(parts, answer, 'write', address)
  await verify(parts, address, desired)
  return [...results, result(existing ? 'updated' : 'created')]
}

function apply({ api, options }: Parts, address: ObjectAddress, desired: KubernetesObject): Promise<Answer> {
  const query = new URLSearchParams({ fieldManager: MANAGER, ...(options.secretForce ? { force: 'true' } : {}) })
  return api.call({ method: 'PATCH', path: `${address.path}?${query}`, body: desired, contentType: APPLY })
}

/** The API server keeps a Secret's type for ever, and the data of an immutable one. */
function refuseUnchangeable(address: ObjectAddress, desired: KubernetesObject, existing: KubernetesObject): void {
  if (address.kind !== 'Secret') return
  const advice = `Delete it (kubectl delete secret ${address.name} -n ${address.namespace}) and run the job again, or choose another secret_name.`
  if (existing.type !== desired.type) {
    throw new ActionError(
      `Will not write ${title(address)}: its type is '${existing.type}', not '${desired.type}', and a type cannot be changed.`,
      { advice },
    )
  }
  if (existing.immutable === true) {
    throw new ActionError(`Will not write ${title(address)}: it is immutable.`, { advice })
  }
}

async function createNamespace(parts: Parts, namespace: string): Promise<KubernetesResult> {
  const address = namespaceAddress(namespace)
  const body = namespaceObject(parts.options, namespace)
  const answer = await parts.api.call({ method: 'POST', path: '/api/v1/namespaces', body })
  const there = answer.code === 409 && answer.status.reason === 'AlreadyExists'
  if (!answer.object && !there) throw fail(parts, answer, 'create', address)
  return { kind: 'Namespace', namespace, name: namespace, action: there ? 'unchanged' : 'created', keys: [] }
}

async function verify(parts: Parts, address: ObjectAddress, desired: KubernetesObject): Promise<void> {
  const written = await read(parts, address)
  const wrong = differences(written, desired)
  if (wrong.length === 0) return
  throw new ActionError(
    `${title(address)} was written, but reads back different at ${wrong.join(', ') || 'every address'}.`,
    {
      advice: 'Look for an admission webhook or a second writer in the cluster.',
    },
  )
}

async function remove(parts: Parts, address: ObjectAddress): Promise<KubernetesResult | null> {
  const done = (action: 'deleted' | 'gone'): KubernetesResult => {
    const { kind, namespace, name } = address
    return { kind, namespace, name, action, keys: [] }
  }
  const existing = await read(parts, address)
  if (existing === null || existing.metadata.deletionTimestamp) return done('gone')
  if (!mayDelete(existing, parts.options.owner)) return null
  // With its uid, so that an object made anew under this name since we looked is not the one that goes.
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: existing.metadata.uid } }
  const answer = await parts.api.call({ method: 'DELETE', path: address.path, body })
  if (answer.code === 404 || answer.code < 300) return done('deleted')
  throw fail(parts, answer, 'delete', address)
}
