import { describeMark, type Owner, standingOf } from '../ownership.ts'
import { ActionError } from '../runtime/errors.ts'
import { markOf } from './annotations.ts'
import type { Branch } from './branch-lookup.ts'

/** Who wants to use a branch that is there, and how it came to its name. */
export interface Claim {
  owner: Owner
  /** Whether the user wrote this very name: then a branch that nobody else marked may be used, as a guest. */
  namedByUser: boolean
  /** What is to be done with it, where that is more than to use it; told in the error. */
  doing?: 'reset' | 'rotate'
}

/**
 * Decides whether a branch that is there may be used, that is: get SQL and be handed out. `owner`: it may be expired, reset
 * and deleted too. `guest`: only used; that is the one exception, for a branch that the user named and that is unmarked or
 * this repository's own. Throws {@link ActionError} for every other branch.
 */
export function claimBranch(branch: Branch, { owner, namedByUser, doing }: Claim): 'owner' | 'guest' {
  const mark = markOf(branch.annotations)
  const standing = standingOf(mark, owner)
  const sharedByAll = mark?.pullRequest === null && owner.pullRequest === null
  if (standing === 'ours' && !(sharedByAll && namedByUser)) return 'owner'
  if (standing === 'ours' || (namedByUser && standing !== 'other')) return 'guest'
  const whose =
    standing === 'unmarked'
      ? 'it is there already, and nothing says that this action made it'
      : `it belongs to ${describeMark(mark)}`
  if (doing) {
    const what = doing === 'reset' ? 'reset the branch' : 'give a new password to the branch'
    throw new ActionError(`Refused to ${what} ${branch.name}: ${whose}.`, {
      advice:
        standing === 'unmarked'
          ? 'Name it in the input branch if it is meant.'
          : 'Name a branch that was made for this pull request or repository.',
    })
  }
  throw new ActionError(`Refused to use the branch ${branch.name}: ${whose}.`, {
    advice:
      standing === 'unmarked'
        ? 'Delete or rename it, choose another branch_name, or write this name as branch_name without a placeholder if it is meant.'
        : 'Choose a branch_name that no other repository or pull request has, for example {repository}-pr-{number}.',
  })
}
