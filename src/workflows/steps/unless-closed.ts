import { pullRequestFacts } from '../../github/index.ts'
import { type Branch, type DeleteResult, deleteBranch, type Neon } from '../../neon/index.ts'
import { ownerOf, phase, type Run, repositoryQuery } from '../../run.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { removeSecret } from './credentials.ts'

// What leads to a database that is gone by now.
const WAYS_IN = ['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password', 'role_urls', 'expires_at'] as const

/**
 * Does the work on a pull request's branch, and then, however it ended, looks whether the pull request was closed meanwhile:
 * the run that its closing started may be over by now, so what this run made is taken away again. Work that failed because
 * the close had taken the branch away is no failure.
 * @returns whether it was closed. Throws what the work throws.
 */
export async function unlessClosed(run: Run, neon: Neon, branch: Branch, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
  } catch (error) {
    const outcome = run.runtime.signal.aborted ? null : await takeAwayIfClosed(run, neon, branch)
    // A statement that failed has its place in a file, and is told whatever else happened.
    if (outcome !== 'gone' || run.report.schema?.failure) throw error
    run.runtime.log.info(`The branch was gone while this run worked on it: ${errorMessage(error)}`)
    return true
  }
  return (await takeAwayIfClosed(run, neon, branch)) !== null
}

/** What became of the branch; null where the pull request is open, or nothing was made. */
async function takeAwayIfClosed(run: Run, neon: Neon, branch: Branch): Promise<DeleteResult['outcome'] | null> {
  const number = run.event.pullRequest?.number
  const madeSomething = branch.created || run.config.kubernetes !== null
  if (number === undefined || !madeSomething || !(await isClosed(run, number))) return null
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
    return outcome
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
