import { connectionUrl } from '../database/connection-url.ts'
import { existingGitBranches, pullRequestFacts } from '../github/index.ts'
import type { Outcome } from '../model.ts'
import {
  type Branch,
  type DeleteResult,
  deleteBranch,
  gitBranchOf,
  isQueueRef,
  type Neon,
  planAfterDelete,
  pullRequestsOf,
  sweepBranches,
  sweepCandidates,
} from '../neon/index.ts'
import { ownerOf, phase, type Run, repositoryQuery, warn } from '../run.ts'
import { announceBranch } from './steps/branch.ts'
import { removeSecret } from './steps/credentials.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { tellSweep } from './steps/sweep-rows.ts'

/** Takes away what a pull request had: its branch, its Secret. What is gone already is a success. */
export async function cleanup(run: Run): Promise<Outcome> {
  const { pullRequest } = run.plan
  // Outside a pull request the Secret may be the one that production reads.
  if (run.config.kubernetes && pullRequest !== null) {
    await phase(run, 'Kubernetes', () => removeSecret(run, pullRequest))
  }
  if (run.config.connectionString !== '') {
    // No branch was made, and the database is the user's: it stays. Its comment is found by its name.
    const { database: name, user: role, host } = connectionUrl(run.config.connectionString)
    if (name !== '') run.report.database = { name, role, host }
    return 'gone'
  }
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  run.outputs.set('created', 'false')
  if (run.plan.deletedHeadRef !== '' && run.plan.naming === 'none') return await afterDelete(run, neon, project.id)
  const result = await phase(run, 'Branch', () => deletePlanned(run, neon, project.id))
  return tell(run, neon, result)
}

async function deletePlanned(run: Run, neon: Neon, projectId: string): Promise<DeleteResult> {
  const { branchName, naming } = run.plan
  const namedByUser = naming === 'named'
  // A filled template is a name and nothing else: a Git branch may be named like the id of another Neon branch.
  const wanted = namedByUser ? { nameOrId: branchName } : { name: branchName }
  return await deleteBranch(neon, { projectId, owner: ownerOf(run), namedByUser, ...wanted })
}

function tell(run: Run, neon: Neon, { outcome, branch, reason }: DeleteResult): Outcome {
  if (branch) announceBranch(run, neon, branch)
  run.report.branch ??= { id: '', name: run.plan.branchName, created: false }
  run.outputs.set('deleted', String(outcome === 'deleted'))
  const { name } = run.report.branch
  if (outcome === 'kept') {
    warn(
      run,
      `Kept the branch ${name}: ${reason}. To delete it all the same, name it in a step with mode: cleanup and branch.`,
    )
  } else {
    run.runtime.log.info(outcome === 'deleted' ? `Deleted the branch ${name}.` : `The branch ${name} is already gone.`)
  }
  return outcome
}

/**
 * After the event `delete`: takes away the branches that were made for the Git branch that went, each with its Secret, as a
 * closed pull request does. The event can come late, or for a name that is used again, so GitHub is asked what is true now.
 */
async function afterDelete(run: Run, neon: Neon, projectId: string): Promise<Outcome> {
  const owner = ownerOf(run)
  const { clock } = run.runtime
  const branches = await phase(run, 'Branches', () => sweepCandidates(neon, projectId))
  const made = branches.filter(({ annotations }) => gitBranchOf(annotations) === run.plan.deletedHeadRef)
  const plan = async (candidates: Branch[]) =>
    made.length === 0
      ? []
      : planAfterDelete(
          candidates,
          { owner, ref: run.plan.deletedHeadRef, ...(await whatIsGone(run, made)) },
          clock.now(),
        )
  // All branches, so that one with children is known.
  const intents = await phase(run, 'GitHub', () => plan(branches))
  const rows = await phase(run, 'Delete', () =>
    sweepBranches(neon, intents, {
      ...{ projectId, dryRun: false },
      again: async (branch) => (await plan([branch]))[0],
      beforeDelete: async ({ pullRequest }) => {
        if (pullRequest !== null) await removeSecret(run, pullRequest)
      },
    }),
  )
  const deleted = tellSweep(run, rows, { dryRun: false })
  run.report.branch = { id: '', name: run.plan.deletedHeadRef, created: false }
  const [first] = rows.filter(({ action }) => action === 'deleted')
  if (first) run.report.branch = { id: first.branchId, name: first.branchName, created: false }
  run.outputs.set('branch_id', run.report.branch.id)
  run.outputs.set('branch_name', first?.branchName ?? '')
  run.outputs.set('deleted', String(deleted > 0))
  if (deleted > 0) return 'deleted'
  return rows.some(({ action }) => action === 'kept') ? 'kept' : 'gone'
}

async function whatIsGone(run: Run, made: Branch[]) {
  const query = repositoryQuery(run)
  const numbers = pullRequestsOf(made, ownerOf(run))
  const pullRequests = await pullRequestFacts(run.runtime, { ...query, numbers })
  // Where all belong to pull requests, the token need not be able to read the repository.
  const asksRef = made.length > numbers.length || isQueueRef(run.plan.deletedHeadRef)
  const names = asksRef ? [run.plan.deletedHeadRef] : []
  const existing = await existingGitBranches(run.runtime, { ...query, names })
  const refIsThere = existing.size > 0
  return { pullRequests, refIsThere }
}
