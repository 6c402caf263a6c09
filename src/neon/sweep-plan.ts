import { isSameRepository, type Owner } from '../ownership.ts'
import { gitBranchOf, isMarked, markOf } from './annotations.ts'
import { deleteObstacle } from './branch-delete.ts'
import type { Branch } from './branch-lookup.ts'

/** State of a pull request as GitHub tells it; `unknown` where it could not be read, which keeps the branch. */
export type PullRequestState = 'open' | 'closed' | 'unknown'

/** By which rules a schedule's branches go. */
export interface SweepRules {
  /** The repository; its pull request plays no part. */
  owner: Owner
  /** By number; a number that is missing counts as unknown. */
  pullRequests: ReadonlyMap<number, PullRequestState>
  /** Milliseconds after which a pull request's branch goes although it is open; undefined for never. */
  maxAge?: number | undefined
  /** Names to keep; `*` stands for any text, `?` for one character. */
  keep?: readonly string[]
}

/** By which rules branches go when a Git branch was deleted. */
export interface DeletedRefRules {
  owner: Owner
  /** The Git branch that went, without `refs/heads/`. */
  ref: string
  /** Whether the repository has a Git branch of that name again. */
  refIsThere: boolean
  pullRequests: ReadonlyMap<number, { state: PullRequestState; fromFork: boolean }>
}

/** What is meant to happen to one branch. */
export interface SweepIntent {
  branch: Branch
  pullRequest: number | null
  ageDays: number
  remove: boolean
  reason: string
}

const DAY = 86_400_000

/** Numbers of the pull requests that branches with our mark for this repository were made for, ascending. */
export function pullRequestsOf(branches: readonly Branch[], owner: Owner): number[] {
  const numbers = branches.flatMap((branch) => (isOwn(branch, owner) ? (numberOf(branch) ?? []) : []))
  return [...new Set(numbers)].sort((a, b) => a - b)
}

function isOwn({ annotations }: Branch, owner: Owner): boolean {
  const mark = markOf(annotations)
  return isMarked(annotations) && mark !== null && isSameRepository(mark, owner)
}

function numberOf({ annotations }: Branch): number | null {
  return markOf(annotations)?.pullRequest ?? null
}

/** Whether a branch goes, and why. */
export type Verdict = Pick<SweepIntent, 'remove' | 'reason'>

const stay = (reason: string): Verdict => ({ remove: false, reason })
const go = (reason: string): Verdict => ({ remove: true, reason })

/** What the state of the pull request that a branch was made for says about it. */
export function judgeByPullRequest(number: number, state: PullRequestState): Verdict {
  if (state === 'closed') return go(`pull request #${number} is closed`)
  return stay(state === 'open' ? `pull request #${number} is open` : `the state of pull request #${number} is unknown`)
}

/** One child's name of each branch that has children, by the branch's id. */
export function childrenOf(branches: readonly Branch[]): Map<string, string> {
  return new Map(branches.flatMap(({ parentId, name }) => (parentId ? [[parentId, name] as const] : [])))
}

/** Whole days since a branch was made. */
export function ageInDays({ createdAt }: Branch, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(createdAt)) / DAY))
}

/**
 * Decides for each branch, without a request. Only a branch goes that carries our mark for this repository, has a pull
 * request that is closed (or open, but older than `maxAge`), and is no default, protected, kept or parent branch.
 * @param now milliseconds since the epoch.
 */
export function planSweep(branches: readonly Branch[], rules: SweepRules, now: number): SweepIntent[] {
  const keep = (rules.keep ?? []).map(globToRegExp)
  return planFor(branches, now, (branch, age) => judgeBySchedule({ branch, age, rules, keep }))
}

/**
 * Decides which branches go after a Git branch was deleted: those with our mark for this repository that were made for that
 * Git branch, whose pull request is closed and not a fork's (a fork may have a Git branch of the same name), or which
 * belong to no pull request and whose Git branch is not there again. All others are left out.
 * @param now milliseconds since the epoch.
 */
export function planAfterDelete(branches: readonly Branch[], rules: DeletedRefRules, now: number): SweepIntent[] {
  const candidates = branches.filter(
    (branch) => isOwn(branch, rules.owner) && gitBranchOf(branch.annotations) === rules.ref,
  )
  const ids = new Set(candidates.map(({ id }) => id))
  return planFor(branches, now, (branch) => judgeByRef(branch, rules)).filter(({ branch }) => ids.has(branch.id))
}

function planFor(
  branches: readonly Branch[],
  now: number,
  judge: (branch: Branch, age: number) => Verdict,
): SweepIntent[] {
  const children = childrenOf(branches)
  return branches.map((branch) => {
    const verdict = judge(branch, now - Date.parse(branch.createdAt))
    const child = children.get(branch.id)
    return {
      branch,
      pullRequest: numberOf(branch),
      ageDays: ageInDays(branch, now),
      ...(verdict.remove && child ? stay(`it has children, for example ${child}`) : verdict),
    }
  })
}

interface ScheduleCase {
  branch: Branch
  age: number
  rules: SweepRules
  keep: RegExp[]
}

function judgeBySchedule({ branch, age, rules, keep }: ScheduleCase): Verdict {
  const obstacle = deleteObstacle(branch)
  if (obstacle) return stay(obstacle)
  if (!isOwn(branch, rules.owner))
    return stay(`it does not carry the mark of this action for ${rules.owner.repository}`)
  const pullRequest = numberOf(branch)
  if (pullRequest === null) return stay('it belongs to no pull request')
  if (keep.some((pattern) => pattern.test(branch.name))) return stay('the input keep names it')
  const state = rules.pullRequests.get(pullRequest) ?? 'unknown'
  const isTooOld = state === 'open' && rules.maxAge !== undefined && age > rules.maxAge
  return isTooOld
    ? go(`it is older than ${Math.round((rules.maxAge ?? 0) / DAY)} days`)
    : judgeByPullRequest(pullRequest, state)
}

/** Whether a Git branch is one that GitHub's merge queue makes for an entry. */
export function isQueueRef(ref: string): boolean {
  return ref.startsWith('gh-readonly-queue/')
}

function judgeByRef(branch: Branch, { owner, ref, refIsThere, pullRequests }: DeletedRefRules): Verdict {
  const obstacle = deleteObstacle(branch)
  if (obstacle) return stay(obstacle)
  if (!isOwn(branch, owner)) return stay(`it does not carry the mark of this action for ${owner.repository}`)
  const number = numberOf(branch)
  // The merge queue's Git branches are made by GitHub and end with each try, long before the pull request may.
  if (number === null || isQueueRef(ref)) {
    return refIsThere ? stay(`the Git branch ${ref} is there again`) : go(`the Git branch ${ref} is gone`)
  }
  const pull = pullRequests.get(number)
  if (pull?.fromFork) return stay(`pull request #${number} comes from a fork, whose Git branch is another one`)
  return judgeByPullRequest(number, pull?.state ?? 'unknown')
}

/**
 * A name pattern with `*` and `?` as a regular expression over the whole name. What stands between two `*` is looked for
 * once, from the left, and never again: a pattern of many would otherwise be tried for hours on one name.
 */
export function globToRegExp(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '.')
  const [first = '', ...rest] = pattern.split(/\*+/).map(literal)
  const last = rest.pop()
  if (last === undefined) return new RegExp(`^${first}$`, 's')
  // A lookahead is not tried anew, so that its group with a reference to it stands for an atomic group.
  const between = rest.map((text, index) => `(?=(?<m${index}>.*?${text}))\\k<m${index}>`)
  return new RegExp(`^${first}${between.join('')}.*${last}$`, 's')
}
