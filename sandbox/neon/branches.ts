import { assertNameFree } from './branch-create.ts'
import { dropConnections, tearDown } from './compute.ts'
import { removeEndpoint } from './endpoints.ts'
import { branches, expiry } from './guesses.ts'
import { isLocked, type Step, schedule } from './operations.ts'
import { checkExpiry, checkProtectedLimit } from './plan.ts'
import { hasChildren } from './recorded.ts'
import type { BranchRecord, BranchUpdate, Operation, ProjectRecord } from './types.ts'
import {
  childrenOf,
  defaultBranch,
  endpointsOf,
  findBranch,
  findProject,
  type Handler,
  now,
  timestamp,
  type World,
} from './world.ts'

const deleteProjectBranch: Handler = (world, call) => {
  const project = findProject(world, call)
  const record = project.branches.get(call.params.branch_id ?? '')
  if (!record) return { status: 204 }
  if (record.branch.default) throw branches.deleteDefault()
  if (record.branch.protected) throw branches.deleteProtected()
  const children = childrenOf(project, record.branch.id)
  if (children.length > 0) throw hasChildren(children.map(({ branch }) => branch.id))
  return { body: { branch: record.branch, operations: removeBranch(world, project, record) } }
}

/** Lets a branch go: it is there until its operations end. */
function removeBranch(world: World, project: ProjectRecord, record: BranchRecord): Operation[] {
  const branchId = record.branch.id
  const endpoints = endpointsOf(project, branchId)
  const suspend = async () => {
    if (record.cluster) await dropConnections(record.cluster)
  }
  const steps = endpoints.map(
    ({ id }): Step => ({
      action: 'suspend_compute',
      branchId,
      endpointId: id,
      work: suspend,
    }),
  )
  const remove = async () => {
    for (const { id } of endpoints) await removeEndpoint(project, id)
    project.branches.delete(branchId)
    await tearDown(record)
  }
  return schedule(world, project, [...steps, { action: 'delete_timeline', branchId, work: remove }])
}

/** Deletes the branches whose time is over, as Neon's background job does; a project that is busy waits. */
export function expireBranches(world: World): void {
  for (const project of world.projects.values()) {
    for (const record of project.branches.values()) {
      const { expires_at: expiry, id } = record.branch
      if (!expiry || Date.parse(expiry) > now(world)) continue
      if (!isLocked(project) && childrenOf(project, id).length === 0) removeBranch(world, project, record)
    }
  }
}

const updateProjectBranch: Handler = (world, call) => {
  const { project, record } = findBranch(world, call)
  const { branch } = record
  const wanted = (call.body as BranchUpdate).branch
  if (wanted.name !== undefined && wanted.name !== branch.name) assertNameFree(project, wanted.name)
  const willBeProtected = wanted.protected ?? branch.protected
  if (wanted.protected && !branch.protected) checkProtectedLimit(world, project)
  if (wanted.protected && branch.expires_at && wanted.expires_at !== null) throw expiry.protect()
  if (wanted.expires_at) checkMayExpire(project, record, willBeProtected)
  const ttl = wanted.expires_at ? checkExpiry(world, wanted.expires_at) : undefined
  Object.assign(branch, { name: wanted.name ?? branch.name, protected: willBeProtected, updated_at: timestamp(world) })
  if (wanted.expires_at) Object.assign(branch, { expires_at: wanted.expires_at, ttl_interval_seconds: ttl })
  if (wanted.expires_at === null) {
    delete branch.expires_at
    delete branch.ttl_interval_seconds
  }
  return { body: { branch, operations: [] } }
}

function checkMayExpire(project: ProjectRecord, record: BranchRecord, willBeProtected: boolean): void {
  const { branch } = record
  if (branch.default) throw expiry.default()
  if (willBeProtected) throw expiry.protected()
  if (childrenOf(project, branch.id).length > 0) throw expiry.parent()
}

const setDefaultProjectBranch: Handler = (world, call) => {
  const { project, record } = findBranch(world, call)
  if (record.branch.expires_at) throw expiry.makeDefault()
  Object.assign(defaultBranch(project).branch, { default: false, primary: false, updated_at: timestamp(world) })
  Object.assign(record.branch, { default: true, primary: true, updated_at: timestamp(world) })
  return { body: { branch: record.branch, operations: [] } }
}

export const branchHandlers = { deleteProjectBranch, setDefaultProjectBranch, updateProjectBranch }
