import { pullRequestFacts } from '../../github/index.ts'
import { type Branch, deleteBranch, type Neon } from '../../neon/index.ts'
import { ownerOf, phase, type Run, repositoryQuery } from '../../run.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { removeSecret } from './credentials.ts'

// What leads to a database that is gone by now.
const WAYS_IN = ['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password', 'role_urls', 'expires_at'] as const

/**
 * Does the work on a pull request's branch, and then, however it ended, looks whether the pull request was closed meanwhile:
 * the run that its closing started may be over by now, so what this run made is taken away again.
 * @returns whether it was. Throws what the work throws.
 */
export async function unlessClosed(run: Run, neon: Neon, branch: Branch, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
  } catch (error) {
    if (!run.runtime.signal.aborted) await takeAwayIfClosed(run, neon, branch)
    throw error
  }
  return await takeAwayIfClosed(run, neon, branch)
}

async function takeAwayIfClosed(run: Run, neon: Neon, branch: Branch): Promise<boolean> {
  const number = run.event.pullRequest?.number
  const madeSomething = branch.created || run.config.kubernetes !== null
  if (number === undefined || !madeSomething || !(await isClosed(run, number))) return false
  return await phase(run, 'Closed meanwhile', async () => {
    run.runtime.log.notice(
      `Pull request #${number} was closed while this run was under way: what it made is taken away.`,
    )
    await removeSecret(run, number)
    const { projectId, id } = branch
    const { outcome } = await deleteBranch(neon, { projectId, id, owner: ownerOf(run), namedByUser: false })
    for (const name of WAYS_IN) run.outputs.delete(name)
    run.outputs.set('deleted', String(outcome === 'deleted'))
    run.outputs.set('skipped', 'true')
    return true
  })
}

// What cannot be known soon, the sweep finds out later.
const PATIENCE = 60_000

/** False where GitHub cannot be asked: the schedule's sweep then finds the branch. */
async function isClosed(run: Run, number: number): Promise<boolean> {
  try {
    const facts = await pullRequestFacts(run.runtime, {
      ...repositoryQuery(run),
      numbers: [number],
      patience: PATIENCE,
    })
    return facts.get(number)?.state === 'closed'
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    run.runtime.log.debug(`Whether pull request #${number} is closed by now is unknown: ${errorMessage(error)}`)
    return false
  }
}
