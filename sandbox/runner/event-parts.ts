import type { DeploymentFacts, PullRequestFacts, RepositoryContext } from './event-settings.ts'

// The commits of the stories: the last one of a branch, the last one of a base, and what merging would give.
export const SHA = 'c0ffee'.padEnd(40, '0')
export const BASE_SHA = 'ba5e'.padEnd(40, '0')
export const MERGE_SHA = 'fe46e'.padEnd(40, '0')
export const NO_SHA = '0'.repeat(40)

// A fixed moment: a payload must be the same in every run.
export const MOMENT = '2026-03-02T10:00:00Z'

/** Who owns the repository. */
export function ownerOf(repository: RepositoryContext): string {
  return repository.fullName.split('/')[0] ?? ''
}

/** `repository` of a payload. */
export function repositoryPart(repository: RepositoryContext) {
  const [owner = '', name = ''] = repository.fullName.split('/')
  return {
    id: repository.id,
    name,
    full_name: repository.fullName,
    private: repository.private,
    owner: userPart(owner),
    html_url: `${repository.serverUrl}/${repository.fullName}`,
    default_branch: repository.defaultBranch,
    fork: false,
  }
}

/** A user, or a bot by its name. */
export function userPart(login: string) {
  return {
    login,
    id: [...login].reduce((sum, char) => sum + char.charCodeAt(0), 1000),
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
  }
}

/** `head_commit` of a push, a merge group and a workflow run. */
export function commitPart(sha: string, author: string) {
  const person = { name: author, email: `${author}@users.noreply.github.com` }
  return { id: sha, tree_id: NO_SHA, message: 'A change', timestamp: MOMENT, author: person, committer: person }
}

/** A label of a repository. */
export function labelPart(name: string) {
  return { id: 500, name, color: 'ededed', default: false, description: 'A label' }
}

/** `pull_request` of a payload, without what only some events have. */
export function pullRequestPart(settings: PullRequestFacts, repository: RepositoryContext, state: 'open' | 'closed') {
  const { number } = settings
  const owner = ownerOf(repository)
  const headRef = headRefOf(settings)
  const baseRef = settings.baseRef ?? repository.defaultBranch
  const headRepository = settings.headRepository === undefined ? repository.fullName : settings.headRepository
  const merged = settings.merged ?? false
  return {
    number,
    id: 7_000 + number,
    title: settings.title ?? `Pull ${number}`,
    body: 'What it changes',
    state,
    locked: false,
    draft: settings.draft ?? false,
    labels: (settings.labels ?? []).map(labelPart),
    merge_commit_sha: settings.mergeSha ?? MERGE_SHA,
    merged_at: merged ? MOMENT : null,
    closed_at: state === 'closed' ? MOMENT : null,
    html_url: `${repository.serverUrl}/${repository.fullName}/pull/${number}`,
    user: userPart(settings.author ?? owner),
    head: {
      label: `${headRepository?.split('/')[0] ?? 'ghost'}:${headRef}`,
      ref: headRef,
      sha: settings.headSha ?? SHA,
      repo: headRepository === null ? null : headPart(headRepository, repository),
    },
    base: { label: `${owner}:${baseRef}`, ref: baseRef, sha: BASE_SHA, repo: repositoryPart(repository) },
  }
}

/** The head branch of a pull request. */
export function headRefOf(settings: PullRequestFacts): string {
  return settings.headRef ?? `feature-${settings.number}`
}

function headPart(fullName: string, base: RepositoryContext) {
  const own = fullName === base.fullName
  return own ? repositoryPart(base) : { ...repositoryPart({ ...base, fullName, id: base.id + 1 }), fork: true }
}

/** `issue` of a comment's payload: a pull request's has the addresses of the pull request in it, an issue's has not. */
export function issuePart(
  settings: { number: number; state?: string; labels?: string[]; author?: string; onIssue?: boolean },
  repository: RepositoryContext,
) {
  const { number, state = 'open' } = settings
  const kind = settings.onIssue ? 'issues' : 'pull'
  const page = `${repository.serverUrl}/${repository.fullName}/${kind}/${number}`
  return {
    number,
    id: 7_000 + number,
    title: `${settings.onIssue ? 'Issue' : 'Pull'} ${number}`,
    state,
    locked: false,
    labels: (settings.labels ?? []).map(labelPart),
    closed_at: state === 'closed' ? MOMENT : null,
    html_url: page,
    user: userPart(settings.author ?? ownerOf(repository)),
    ...(settings.onIssue
      ? {}
      : { pull_request: { html_url: page, diff_url: `${page}.diff`, patch_url: `${page}.patch` } }),
  }
}

/** `deployment` of a payload, and the ref of it: empty when it was made from a commit. */
export function deploymentPart(settings: DeploymentFacts) {
  const sha = settings.sha ?? SHA
  const environment = settings.environment ?? 'Preview'
  return {
    id: 8_000,
    sha,
    ref: settings.tag ?? settings.branch ?? sha,
    task: 'deploy',
    payload: {},
    original_environment: environment,
    environment,
    description: null,
    creator: userPart(settings.actor ?? 'vercel[bot]'),
    created_at: MOMENT,
    updated_at: MOMENT,
  }
}

/** `release` of a payload. */
export function releasePart(tag: string, prerelease: boolean, author: string, repository: RepositoryContext) {
  return {
    id: 9_000,
    tag_name: tag,
    target_commitish: repository.defaultBranch,
    name: tag,
    body: null,
    draft: false,
    prerelease,
    author: userPart(author),
    created_at: MOMENT,
    published_at: MOMENT,
    html_url: `${repository.serverUrl}/${repository.fullName}/releases/tag/${tag}`,
  }
}

/** A comment's or a review's own part. */
export function remarkPart(body: string, author: string, page: string) {
  return { id: 6_000, body, user: userPart(author), author_association: 'OWNER', html_url: `${page}#issuecomment-6000` }
}
