import { ActionError } from '../runtime/errors.ts'
import { ensureNamedBranch, type NamedBranchRequest } from './branch-ensure.ts'
import type { Branch } from './branch-lookup.ts'
import type { Neon } from './client.ts'

/**
 * The branch of a pull request, made or reused, ready, and safe to write to. See {@link ensureNamedBranch} for the number
 * of requests. Throws {@link ActionError}, also for a name that is the default or a protected branch, before it is touched.
 */
export async function ensurePreviewBranch(neon: Neon, request: NamedBranchRequest): Promise<Branch> {
  const branch = await ensureNamedBranch(neon, request, (found) => assertPreviewBranch(found, request.name))
  assertPreviewBranch(branch, request.name)
  return branch
}

/**
 * That a branch is the wanted one and no place where previews do harm. Throws {@link ActionError} when its name differs,
 * or when it is the default or a protected branch.
 */
export function assertPreviewBranch(branch: Branch, name: string, use: 'preview' | 'reset' = 'preview'): void {
  const refuse = (cause: string, advice: string) =>
    new ActionError(
      use === 'reset'
        ? `Refused to reset the branch ${name}: ${cause}.`
        : `Refused to use the branch ${name} as a preview: ${cause}.`,
      { advice },
    )
  if (branch.name !== name) throw refuse(`Neon gave the branch ${branch.name} (${branch.id})`, 'Run the job again.')
  const advice =
    use === 'reset'
      ? 'Name the branch of a pull request: a reset takes all that is in it away.'
      : 'Choose another branch_name for pull requests, for example pr-{number}.'
  if (branch.default) throw refuse('it is the default branch of the project', advice)
  if (branch.protected) throw refuse('it is protected', advice)
}
