import type { Operation } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import { allBranches, type Branch, findBranchByName, getBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'
import { explaining } from './explain.ts'
import { waitForOperations } from './operations.ts'
import { isOurs } from './ownership.ts'

/** A branch that shall be gone. */
export interface DeleteRequest {
  projectId: string
  /** `owner/name` of this repository. */
  repository: string
  /** Exact name; or `id`. */
  name?: string
  id?: string
  /**
   * True where the name is certain without our mark: it is exactly this pull request's, or the user named the branch.
   * False: only a branch that carries our mark for this repository is deleted.
   */
  certain: boolean
}

/** What became of it. */
export interface DeleteResult {
  outcome: 'deleted' | 'gone'
  /** The branch as it was, where it was there. */
  branch?: Branch
}

/**
 * Deletes a branch; one that is gone already is a success. Two requests beside the polling.
 * Throws {@link ActionError} for the default branch, a protected one, one that is not ours, and one with children
 * (which it names).
 */
export async function deleteBranch(neon: Neon, request: DeleteRequest): Promise<DeleteResult> {
  const { projectId, name, id } = request
  const what = name ?? id ?? ''
  return await explaining(neon, { what: `delete the branch ${what}`, projectId }, async () => {
    const branch = await find(neon, request)
    if (!branch) return { outcome: 'gone' }
    const reason = deleteObstacle(branch, request)
    if (reason) {
      throw new ActionError(`Refused to delete the branch ${branch.name}: ${reason}.`, {
        advice: 'Delete it in the Neon console if you mean it.',
      })
    }
    return { outcome: await removeBranch(neon, branch), branch }
  })
}

/** Why a branch must not be deleted, or an empty string. */
export function deleteObstacle(branch: Branch, request: Pick<DeleteRequest, 'repository' | 'certain'>): string {
  if (branch.default) return 'it is the default branch of the project'
  if (branch.protected) return 'it is protected'
  if (request.certain || isOurs(branch.annotations, request.repository)) return ''
  return `it does not carry the mark of this action for ${request.repository}`
}

async function find(neon: Neon, { projectId, name, id }: DeleteRequest): Promise<Branch | undefined> {
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
        const { data } = await api.deleteProjectBranch({ projectId, branchId: id }, params)
        // A 204 has no body: axios gives an empty string. After an answer that was lost, it was we who deleted it.
        return { data: data ? { gone: false, operations: data.operations } : { gone: sent === 1, operations: [] } }
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
    if (error.status === 404) return sent > 1 ? 'deleted' : 'gone'
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
