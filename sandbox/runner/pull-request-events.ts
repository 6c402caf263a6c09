import {
  BASE_SHA,
  headRefOf,
  labelPart,
  MERGE_SHA,
  MOMENT,
  NO_SHA,
  ownerOf,
  pullRequestPart,
  remarkPart,
  repositoryPart,
  SHA,
  userPart,
} from './event-parts.ts'
import type {
  PullRequestFacts,
  PullRequestReviewSettings,
  PullRequestSettings,
  RepositoryContext,
  RunEvent,
} from './event-settings.ts'

/** `pull_request` and `pull_request_target`. */
export function pullRequestEvent(settings: PullRequestSettings, repository: RepositoryContext): RunEvent {
  const { name, action, number } = settings
  const state = settings.state ?? (action === 'closed' ? 'closed' : 'open')
  const labels = [...new Set([...(settings.labels ?? []), ...(action === 'labeled' ? [labelOf(settings)] : [])])]
  const draft = settings.draft ?? action === 'converted_to_draft'
  const pull = pullRequestPart({ ...settings, labels, draft }, repository, state)
  const actor = actorOf(settings, repository)
  const payload = {
    action,
    number,
    pull_request: { ...pull, merged: settings.merged ?? false },
    ...extras(settings, actor),
    repository: repositoryPart(repository),
    sender: userPart(actor),
  }
  const target = name === 'pull_request_target'
  const refs = target ? onDefaultBranch(settings, repository) : onMergeBranch(settings, repository)
  return { name, payload, ...refs, headRef: headRefOf(settings), baseRef: pull.base.ref, actor }
}

/** `pull_request_review`. `github.head_ref` and `base_ref` are only there for the two events above. */
export function reviewEvent(settings: PullRequestReviewSettings, repository: RepositoryContext): RunEvent {
  const { action = 'submitted' } = settings
  const pull = pullRequestPart(settings, repository, settings.state ?? 'open')
  const actor = actorOf(settings, repository)
  const verdict = settings.review ?? (action === 'dismissed' ? 'dismissed' : 'approved')
  const review = { ...remarkPart('A review', actor, pull.html_url), state: verdict, submitted_at: MOMENT }
  const common = { repository: repositoryPart(repository), sender: userPart(actor) }
  const payload = { action, review, pull_request: pull, ...common }
  return { name: settings.name, payload, ...onMergeBranch(settings, repository), headRef: '', baseRef: '', actor }
}

/** The merge branch, or the base branch once it is merged. */
function onMergeBranch({ number, merged, baseRef, mergeSha }: PullRequestFacts, repository: RepositoryContext) {
  const base = `refs/heads/${baseRef ?? repository.defaultBranch}`
  return { ref: merged ? base : `refs/pull/${number}/merge`, sha: mergeSha ?? MERGE_SHA }
}

/** Whatever the base is: the default branch and its last commit, since 8 December 2025. */
function onDefaultBranch({ baseRef }: PullRequestFacts, repository: RepositoryContext) {
  const main = repository.defaultBranch
  return { ref: `refs/heads/${main}`, sha: (baseRef ?? main) === main ? BASE_SHA : SHA }
}

function actorOf(settings: PullRequestFacts, repository: RepositoryContext): string {
  return settings.actor ?? settings.author ?? ownerOf(repository)
}

function labelOf(settings: PullRequestSettings): string {
  return settings.label ?? 'preview'
}

/** What only this action has beside the pull request. */
function extras(settings: PullRequestSettings, actor: string): Record<string, unknown> {
  switch (settings.action) {
    case 'synchronize':
      return { before: NO_SHA, after: settings.headSha ?? SHA }
    case 'labeled':
    case 'unlabeled':
      return { label: labelPart(labelOf(settings)) }
    case 'assigned':
    case 'unassigned':
      return { assignee: userPart(actor) }
    case 'review_requested':
    case 'review_request_removed':
      return { requested_reviewer: userPart(actor) }
    case 'edited':
      return { changes: { title: { from: 'before' } } }
    case 'milestoned':
    case 'demilestoned':
      return { milestone: { id: 300, number: 1, title: 'next', state: 'open' } }
    case 'dequeued':
      return { reason: 'MANUAL' }
    case 'auto_merge_disabled':
      return { reason: 'Auto-merge was disabled' }
    default:
      return {}
  }
}
