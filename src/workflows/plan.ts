import { waitUntilReady } from '../database/ready.ts'
import { planSchema } from '../database/schema/index.ts'
import type { Outcome } from '../model.ts'
import { defaultBranch, lookUpBranch } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { ActionError } from '../runtime/errors.ts'
import { announceBranch, targetOf } from './steps/branch.ts'
import { inspectAfter } from './steps/inspect.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { applyOptions, schemaStep } from './steps/schema.ts'
import { givenTarget, type Target } from './steps/target.ts'

/**
 * Tells what a run would apply, and writes nothing: neither to Neon nor to the database. In a pull request whose branch
 * is not there yet, it looks at the parent, which is what the branch would be made from.
 */
export async function plan(run: Run): Promise<Outcome> {
  const given = givenTarget(run)
  const step = await schemaStep(run)
  if (step.kind !== 'files') {
    throw new ActionError(
      `Mode plan has no SQL files to look at${step.kind === 'command' ? ': migrate_command decides by itself what it runs' : ''}.`,
      {
        advice: 'Set schema to the folder of your files, or use the dry run of your own tool.',
      },
    )
  }
  const target = given ?? (await findTarget(run))
  await phase(run, 'Ready', () => waitUntilReady(run.runtime, target))
  run.report.schema = await phase(run, 'Plan', () => planSchema(run.runtime, applyOptions(run, target, step.source)))
  run.report.warnings.push(...run.report.schema.warnings)
  await phase(run, 'Tables', () => inspectAfter(run, target, null))
  return 'planned'
}

async function findTarget(run: Run): Promise<Target> {
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const { branchName } = run.plan
  const own = branchName === '' ? undefined : await lookUpBranch(neon, project.id, branchName)
  const parent = run.config.neon.parentBranch.split('@', 1).join('')
  const branch = own ?? (parent ? await lookUpBranch(neon, project.id, parent) : await defaultBranch(neon, project.id))
  if (!branch) {
    throw new ActionError(`The project ${project.id} has no branch ${parent}.`, {
      advice: 'Check the input parent_branch.',
    })
  }
  announceBranch(run, neon, branch)
  return await targetOf(run, neon, branch, own !== undefined && !branch.default && !branch.protected)
}
