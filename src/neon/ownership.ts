/** Who made a branch, and for which pull request: written as annotations when it is created, the API cannot change them later. */
export interface Origin {
  /** `owner/name` */
  repository: string
  sha?: string
  pullRequest?: number
  /** Branch of the repository, for people. */
  ref?: string
  /** Who caused the run. */
  actor?: string
}

/** Annotations of a branch, as the API keeps them. */
export type Annotations = Readonly<Record<string, string>>

const OWNER = 'managed-by'
const MARK = 'neon-postgres-setup'
const REQUEST = 'neon-postgres-setup-request'
const DATABASE = 'neon-postgres-setup-database'
const ROLE = 'neon-postgres-setup-role'

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
    'github-commit-repo': origin.repository,
    'github-commit-sha': origin.sha,
    'github-commit-ref': origin.ref,
    'github-commit-author-login': origin.actor,
    'github-pr-number': origin.pullRequest === undefined ? undefined : String(origin.pullRequest),
    [DATABASE]: database,
    [ROLE]: role,
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** Whether a branch carries our mark at all. */
export function isMarked(annotations: Annotations): boolean {
  return annotations[OWNER] === MARK
}

/** Whether a branch carries our mark for this repository (`owner/name`, case ignored as GitHub does). */
export function isOurs(annotations: Annotations, repository: string): boolean {
  return isMarked(annotations) && annotations['github-commit-repo']?.toLowerCase() === repository.toLowerCase()
}

/** Whether exactly this request made the branch. */
export function madeBy(annotations: Annotations, request: string): boolean {
  return annotations[REQUEST] === request
}

/** Number of the pull request a branch was made for, or null. */
export function pullRequestOf(annotations: Annotations): number | null {
  const number = annotations['github-pr-number']
  return number && /^\d+$/.test(number) ? Number(number) : null
}

/** Database and role the branch was asked for when it was made; undefined where the user left them to us. */
export function rememberedNames(annotations: Annotations): { database: string | undefined; role: string | undefined } {
  return { database: annotations[DATABASE], role: annotations[ROLE] }
}
