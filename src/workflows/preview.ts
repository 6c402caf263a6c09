import type { Outcome } from '../model.ts'
import { assertPreviewBranch, ensurePreviewBranch } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { announceBranch, branchRequest, expiryAhead, targetOf } from './steps/branch.ts'
import { prepareDatabase } from './steps/prepare.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { schemaStep } from './steps/schema.ts'
import { serviceUrlOutputs } from './steps/service-urls.ts'
import { givenTarget } from './steps/target.ts'

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
  const target = await targetOf(run, neon, branch, true)
  await serviceUrlOutputs(run, neon, branch)
  await prepareDatabase(run, target, step)
  return branch.created ? 'created' : 'reused'
}
