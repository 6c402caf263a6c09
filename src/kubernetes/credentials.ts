import type { KubernetesResult } from '../model.ts'
import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Cluster, withCluster } from './cluster.ts'
import { mayWrite } from './marks.ts'
import { componentAddress, componentObject, namespaceAddress, secretAddress, secretObject, titleOf } from './objects.ts'
import { keptWarning } from './remove.ts'
import { fillTemplates, isSecret, passwordsOf, urlKey } from './template.ts'
import type { Credentials, KubernetesOptions } from './types.ts'

/**
 * Brings the credentials into the cluster: the Secret, its namespace when `createNamespace` allows, and the Dapr
 * Component when one is named. Uses server-side apply with the field manager `neon-postgres-setup`
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/); what is already so is not written, what was
 * written is read back and compared.
 * Throws an ActionError for a broken kubeconfig, a server that cannot be reached, a login or right that is missing, an
 * object that belongs to someone else, and everything else that keeps the cluster from holding the credentials.
 */
export async function applyCredentials(
  runtime: Runtime,
  given: KubernetesOptions,
  credentials: Credentials,
): Promise<KubernetesResult[]> {
  const values = fillTemplates(given.secretKeys, credentials)
  for (const password of passwordsOf(credentials)) hide(runtime, password)
  for (const { key, template } of given.secretKeys) if (isSecret(template)) hide(runtime, values[key] ?? '')
  // Labels can be read by many who may not read the Secret. The server refuses what is left of such a one.
  const labels = Object.entries(given.secretLabels).map(([key, value]) => [key, runtime.secrets.redactLong(value)])
  const options = { ...given, secretLabels: Object.fromEntries(labels) }
  if (options.daprComponent && urlKey(options.secretKeys) === undefined) {
    throw new ActionError(
      `The Dapr Component '${options.daprComponent}' needs a connection URL: no key of the Secret is one.`,
      {
        advice: 'Add the line DATABASE_URL={db_url} to secret_keys.',
      },
    )
  }
  return withCluster(runtime, options, async (cluster) => {
    // Without create_namespace nobody here makes it anew, and waiting would help nobody.
    if (options.createNamespace) await cluster.awaitTermination()
    const address = secretAddress(options, cluster.namespace)
    const existing = await cluster.read(address)
    cluster.refuseForeign(address, existing)
    // Looked at before the first write, so that a cluster without Dapr is not left half done.
    const component = await lookAtComponent(cluster, options)
    const results = await cluster.write({ address, desired: secretObject(options, address, values), existing })
    if (component) {
      const desired = componentObject(options, component.address)
      results.push(...(await cluster.write({ ...component, desired })))
    }
    for (const result of results) runtime.log.info(sentence(result))
    return results
  })
}

async function lookAtComponent(cluster: Cluster, options: KubernetesOptions) {
  if (!options.daprComponent) return undefined
  const address = componentAddress(options.daprComponent, cluster.namespace)
  const existing = await cluster.read(address)
  if (existing === null && !(await cluster.knows(address))) {
    throw new ActionError(
      `Could not write Component ${address.namespace}/${address.name}: the cluster does not know Dapr's Components (components.dapr.io).`,
      { advice: 'Install Dapr in the cluster (dapr init -k), or take out the input dapr_component.' },
    )
  }
  cluster.refuseForeign(address, existing)
  return { address, existing }
}

/**
 * Takes away what {@link applyCredentials} brought for the same owner: the Component, the Secret and, with
 * `createNamespace`, the namespace if it is this pull request's alone. What stays under our name is told in a warning with
 * the reason. Succeeds when there is nothing left to delete.
 */
export async function removeCredentials(runtime: Runtime, options: KubernetesOptions): Promise<KubernetesResult[]> {
  return withCluster(runtime, options, async (cluster) => {
    const addresses = [
      ...(options.daprComponent ? [componentAddress(options.daprComponent, cluster.namespace)] : []),
      secretAddress(options, cluster.namespace),
      ...(options.createNamespace ? [namespaceAddress(cluster.namespace)] : []),
    ]
    const results: KubernetesResult[] = []
    for (const address of addresses) {
      const result = await cluster.remove(address)
      if ('kept' in result) runtime.log.warning(keptWarning(address, result))
      else results.push(result)
    }
    for (const result of results) runtime.log.info(sentence(result))
    return results
  })
}

/**
 * The plain values of the Secret as it is now, if it is this run's; null when it is not there or someone else's. Those
 * that hold a password are masked. A next run keeps the passwords of roles that it finds here (see {@link rolePasswords}).
 */
export async function readCredentials(
  runtime: Runtime,
  options: KubernetesOptions,
): Promise<Record<string, string> | null> {
  return withCluster(runtime, options, async (cluster) => {
    const existing = await cluster.read(secretAddress(options, cluster.namespace))
    if (existing === null || !mayWrite(existing, options.owner)) return null
    const values = Object.entries(existing.data ?? {}).map(([key, value]) => {
      const plain = Buffer.from(value, 'base64').toString('utf8')
      const template = options.secretKeys.find((entry) => entry.key === key)?.template
      if (template === undefined || isSecret(template)) hide(runtime, plain)
      return [key, plain] as const
    })
    return Object.fromEntries(values)
  })
}

/** Masks a value of the Secret, also in the form in which the API server would quote it. */
function hide(runtime: Runtime, value: string): void {
  runtime.secrets.add(value)
  if (value.length >= 6) runtime.secrets.add(Buffer.from(value, 'utf8').toString('base64'))
}

function sentence(result: KubernetesResult): string {
  const keys = result.keys.length > 0 ? ` (${result.keys.join(', ')})` : ''
  return `Kubernetes: ${titleOf(result)}${keys} ${result.action}.`
}
