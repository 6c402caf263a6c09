import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withDatabase } from '../../database/connect.ts'
import { hasRowsOf } from '../../database/schema/index.ts'
import type { Run } from '../../run.ts'
import { ActionError, errorMessage } from '../../runtime/errors.ts'
import type { Target } from './target.ts'

// Two steps of a job can apply files to two databases of one branch, and a reset puts back the branch with all of them. The
// runner's folder for temporary files is emptied with each job, and every step of the job has it.
function noteOf({ runner }: Run, { branchId }: Target): string | undefined {
  const name = createHash('sha256').update(`${runner.runId} ${branchId}`).digest('hex').slice(0, 16)
  return runner.temp ? join(runner.temp, `neon-postgres-setup-${name}`) : undefined
}

/** Notes for later steps of this job that files were applied to a database of a preview; where the input `database` names one. */
export function noteDatabase(run: Run, target: Target): void {
  const note = target.isPreview && run.config.neon.database !== '' ? noteOf(run, target) : undefined
  try {
    if (note) appendFileSync(note, `${JSON.stringify(target.database)}\n`)
  } catch (error) {
    run.runtime.log.debug(`Later steps will not know of the database ${target.database}: ${errorMessage(error)}`)
  }
}

/** Databases to which earlier steps of this job see to, and that would lose what was applied to them by a reset. */
export async function databasesAtStake(run: Run, target: Target): Promise<string[]> {
  const others = [...new Set(notedDatabases(run, target))].filter((name) => name !== target.database)
  const held = await Promise.all(others.map((name) => isHeld(run, target, name)))
  return others.filter((_, index) => held[index])
}

function notedDatabases(run: Run, target: Target): string[] {
  const note = noteOf(run, target)
  try {
    const lines = note ? readFileSync(note, 'utf8').split('\n') : []
    return lines.filter(Boolean).map((line) => String(JSON.parse(line)))
  } catch {
    return []
  }
}

async function isHeld(run: Run, target: Target, database: string): Promise<boolean> {
  const url = new URL(target.url)
  url.pathname = `/${encodeURIComponent(database)}`
  try {
    return await withDatabase(run.runtime, { url: url.href }, (open) => hasRowsOf(open, target.branchId))
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    run.runtime.log.debug(`What the database ${database} holds is unknown: ${errorMessage(error)}`)
    return true
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
