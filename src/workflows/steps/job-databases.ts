import { withDatabase } from '../../database/connect.ts'
import { isSeenBy, otherDatabases } from '../../database/inspect/index.ts'
import type { Run } from '../../run.ts'
import { ActionError, errorMessage } from '../../runtime/errors.ts'
import type { Target } from './target.ts'

/** Other databases that earlier steps of this job brought up to date, and that would lose by a reset what was applied to them. */
export async function databasesAtStake(run: Run, target: Target): Promise<string[]> {
  return (await databasesSeen(run, target)).filter((name) => name !== target.database)
}

/** Databases of a preview that earlier steps of this job brought up to date. What cannot be read counts as none. */
export async function databasesSeen(run: Run, target: Target): Promise<string[]> {
  try {
    const others = await withDatabase(run.runtime, { url: target.url }, otherDatabases)
    const all = [target.database, ...others]
    const held = await Promise.all(all.map((name) => isHeld(run, target, name)))
    return all.filter((_, index) => held[index])
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    run.runtime.log.info(`Whether the branch has other databases could not be read: ${errorMessage(error)}`)
    return []
  }
}

async function isHeld(run: Run, target: Target, database: string): Promise<boolean> {
  const url = new URL(target.url)
  url.pathname = `/${encodeURIComponent(database)}`
  try {
    return await withDatabase(run.runtime, { url: url.href }, (open) => isSeenBy(open, target.branchId, run.runner.job))
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    run.runtime.log.info(`What the database ${database} holds could not be read: ${errorMessage(error)}`)
    return false
  }
}

/** What a step ends with that had to put databases back which earlier steps of its job had brought up to date. */
export function putBackToo(databases: readonly string[]): ActionError {
  const [one] = databases
  const which = databases.length === 1 ? `the database ${one}` : `the databases ${databases.join(', ')}`
  return new ActionError(
    `The reset put ${which} of this branch back as well, to which an earlier step of this job had applied files.`,
    { advice: 'Run the job again: each step then applies its files to the branch as it is now.' },
  )
}
