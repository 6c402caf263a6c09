import type { GitCommit } from './git-objects.ts'
import type { RateCounter } from './rates.ts'
import type { ActiveRefusal } from './refusals.ts'

/** Somebody who acts on GitHub, as the API shows an author. */
export interface User {
  login: string
  id: number
  type: 'User' | 'Bot'
}

/** The author of everything done with the token of a workflow run. */
export const ACTIONS_BOT: User = { login: 'github-actions[bot]', id: 41898282, type: 'Bot' }

/** The account behind Dependabot's pull requests. */
export const DEPENDABOT: User = { login: 'dependabot[bot]', id: 49699333, type: 'Bot' }

/** The GitHub App that workflow tokens belong to. */
export const ACTIONS_APP: App = { id: 15368, slug: 'github-actions', name: 'GitHub Actions' }

/** A GitHub App, as far as a comment names it. */
export interface App {
  id: number
  slug: string
  name: string
}

/** The scopes of a workflow's `permissions:` block that the stand-in knows. */
export type Scope = 'contents' | 'issues' | 'pull-requests'

/** What one token may do. */
export interface TokenSettings {
  /**
   * `installation`: an app's token, as GITHUB_TOKEN is; `permissions` and `repository` bound it.
   * `user`: a personal token; it may do what its user may, by `access`.
   */
  kind: 'installation' | 'user'
  /** Who acts; the Actions bot unless told. */
  user?: User
  /** The app named in `performed_via_github_app`; for an installation the Actions app unless told. */
  app?: App
  /** Of an installation: a missing scope means no access. */
  permissions?: Partial<Record<Scope, 'read' | 'write'>>
  /** Of an installation: `owner/name`, the only repository it reaches; every one unless told. */
  repository?: string
  /** Of a user: what it may do in repositories; `write` unless told. */
  access?: 'none' | 'read' | 'write'
}

/** A repository. */
export interface Repository {
  id: number
  owner: string
  name: string
  private: boolean
  archived: boolean
  defaultBranch: string
  /** Its Git branches, without `refs/heads/`. */
  branches: Set<string>
  /** What is in its object store, by id. */
  commits: Map<string, GitCommit>
  issues: Map<number, Issue>
}

/** An issue; one with `pull` is a pull request. */
export interface Issue {
  number: number
  title: string
  user: User
  state: 'open' | 'closed'
  locked: boolean
  createdAt: string
  updatedAt: string
  closedAt: string | null
  pull: Pull | null
  comments: Comment[]
}

/** What a pull request has beyond an issue. */
export interface Pull {
  draft: boolean
  mergedAt: string | null
  headRef: string
  headSha: string
  /** `owner/name` of the repository the head lives in, null when that fork was deleted. */
  headRepository: string | null
  baseRef: string
  baseSha: string
}

/** A comment on an issue or pull request. */
export interface Comment {
  id: number
  body: string
  user: User
  app: App | null
  createdAt: string
  updatedAt: string
}

/** Everything the stand-in knows. */
export interface World {
  repositories: Repository[]
  tokens: Map<string, TokenSettings>
  /** What GitHub refuses beside what it always does, in this order. */
  refusals: ActiveRefusal[]
  rates: RateCounter
  nextId: number
  /** The present, in milliseconds since the epoch. */
  now(): number
}

/** The present as the API writes it: whole seconds, UTC. */
export function timestamp(world: World): string {
  return new Date(world.now()).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The repository of an `owner/name`, upper and lower case alike as on GitHub. */
export function findRepository(world: World, fullName: string): Repository | undefined {
  const wanted = fullName.toLowerCase()
  return world.repositories.find((repository) => `${repository.owner}/${repository.name}`.toLowerCase() === wanted)
}
