import { type HttpServer, serve } from '../http/serve.ts'
import { type CommittedFiles, makeCommit } from './git-objects.ts'
import { RateCounter } from './rates.ts'
import type { ActiveRefusal, RefusalName } from './refusals.ts'
import { answerRequest } from './routes.ts'
import {
  ACTIONS_BOT,
  type Comment,
  findRepository,
  type Issue,
  type Repository,
  type TokenSettings,
  timestamp,
  type User,
  type World,
} from './world.ts'

export type { CommittedFiles } from './git-objects.ts'
export type { RefusalName } from './refusals.ts'
export { ACTIONS_APP, ACTIONS_BOT, type App, type Comment, DEPENDABOT, type TokenSettings, type User } from './world.ts'

/** Settings of the stand-in. */
export interface GitHubOptions {
  /** A fixed port; a free one unless told. */
  port?: number
  /** `github.com`: the APIs are at `/` and `/graphql`. `enterprise`: at `/api/v3` and `/api/graphql`, as on GHES. */
  flavour?: 'github.com' | 'enterprise'
  /** Repositories at the start, `owner/name` or more; `octo/demo` unless told. */
  repositories?: (string | RepositorySettings)[]
  /** Tokens at the start, by their text. */
  tokens?: Record<string, TokenSettings>
  /** The present, in milliseconds since the epoch; the real one unless told. */
  now?: () => number
  /**
   * Refuses what is above the limits of an hour and of a minute, as GitHub does; false unless told, since a test plays the
   * days of a repository in minutes. What {@link GitHubSandbox.refuse} says holds in any case.
   */
  limits?: boolean
}

/** A repository to start with. */
export interface RepositorySettings {
  /** `owner/name` */
  fullName: string
  private?: boolean
  archived?: boolean
  defaultBranch?: string
}

/** A pull request to open. */
export interface PullSettings {
  /** The first repository unless told. */
  repository?: string
  number: number
  title?: string
  user?: User
  headRef?: string
  headSha?: string
  /** `owner/name` of a fork; the repository itself unless told. */
  headRepository?: string
  baseRef?: string
  baseSha?: string
  draft?: boolean
  locked?: boolean
}

/** How {@link GitHubSandbox.refuse} goes about it. */
export type RefusalSettings = Partial<Pick<ActiveRefusal, 'status' | 'retryAfter' | 'times' | 'operations'>>

/** A running stand-in of GitHub's API: REST issue comments, pulls, repository and user; GraphQL reads of pull requests. */
export interface GitHubSandbox extends Pick<HttpServer, 'port' | 'journal' | 'faults' | 'latency'> {
  /** For GITHUB_API_URL. */
  readonly apiUrl: string
  /** For GITHUB_GRAPHQL_URL. */
  readonly graphqlUrl: string
  /** For GITHUB_SERVER_URL. */
  readonly serverUrl: string
  setToken(token: string, settings: TokenSettings): void
  openPull(settings: PullSettings): void
  /** A plain issue, so that a number can be taken by no pull request. */
  openIssue(number: number, repository?: string): void
  closePull(number: number, options?: { merged?: boolean; repository?: string }): void
  reopenPull(number: number, repository?: string): void
  /** Makes a Git branch; the head of a pull request that is opened is there already. */
  createBranch(name: string, repository?: string): void
  /** Deletes a Git branch, which closes the pull requests that it is the head of, as on GitHub. */
  deleteBranch(name: string, repository?: string): void
  /** Refuses the next requests for a reason of GitHub's own: a limit, a rule of the organization. For ever unless told. */
  refuse(name: RefusalName, more?: RefusalSettings): void
  /** Puts a commit of these files into the object store and answers its id; which branch it is on does not matter. */
  commit(files: CommittedFiles, commit?: { parents?: string[]; message?: string; repository?: string }): string
  /** A comment as if somebody had written it on the web site; answers its id. */
  addComment(number: number, comment: { body: string; user?: User; repository?: string }): number
  /** The comments of a pull request or issue as they are now, oldest first. */
  comments(number: number, repository?: string): readonly Readonly<Comment>[]
  close(): Promise<void>
}

/** Starts the stand-in on a free port of 127.0.0.1. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubSandbox> {
  const world: World = {
    repositories: (options.repositories ?? ['octo/demo']).map(createRepository),
    tokens: new Map(Object.entries(options.tokens ?? {})),
    refusals: [],
    rates: new RateCounter({ isStrict: options.limits ?? false }),
    nextId: 2_000_000_000,
    now: options.now ?? Date.now,
  }
  const enterprise = options.flavour === 'enterprise'
  const roots = { rest: enterprise ? '/api/v3' : '', graphql: enterprise ? '/api/graphql' : '/graphql' }
  const server: HttpServer = await serve(
    async (request) => answerRequest(world, request, { api: `${server.url}${roots.rest}`, server: server.url }, roots),
    options.port,
  )
  const repositoryOf = (fullName?: string): Repository => {
    const found = fullName === undefined ? world.repositories[0] : findRepository(world, fullName)
    if (!found) throw new Error(`the sandbox has no repository ${fullName}`)
    return found
  }
  const issueOf = (number: number, fullName?: string): Issue => {
    const found = repositoryOf(fullName).issues.get(number)
    if (!found) throw new Error(`the sandbox has no issue or pull request #${number}`)
    return found
  }
  return {
    get latency() {
      return server.latency
    },
    set latency(milliseconds) {
      server.latency = milliseconds
    },
    port: server.port,
    journal: server.journal,
    faults: server.faults,
    apiUrl: `${server.url}${roots.rest}`,
    graphqlUrl: `${server.url}${roots.graphql}`,
    serverUrl: server.url,
    setToken: (token, settings) => void world.tokens.set(token, settings),
    openPull(settings) {
      const repository = repositoryOf(settings.repository)
      repository.issues.set(settings.number, createPull(world, repository, settings))
    },
    openIssue(number, fullName) {
      const repository = repositoryOf(fullName)
      const user = { login: repository.owner, id: repository.id + 1, type: 'User' as const }
      repository.issues.set(number, createIssue(world, { number, title: `Issue ${number}`, user }))
    },
    closePull(number, { merged = false, repository } = {}) {
      const issue = issueOf(number, repository)
      const now = timestamp(world)
      Object.assign(issue, { state: 'closed', closedAt: now, updatedAt: now })
      if (merged && issue.pull) issue.pull.mergedAt = now
    },
    reopenPull(number, fullName) {
      Object.assign(issueOf(number, fullName), { state: 'open', closedAt: null, updatedAt: timestamp(world) })
    },
    createBranch: (name, fullName) => void repositoryOf(fullName).branches.add(name),
    deleteBranch(name, fullName) {
      const repository = repositoryOf(fullName)
      repository.branches.delete(name)
      const now = timestamp(world)
      for (const issue of repository.issues.values()) {
        const isHead = issue.pull?.headRef === name && issue.pull.headRepository === nameOf(repository)
        if (isHead && issue.state === 'open') Object.assign(issue, { state: 'closed', closedAt: now, updatedAt: now })
      }
    },
    refuse: (name, more = {}) =>
      void world.refusals.push({ name, status: 403, times: Number.POSITIVE_INFINITY, ...more }),
    commit(files, { parents = [], message, repository } = {}) {
      const made = makeCommit(files, parents, message)
      repositoryOf(repository).commits.set(made.oid, made)
      return made.oid
    },
    addComment(number, { body, user = ACTIONS_BOT, repository }) {
      const now = timestamp(world)
      world.nextId += 1
      const comment: Comment = { id: world.nextId, body, user, app: null, createdAt: now, updatedAt: now }
      issueOf(number, repository).comments.push(comment)
      return comment.id
    },
    comments: (number, fullName) => issueOf(number, fullName).comments,
    close: () => server.close(),
  }
}

function createRepository(settings: string | RepositorySettings, index: number): Repository {
  const given = typeof settings === 'string' ? { fullName: settings } : settings
  const [owner = '', name = ''] = given.fullName.split('/')
  return {
    id: 700_000_000 + index * 100,
    owner,
    name,
    private: given.private ?? false,
    archived: given.archived ?? false,
    defaultBranch: given.defaultBranch ?? 'main',
    branches: new Set([given.defaultBranch ?? 'main']),
    issues: new Map(),
    commits: new Map(),
  }
}

function nameOf({ owner, name }: Repository): string {
  return `${owner}/${name}`
}

function createIssue(world: World, given: Pick<Issue, 'number' | 'title' | 'user'>): Issue {
  const now = timestamp(world)
  const times = { createdAt: now, updatedAt: now, closedAt: null }
  return { ...given, ...times, state: 'open', locked: false, pull: null, comments: [] }
}

function createPull(world: World, repository: Repository, settings: PullSettings): Issue {
  const user = settings.user ?? { login: repository.owner, id: repository.id + 1, type: 'User' }
  const issue = createIssue(world, {
    number: settings.number,
    title: settings.title ?? `Pull ${settings.number}`,
    user,
  })
  issue.locked = settings.locked ?? false
  issue.pull = {
    draft: settings.draft ?? false,
    mergedAt: null,
    headRef: settings.headRef ?? `feature-${settings.number}`,
    headSha: settings.headSha ?? settings.number.toString(16).padStart(40, 'a'),
    headRepository: settings.headRepository ?? nameOf(repository),
    baseRef: settings.baseRef ?? repository.defaultBranch,
    baseSha: settings.baseSha ?? 'b'.repeat(40),
  }
  if (issue.pull.headRepository === nameOf(repository)) repository.branches.add(issue.pull.headRef)
  return issue
}
