import type { Operation } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import { wrongBranch } from '../runtime/wrong-branch.ts'
import { renewExpiry } from './branch-ensure.ts'
import { assertBranch } from './branch-guard.ts'
import { allBranches, type Branch, getBranch, toBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'
import { explaining } from './explain.ts'
import { waitForBranch, waitForOperations } from './operations.ts'

/**
 * Puts a branch back to its parent's present state (`restoreProjectBranch` from `parent_id`) and waits. Its id, host and
 * URLs stay, and so does the login, unless the parent's passwords changed; its own schema and rows are gone.
 * @param expiresAt RFC 3339: when it shall now expire; null takes the expiry off, undefined leaves it to Neon, which starts
 *   the branch's time anew where it has one.
 * @throws ActionError for the default branch, a protected one, one without a parent, and one with children (named).
 */
export async function resetToParent(neon: Neon, branch: Branch, expiresAt?: string | null): Promise<Branch> {
  const { projectId, id, name, parentId } = branch
  const refuse = (cause: string, advice: string) =>
    new ActionError(`Could not reset the branch ${name}: ${cause}.`, { advice })
  if (branch.default || branch.protected) {
    throw refuse(`it is ${branch.default ? 'the default branch' : 'protected'}`, 'Only preview branches are reset.')
  }
  if (!parentId) {
    throw refuse('it has no parent (schema-only branches are roots)', 'Delete the branch and run the job again.')
  }
  return await explaining(neon, { what: `reset the branch ${name} to its parent`, projectId }, async () => {
    const operations = await restore(neon, branch, parentId)
    await (operations ? waitForOperations(neon, projectId, operations) : waitForBranch(neon, projectId, id))
    return await renewExpiry(neon, branch, expiresAt)
  })
}

async function restore(neon: Neon, branch: Branch, parentId: string): Promise<Operation[] | undefined> {
  const { projectId, id, lastResetAt } = branch
  try {
    const reply = await neon.write<{ operations: Operation[] | undefined; answer?: Branch }>(
      'restoreProjectBranch',
      async (api, params) => {
        const { data } = await api.restoreProjectBranch(projectId, id, { source_branch_id: parentId }, params)
        return { data: { operations: data.operations, answer: toBranch(data.branch) } }
      },
      {
        // Nothing has been written to the branch in between: a second reset leads to the same state.
        repeatable: true,
        async readBack() {
          const now = await getBranch(neon, projectId, id)
          const happened = now && (now.state === 'resetting' || now.lastResetAt !== lastResetAt)
          return happened ? { operations: undefined } : undefined
        },
      },
    )
    if (reply.answer) assertRestored(reply.answer, branch)
    return reply.operations
  } catch (error) {
    if (!(error instanceof NeonError) || !/children|preserve_under_name/i.test(error.message)) throw error
    const children = (await allBranches(neon, projectId)).filter((other) => other.parentId === id)
    const list = children.map((child) => child.name).join(', ')
    throw new ActionError(`Could not reset the branch ${branch.name}: it has children: ${list}.`, {
      advice: 'Delete the children first.',
    })
  }
}

/** Throws {@link ActionError} unless a restore was answered with the branch that was to be restored. */
function assertRestored(answer: Branch, branch: Branch): void {
  assertBranch(answer, branch)
  const { id } = answer
  if (answer.default) throw wrongBranch(branch.name, `Neon answered that ${id} is the default branch`)
  if (answer.protected) throw wrongBranch(branch.name, `Neon answered that ${id} is protected`)
}
