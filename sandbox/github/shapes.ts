import type { Comment, Issue, Repository, User } from './world.ts'

/** Where the stand-in answers: the roots that every address in a reply starts with. */
export interface Addresses {
  api: string
  server: string
}

/** A user as a reply shows it. */
export function userShape(user: User, at: Addresses) {
  const login = encodeURIComponent(user.login)
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId('U', user.id),
    avatar_url: `${at.server}/avatars/${user.id}`,
    url: `${at.api}/users/${login}`,
    html_url: `${at.server}/${user.type === 'Bot' ? 'apps/' : ''}${user.login.replace('[bot]', '')}`,
    type: user.type,
    site_admin: false,
  }
}

/** A repository as a reply shows it. */
export function repositoryShape(repository: Repository, at: Addresses) {
  const fullName = `${repository.owner}/${repository.name}`
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName,
    private: repository.private,
    owner: userShape({ login: repository.owner, id: repository.id + 1, type: 'User' }, at),
    html_url: `${at.server}/${fullName}`,
    url: `${at.api}/repos/${fullName}`,
    fork: false,
    archived: repository.archived,
    default_branch: repository.defaultBranch,
    visibility: repository.private ? 'private' : 'public',
  }
}

/** A comment as a reply shows it. */
export function commentShape(repository: Repository, issue: Issue, comment: Comment, at: Addresses) {
  const fullName = `${repository.owner}/${repository.name}`
  const html = `${at.server}/${fullName}/${issue.pull ? 'pull' : 'issues'}/${issue.number}`
  const { app } = comment
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
    performed_via_github_app: app && { ...app, html_url: `${at.server}/apps/${app.slug}` },
  }
}

/** A pull request as the list shows it; `pulls.get` adds what {@link pullDetails} gives. */
export function pullShape(repository: Repository, issue: Issue, at: Addresses) {
  const { pull } = issue
  if (!pull) throw new Error(`#${issue.number} is an issue, no pull request`)
  const fullName = `${repository.owner}/${repository.name}`
  const headOwner = pull.headRepository?.split('/')[0] ?? 'ghost'
  return {
    url: `${at.api}/repos/${fullName}/pulls/${issue.number}`,
    id: repository.id * 1000 + issue.number,
    node_id: nodeId('PR', repository.id * 1000 + issue.number),
    html_url: `${at.server}/${fullName}/pull/${issue.number}`,
    issue_url: `${at.api}/repos/${fullName}/issues/${issue.number}`,
    comments_url: `${at.api}/repos/${fullName}/issues/${issue.number}/comments`,
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
    draft: pull.draft,
    labels: [],
    head: {
      label: `${headOwner}:${pull.headRef}`,
      ref: pull.headRef,
      sha: pull.headSha,
      user: pull.headRepository ? { login: headOwner } : null,
      repo: pull.headRepository ? headRepositoryShape(pull.headRepository, repository, at) : null,
    },
    base: {
      label: `${repository.owner}:${pull.baseRef}`,
      ref: pull.baseRef,
      sha: pull.baseSha,
      user: { login: repository.owner },
      repo: repositoryShape(repository, at),
    },
  }
}

/** What `pulls.get` knows beyond the list. */
export function pullDetails(issue: Issue) {
  return {
    merged: issue.pull?.mergedAt != null,
    mergeable: issue.state === 'open' ? true : null,
    comments: issue.comments.length,
    commits: 1,
    changed_files: 1,
  }
}

function headRepositoryShape(fullName: string, base: Repository, at: Addresses) {
  if (fullName === `${base.owner}/${base.name}`) return repositoryShape(base, at)
  const [owner = '', name = ''] = fullName.split('/')
  return { ...repositoryShape({ ...base, owner, name, id: base.id + 7 }, at), fork: true }
}

function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`
}
