import type { Outcome } from '../model.ts'
import { assertPreviewBranch, type Branch, claimBranch } from '../neon/index.ts'
import { ownerOf, phase, type Run } from '../run.ts'
import { ActionError } from '../runtime/errors.ts'
import { announceBranch, expiryAhead, plannedBranch, resetTarget } from './steps/branch.ts'
import { prepareDatabase } from './steps/prepare.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { schemaStep } from './steps/schema.ts'
import { unlessClosed } from './steps/unless-closed.ts'

/** Puts a branch back to its parent's present state, then does everything a preview does on it. */
export async function reset(run: Run): Promise<Outcome> {
  // Read before anything is made: files that cannot be used must leave nothing behind.
  const step = await schemaStep(run)
  const { notice } = expiryAhead(run)
  if (notice) run.runtime.log.notice(notice)
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const found = await phase(run, 'Branch', () => plannedBranch(run, neon, project.id))
  if (!found) {
    throw new ActionError(`The project ${project.id} has no branch ${run.plan.branchName} to reset.`, {
      advice:
        run.plan.naming === 'named'
          ? 'Correct the input branch: a name or an id.'
          : 'Run mode: preview first, which makes the branch.',
    })
  }
  assertPreviewBranch(found, found.name, 'reset')
  const branch = claimForReset(run, found)
  announceBranch(run, neon, branch)
  const takenAway = await unlessClosed(run, neon, branch, async () => {
    const target = await phase(run, 'Reset', () => resetTarget(run, neon, branch))
    await prepareDatabase(run, target, step)
  })
  return takenAway ? 'deleted' : 'reset'
}

/** A branch that is not ours is reset only where the user named it, and never one that somebody else marked. */
function claimForReset(run: Run, branch: Branch): Branch {
  const claim = claimBranch(branch, { owner: ownerOf(run), namedByUser: run.plan.naming === 'named', doing: 'reset' })
  return claim === 'guest' ? { ...branch, guest: true } : branch
}
