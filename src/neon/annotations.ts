import type { Mark, Owner } from '../ownership.ts'

/** Who makes a branch, and for what: written as annotations when it is created, the API cannot change them later. */
export interface Origin extends Owner {
  sha?: string
  /** Branch of the repository, for people and for the `delete` event. */
  ref?: string
  /** Who caused the run. */
  actor?: string
}

/** Annotations of a branch, as the API keeps them. */
export type Annotations = Readonly<Record<string, string>>

const OWNER = 'managed-by'
const MARK = 'neon-postgres-setup'
const REPOSITORY_ID = 'neon-postgres-setup-repository-id'
const REQUEST = 'neon-postgres-setup-request'
const DATABASE = 'neon-postgres-setup-database'
const ROLE = 'neon-postgres-setup-role'
// As Neon's create-branch-action writes them (its src/annotations.ts).
const REPOSITORY = 'github-commit-repo'
const PULL_REQUEST = 'github-pr-number'
const REF = 'github-commit-ref'

/** What else a new branch remembers. */
export interface Marks {
  origin: Origin
  /** Unique for this request, so that a lost answer can be told from another run's branch. */
  request: string
  /** The inputs, where the user gave them. */
  database?: string
  role?: string
}

/**
 * Annotations for a new branch: our mark, and the names Neon's own create-branch-action uses (`github-commit-repo`,
 * `github-pr-number`, …). At most 50 properties; empty ones are left out.
 */
export function annotationsFor({ origin, request, database, role }: Marks): Record<string, string> {
  const all = {
    [OWNER]: MARK,
    [REQUEST]: request,
    [REPOSITORY_ID]: origin.repositoryId,
    [REPOSITORY]: origin.repository,
    'github-commit-sha': origin.sha,
    [REF]: origin.ref,
    'github-commit-author-login': origin.actor,
    [PULL_REQUEST]: origin.pullRequest === null ? undefined : String(origin.pullRequest),
    [DATABASE]: database,
    [ROLE]: role,
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** Whether a branch carries our mark at all. */
export function isMarked(annotations: Annotations): boolean {
  return annotations[OWNER] === MARK
}

/**
 * Who made a branch: by our mark (version 1.0.0 wrote no repository id), or by the one of Neon's create-branch-action,
 * which always names the repository. Null where neither is there.
 */
export function markOf(annotations: Annotations): Mark | null {
  const repository = annotations[REPOSITORY] ?? ''
  const isNeons = annotations[OWNER] === undefined && repository !== ''
  if (!isMarked(annotations) && !isNeons) return null
  const number = annotations[PULL_REQUEST] ?? ''
  return {
    by: isNeons ? 'neon-action' : 'us',
    repository,
    repositoryId: isNeons ? '' : (annotations[REPOSITORY_ID] ?? ''),
    pullRequest: /^\d+$/.test(number) ? Number(number) : null,
  }
}

/** The branch of the repository for which a branch was made, without `refs/heads/`; empty where none is told. */
export function gitBranchOf(annotations: Annotations): string {
  return (annotations[REF] ?? '').replace(/^refs\/heads\//, '')
}

/** Whether exactly this request made the branch. */
export function madeBy(annotations: Annotations, request: string): boolean {
  return annotations[REQUEST] === request
}

/** Database and role the branch was asked for when it was made; undefined where the user left them to us. */
export function rememberedNames(annotations: Annotations): { database: string | undefined; role: string | undefined } {
  return { database: annotations[DATABASE], role: annotations[ROLE] }
}
