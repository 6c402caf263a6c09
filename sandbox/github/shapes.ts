import type { App, Comment, Issue, Repository, User } from './world.ts'

/** Where the stand-in answers: the roots that every address in a reply starts with. */
export interface Addresses {
  api: string
  server: string
}

const USER_ADDRESSES = {
  followers_url: '/followers',
  following_url: '/following{/other_user}',
  gists_url: '/gists{/gist_id}',
  starred_url: '/starred{/owner}{/repo}',
  subscriptions_url: '/subscriptions',
  organizations_url: '/orgs',
  repos_url: '/repos',
  events_url: '/events{/privacy}',
  received_events_url: '/received_events',
}

/** A user as a reply shows it. */
export function userShape(user: User, at: Addresses) {
  const url = `${at.api}/users/${encodeURIComponent(user.login)}`
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId('U', user.id),
    avatar_url: `${at.server}/avatars/${user.id}`,
    gravatar_id: '',
    url,
    html_url: `${at.server}/${user.type === 'Bot' ? 'apps/' : ''}${user.login.replace('[bot]', '')}`,
    ...below(url, USER_ADDRESSES),
    type: user.type,
    user_view_type: 'public',
    site_admin: false,
  }
}

/** The user behind a token, as `GET /user` shows it to others than itself. */
export function ownUserShape(user: User, at: Addresses) {
  return {
    ...userShape(user, at),
    ...{ name: null, company: null, blog: '', location: null, email: null, hireable: null, bio: null },
    ...{ public_repos: 1, public_gists: 0, followers: 0, following: 0 },
    ...{ created_at: BEGINNING, updated_at: BEGINNING },
  }
}

// When everything began that the stand-in has no time for.
const BEGINNING = '2026-01-01T00:00:00Z'

const REPOSITORY_ADDRESSES = {
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
}

/** A repository as a reply shows it. */
export function repositoryShape(repository: Repository, at: Addresses) {
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${at.api}/repos/${fullName}`
  const html = `${at.server}/${fullName}`
  const open = [...repository.issues.values()].filter(({ state }) => state === 'open').length
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName,
    private: repository.private,
    owner: userShape({ login: repository.owner, id: repository.id + 1, type: 'User' }, at),
    html_url: html,
    description: null,
    fork: false,
    url,
    ...below(url, REPOSITORY_ADDRESSES),
    ...{ created_at: BEGINNING, updated_at: BEGINNING, pushed_at: BEGINNING },
    git_url: `${html.replace(/^\w+:/, 'git:')}.git`,
    ssh_url: `git@${new URL(html).hostname}:${fullName}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    ...{ homepage: null, size: 1, stargazers_count: 0, watchers_count: 0, language: null },
    ...{ has_issues: true, has_projects: true, has_downloads: true, has_wiki: true, has_pages: false },
    ...{ has_discussions: false, forks_count: 0, mirror_url: null, archived: repository.archived, disabled: false },
    ...{ open_issues_count: open, license: null, allow_forking: true, is_template: false, topics: [] },
    visibility: repository.private ? 'private' : 'public',
    ...{ forks: 0, open_issues: open, watchers: 0, default_branch: repository.defaultBranch },
  }
}

/** What `repos.get` knows beyond what other replies show of a repository. */
export const REPOSITORY_DETAILS = { network_count: 0, subscribers_count: 1 }

/** A comment as a reply shows it. */
export function commentShape(repository: Repository, issue: Issue, comment: Comment, at: Addresses) {
  const fullName = `${repository.owner}/${repository.name}`
  const html = `${at.server}/${fullName}/${issue.pull ? 'pull' : 'issues'}/${issue.number}`
  return {
    url: `${at.api}/repos/${fullName}/issues/comments/${comment.id}`,
    html_url: `${html}#issuecomment-${comment.id}`,
    issue_url: `${at.api}/repos/${fullName}/issues/${issue.number}`,
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    user: userShape(comment.user, at),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    body: comment.body,
    author_association: comment.user.type === 'Bot' ? 'NONE' : 'CONTRIBUTOR',
    performed_via_github_app: comment.app && appShape(comment.app, at),
  }
}

function appShape(app: App, at: Addresses) {
  return {
    ...app,
    client_id: `Iv1.${app.id.toString(16).padStart(16, '0')}`,
    node_id: nodeId('A', app.id),
    owner: userShape({ login: 'github', id: 9919, type: 'User' }, at),
    description: null,
    external_url: at.server,
    html_url: `${at.server}/apps/${app.slug}`,
    ...{ created_at: BEGINNING, updated_at: BEGINNING },
    permissions: { contents: 'write', issues: 'write', pull_requests: 'write' },
    events: [],
  }
}

/** A pull request as the list shows it; `pulls.get` adds what {@link pullDetails} gives. */
export function pullShape(repository: Repository, issue: Issue, at: Addresses) {
  const { pull } = issue
  if (!pull) throw new Error(`#${issue.number} is an issue, no pull request`)
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${at.api}/repos/${fullName}/pulls/${issue.number}`
  const issueUrl = `${at.api}/repos/${fullName}/issues/${issue.number}`
  const html = `${at.server}/${fullName}/pull/${issue.number}`
  const statuses = `${at.api}/repos/${fullName}/statuses/${pull.headSha}`
  return {
    url,
    id: repository.id * 1000 + issue.number,
    node_id: nodeId('PR', repository.id * 1000 + issue.number),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: userShape(issue.user, at),
    body: null,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: null,
    ...{ assignee: null, assignees: [], requested_reviewers: [], requested_teams: [], labels: [], milestone: null },
    draft: pull.draft,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${at.api}/repos/${fullName}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    ...endsOf(repository, issue, at),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${at.api}/repos/${fullName}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
    author_association: issue.user.type === 'Bot' ? 'NONE' : 'OWNER',
    auto_merge: null,
    active_lock_reason: null,
  }
}

/** Head and base of a pull request; the repository of a fork that was deleted is null. */
function endsOf(repository: Repository, { pull }: Issue, at: Addresses) {
  const headOwner = pull?.headRepository?.split('/')[0] ?? 'ghost'
  const isOwn = headOwner === repository.owner
  const owner = userShape({ login: repository.owner, id: repository.id + 1, type: 'User' }, at)
  const stranger = userShape({ login: headOwner, id: repository.id + 8, type: 'User' }, at)
  return {
    head: {
      label: `${headOwner}:${pull?.headRef}`,
      ref: pull?.headRef,
      sha: pull?.headSha,
      user: isOwn ? owner : stranger,
      repo: pull?.headRepository ? headRepositoryShape(pull.headRepository, repository, at) : null,
    },
    base: {
      label: `${repository.owner}:${pull?.baseRef}`,
      ref: pull?.baseRef,
      sha: pull?.baseSha,
      user: owner,
      repo: repositoryShape(repository, at),
    },
  }
}

/** What `pulls.get` knows beyond the list. */
export function pullDetails(issue: Issue, at: Addresses) {
  const merged = issue.pull?.mergedAt != null
  return {
    merged,
    ...{ mergeable: issue.state === 'open' ? true : null, rebaseable: null },
    mergeable_state: issue.state === 'open' ? 'clean' : 'unknown',
    merged_by: merged ? userShape(issue.user, at) : null,
    comments: issue.comments.length,
    ...{ review_comments: 0, maintainer_can_modify: false, commits: 1, additions: 1, deletions: 0, changed_files: 1 },
  }
}

function headRepositoryShape(fullName: string, base: Repository, at: Addresses) {
  if (fullName === `${base.owner}/${base.name}`) return repositoryShape(base, at)
  const [owner = '', name = ''] = fullName.split('/')
  return { ...repositoryShape({ ...base, owner, name, id: base.id + 7, issues: new Map() }, at), fork: true }
}

function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`
}

/** Addresses below a root, by their names. */
function below<T extends Record<string, string>>(root: string, paths: T): Record<keyof T, string> {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `${root}${path}`])) as Record<
    keyof T,
    string
  >
}
