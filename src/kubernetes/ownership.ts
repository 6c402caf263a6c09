import type { KubernetesObject, Owner } from './types.ts'

/** Field manager of every server-side apply, and value of the label that marks our objects. */
export const MANAGER = 'neon-postgres-setup'
const MANAGED_BY = 'app.kubernetes.io/managed-by'
const REPOSITORY = `${MANAGER}/repository`
const PULL_REQUEST = `${MANAGER}/pull-request`
const BRANCH = `${MANAGER}/branch-id`
const PROJECT = `${MANAGER}/project-id`

/** The labels of an object of ours; the mark wins over a label of the same name. */
export function ownerLabels(extra: Record<string, string>): Record<string, string> {
  return { ...extra, [MANAGED_BY]: MANAGER }
}

/** The annotations that tell for whom an object was written. */
export function ownerAnnotations(owner: Owner): Record<string, string> {
  return {
    [REPOSITORY]: owner.repository,
    ...(owner.pullRequest === null ? {} : { [PULL_REQUEST]: String(owner.pullRequest) }),
    ...(owner.branchId ? { [BRANCH]: owner.branchId } : {}),
    ...(owner.projectId ? { [PROJECT]: owner.projectId } : {}),
  }
}

/**
 * Whether this run may write the object: ours, of the same repository, and of the same pull request (or of none, as this
 * run). The branch may differ: it is made anew after a reset or an expiry.
 */
export function mayWrite(object: KubernetesObject, owner: Owner): boolean {
  const { labels = {}, annotations = {} } = object.metadata
  return (
    labels[MANAGED_BY] === MANAGER &&
    annotations[REPOSITORY] === owner.repository &&
    (annotations[PULL_REQUEST] ?? '') === String(owner.pullRequest ?? '')
  )
}

/** Whether this run may delete the object: as {@link mayWrite}, and outside pull requests the branch must match too. */
export function mayDelete(object: KubernetesObject, owner: Owner): boolean {
  if (!mayWrite(object, owner)) return false
  return (
    owner.pullRequest !== null || (owner.branchId !== '' && object.metadata.annotations?.[BRANCH] === owner.branchId)
  )
}

/** Names the owner of an object that is not ours, from what tools leave on their objects. */
export function describeOwner(object: KubernetesObject): string {
  const { labels = {}, annotations = {}, managedFields = [] } = object.metadata
  if (labels[MANAGED_BY] === MANAGER) {
    const pullRequest = annotations[PULL_REQUEST]
    const repository = annotations[REPOSITORY] ?? 'an unknown repository'
    return pullRequest ? `pull request ${pullRequest} of ${repository}` : repository
  }
  const release = annotations['meta.helm.sh/release-name']
  if (release)
    return `Helm release ${release} (namespace ${annotations['meta.helm.sh/release-namespace'] ?? 'unknown'})`
  const argo = annotations['argocd.argoproj.io/tracking-id'] ?? labels['argocd.argoproj.io/instance']
  if (argo) return `Argo CD application ${argo.split(':')[0]}`
  const flux = labels['kustomize.toolkit.fluxcd.io/name'] ?? labels['helm.toolkit.fluxcd.io/name']
  if (flux) return `Flux ${flux}`
  const [reference] = object.metadata.ownerReferences ?? []
  if (reference) return `${reference.kind} ${reference.name}`
  if (labels[MANAGED_BY]) return labels[MANAGED_BY]
  const managers = [...new Set(managedFields.map(({ manager }) => manager).filter(Boolean))]
  return managers.length > 0 ? `field manager ${managers.join(', ')}` : 'someone who left no name'
}
