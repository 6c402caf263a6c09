import type { SweepRow } from '../../model.ts'
import type { Run } from '../../run.ts'
import { ActionError } from '../../runtime/errors.ts'

/**
 * Tells report and log what became of the branches of a sweep.
 * @returns how many were deleted, or would be. Throws an {@link ActionError} when some could not be.
 */
export function tellSweep(run: Run, rows: SweepRow[], { dryRun }: { dryRun: boolean }): number {
  run.report.sweep = rows
  const gone = rows.filter(({ action }) => action === 'deleted' || action === 'would delete')
  for (const { branchName, reason } of gone) {
    run.runtime.log.info(`${dryRun ? 'Would delete' : 'Deleted'} the branch ${branchName}: ${reason}.`)
  }
  run.runtime.log.info(`${dryRun ? 'Would delete' : 'Deleted'} ${gone.length} of ${rows.length} branches.`)
  const failed = rows.filter(({ action }) => action === 'failed')
  if (failed.length === 0) return gone.length
  throw new ActionError(
    `Could not delete ${failed.length} of ${gone.length + failed.length} branches: ${failed[0]?.branchName}: ${failed[0]?.reason}.`,
    { advice: 'The summary lists all; the next sweep tries them again.' },
  )
}
