import type { Outcome } from '../model.ts'
import { defaultBranch, ensureNamedBranch } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { announceBranch, branchRequest, expiryAhead, targetOf } from './steps/branch.ts'
import { prepareDatabase } from './steps/prepare.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { schemaStep } from './steps/schema.ts'
import { givenTarget } from './steps/target.ts'
import { unlessClosed } from './steps/unless-closed.ts'

/** Project, branch (the default one unless `branch_name` says another), schema, roles, Secret, tables. */
export async function provision(run: Run): Promise<Outcome> {
  const given = givenTarget(run)
  // Read before anything is made: files that cannot be used must leave nothing behind.
  const step = await schemaStep(run)
  if (given) {
    await prepareDatabase(run, given, step)
    return 'provisioned'
  }
  // A time that has passed must not leave a project behind; the default branch has no use for one.
  if (run.plan.branchName !== '') expiryAhead(run)
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: true, describe: true })
  const branch = await phase(run, 'Branch', async () => {
    if (run.plan.branchName !== '') return await ensureNamedBranch(neon, branchRequest(run, project.id, false))
    return project.defaultBranch ?? (await defaultBranch(neon, project.id))
  })
  announceBranch(run, neon, branch)
  const prepare = async () => prepareDatabase(run, await targetOf(run, neon, branch, false), step)
  // The default branch outlives every pull request, and so does what leads to it.
  if (run.plan.branchName === '') await prepare()
  else if (await unlessClosed(run, neon, branch, prepare)) return 'deleted'
  return 'provisioned'
}
