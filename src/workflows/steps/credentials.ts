import { withDatabase } from '../../database/connect.ts'
import { ensureRoles } from '../../database/roles/index.ts'
import { fillNumber } from '../../inputs/index.ts'
import {
  applyCredentials,
  type Credentials,
  type KubernetesOptions,
  type LoginUrls,
  parseDaprComponent,
  readCredentials,
  removeCredentials,
  rolePasswords,
} from '../../kubernetes/index.ts'
import { ownerOf, phase, type Run } from '../../run.ts'
import type { Target } from './target.ts'

/** Makes the roles that the input `roles` names, and brings their logins and the owner's to the cluster. */
export async function deliverCredentials(run: Run, target: Target): Promise<void> {
  const options = kubernetesOptions(run, run.plan.pullRequest, target.branchId)
  const roles = run.config.roles.length > 0 ? await makeRoles(run, target, options) : {}
  if (run.config.kubernetes && isQueued(run)) {
    run.runtime.log.info(
      'Kubernetes: an entry of the merge queue gets no Secret, since its branch goes with the queue.',
    )
  }
  if (!options) return
  const credentials: Credentials = { url: target.url, pooledUrl: target.pooledUrl, roles }
  const results = await phase(run, 'Kubernetes', () => applyCredentials(run.runtime, options, credentials))
  run.report.kubernetes.push(...results)
}

/**
 * Takes the Secret of a pull request away, with what else was made beside it; nothing without a kubeconfig. Throws an
 * ActionError when the cluster cannot be asked or refuses.
 */
export async function removeSecret(run: Run, pullRequest: number): Promise<void> {
  const options = kubernetesOptions(run, pullRequest, '')
  if (!options) return
  run.report.kubernetes.push(...(await removeCredentials(run.runtime, options)))
}

function isQueued({ event, plan }: Run): boolean {
  return event.mergeGroupRef !== '' && plan.mode !== 'provision'
}

async function makeRoles(
  run: Run,
  target: Target,
  options: KubernetesOptions | null,
): Promise<Record<string, LoginUrls>> {
  const { roles } = run.config
  return await phase(run, 'Roles', async () => {
    // A password that the Secret still holds stays as it is, so that running applications keep their login.
    const values = options ? await readCredentials(run.runtime, options) : null
    const known = options && values ? rolePasswords(options.secretKeys, values) : new Map<string, string>()
    const { url } = target
    const results = await withDatabase(run.runtime, { url }, (database) =>
      ensureRoles(run.runtime, { database, url, roles, known }),
    )
    const logins = Object.fromEntries(
      results.map(({ name, password }) => [name, loginUrls(run, target, { name, password })]),
    )
    const urls = Object.fromEntries(Object.entries(logins).map(([name, { pooledUrl }]) => [name, pooledUrl]))
    run.outputs.set('role_urls', JSON.stringify(urls))
    return logins
  })
}

function loginUrls(run: Run, target: Target, login: { name: string; password: string }): LoginUrls {
  const withLogin = (text: string) => {
    const url = new URL(text)
    url.username = encodeURIComponent(login.name)
    url.password = encodeURIComponent(login.password)
    run.runtime.secrets.add(url.href)
    return url.href
  }
  return { url: withLogin(target.url), pooledUrl: withLogin(target.pooledUrl) }
}

/**
 * The cluster's part of the inputs with `{number}` filled in; null without a kubeconfig, and for an entry of the merge
 * queue: its branch goes with the queue, and outside a pull request the Secret is the one that production reads.
 */
function kubernetesOptions(run: Run, number: number | null, branchId: string): KubernetesOptions | null {
  const { kubernetes } = run.config
  if (!kubernetes || isQueued(run)) return null
  const dapr = parseDaprComponent(kubernetes.daprComponent)
  return {
    kubeconfig: kubernetes.kubeconfig,
    ...(kubernetes.context ? { context: kubernetes.context } : {}),
    ...(kubernetes.namespace ? { namespace: fillNumber(kubernetes.namespace, number) } : {}),
    createNamespace: kubernetes.createNamespace,
    namespaceIsPerPullRequest: number !== null && kubernetes.namespace.includes('{number}'),
    secretName: fillNumber(kubernetes.secretName, number),
    secretKeys: kubernetes.secretKeys,
    secretForce: kubernetes.secretForce,
    secretLabels: kubernetes.secretLabels,
    ...(dapr ? { daprComponent: dapr.name, daprVersion: dapr.version } : {}),
    owner: {
      ...ownerOf(run),
      pullRequest: number,
      branchId,
      projectId: run.report.project?.id ?? '',
    },
  }
}
