/**
 * What is ours, the one rule for Neon and Kubernetes alike: what this pull request (outside one: this repository) did not
 * make, it does not delete, reset, expire or hand SQL to. Pure; `neon/` and `kubernetes/` read the marks and ask here.
 */

/** On whose behalf a run acts. */
export interface Owner {
  /** `owner/name` */
  repository: string
  /** GitHub's number of the repository, which stays when it is renamed; empty where the event does not tell it. */
  repositoryId: string
  /** Null outside pull requests. */
  pullRequest: number | null
}

/** What an object says about who made it. */
export interface Mark extends Owner {
  /** This action, or Neon's create-branch-action, whose mark counts only for the same repository and pull request. */
  by: 'us' | 'neon-action'
}

/**
 * How an object stands to an owner:
 * `ours`: made by this pull request; outside one by this repository, whichever of its pull requests it was;
 * `shared`: made by this repository outside pull requests, seen from a pull request;
 * `unmarked`: nobody says who made it;
 * `other`: somebody else made it.
 */
export type Standing = 'ours' | 'shared' | 'unmarked' | 'other'

/** How an object with this mark (null: without one) stands to an owner. */
export function standingOf(mark: Mark | null, owner: Owner): Standing {
  if (mark === null) return 'unmarked'
  if (!isSameRepository(mark, owner)) return 'other'
  if (mark.by === 'neon-action') {
    if (mark.pullRequest === null || owner.pullRequest === null) return 'unmarked'
    return mark.pullRequest === owner.pullRequest ? 'ours' : 'other'
  }
  if (owner.pullRequest === null || mark.pullRequest === owner.pullRequest) return 'ours'
  return mark.pullRequest === null ? 'shared' : 'other'
}

/** Whether the mark is exactly this owner's: the same repository, and the same pull request or none on both sides. */
export function isMadeBy(mark: Mark | null, owner: Owner): boolean {
  return mark !== null && standingOf(mark, owner) === 'ours' && mark.pullRequest === owner.pullRequest
}

/**
 * Whether two owners are the same repository: by GitHub's id where both know it, since names can be given away; else by
 * name, case ignored as GitHub does. Marks of version 1.0.0 have no id.
 */
export function isSameRepository(a: Owner, b: Owner): boolean {
  if (a.repositoryId !== '' && b.repositoryId !== '') return a.repositoryId === b.repositoryId
  return a.repository !== '' && a.repository.toLowerCase() === b.repository.toLowerCase()
}

/** Whose an object is, for people: `pull request #7 of acme/shop`, `acme/shop`, `nobody who left a mark`. */
export function describeMark(mark: Mark | null): string {
  if (mark === null) return 'nobody who left a mark of this action'
  const repository = mark.repository || 'an unknown repository'
  const tool = mark.by === 'neon-action' ? " (made by Neon's create-branch-action)" : ''
  return mark.pullRequest === null
    ? `${repository}${tool}`
    : `pull request #${mark.pullRequest} of ${repository}${tool}`
}
