import { type Cluster, prepareCluster } from '../postgres/index.ts'
import { assertNameFree, checkPointInTime } from './branch-create.ts'
import { becomeReady, inherit, newBranch } from './branch-record.ts'
import { layOut, runningCluster, startUp } from './compute.ts'
import { branches } from './guesses.ts'
import { type Step, schedule } from './operations.ts'
import { checkBranchLimits } from './plan.ts'
import { branchNotReady, restoreToItself, restoreWithChildren } from './recorded.ts'
import type { BranchRecord, BranchRestore, ProjectRecord } from './types.ts'
import { branchById, childrenOf, endpointsOf, findBranch, type Handler, now, timestamp, type World } from './world.ts'

/** Checks a wanted restore against the rules. Throws 400, 404, 409 or 422. */
function checkWanted(world: World, project: ProjectRecord, record: BranchRecord, wanted: BranchRestore): BranchRecord {
  const source = branchById(project, wanted.source_branch_id)
  const { preserve_under_name: keepAs } = wanted
  if (record.branch.protected) throw branches.restoreProtected()
  if (source.branch.current_state !== 'ready') throw branchNotReady()
  if (source === record && !wanted.source_timestamp && !wanted.source_lsn) throw restoreToItself()
  const history = {
    project,
    ...(wanted.source_timestamp ? { parent_timestamp: wanted.source_timestamp } : {}),
    ...(wanted.source_lsn ? { parent_lsn: wanted.source_lsn } : {}),
  }
  checkPointInTime(world, history, source)
  if (keepAs) {
    assertNameFree(project, keepAs)
    checkBranchLimits(world, project, false)
    return source
  }
  if (source === record) throw branches.restoreToItselfUnnamed()
  if (childrenOf(project, record.branch.id).length > 0) throw restoreWithChildren()
  return source
}

/** The branch's old state under another name; the children move to it, as the API description says. */
async function preserve(
  world: World,
  project: ProjectRecord,
  record: BranchRecord,
  old: { name: string; cluster: Cluster },
): Promise<BranchRecord> {
  const children = childrenOf(project, record.branch.id)
  const kept = newBranch(world, project, { name: old.name })
  inherit(kept, record)
  const { parent_id: parent } = record.branch
  if (parent) kept.branch.parent_id = parent
  await layOut(project, kept, { copyOf: old.cluster })
  for (const child of children) child.branch.parent_id = kept.branch.id
  return kept
}

/**
 * Gives a branch another branch's data; host, port and endpoints stay. The copy is taken now, it takes the old one's place
 * when the operations end. Roles get the source's passwords, of a protected parent too
 * (https://neon.com/docs/guides/protected-branches).
 */
const restoreProjectBranch: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const { branch } = record
  const wanted = call.body as BranchRestore
  const source = checkWanted(world, project, record, wanted)
  const target = await runningCluster(project, record)
  record.replacement = await prepareCluster({
    copyOf: await runningCluster(project, source),
    port: target.port,
    requireTls: true,
  })
  const kept = wanted.preserve_under_name
    ? await preserve(world, project, record, { name: wanted.preserve_under_name, cluster: target })
    : undefined
  const parent = source === record ? kept : source
  if (parent && branch.parent_id) branch.parent_id = parent.branch.id
  Object.assign(branch, { current_state: 'resetting', pending_state: 'ready', state_changed_at: timestamp(world) })
  const work = async () => {
    await record.prepared?.discard()
    record.prepared = record.replacement
    record.replacement = undefined
    await startUp(project, record)
    if (source !== record) inherit(record, source)
    if (kept) await startUp(project, kept)
    if (kept) becomeReady(world, project, kept.branch.id)
    finishReset(world, project, record)
  }
  return { body: { branch, operations: schedule(world, project, resetSteps(project, record, work)) } }
}

function resetSteps(project: ProjectRecord, record: BranchRecord, work: () => Promise<void>): Step[] {
  const branchId = record.branch.id
  const starts = endpointsOf(project, branchId).map(
    ({ id }): Step => ({ action: 'start_compute', branchId, endpointId: id }),
  )
  const steps: Step[] = [{ action: 'create_branch', branchId }, ...starts]
  return steps.map((step, index) => (index === steps.length - 1 ? { ...step, work } : step))
}

/** A reset starts the time to live anew (https://neon.com/docs/guides/branch-expiration). */
function finishReset(world: World, project: ProjectRecord, record: BranchRecord): void {
  const { branch } = record
  const at = timestamp(world)
  record.hiddenLooks = world.settings.hiddenLooks
  Object.assign(branch, { last_reset_at: at, updated_at: at, parent_timestamp: at })
  if (branch.ttl_interval_seconds) branch.expires_at = timestamp(world, now(world) + branch.ttl_interval_seconds * 1000)
  becomeReady(world, project, branch.id)
}

export const restoreHandlers = { restoreProjectBranch }
