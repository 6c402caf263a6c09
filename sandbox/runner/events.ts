import {
  BASE_SHA,
  commitPart,
  deploymentPart,
  issuePart,
  MERGE_SHA,
  MOMENT,
  NO_SHA,
  ownerOf,
  releasePart,
  remarkPart,
  repositoryPart,
  SHA,
  userPart,
} from './event-parts.ts'
import type {
  DeploymentFacts,
  EventSettings,
  IssueCommentSettings,
  MergeGroupSettings,
  OwnEvent,
  PushSettings,
  ReleaseSettings,
  RepositoryContext,
  RunEvent,
  WorkflowRunSettings,
} from './event-settings.ts'
import { pullRequestEvent, reviewEvent } from './pull-request-events.ts'

/**
 * The payload and the refs of an event, after "Events that trigger workflows" and "Webhook events and payloads" of GitHub's
 * documentation: which ref and sha a run sees differs from event to event.
 */
export function buildEvent(settings: EventSettings, repository: RepositoryContext): RunEvent {
  return settings.name === 'workflow_call' ? buildOwn(settings.caller, repository) : buildOwn(settings, repository)
}

function buildOwn(settings: OwnEvent, repository: RepositoryContext): RunEvent {
  const actor = actorOf(settings, repository)
  const common = { repository: repositoryPart(repository), sender: userPart(actor) }
  const onDefault = {
    ref: `refs/heads/${repository.defaultBranch}`,
    sha: SHA,
    headRef: '',
    baseRef: '',
    actor,
    name: settings.name,
  }
  const seen = (rest: Partial<RunEvent>, payload: Record<string, unknown>): RunEvent => ({
    ...onDefault,
    ...rest,
    payload: { ...payload, ...common },
  })
  switch (settings.name) {
    case 'push':
      return push(settings, repository, seen)
    case 'pull_request':
    case 'pull_request_target':
      return pullRequestEvent(settings, repository)
    case 'pull_request_review':
      return reviewEvent(settings, repository)
    case 'schedule':
      // Nothing else is in it: no repository, no default branch, no sender (github/codeql-action#1211,
      // docker/metadata-action#184).
      return { ...onDefault, payload: { schedule: settings.cron ?? '17 3 * * *' } }
    case 'workflow_dispatch': {
      const ref = `refs/heads/${settings.branch ?? repository.defaultBranch}`
      return seen({ ref }, { ref, inputs: settings.inputs ?? {}, workflow: '.github/workflows/neon.yml' })
    }
    case 'create': {
      const { ref, refType = 'branch', sha = SHA } = settings
      const full = `refs/${refType === 'tag' ? 'tags' : 'heads'}/${ref}`
      const master = { master_branch: repository.defaultBranch, description: null }
      return seen({ ref: full, sha }, { ref, ref_type: refType, ...master, pusher_type: 'user' })
    }
    case 'delete':
      return seen({}, { ref: settings.ref, ref_type: settings.refType ?? 'branch', pusher_type: 'user' })
    case 'merge_group':
      return mergeGroup(settings, repository, seen)
    case 'release':
      return release(settings, repository, seen)
    case 'repository_dispatch': {
      const { type, payload = {} } = settings
      return seen({}, { action: type, branch: repository.defaultBranch, client_payload: payload })
    }
    case 'issue_comment':
      return issueComment(settings, repository, seen)
    case 'deployment':
      return seen(deployed(settings), { action: 'created', deployment: deploymentPart(settings) })
    case 'deployment_status': {
      const { state = 'success', environment = 'Preview', url = '' } = settings
      const texts = { description: '', environment, target_url: url, environment_url: url }
      const times = { created_at: MOMENT, updated_at: MOMENT }
      const status = { id: 8_001, state, creator: userPart(actor), ...texts, ...times }
      const payload = { action: 'created', deployment_status: status, deployment: deploymentPart(settings) }
      return seen(deployed(settings), payload)
    }
    case 'workflow_run':
      return workflowRun(settings, repository, seen)
  }
}

type Seen = (rest: Partial<RunEvent>, payload: Record<string, unknown>) => RunEvent

function actorOf(settings: OwnEvent, repository: RepositoryContext): string {
  if ('actor' in settings && settings.actor) return settings.actor
  const byRobot = settings.name === 'deployment' || settings.name === 'deployment_status'
  return byRobot ? 'vercel[bot]' : ownerOf(repository)
}

/** A push that deletes its branch is seen on the default branch, with the deleted ref in the payload alone. */
function push(settings: PushSettings, repository: RepositoryContext, seen: Seen): RunEvent {
  const { branch = repository.defaultBranch, tag, deleted = false, forced = false } = settings
  const ref = tag ? `refs/tags/${tag}` : `refs/heads/${branch}`
  const sha = settings.sha ?? SHA
  const before = settings.before ?? (deleted ? sha : NO_SHA)
  const author = ownerOf(repository)
  const commit = deleted ? null : { ...commitPart(sha, author), distinct: true, added: [], removed: [], modified: [] }
  const payload = {
    ref,
    before,
    after: deleted ? NO_SHA : sha,
    created: !deleted && before === NO_SHA,
    deleted,
    forced,
    base_ref: null,
    commits: commit && !tag ? [commit] : [],
    head_commit: commit,
    pusher: { name: author, email: `${author}@users.noreply.github.com` },
  }
  return seen(deleted ? {} : { ref, sha }, payload)
}

function mergeGroup(settings: MergeGroupSettings, repository: RepositoryContext, seen: Seen): RunEvent {
  const { action = 'checks_requested', reason = 'merged' } = settings
  const base = settings.branch ?? repository.defaultBranch
  const sha = settings.sha ?? MERGE_SHA
  const baseSha = settings.baseSha ?? BASE_SHA
  const ref = `refs/heads/gh-readonly-queue/${base}/pr-${settings.number}-${baseSha}`
  const group = {
    head_sha: sha,
    head_ref: ref,
    base_ref: `refs/heads/${base}`,
    base_sha: baseSha,
    head_commit: commitPart(sha, ownerOf(repository)),
  }
  return seen({ ref, sha }, { action, ...(action === 'destroyed' ? { reason } : {}), merge_group: group })
}

function release(settings: ReleaseSettings, repository: RepositoryContext, seen: Seen): RunEvent {
  const { tag, action = 'published', prerelease = action === 'prereleased' } = settings
  const part = releasePart(tag, prerelease, ownerOf(repository), repository)
  const changes = action === 'edited' ? { changes: { name: { from: 'before' } } } : {}
  return seen({ ref: `refs/tags/${tag}` }, { action, ...changes, release: part })
}

function issueComment(settings: IssueCommentSettings, repository: RepositoryContext, seen: Seen): RunEvent {
  const { action = 'created', body = 'A comment' } = settings
  const issue = issuePart(settings, repository)
  const comment = remarkPart(body, actorOf(settings, repository), issue.html_url)
  const changes = action === 'edited' ? { changes: { body: { from: 'before' } } } : {}
  return seen({}, { action, ...changes, issue, comment })
}

function deployed({ branch, tag, sha = SHA }: DeploymentFacts): Partial<RunEvent> {
  const ref = tag ? `refs/tags/${tag}` : branch ? `refs/heads/${branch}` : ''
  return { ref, sha }
}

function workflowRun(settings: WorkflowRunSettings, repository: RepositoryContext, seen: Seen): RunEvent {
  const { action = 'completed', workflow = 'CI', event = 'pull_request' } = settings
  const headBranch = settings.headBranch ?? 'feature-7'
  const headSha = settings.headSha ?? SHA
  const part = { id: repository.id, name: repository.fullName.split('/')[1] ?? '' }
  const pulls = (settings.pullRequests ?? []).map((number) => ({
    number,
    id: 7_000 + number,
    head: { ref: headBranch, sha: headSha, repo: part },
    base: { ref: repository.defaultBranch, sha: BASE_SHA, repo: part },
  }))
  // The short form of a repository, which lacks the default branch.
  const { default_branch: _, ...headRepository } = repositoryPart(repository)
  const run = {
    id: 9_000_000_000,
    name: workflow,
    event,
    status: action === 'completed' ? 'completed' : action === 'requested' ? 'queued' : 'in_progress',
    conclusion: action === 'completed' ? (settings.conclusion ?? 'success') : null,
    workflow_id: 4_000,
    head_branch: headBranch,
    head_sha: headSha,
    head_commit: commitPart(headSha, ownerOf(repository)),
    head_repository: headRepository,
    pull_requests: pulls,
    run_number: 1,
    run_attempt: 1,
  }
  const file = { id: 4_000, name: workflow, path: '.github/workflows/ci.yml', state: 'active' }
  return seen({}, { action, workflow_run: run, workflow: file })
}
