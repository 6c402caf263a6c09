/** The webhook event that started the run, reduced to what decisions need. */
export interface Event {
  name: string
  /** `opened`, `closed` and so on; empty where the event has none. */
  action: string
  /** `owner/name`. */
  repository: string
  /** GitHub's number of the repository, which stays when it is renamed; empty where nobody tells it. */
  repositoryId: string
  /** Git branch the repository calls its default; empty where the event does not say. */
  defaultBranch: string
  /** `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`. */
  ref: string
  sha: string
  actor: string
  pullRequest: PullRequestEvent | null
  /** Of a `delete` event: the ref that went, without `refs/heads/`, and whether it was a branch. */
  deletedRef: { name: string; isBranch: boolean } | null
  /** Of a `push`: the ref was deleted, there is nothing to check out. */
  pushDeleted: boolean
  /** Of a `merge_group`: the ref of the queue entry. */
  mergeGroupRef: string
  /** What a pull request or an entry of the queue is merged into; `sha` only of the latter, a pull request's may be old. */
  base?: { ref: string; sha: string }
}

/** The pull request of an event. */
export interface PullRequestEvent {
  number: number
  headRef: string
  headSha: string
  /** The head is in another repository (or its repository is gone). */
  fromFork: boolean
  /** Closed or merged; events such as `labeled` come for closed pull requests too. */
  isClosed: boolean
  author: string
}

type Json = Record<string, unknown>

const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const count = (value: unknown): number | null =>
  Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : null

/** Reads the event from a runner's environment and its payload file's content (webhook payloads, docs.github.com). */
export function readEvent(env: NodeJS.ProcessEnv, payload: unknown): Event {
  const body = record(payload)
  const repository = record(body.repository)
  const pull = record(body.pull_request)
  const head = record(pull.head)
  const group = record(body.merge_group)
  const headRepository = text(record(head.repo).full_name)
  const fullName = text(repository.full_name) || (env.GITHUB_REPOSITORY ?? '')
  const name = env.GITHUB_EVENT_NAME ?? ''
  const number = count(pull.number)
  const pushDeleted = name === 'push' && body.deleted === true
  return {
    name,
    action: text(body.action),
    repository: fullName,
    repositoryId: String(count(repository.id) ?? env.GITHUB_REPOSITORY_ID ?? ''),
    defaultBranch: text(repository.default_branch),
    // The runner gives the default branch where a push deleted another one.
    ref: (pushDeleted && text(body.ref)) || (env.GITHUB_REF ?? ''),
    sha: env.GITHUB_SHA ?? '',
    actor: env.GITHUB_ACTOR ?? '',
    pullRequest:
      number !== null
        ? {
            number,
            headRef: text(head.ref),
            headSha: text(head.sha),
            fromFork: headRepository.toLowerCase() !== fullName.toLowerCase(),
            isClosed: pull.state === 'closed',
            author: text(record(pull.user).login),
          }
        : null,
    deletedRef: name === 'delete' ? { name: text(body.ref), isBranch: body.ref_type === 'branch' } : null,
    pushDeleted,
    mergeGroupRef: text(group.head_ref),
    ...baseOf(pull, group),
  }
}

function baseOf(pull: Json, group: Json): Pick<Event, 'base'> {
  const ref = text(record(pull.base).ref)
  if (ref !== '') return { base: { ref, sha: '' } }
  const queued = text(group.base_ref).replace(/^refs\/heads\//, '')
  return queued === '' ? {} : { base: { ref: queued, sha: text(group.base_sha) } }
}
