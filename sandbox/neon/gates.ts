import { ALSO_NEED_A_COMPUTE, ALSO_NEED_A_WRITER } from './guesses.ts'
import { assertUnlocked, isLocked } from './operations.ts'
import { checkQuotas } from './plan.ts'
import { branchNotReady, computeInTransition, NEED_A_COMPUTE, NEED_A_WRITER, noWriter } from './recorded.ts'
import type { Endpoint, ProjectRecord } from './types.ts'
import { type Call, endpointsOf, findBranch, findEndpoint, type World } from './world.ts'

const SUSPENDING = ['suspendProjectEndpoint', 'deleteProjectEndpoint']

/**
 * What every write of a project has to pass before it is looked at: its branch is not being made (422), its compute does
 * not start or stop (423), no operation runs (423), the branch has the compute that it needs (404), and no quota is used
 * up (402, 412, 423).
 */
export function passGates(world: World, project: ProjectRecord, call: Call, operationId: string): void {
  const endpoint = project.endpoints.get(call.params.endpoint_id ?? '')
  if (endpoint && SUSPENDING.includes(operationId) && inTransition(endpoint)) throw computeInTransition()
  const branch = project.branches.get(branchOf(call, endpoint))
  if (branch?.branch.current_state === 'init' && isLocked(project)) throw branchNotReady()
  assertUnlocked(project)
  if (call.params.endpoint_id && operationId !== 'deleteProjectEndpoint') findEndpoint(world, call)
  const writers = [...NEED_A_WRITER, ...ALSO_NEED_A_WRITER]
  if (writers.includes(operationId) && !hasWriter(project, findBranch(world, call).record.branch.id)) throw noWriter()
  if (!needsCompute(project, operationId, branchOf(call, endpoint))) return
  checkQuotas(world)
}

function inTransition({ current_state: state, pending_state: pending }: Endpoint): boolean {
  return state === 'init' || pending !== undefined
}

/** The branch that a write is about, or is to be made from; the empty string where that is the default branch. */
function branchOf({ params, body }: Call, endpoint: Endpoint | undefined): string {
  const { branch, endpoint: wanted } = (body ?? {}) as {
    branch?: { parent_id?: string }
    endpoint?: { branch_id?: string }
  }
  return params.branch_id ?? endpoint?.branch_id ?? wanted?.branch_id ?? branch?.parent_id ?? ''
}

function hasWriter(project: ProjectRecord, branchId: string): boolean {
  return endpointsOf(project, branchId).some(({ type }) => type === 'read_write')
}

function needsCompute(project: ProjectRecord, operationId: string, branchId: string): boolean {
  if (operationId === 'restoreProjectBranch') return endpointsOf(project, branchId).length > 0
  return NEED_A_COMPUTE.includes(operationId) || ALSO_NEED_A_COMPUTE.includes(operationId)
}
