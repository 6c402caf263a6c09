/** What happened in the repository, in the words of a test; `buildEvent` makes the payload of it. */
export type EventSettings = OwnEvent | WorkflowCallSettings

/** An event with a name of its own: all but a call of a workflow, which has that of its caller. */
export type OwnEvent =
  | PushSettings
  | PullRequestSettings
  | PullRequestReviewSettings
  | IssueCommentSettings
  | DeploymentSettings
  | DeploymentStatusSettings
  | WorkflowRunSettings
  | ReleaseSettings
  | MergeGroupSettings
  | { name: 'schedule'; cron?: string }
  | { name: 'workflow_dispatch'; branch?: string; inputs?: Record<string, string>; actor?: string }
  | { name: 'create'; ref: string; refType?: 'branch' | 'tag'; sha?: string; actor?: string }
  | { name: 'delete'; ref: string; refType?: 'branch' | 'tag'; actor?: string }
  | { name: 'repository_dispatch'; type: string; payload?: Record<string, unknown> }

/** A called workflow (`on: workflow_call`) sees the event of the workflow that called it, its name included. */
export interface WorkflowCallSettings {
  name: 'workflow_call'
  caller: OwnEvent
}

/** A push of commits or of a tag, or one that deleted its branch. */
export interface PushSettings {
  name: 'push'
  branch?: string
  tag?: string
  sha?: string
  before?: string
  deleted?: boolean
  forced?: boolean
  actor?: string
}

/** What can happen to a pull request ("Events that trigger workflows", pull_request, activity types). */
export type PullRequestAction =
  | 'assigned'
  | 'unassigned'
  | 'labeled'
  | 'unlabeled'
  | 'opened'
  | 'edited'
  | 'closed'
  | 'reopened'
  | 'synchronize'
  | 'converted_to_draft'
  | 'ready_for_review'
  | 'locked'
  | 'unlocked'
  | 'milestoned'
  | 'demilestoned'
  | 'enqueued'
  | 'dequeued'
  | 'review_requested'
  | 'review_request_removed'
  | 'auto_merge_enabled'
  | 'auto_merge_disabled'

/** The pull request of an event. */
export interface PullRequestFacts {
  number: number
  title?: string
  /** A closed pull request can still be labeled, edited or commented on; `closed` for the action `closed`, else `open`. */
  state?: 'open' | 'closed'
  headRef?: string
  headSha?: string
  /** The commit that merging would give, which the run is about. */
  mergeSha?: string
  baseRef?: string
  merged?: boolean
  draft?: boolean
  labels?: string[]
  /** `owner/name` of the fork the head lives in; null when it was deleted. The repository itself unless told. */
  headRepository?: string | null
  /** Who opened it; `dependabot[bot]` makes it a Dependabot pull request. */
  author?: string
  /** Who caused this event; the author unless told. */
  actor?: string
}

/** A pull request event. */
export interface PullRequestSettings extends PullRequestFacts {
  name: 'pull_request' | 'pull_request_target'
  action: PullRequestAction
  /** Of `labeled` and `unlabeled`: the label that came or went; `preview` unless told. */
  label?: string
}

/** A review of a pull request. */
export interface PullRequestReviewSettings extends PullRequestFacts {
  name: 'pull_request_review'
  action?: 'submitted' | 'edited' | 'dismissed'
  review?: 'approved' | 'commented' | 'changes_requested' | 'dismissed'
}

/** A comment on a pull request, or on an issue. */
export interface IssueCommentSettings {
  name: 'issue_comment'
  action?: 'created' | 'edited' | 'deleted'
  number: number
  body?: string
  /** Whether the number is an issue's; a pull request's unless told. */
  onIssue?: boolean
  state?: 'open' | 'closed'
  labels?: string[]
  author?: string
  actor?: string
}

/** What is deployed, and where. */
export interface DeploymentFacts {
  /** Git branch; unless told the deployment was made from a commit, as Vercel's are, and has no ref. */
  branch?: string
  tag?: string
  sha?: string
  environment?: string
  actor?: string
}

/** A deployment was made. */
export interface DeploymentSettings extends DeploymentFacts {
  name: 'deployment'
}

/** A deployment came so far. GitHub starts no workflow for the state `inactive`. */
export interface DeploymentStatusSettings extends DeploymentFacts {
  name: 'deployment_status'
  state?: 'error' | 'failure' | 'in_progress' | 'pending' | 'queued' | 'success' | 'waiting'
  url?: string
}

/** Another workflow began or ended. */
export interface WorkflowRunSettings {
  name: 'workflow_run'
  action?: 'requested' | 'in_progress' | 'completed'
  workflow?: string
  conclusion?: 'success' | 'failure' | 'cancelled' | 'skipped'
  /** The event of the other run. */
  event?: string
  headBranch?: string
  headSha?: string
  /** Empty for a fork's, whose runs name no pull request. */
  pullRequests?: number[]
  actor?: string
}

/** Something happened to a release. */
export interface ReleaseSettings {
  name: 'release'
  tag: string
  /** `published`, `created`, `released`, `prereleased`, `edited`, `deleted`, `unpublished`; `published` unless told. */
  action?: string
  prerelease?: boolean
  actor?: string
}

/**
 * A group of a merge queue. GitHub starts workflows for `checks_requested` alone; `destroyed` is a webhook only, and is
 * here for an action that has to bear it.
 */
export interface MergeGroupSettings {
  name: 'merge_group'
  number: number
  action?: 'checks_requested' | 'destroyed'
  /** Of `destroyed`. */
  reason?: 'merged' | 'invalidated' | 'dequeued'
  branch?: string
  sha?: string
  /** The last commit of the branch that the queue merges into. */
  baseSha?: string
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
  /** Empty where the event has none. */
  ref: string
  sha: string
  headRef: string
  baseRef: string
  actor: string
}
