/** What happened in the repository, in the words of a test; {@link buildEvent} makes the payload of it. */
export type EventSettings =
  | { name: 'push'; branch?: string; tag?: string; sha?: string; before?: string; actor?: string }
  | PullRequestSettings
  | { name: 'schedule'; cron?: string }
  | { name: 'workflow_dispatch'; branch?: string; inputs?: Record<string, string>; actor?: string }
  | { name: 'delete'; ref: string; refType?: 'branch' | 'tag'; actor?: string }
  | { name: 'merge_group'; number: number; branch?: string; sha?: string }
  | { name: 'release'; tag: string; action?: string; actor?: string }
  | { name: 'repository_dispatch'; type: string; payload?: Record<string, unknown> }

/** A pull request event. */
export interface PullRequestSettings {
  name: 'pull_request' | 'pull_request_target'
  action: 'opened' | 'reopened' | 'synchronize' | 'closed' | 'labeled' | 'edited' | 'ready_for_review'
  number: number
  title?: string
  headRef?: string
  headSha?: string
  baseRef?: string
  merged?: boolean
  draft?: boolean
  /** `owner/name` of the fork the head lives in; null when it was deleted. The repository itself unless told. */
  headRepository?: string | null
  /** Who opened it; `dependabot[bot]` makes it a Dependabot pull request. */
  author?: string
  /** Who caused this event; the author unless told. */
  actor?: string
}

/** The repository that a run belongs to. */
export interface RepositoryContext {
  /** `owner/name` */
  fullName: string
  id: number
  defaultBranch: string
  private: boolean
  serverUrl: string
}

/** An event as the runner hands it to a step: the payload, and what GITHUB_* variables say of it. */
export interface RunEvent {
  name: string
  payload: Record<string, unknown>
  ref: string
  sha: string
  headRef: string
  baseRef: string
  actor: string
}

const SHA = 'c0ffee'.padEnd(40, '0')
const BASE_SHA = 'ba5e'.padEnd(40, '0')
const MERGE_SHA = 'fe46e'.padEnd(40, '0')
const NO_SHA = '0'.repeat(40)

/**
 * The payload and the refs of an event, after "Events that trigger workflows" and "Webhook events and payloads" of GitHub's
 * documentation: which ref and sha a run sees differs from event to event.
 */
export function buildEvent(settings: EventSettings, repository: RepositoryContext): RunEvent {
  const owner = repository.fullName.split('/')[0] ?? ''
  const actor = ('actor' in settings && settings.actor) || owner
  const common = { repository: repositoryPayload(repository), sender: userPayload(actor) }
  const onDefault = {
    ref: `refs/heads/${repository.defaultBranch}`,
    sha: SHA,
    headRef: '',
    baseRef: '',
    actor,
    name: settings.name,
  }
  switch (settings.name) {
    case 'push': {
      const ref = settings.tag
        ? `refs/tags/${settings.tag}`
        : `refs/heads/${settings.branch ?? repository.defaultBranch}`
      const sha = settings.sha ?? SHA
      const payload = { ref, before: settings.before ?? NO_SHA, after: sha, deleted: false, forced: false, ...common }
      return { ...onDefault, ref, sha, payload }
    }
    case 'pull_request':
    case 'pull_request_target':
      return pullRequestEvent(settings, repository)
    case 'schedule':
      return { ...onDefault, payload: { schedule: settings.cron ?? '17 3 * * *', ...common } }
    case 'workflow_dispatch': {
      const ref = `refs/heads/${settings.branch ?? repository.defaultBranch}`
      return { ...onDefault, ref, payload: { ref, inputs: settings.inputs ?? {}, ...common } }
    }
    case 'delete': {
      const payload = { ref: settings.ref, ref_type: settings.refType ?? 'branch', pusher_type: 'user', ...common }
      return { ...onDefault, payload }
    }
    case 'merge_group': {
      const base = `refs/heads/${settings.branch ?? repository.defaultBranch}`
      const sha = settings.sha ?? MERGE_SHA
      const ref = `refs/heads/gh-readonly-queue/${base.slice('refs/heads/'.length)}/pr-${settings.number}-${BASE_SHA}`
      const group = { head_sha: sha, head_ref: ref, base_ref: base, base_sha: BASE_SHA }
      return { ...onDefault, ref, sha, payload: { action: 'checks_requested', merge_group: group, ...common } }
    }
    case 'release': {
      const release = {
        tag_name: settings.tag,
        target_commitish: repository.defaultBranch,
        name: settings.tag,
        draft: false,
        prerelease: false,
      }
      const payload = { action: settings.action ?? 'published', release, ...common }
      return { ...onDefault, ref: `refs/tags/${settings.tag}`, payload }
    }
    case 'repository_dispatch': {
      const payload = {
        action: settings.type,
        branch: repository.defaultBranch,
        client_payload: settings.payload ?? {},
        ...common,
      }
      return { ...onDefault, payload }
    }
  }
}

function pullRequestEvent(settings: PullRequestSettings, repository: RepositoryContext): RunEvent {
  const { action, number } = settings
  const owner = repository.fullName.split('/')[0] ?? ''
  const author = settings.author ?? owner
  const actor = settings.actor ?? author
  const headRef = settings.headRef ?? `feature-${number}`
  const headSha = settings.headSha ?? SHA
  const baseRef = settings.baseRef ?? repository.defaultBranch
  const headRepository = settings.headRepository === undefined ? repository.fullName : settings.headRepository
  const merged = settings.merged ?? false
  const headOwner = headRepository?.split('/')[0] ?? 'ghost'
  const pull = {
    number,
    title: settings.title ?? `Pull ${number}`,
    state: action === 'closed' ? 'closed' : 'open',
    draft: settings.draft ?? false,
    merged,
    merge_commit_sha: MERGE_SHA,
    html_url: `${repository.serverUrl}/${repository.fullName}/pull/${number}`,
    user: userPayload(author),
    head: {
      label: `${headOwner}:${headRef}`,
      ref: headRef,
      sha: headSha,
      repo: headRepository === null ? null : headPayload(headRepository, repository),
    },
    base: {
      label: `${owner}:${baseRef}`,
      ref: baseRef,
      sha: BASE_SHA,
      repo: repositoryPayload(repository),
    },
  }
  const payload = {
    action,
    number,
    pull_request: pull,
    ...(action === 'synchronize' ? { before: NO_SHA, after: headSha } : {}),
    repository: repositoryPayload(repository),
    sender: userPayload(actor),
  }
  // pull_request sees the merge branch, or the base branch once it is merged; pull_request_target always the base branch.
  const onBase = settings.name === 'pull_request_target' || merged
  const ref = onBase ? `refs/heads/${baseRef}` : `refs/pull/${number}/merge`
  const sha = settings.name === 'pull_request_target' ? BASE_SHA : MERGE_SHA
  return { name: settings.name, payload, ref, sha, headRef, baseRef, actor }
}

function repositoryPayload(repository: RepositoryContext) {
  const [owner = '', name = ''] = repository.fullName.split('/')
  return {
    id: repository.id,
    name,
    full_name: repository.fullName,
    private: repository.private,
    owner: userPayload(owner),
    html_url: `${repository.serverUrl}/${repository.fullName}`,
    default_branch: repository.defaultBranch,
    fork: false,
  }
}

function headPayload(fullName: string, base: RepositoryContext) {
  const own = fullName === base.fullName
  return own ? repositoryPayload(base) : { ...repositoryPayload({ ...base, fullName, id: base.id + 1 }), fork: true }
}

function userPayload(login: string) {
  return {
    login,
    id: [...login].reduce((sum, char) => sum + char.charCodeAt(0), 1000),
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
  }
}
