import type { Operation } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import type { Branch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { type Connection, revealPassword } from './connection.ts'
import { explaining } from './explain.ts'
import { waitForBranch, waitForOperations } from './operations.ts'
import { buildUrls, type UrlOptions } from './url.ts'

/**
 * Gives the role of a connection a new password (`resetProjectBranchRolePassword`) and returns the connection with it.
 * The old password works until the operation ends, and open connections are dropped then; the caller logs in with the
 * new one before it is handed on. A reset whose answer was lost is settled by reading the password again: it is sent a
 * second time only where that is still the old one. Throws {@link ActionError}.
 */
export async function rotatePassword(
  neon: Neon,
  branch: Branch,
  connection: Connection,
  options: UrlOptions,
): Promise<Connection> {
  const { projectId, id, name } = branch
  const { role, password: old } = connection
  const task = { what: `give the role ${role} of the branch ${name} a new password`, projectId }
  return await explaining(neon, task, async () => {
    const { password, operations } = await neon.write<{ password: string; operations: Operation[] | undefined }>(
      'resetProjectBranchRolePassword',
      async (api, params) => {
        const { data } = await api.resetProjectBranchRolePassword(projectId, id, role, params)
        return { data: { password: data.role.password ?? '', operations: data.operations } }
      },
      { repeatable: true, readBack: () => lookForNew(neon, branch, { role, old }) },
    )
    neon.runtime.secrets.add(password)
    await (operations ? waitForOperations(neon, projectId, operations) : waitForBranch(neon, projectId, id))
    const fresh = password || (await revealPassword(neon, branch, role)) || ''
    if (!fresh) throw noPassword(role)
    const renewed = { ...connection, password: fresh }
    const rotated = { ...renewed, ...buildUrls(renewed, options) }
    neon.runtime.secrets.add(rotated.url)
    neon.runtime.secrets.add(rotated.pooledUrl)
    return rotated
  })
}

async function lookForNew(neon: Neon, branch: Branch, { role, old }: { role: string; old: string }) {
  await waitForBranch(neon, branch.projectId, branch.id)
  const now = await revealPassword(neon, branch, role)
  return now && now !== old ? { password: now, operations: undefined } : undefined
}

function noPassword(role: string): ActionError {
  return new ActionError(`Neon gave no new password for the role ${role}.`, { advice: 'Run the job again.' })
}
