import type { Operation } from '@neondatabase/api-client'
import { describeMark, isMadeBy, type Owner } from '../ownership.ts'
import { ActionError } from '../runtime/errors.ts'
import { markOf } from './annotations.ts'
import { allBranches, type Branch, findBranch, findBranchByName, getBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { isProjectMissing, NeonError } from './error.ts'
import { explaining } from './explain.ts'
import { waitForOperations } from './operations.ts'

/** A branch that shall be gone. */
export interface DeleteRequest {
  projectId: string
  /** Only a branch that was made for exactly this owner is deleted, unless the user named it. */
  owner: Owner
  /** Exact name; or `id`; or, of a branch that the user named, either of both. */
  name?: string
  id?: string
  nameOrId?: string
  /** The user named this very branch to be deleted: it needs no mark. */
  namedByUser: boolean
}

/** What became of it. */
export interface DeleteResult {
  /** `kept`: it is there and not ours to delete. */
  outcome: 'deleted' | 'gone' | 'kept'
  /** The branch as it was, where it was there. */
  branch?: Branch
  /** Why it was kept. */
  reason?: string
}

/**
 * Deletes a branch; one that is gone already is a success, and one that is not this owner's is kept, which is one too. Two
 * requests beside the polling. Throws {@link ActionError} for a branch with children (which it names), and for the default
 * branch or a protected one that the user named.
 */
export async function deleteBranch(neon: Neon, request: DeleteRequest): Promise<DeleteResult> {
  const { projectId, name, id, nameOrId, namedByUser } = request
  const what = name ?? id ?? nameOrId ?? ''
  return await explaining(neon, { what: `delete the branch ${what}`, projectId }, async () => {
    const branch = await find(neon, request)
    if (!branch) return { outcome: 'gone' }
    const reason = deleteObstacle(branch) || (namedByUser ? '' : foreignReason(branch, request.owner))
    if (reason && !namedByUser) return { outcome: 'kept', branch, reason }
    if (reason) {
      throw new ActionError(`Refused to delete the branch ${branch.name}: ${reason}.`, {
        advice: 'Delete it in the Neon console if you mean it.',
      })
    }
    return { outcome: await removeBranch(neon, branch), branch }
  })
}

/** Why a branch must not be deleted, whosever it is, or an empty string. */
export function deleteObstacle(branch: Branch): string {
  if (branch.default) return 'it is the default branch of the project'
  return branch.protected ? 'it is protected' : ''
}

/** Why a branch is not this owner's to delete, or an empty string. */
export function foreignReason(branch: Branch, owner: Owner): string {
  const mark = markOf(branch.annotations)
  return isMadeBy(mark, owner) ? '' : `it was made by ${describeMark(mark)}`
}

async function find(neon: Neon, { projectId, name, id, nameOrId }: DeleteRequest): Promise<Branch | undefined> {
  if (nameOrId) return await findBranch(neon, projectId, nameOrId)
  if (id) return await getBranch(neon, projectId, id)
  if (name) return await findBranchByName(neon, projectId, name)
  throw new ActionError('No branch was named to be deleted.', { advice: 'Set the input branch or branch_id.' })
}

interface Deleted {
  /** True when it was gone before. */
  gone: boolean
  operations: Operation[]
}

/**
 * Deletes a branch that the caller has checked, and waits for the operations (`deleteProjectBranch`: 200, or 204 when it
 * is gone). Throws NeonError, and ActionError that names the children where it has any.
 */
export async function removeBranch(neon: Neon, branch: Branch): Promise<'deleted' | 'gone'> {
  const { projectId, id } = branch
  let sent = 0
  try {
    const reply = await neon.write<Deleted>(
      'deleteProjectBranch',
      async (api, params) => {
        sent += 1
        const { data, status } = await api.deleteProjectBranch({ projectId, branchId: id }, params)
        // After an answer that was lost, it was we who deleted it. Only a 204 may be empty: a 200 without operations says
        // nothing, and the branch is looked for.
        if (status === 204) return { data: { gone: sent === 1, operations: [] } }
        return { data: { gone: false, operations: data.operations } }
      },
      {
        repeatable: true,
        readBack: async () => ((await getBranch(neon, projectId, id)) ? undefined : { gone: false, operations: [] }),
      },
    )
    await waitForOperations(neon, projectId, reply.operations)
    return reply.gone ? 'gone' : 'deleted'
  } catch (error) {
    if (!(error instanceof NeonError)) throw error
    if (error.status === 404 && !isProjectMissing(error)) return sent > 1 ? 'deleted' : 'gone'
    if (/children/i.test(error.message)) throw await childrenError(neon, branch)
    throw error
  }
}

async function childrenError(neon: Neon, { projectId, id, name }: Branch): Promise<ActionError> {
  const all = await allBranches(neon, projectId)
  const children = all.filter(({ parentId }) => parentId === id).map((child) => child.name)
  return new ActionError(`Could not delete the branch ${name}: it has children: ${children.join(', ')}.`, {
    advice: 'Delete the children first, or let them be made from another parent.',
  })
}
