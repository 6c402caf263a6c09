import type { Outcome } from '../model.ts'
import { type DeleteResult, deleteBranch, isOurs, type Neon, sweepCandidates } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { ActionError } from '../runtime/errors.ts'
import { announceBranch } from './steps/branch.ts'
import { removeSecret } from './steps/credentials.ts'
import { openNeon, projectOf } from './steps/project.ts'

// What names an id in Neon's own tools.
const BRANCH_ID = /^br-[a-z]+-[a-z]+-[a-z0-9]+$/

/** Takes away what a pull request had: its branch, its Secret. What is gone already is a success. */
export async function cleanup(run: Run): Promise<Outcome> {
  const { pullRequest } = run.plan
  // Outside a pull request the Secret may be the one that production reads.
  if (run.config.kubernetes && pullRequest !== null) {
    await phase(run, 'Kubernetes', () => removeSecret(run, pullRequest))
  }
  if (run.config.connectionString !== '') return 'gone'
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const results = await phase(run, 'Branch', () => deleteWanted(run, neon, project.id))
  for (const { branch } of results) if (branch) announceBranch(run, neon, branch)
  const deleted = results.some(({ outcome }) => outcome === 'deleted')
  run.report.branch ??= { id: '', name: run.plan.branchName || run.plan.deletedHeadRef, created: false }
  run.outputs.set('deleted', String(deleted))
  run.outputs.set('created', 'false')
  run.runtime.log.info(
    deleted ? `Deleted the branch ${run.report.branch.name}.` : `The branch ${run.report.branch.name} is already gone.`,
  )
  return deleted ? 'deleted' : 'gone'
}

async function deleteWanted(run: Run, neon: Neon, projectId: string): Promise<DeleteResult[]> {
  const { repository } = run.event
  const name = run.plan.branchName
  if (name !== '') {
    const wanted = BRANCH_ID.test(name) ? { id: name } : { name }
    return [await deleteBranch(neon, { projectId, repository, ...wanted, certain: true })]
  }
  const ref = run.plan.deletedHeadRef
  if (ref === '') throw new ActionError('No branch was named to be deleted.', { advice: 'Set branch or branch_name.' })
  const all = await sweepCandidates(neon, projectId)
  const ours = all.filter(
    ({ annotations }) => isOurs(annotations, repository) && annotations['github-commit-ref'] === ref,
  )
  const results: DeleteResult[] = []
  for (const { id } of ours) results.push(await deleteBranch(neon, { projectId, repository, id, certain: false }))
  return results
}
