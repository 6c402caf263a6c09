import type { KubernetesResult } from '../model.ts'
import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Cluster, withCluster } from './cluster.ts'
import { mayWrite } from './marks.ts'
import { componentAddress, componentObject, namespaceAddress, secretAddress, secretObject, titleOf } from './objects.ts'
import { keptWarning } from './remove.ts'
import { fillTemplates, isSecret, passwordsOf, urlKey } from './template.ts'
import type { Credentials, KubernetesOptions } from './types.ts'

// Each round means that another run wrote the Secret, or gave a new password, in the meantime.
const ROUNDS = 8

/**
 * Brings the credentials into the cluster: the Secret, its namespace when `createNamespace` allows, and the Dapr
 * Component when one is named. Uses server-side apply with the field manager `neon-postgres-setup`
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/); what is already so is not written, what was
 * written is read back and compared. Nothing is written over what another run wrote since it was read: it is read and
 * judged anew.
 * @param now tells the credentials as they are by then; asked after each write, so that a run which holds an older password
 * than another one has set in the meantime does not leave it in the Secret. Without it they do not change.
 * Throws an ActionError for a broken kubeconfig, a server that cannot be reached, a login or right that is missing, an
 * object that belongs to someone else, and everything else that keeps the cluster from holding the credentials.
 */
export async function applyCredentials(
  runtime: Runtime,
  given: KubernetesOptions,
  credentials: Credentials,
  now: (before: Credentials) => Promise<Credentials> = async (before) => before,
): Promise<KubernetesResult[]> {
  const options = { ...given, secretLabels: withoutSecrets(runtime, given, credentials) }
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
    let current = credentials
    const done = new Map<string, KubernetesResult>()
    for (let round = 1; round <= ROUNDS; round += 1) {
      const results = await applyOnce(runtime, { cluster, options }, current)
      for (const result of results ?? []) remember(done, result)
      // Where nothing was written, whoever has a newer password writes it after this.
      const isSettled = results?.every(({ action }) => action === 'unchanged') ?? false
      const later = isSettled ? current : await now(current)
      if (results && JSON.stringify(later) === JSON.stringify(current)) {
        for (const result of done.values()) runtime.log.info(sentence(result))
        return [...done.values()]
      }
      runtime.log.info('Kubernetes: another run was at work on these credentials; looking again.')
      current = later
    }
    throw new ActionError(
      `Could not write ${titleOf(secretAddress(options, cluster.namespace))}: it was changed ${ROUNDS} times while this run wrote it.`,
      { advice: 'Look for another job or tool that writes it all the time; give the jobs one concurrency group.' },
    )
  })
}

/** The labels without what is secret, since many may read them who may not read the Secret; the server refuses what is left. */
function withoutSecrets(runtime: Runtime, { secretKeys, secretLabels }: KubernetesOptions, credentials: Credentials) {
  hideCredentials(runtime, secretKeys, credentials)
  return Object.fromEntries(
    Object.entries(secretLabels).map(([key, value]) => [key, runtime.secrets.redactLong(value)]),
  )
}

/** Masks what goes into the Secret, and gives its values. */
function hideCredentials(runtime: Runtime, keys: KubernetesOptions['secretKeys'], credentials: Credentials) {
  const values = fillTemplates(keys, credentials)
  for (const password of passwordsOf(credentials)) hide(runtime, password)
  for (const { key, template } of keys) if (isSecret(template)) hide(runtime, values[key] ?? '')
  return values
}

/** What became of an object in all rounds: the first that changed it tells. */
function remember(done: Map<string, KubernetesResult>, result: KubernetesResult): void {
  const title = titleOf(result)
  const before = done.get(title)
  if (!before || before.action === 'unchanged') done.set(title, result)
}

interface Place {
  cluster: Cluster
  options: KubernetesOptions
}

/** One round: looks, judges, writes; null when another writer was quicker. */
async function applyOnce(
  runtime: Runtime,
  { cluster, options }: Place,
  credentials: Credentials,
): Promise<KubernetesResult[] | null> {
  const values = hideCredentials(runtime, options.secretKeys, credentials)
  const address = secretAddress(options, cluster.namespace)
  const existing = await cluster.read(address)
  cluster.refuseForeign(address, existing)
  // Looked at before the first write, so that a cluster without Dapr is not left half done.
  const component = await lookAtComponent(cluster, options)
  const results = await cluster.write({ address, desired: secretObject(options, address, values), existing })
  if (!component || !results) return results
  const desired = componentObject(options, component.address)
  const more = await cluster.write({ ...component, desired })
  return more && [...results, ...more]
}

/**
 * Refuses what {@link applyCredentials} would refuse, before anything is changed elsewhere for it, a password for example.
 * Throws an ActionError when the Secret or the Component belongs to somebody else, or the cluster cannot be asked.
 */
export async function refuseForeignCredentials(runtime: Runtime, options: KubernetesOptions): Promise<void> {
  await withCluster(runtime, options, async (cluster) => {
    const address = secretAddress(options, cluster.namespace)
    cluster.refuseForeign(address, await cluster.read(address))
    await lookAtComponent(cluster, options)
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
