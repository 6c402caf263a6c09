import type { Outcome } from '../model.ts'
import { assertPreviewBranch, type Branch, ensurePreviewBranch, type Neon } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { ActionError } from '../runtime/errors.ts'
import { announceBranch, branchRequest, expiryAhead, resetTarget, targetOf } from './steps/branch.ts'
import { databasesSeen } from './steps/job-databases.ts'
import { prepareDatabase } from './steps/prepare.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { schemaStep } from './steps/schema.ts'
import { serviceUrlOutputs } from './steps/service-urls.ts'
import { givenTarget, type Target } from './steps/target.ts'
import { unlessClosed } from './steps/unless-closed.ts'

/** The pull request's own branch, made or reused, and everything on it. */
export async function preview(run: Run): Promise<Outcome> {
  const given = givenTarget(run)
  // Read before anything is made: files that cannot be used must leave nothing behind.
  const step = await schemaStep(run)
  if (given) {
    await prepareDatabase(run, given, step)
    return 'reused'
  }
  // A time that has passed must not leave a project behind.
  expiryAhead(run)
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: true })
  const branch = await phase(run, 'Branch', () => ensurePreviewBranch(neon, branchRequest(run, project.id, true)))
  assertPreviewBranch(branch, run.plan.branchName)
  announceBranch(run, neon, branch)
  const takenAway = await unlessClosed(run, neon, branch, async () => {
    const target = await previewTarget(run, neon, branch)
    await serviceUrlOutputs(run, neon, branch)
    await prepareDatabase(run, target, step)
  })
  if (takenAway) return 'deleted'
  return branch.created ? 'created' : 'reused'
}

/** With `fresh`, each job after the first begins with the parent's present data: not each of its steps. */
async function previewTarget(run: Run, neon: Neon, branch: Branch): Promise<Target> {
  if (!run.config.neon.fresh || branch.created) return await targetOf(run, neon, branch, true)
  if (branch.guest) {
    throw new ActionError(
      `Could not give the branch ${branch.name} fresh data: this action did not make it, so it is not reset.`,
      {
        advice: 'Take the input fresh out, or choose a branch_name with {number}.',
      },
    )
  }
  const target = await targetOf(run, neon, branch, true)
  if ((await databasesSeen(run, target)).length > 0) {
    run.runtime.log.info('An earlier step of this job has seen to the branch: it is not reset again.')
    return target
  }
  return await phase(run, 'Fresh data', () => resetTarget(run, neon, branch))
}
