import type { Operation } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import { wrongBranch } from '../runtime/wrong-branch.ts'
import { assertOfBranch } from './branch-guard.ts'
import type { Branch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { type Connection, revealPassword, withUrls } from './connection.ts'
import { explaining } from './explain.ts'
import { waitForBranch, waitForOperations } from './operations.ts'
import type { UrlOptions } from './url.ts'

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
    const { password, operations, of } = await neon.write<Reset>(
      'resetProjectBranchRolePassword',
      async (api, params) => {
        const { data } = await api.resetProjectBranchRolePassword(projectId, id, role, params)
        const { password = '', branch_id, name: of } = data.role
        return { data: { password, operations: data.operations, of: { branchId: branch_id, role: of } } }
      },
      { repeatable: true, readBack: () => lookForNew(neon, branch, { role, old }) },
    )
    neon.runtime.secrets.add(password)
    if (of) assertRole(of, branch, role)
    await (operations ? waitForOperations(neon, projectId, operations) : waitForBranch(neon, projectId, id))
    const fresh = password || (await revealPassword(neon, branch, role)) || ''
    if (!fresh) throw noPassword(role)
    return withUrls(neon.runtime, { ...connection, password: fresh }, options)
  })
}

/**
 * A connection as it is by now: with the password that Neon holds for its role, which another run may have changed. Itself
 * where that is the same, or where Neon tells none. Throws {@link ActionError}.
 */
export async function renewedConnection<T extends Connection>(
  neon: Neon,
  branch: Branch,
  connection: T,
  options: UrlOptions,
): Promise<T> {
  const { role } = connection
  const task = { what: `read the password of role ${role} of the branch ${branch.name}`, projectId: branch.projectId }
  const password = await explaining(neon, task, () => revealPassword(neon, branch, role))
  if (!password || password === connection.password) return connection
  return withUrls(neon.runtime, { ...connection, password }, options)
}

interface Reset {
  password: string
  /** Undefined when the reply was lost; then it is not told whose role it was either. */
  operations: Operation[] | undefined
  of?: { branchId: string; role: string }
}

function assertRole(of: { branchId: string; role: string }, branch: Branch, role: string): void {
  assertOfBranch({ what: `role ${role}`, branchId: of.branchId }, branch)
  if (of.role !== role) throw wrongBranch(branch.name, `its role is ${role}, and Neon answered about ${of.role}`)
}

async function lookForNew(neon: Neon, branch: Branch, { role, old }: { role: string; old: string }) {
  await waitForBranch(neon, branch.projectId, branch.id)
  const now = await revealPassword(neon, branch, role)
  return now && now !== old ? { password: now, operations: undefined } : undefined
}

function noPassword(role: string): ActionError {
  return new ActionError(`Neon gave no new password for the role ${role}.`, { advice: 'Run the job again.' })
}
