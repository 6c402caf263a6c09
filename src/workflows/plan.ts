import { planSchema } from '../database/schema/index.ts'
import type { Outcome } from '../model.ts'
import { type Branch, defaultBranch, lookUpParent, markOf, type Neon, noParent } from '../neon/index.ts'
import { isMadeBy } from '../ownership.ts'
import { ownerOf, phase, type Run } from '../run.ts'
import { ActionError } from '../runtime/errors.ts'
import { announceBranch, connectTo, plannedBranch } from './steps/branch.ts'
import { inspectAfter } from './steps/inspect.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { readyTarget } from './steps/ready.ts'
import { applyOptions, type Step, schemaStep } from './steps/schema.ts'
import { announce, givenTarget, type Target } from './steps/target.ts'

/**
 * Tells what a run would apply, and writes nothing: neither to Neon nor to the database. In a pull request whose branch
 * is not there yet, it looks at the parent, which is what the branch would be made from.
 */
export async function plan(run: Run): Promise<Outcome> {
  const given = givenTarget(run)
  const step = await schemaStep(run)
  // Where the mode was not named, a pull request beside a connection string only wants to see the tables.
  if (step.kind === 'command' || (step.kind === 'none' && run.config.mode === 'plan')) throw nothingToPlan(step)
  const { target, isOwn } = given ? { target: given, isOwn: true } : await findTarget(run)
  await readyTarget(run, target)
  if (isOwn) announce(run, target)
  if (step.kind === 'files') {
    run.report.schema = await phase(run, 'Plan', async () =>
      planSchema(run.runtime, await applyOptions(run, target, step)),
    )
    run.report.warnings.push(...run.report.schema.warnings)
  }
  await phase(run, 'Tables', () => inspectAfter(run, target, null))
  return 'planned'
}

function nothingToPlan(step: Step): ActionError {
  const why = step.kind === 'command' ? ': migrate_command decides by itself what it runs' : ''
  return new ActionError(`Mode plan has no SQL files to look at${why}.`, {
    advice: 'Set schema to the folder of your files, or use the dry run of your own tool.',
  })
}

/** What a plan looks at; only of a database of the run's own the way in becomes outputs. */
interface Sight {
  target: Target
  isOwn: boolean
}

async function findTarget(run: Run): Promise<Sight> {
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const { branchName } = run.plan
  const own = branchName === '' ? undefined : await plannedBranch(run, neon, project.id)
  const branch = own ?? (await insteadOf(run, neon, project.id))
  announceBranch(run, neon, branch)
  const isOwn = own ? mayHandOut(run, own) : branchName === ''
  if (!isOwn) tellWhose(run, branch)
  const isPreview = own !== undefined && !branch.default && !branch.protected
  return { target: await connectTo(run, neon, branch, { isPreview, readOnly: true }), isOwn }
}

/** The default branch where that is what the run is about; else the one that the missing branch would be made from. */
async function insteadOf(run: Run, neon: Neon, projectId: string): Promise<Branch> {
  const { parentBranch } = run.config.neon
  if (run.plan.branchName === '' || parentBranch === '') return await defaultBranch(neon, projectId)
  const parent = await lookUpParent(neon, projectId, parentBranch)
  if (!parent) throw noParent(projectId, parentBranch)
  if (parent.wish.timestamp || parent.wish.lsn) {
    run.runtime.log.info(
      `The plan looks at ${parent.branch.name} as it is now, not at the moment that parent_branch names.`,
    )
  }
  return parent.branch
}

/** On a pull request, only the way into the branch that was made for it is told. */
function mayHandOut(run: Run, branch: Branch): boolean {
  const owner = ownerOf(run)
  if (owner.pullRequest === null) return true
  return isMadeBy(markOf(branch.annotations), owner) && !branch.default && !branch.protected
}

/** Says which branch was looked at in place of the run's own, and that its credentials are no outputs. */
function tellWhose(run: Run, branch: Branch): void {
  const { branchName } = run.plan
  const why =
    branch.name === branchName ? 'It was not made for this pull request' : `The branch ${branchName} is not there yet`
  const text = `${why}: the plan looked at ${branch.name} (${branch.id}), and sets no output that lets anybody into it.`
  run.runtime.log.notice(text)
  run.report.warnings.push(text)
}
