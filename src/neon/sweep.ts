import type { SweepRow } from '../model.ts'
import { errorMessage } from '../runtime/errors.ts'
import { deleteObstacle, removeBranch } from './branch-delete.ts'
import { allBranches, type Branch, getBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'
import { describe, explaining } from './explain.ts'
import { isOurs, pullRequestOf } from './ownership.ts'
import { createPacer, inParallel } from './parallel.ts'

/** State of a pull request as GitHub tells it; `unknown` where it could not be read, which keeps the branch. */
export type PullRequestState = 'open' | 'closed' | 'unknown'

/** By which rules branches go. */
export interface SweepRules {
  /** `owner/name` of this repository. */
  repository: string
  /** By number; a number that is missing counts as unknown. */
  pullRequests: ReadonlyMap<number, PullRequestState>
  /** Milliseconds after which a pull request's branch goes although it is open; undefined for never. */
  maxAge?: number | undefined
  /** Names to keep; `*` stands for any text, `?` for one character. */
  keep?: readonly string[]
}

/** What is meant to happen to one branch. */
export interface SweepIntent {
  branch: Branch
  pullRequest: number | null
  ageDays: number
  remove: boolean
  reason: string
}

/** How the deletes are done. */
export interface SweepOptions extends SweepRules {
  projectId: string
  dryRun: boolean
  /** Takes away what else the branch's pull request has; when it fails, the branch stays for the next sweep. */
  beforeDelete?(pullRequest: number): Promise<void>
  /** Deletes under way at once. */
  concurrency?: number
}

const DAY = 86_400_000
const CONCURRENCY = 4
// Neon allows 700 requests a minute; a delete takes about five: a read, the delete itself and the polling.
const STARTS_PER_SECOND = 2

/**
 * Every branch of the project, all pages, for {@link planSweep}; the pull requests to ask GitHub about are those that
 * {@link pullRequestsOf} finds in it. Throws {@link ActionError} when a page cannot be read: a sweep sees all or nothing.
 */
export async function sweepCandidates(neon: Neon, projectId: string): Promise<Branch[]> {
  return await explaining(neon, { what: `list the branches of project ${projectId}`, projectId }, () =>
    allBranches(neon, projectId),
  )
}

/** Numbers of the pull requests that branches with our mark for this repository were made for, ascending. */
export function pullRequestsOf(branches: readonly Branch[], repository: string): number[] {
  const ours = branches.filter(({ annotations }) => isOurs(annotations, repository))
  const numbers = ours.flatMap(({ annotations }) => pullRequestOf(annotations) ?? [])
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/**
 * Decides for each branch, without a request. Only a branch goes that carries our mark for this repository, has a pull
 * request that is closed (or open, but older than `maxAge`), and is no default, protected, kept or parent branch.
 * @param now milliseconds since the epoch.
 */
export function planSweep(branches: readonly Branch[], rules: SweepRules, now: number): SweepIntent[] {
  const parents = new Map(branches.flatMap(({ parentId, name }) => (parentId ? [[parentId, name] as const] : [])))
  const keep = (rules.keep ?? []).map(globToRegExp)
  return branches.map((branch) => {
    const pullRequest = pullRequestOf(branch.annotations)
    const age = now - Date.parse(branch.createdAt)
    const verdict = judge({ branch, pullRequest, age, rules, keep, child: parents.get(branch.id) })
    return { branch, pullRequest, ageDays: Math.max(0, Math.floor(age / DAY)), ...verdict }
  })
}

interface Case {
  branch: Branch
  pullRequest: number | null
  age: number
  rules: SweepRules
  keep: RegExp[]
  child: string | undefined
}

function judge({ branch, pullRequest, age, rules, keep, child }: Case): Pick<SweepIntent, 'remove' | 'reason'> {
  const stay = (reason: string) => ({ remove: false, reason })
  const obstacle = deleteObstacle(branch, { repository: rules.repository, certain: false })
  if (obstacle) return stay(obstacle)
  if (pullRequest === null) return stay('it belongs to no pull request')
  if (keep.some((pattern) => pattern.test(branch.name))) return stay('the input keep names it')
  if (child) return stay(`it has children, for example ${child}`)
  const state = rules.pullRequests.get(pullRequest) ?? 'unknown'
  if (state === 'closed') return { remove: true, reason: `pull request #${pullRequest} is closed` }
  if (state === 'unknown') return stay(`the state of pull request #${pullRequest} is unknown`)
  if (rules.maxAge === undefined || age <= rules.maxAge) return stay(`pull request #${pullRequest} is open`)
  return { remove: true, reason: `it is older than ${Math.round(rules.maxAge / DAY)} days` }
}

/**
 * Carries a plan out: each branch is read again and judged again right before its delete. One that fails is told in its
 * row and does not stop the others. With `dryRun` nothing is deleted. Rows come in the order of the plan.
 * Throws {@link ActionError} only when the key is refused.
 */
export async function sweepBranches(
  neon: Neon,
  plan: readonly SweepIntent[],
  options: SweepOptions,
): Promise<SweepRow[]> {
  const pace = createPacer(neon.runtime, STARTS_PER_SECOND)
  return await inParallel(plan, options.concurrency ?? CONCURRENCY, async (intent) => {
    if (!intent.remove) return row(intent, 'kept', intent.reason)
    if (options.dryRun) return row(intent, 'would delete', intent.reason)
    await pace()
    return await sweepOne(neon, intent, options)
  })
}

async function sweepOne(neon: Neon, intent: SweepIntent, options: SweepOptions): Promise<SweepRow> {
  const { id } = intent.branch
  try {
    const now = await getBranch(neon, options.projectId, id)
    if (!now) return row(intent, 'deleted', `${intent.reason}; it was gone already`)
    if (wasUsed(intent.branch, now)) return row(intent, 'kept', 'a run used it while this sweep was under way')
    const [again] = planSweep([now], options, neon.runtime.clock.now())
    if (!again?.remove) return row(intent, 'kept', again?.reason ?? 'it changed')
    if (again.pullRequest !== null) await options.beforeDelete?.(again.pullRequest)
    await removeBranch(neon, now)
    return row(intent, 'deleted', intent.reason)
  } catch (error) {
    neon.runtime.signal.throwIfAborted()
    if (error instanceof NeonError && error.status === 401) {
      return await explaining(neon, { what: 'sweep the branches' }, () => Promise.reject(error))
    }
    return row(intent, 'failed', error instanceof NeonError ? describe(error) : errorMessage(error))
  }
}

/** A run that reuses or resets a branch moves its expiry or the time of its last reset. */
function wasUsed(before: Branch, now: Branch): boolean {
  return before.expiresAt !== now.expiresAt || before.lastResetAt !== now.lastResetAt
}

function row(intent: SweepIntent, action: SweepRow['action'], reason: string): SweepRow {
  const { branch, pullRequest, ageDays } = intent
  return { branchId: branch.id, branchName: branch.name, pullRequest, ageDays, action, reason }
}

/** A name pattern with `*` and `?` as a regular expression over the whole name. */
export function globToRegExp(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}
