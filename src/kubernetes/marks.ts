import { isMadeBy, isSameRepository, type Mark } from '../ownership.ts'
import type { KubernetesObject, Owner } from './types.ts'

/** Field manager of every server-side apply, and value of the label that marks our objects. */
export const MANAGER = 'neon-postgres-setup'
const MANAGED_BY = 'app.kubernetes.io/managed-by'
const REPOSITORY = `${MANAGER}/repository`
const REPOSITORY_ID = `${MANAGER}/repository-id`
const PULL_REQUEST = `${MANAGER}/pull-request`
const BRANCH_ID = `${MANAGER}/branch-id`
const BRANCH_NAME = `${MANAGER}/branch`
const PROJECT = `${MANAGER}/project-id`

/** Label selector of every object that carries our mark, whoever's it is. */
export const MARKED = `${MANAGED_BY}=${MANAGER}`

/** The labels of an object of ours; the mark wins over a label of the same name. */
export function markLabels(extra: Record<string, string>): Record<string, string> {
  return { ...extra, [MANAGED_BY]: MANAGER }
}

/** The annotations that tell for whom an object was written. */
export function markAnnotations(owner: Owner): Record<string, string> {
  return {
    [REPOSITORY]: owner.repository,
    ...(owner.repositoryId ? { [REPOSITORY_ID]: owner.repositoryId } : {}),
    ...(owner.pullRequest === null ? {} : { [PULL_REQUEST]: String(owner.pullRequest) }),
    ...(owner.branchId ? { [BRANCH_ID]: owner.branchId } : {}),
    ...(owner.branchName ? { [BRANCH_NAME]: owner.branchName } : {}),
    ...(owner.projectId ? { [PROJECT]: owner.projectId } : {}),
  }
}

/**
 * The annotations of somebody else's mark that ours would leave standing on an object that is taken over, with empty
 * values, which count as none: server-side apply takes away only what the same manager has set.
 */
export function emptiedMark(existing: KubernetesObject, owner: Owner): Record<string, string> {
  const ours = markAnnotations(owner)
  const theirs = existing.metadata.annotations ?? {}
  const left = [REPOSITORY_ID, PULL_REQUEST, BRANCH_ID, BRANCH_NAME, PROJECT].filter(
    (name) => theirs[name] && !ours[name],
  )
  return Object.fromEntries(left.map((name) => [name, '']))
}

/** Who made an object, as its label and annotations say; null where it does not carry our mark. */
export function markOf(object: KubernetesObject): Mark | null {
  const { labels = {}, annotations = {} } = object.metadata
  if (labels[MANAGED_BY] !== MANAGER) return null
  return {
    by: 'us',
    repository: annotations[REPOSITORY] ?? '',
    repositoryId: annotations[REPOSITORY_ID] ?? '',
    pullRequest: numberOf(annotations[PULL_REQUEST] ?? ''),
  }
}

/** Null for no pull request; a text that is no number is no pull request's, and not nobody's either. */
function numberOf(text: string): number | null {
  if (text === '') return null
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}

/**
 * Whether this run may write the object: ours, of the same repository, and of the same pull request (or of none, as this
 * run). A pull request's branch may differ: it is made anew after a reset or an expiry. Outside pull requests an object
 * holds the credentials of one branch, production's perhaps, and a run for another branch leaves it alone.
 */
export function mayWrite(object: KubernetesObject, owner: Owner): boolean {
  return isMadeBy(markOf(object), owner) && (owner.pullRequest !== null || isOfBranch(object, owner))
}

/**
 * Whether an object was written for the owner's branch: the same id, or, where the branch was made anew under its name, the
 * same name in the same project. Version 1.0.0 left no name: then the id alone counts. What tells no branch is anybody's of
 * its repository.
 */
function isOfBranch({ metadata: { annotations = {} } }: KubernetesObject, owner: Owner): boolean {
  const id = annotations[BRANCH_ID] ?? ''
  if (id === '' || id === owner.branchId) return true
  const isSameProject = (annotations[PROJECT] ?? '') === owner.projectId
  return isSameProject && Boolean(owner.branchName) && annotations[BRANCH_NAME] === owner.branchName
}

/** Whether this run may delete the object: as {@link mayWrite}, and outside pull requests the branch must match too. */
export function mayDelete(object: KubernetesObject, owner: Owner): boolean {
  if (!mayWrite(object, owner)) return false
  return (
    owner.pullRequest !== null || (owner.branchId !== '' && object.metadata.annotations?.[BRANCH_ID] === owner.branchId)
  )
}

/** Names the owner of an object that is not `owner`'s, from our mark and from what other tools leave on their objects. */
export function describeOwner(object: KubernetesObject, owner: Owner): string {
  const mark = markOf(object)
  if (mark) return describeMark(mark, owner) + describeBranch(object, owner)
  const { labels = {}, annotations = {}, managedFields = [] } = object.metadata
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

/** Of an object that would be this run's, were it not another branch's: ` (credentials of the branch main, br-x)`. */
function describeBranch(object: KubernetesObject, owner: Owner): string {
  if (!isMadeBy(markOf(object), owner)) return ''
  const { annotations = {} } = object.metadata
  const id = annotations[BRANCH_ID] ?? ''
  const name = annotations[BRANCH_NAME]
  const branch = name ? `${name} (${id})` : id
  const project = annotations[PROJECT] ?? ''
  const where = project === '' || project === owner.projectId ? '' : ` of project ${project}`
  return `, and holds the credentials of its branch ${branch}${where}`
}

function describeMark(mark: Mark, owner: Owner): string {
  const name = mark.repository || 'an unknown repository'
  // A name that was given away would read as if the object were this repository's own.
  const isNamesake = mark.repository === owner.repository && !isSameRepository(mark, owner)
  const repository = isNamesake ? `another repository that had the name ${name} (id ${mark.repositoryId})` : name
  return mark.pullRequest === null ? repository : `pull request ${mark.pullRequest} of ${repository}`
}
