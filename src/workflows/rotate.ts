import { assertOnBranch } from '../database/assert-branch.ts'
import type { Outcome } from '../model.ts'
import { type Branch, claimBranch, defaultBranch, type Neon, rotatePassword } from '../neon/index.ts'
import { ownerOf, phase, type Run } from '../run.ts'
import { ActionError, errorMessage } from '../runtime/errors.ts'
import { announceBranch, connectTo, plannedBranch } from './steps/branch.ts'
import { deliverCredentials, refuseForeignSecret } from './steps/credentials.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { announce, type Target } from './steps/target.ts'
import { unlessClosed } from './steps/unless-closed.ts'

/** A new password through Neon, tried by logging in, and only then handed on. */
export async function rotate(run: Run): Promise<Outcome> {
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const branch = await phase(run, 'Branch', () => wanted(run, neon, project.id))
  announceBranch(run, neon, branch)
  const takenAway = await unlessClosed(run, neon, branch, () => renew(run, neon, branch))
  return takenAway ? 'deleted' : 'rotated'
}

async function renew(run: Run, neon: Neon, branch: Branch): Promise<void> {
  const { ssl, prisma } = run.config.neon
  const before = await connectTo(run, neon, branch, { isPreview: false })
  // A password that could not be delivered must not be changed.
  await refuseForeignSecret(run, before)
  const connection = await phase(run, 'New password', () => rotatePassword(neon, branch, before, { ssl, prisma }))
  const target = await phase(run, 'Log in with it', () => logIn(run, { ...before, ...connection }, branch))
  announce(run, target)
  await deliverCredentials(run, target)
}

/** The branch whose password is meant: the user's word is enough for one without a mark, and nobody's for another's. */
async function wanted(run: Run, neon: Neon, projectId: string): Promise<Branch> {
  const { branchName: name, naming } = run.plan
  const found = name === '' ? await defaultBranch(neon, projectId) : await plannedBranch(run, neon, projectId)
  if (!found) {
    throw new ActionError(`The project ${projectId} has no branch ${name}.`, { advice: 'Check the input branch.' })
  }
  claimBranch(found, { owner: ownerOf(run), namedByUser: naming !== 'template', doing: 'rotate' })
  return found
}

/** The target whose password was tried by logging in: another run's newer one, where that has come in between. */
async function logIn(run: Run, target: Target, branch: Branch): Promise<Target> {
  try {
    await assertOnBranch(run.runtime, { url: target.url }, branch)
    return target
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    if (error instanceof ActionError) throw error
    const later = (await target.renew?.(target)) ?? target
    if (later.password !== target.password) return await logIn(run, later, branch)
    throw new ActionError(
      `The new password of role '${target.role}' does not log in at ${target.host}: ${errorMessage(error)}.`,
      { advice: 'The Secret was not touched. Run the job again; it sets another password.' },
    )
  }
}
