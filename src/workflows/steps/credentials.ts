import { askDatabase } from '../../database/ask-database.ts'
import { ensureRoles, logsIn } from '../../database/roles/index.ts'
import { fillNumber } from '../../inputs/index.ts'
import {
  applyCredentials,
  type Credentials,
  type KubernetesOptions,
  type LoginUrls,
  parseDaprComponent,
  readCredentials,
  refuseForeignCredentials,
  removeCredentials,
  rolePasswords,
} from '../../kubernetes/index.ts'
import { ownerOf, phase, type Run } from '../../run.ts'
import { announce, isExternal, type Target } from './target.ts'

/**
 * Makes the roles that the input `roles` names, and brings their logins and the owner's to the cluster. Another run may give
 * a new password meanwhile (`mode: rotate`): what was written is compared with what holds afterwards, until it is the same.
 */
export async function deliverCredentials(run: Run, target: Target): Promise<void> {
  const options = kubernetesOptions(run, run.plan.pullRequest, target)
  const hasRoles = run.config.roles.length > 0
  if (hasRoles) await refuseForeignSecret(run, target)
  const roles = hasRoles ? await phase(run, 'Roles', () => makeRoles(run, target, options)) : {}
  if (run.config.kubernetes && isQueued(run)) {
    run.runtime.log.info(
      'Kubernetes: an entry of the merge queue gets no Secret, since its branch goes with the queue.',
    )
  }
  if (!options) return
  const credentials: Credentials = { url: target.url, pooledUrl: target.pooledUrl, roles }
  let current = target
  const now = async (before: Credentials): Promise<Credentials> => {
    const later = current.renew ? await current.renew(current) : current
    if (later !== current) announce(run, later)
    current = later
    const valid = later.url === before.url && (await allLogIn(run, later, before.roles))
    const logins = valid ? before.roles : await makeRoles(run, later, options)
    return { url: later.url, pooledUrl: later.pooledUrl, roles: logins }
  }
  const results = await phase(run, 'Kubernetes', () => applyCredentials(run.runtime, options, credentials, now))
  run.report.kubernetes.push(...results)
}

/**
 * Throws an ActionError when the Secret that this run would write belongs to somebody else: before a password is changed
 * that could not be delivered. Does nothing without a kubeconfig.
 */
export async function refuseForeignSecret(run: Run, target: Target): Promise<void> {
  const options = kubernetesOptions(run, run.plan.pullRequest, target)
  if (options) await phase(run, 'Whose Secret', () => refuseForeignCredentials(run.runtime, options))
}

/** Whether every role's login still works: a run beside this one may have given it another password. */
async function allLogIn(run: Run, target: Target, roles: Record<string, LoginUrls>): Promise<boolean> {
  for (const [name, { url }] of Object.entries(roles)) {
    const password = decodeURIComponent(new URL(url).password)
    if (!(await logsIn(run.runtime, target.url, { name, password }))) return false
  }
  return true
}

/**
 * Takes the Secret of a pull request away, with what else was made beside it; nothing without a kubeconfig. Throws an
 * ActionError when the cluster cannot be asked or refuses.
 */
export async function removeSecret(run: Run, pullRequest: number): Promise<void> {
  const options = kubernetesOptions(run, pullRequest, null)
  if (!options) return
  run.report.kubernetes.push(...(await removeCredentials(run.runtime, options)))
}

function isQueued({ event, plan }: Run): boolean {
  return event.mergeGroupRef !== '' && plan.mode !== 'provision'
}

/** Their logins: as the Secret has them, or with new passwords. */
async function makeRoles(
  run: Run,
  target: Target,
  options: KubernetesOptions | null,
): Promise<Record<string, LoginUrls>> {
  const { roles } = run.config
  if (roles.length === 0) return {}
  // A password that the Secret still holds stays as it is, so that running applications keep their login.
  const values = options ? await readCredentials(run.runtime, options) : null
  const known = options && values ? rolePasswords(options.secretKeys, values) : new Map<string, string>()
  const { url } = target
  const results = await askDatabase(run.runtime, { url, what: 'make the roles' }, (database) =>
    ensureRoles(run.runtime, { database, url, roles, known }),
  )
  const logins = Object.fromEntries(
    results.map(({ name, password }) => [name, loginUrls(run, target, { name, password })]),
  )
  const urls = Object.fromEntries(Object.entries(logins).map(([name, { pooledUrl }]) => [name, pooledUrl]))
  run.outputs.set('role_urls', JSON.stringify(urls))
  return logins
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
function kubernetesOptions(run: Run, number: number | null, target: Target | null): KubernetesOptions | null {
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
      branchId: target?.branchId ?? '',
      branchName: target && !isExternal(target) ? (run.report.branch?.name ?? '') : '',
      projectId: run.report.project?.id ?? '',
    },
  }
}
