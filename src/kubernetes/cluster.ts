import type { KubernetesResult } from '../model.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Connection, knowsKind, readObject, refuseForeign } from './connection.ts'
import { createApi } from './http.ts'
import { openContext } from './kubeconfig.ts'
import { awaitTermination, removeNamespace } from './namespace.ts'
import type { ObjectAddress } from './objects.ts'
import { type Kept, removeObject } from './remove.ts'
import type { KubernetesObject, KubernetesOptions } from './types.ts'
import { type Write, writeObject } from './write.ts'

/** One cluster, as one run uses it. */
export interface Cluster {
  readonly namespace: string
  /** The object, or null when it is not there; a missing kind or namespace counts as not there too. */
  read(address: ObjectAddress): Promise<KubernetesObject | null>
  /** Whether the server knows the kind of an address that {@link read} did not find. */
  knows(address: ObjectAddress): Promise<boolean>
  /** Throws when an object is there that this run may not write. */
  refuseForeign(address: ObjectAddress, existing: KubernetesObject | null): void
  /** Waits while the namespace is being deleted, up to two minutes. */
  awaitTermination(): Promise<void>
  /** Makes the object as desired, or does nothing when it is; null when another run has changed it since it was read. */
  write(write: Write): Promise<KubernetesResult[] | null>
  /** Deletes the object if it is ours; says why when it stays. */
  remove(address: ObjectAddress): Promise<KubernetesResult | Kept>
}

/** Opens the kubeconfig's context, runs `work` on it and closes the connections. */
export async function withCluster<T>(
  runtime: Runtime,
  options: KubernetesOptions,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const session = await openContext(runtime, options)
  try {
    const namespace = options.namespace || session.namespace || 'default'
    const api = createApi(runtime, session, options.requestTimeout)
    return await work(createCluster({ runtime, options, namespace, api }))
  } finally {
    session.close()
  }
}

function createCluster(connection: Connection): Cluster {
  const { namespace } = connection
  return {
    namespace,
    read: (address) => readObject(connection, address),
    knows: ({ path }) => knowsKind(connection, path),
    refuseForeign: (address, existing) => refuseForeign(connection, address, existing),
    awaitTermination: () => awaitTermination(connection),
    write: (write) => writeObject(connection, write),
    remove: (address) =>
      address.kind === 'Namespace' ? removeNamespace(connection) : removeObject(connection, address),
  }
}
