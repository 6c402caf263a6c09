import { isSameRepository, type Owner } from '../ownership.ts'
import { isMarked, markOf } from './annotations.ts'
import { deleteObstacle } from './branch-delete.ts'
import type { Branch } from './branch-lookup.ts'
import {
  ageInDays,
  childrenOf,
  globToRegExp,
  judgeByPullRequest,
  type PullRequestState,
  type SweepIntent,
  type Verdict,
} from './sweep-plan.ts'

/** What a branch that somebody else made was made for, as far as its mark or its name tells. */
export interface Purpose {
  branch: Branch
  /** Number of the pull request. */
  pullRequest: number | null
  /** Git branch, where no number is told. */
  gitBranch: string
}

/** By which rules branches of others go: those that the user's pattern names and whose purpose is gone. */
export interface ForeignRules {
  owner: Owner
  /** `preview/*`: names with one `*`, which stands for the Git branch or begins with `pr-<number>`. */
  pattern: string
  keep?: readonly string[]
  pullRequests: ReadonlyMap<number, PullRequestState>
  /** Git branches that the repository has. */
  gitBranches: ReadonlySet<string>
}

/**
 * The branches that a pattern names and that neither this action nor another repository made, each with what it was made for:
 * the pull request in the mark of Neon's create-branch-action, `pr-<number>` in the name, else the Git branch that `*`
 * stands for (as Neon's Vercel integration names its branches).
 */
export function foreignPurposes(
  branches: readonly Branch[],
  { owner, pattern }: Pick<ForeignRules, 'owner' | 'pattern'>,
): Purpose[] {
  if (pattern === '') return []
  const whole = globToRegExp(pattern)
  return branches.flatMap((branch): Purpose[] => {
    const mark = markOf(branch.annotations)
    const isElsewheres = mark !== null && !isSameRepository(mark, owner)
    if (!whole.test(branch.name) || isMarked(branch.annotations) || isElsewheres) return []
    const rest = starOf(pattern, branch.name)
    const number = mark?.pullRequest ?? Number(/^pr-(\d+)(?:-|$)/.exec(rest)?.[1] ?? Number.NaN)
    return Number.isNaN(number)
      ? [{ branch, pullRequest: null, gitBranch: rest }]
      : [{ branch, pullRequest: number, gitBranch: '' }]
  })
}

/** What the pattern's first `*` stands for in a name; the whole name where the pattern has none. */
function starOf(pattern: string, name: string): string {
  const star = pattern.indexOf('*')
  if (star < 0) return name
  return name.slice(star, name.length - (pattern.length - star - 1))
}

/**
 * Decides which of them go: those whose pull request is closed, or whose Git branch is not there any more, and that are no
 * default, protected, kept or parent branch. What GitHub does not know keeps the branch.
 * @param all every branch of the project, for the parents.
 * @param now milliseconds since the epoch.
 */
export function planForeign(
  purposes: readonly Purpose[],
  all: readonly Branch[],
  { rules, now }: { rules: ForeignRules; now: number },
): SweepIntent[] {
  const children = childrenOf(all)
  const keep = (rules.keep ?? []).map(globToRegExp)
  return purposes.map((purpose) => {
    const { branch, pullRequest } = purpose
    const child = children.get(branch.id)
    const stays =
      deleteObstacle(branch) ||
      (keep.some((pattern) => pattern.test(branch.name)) && 'the input keep names it') ||
      (child && `it has children, for example ${child}`)
    const verdict = stays ? { remove: false, reason: stays } : judge(purpose, rules)
    return { branch, pullRequest, ageDays: ageInDays(branch, now), ...verdict }
  })
}

function judge({ pullRequest, gitBranch }: Purpose, { pullRequests, gitBranches }: ForeignRules): Verdict {
  if (pullRequest !== null) {
    return judgeByPullRequest(pullRequest, pullRequests.get(pullRequest) ?? 'unknown')
  }
  if (gitBranches.has(gitBranch)) return { remove: false, reason: `the Git branch ${gitBranch} is there` }
  return { remove: true, reason: `the Git branch ${gitBranch} is gone` }
}
