import type { SweepRow } from '../../model.ts'
import type { Run } from '../../run.ts'
import { ActionError } from '../../runtime/errors.ts'
import { plural, whole } from '../../runtime/plural.ts'

const WORDS: Record<SweepRow['action'], string> = {
  deleted: 'Deleted',
  'would delete': 'Would delete',
  kept: 'Kept',
  failed: 'Could not delete',
}

/**
 * Tells report and log what became of the branches of a sweep.
 * @returns how many were deleted, or would be. Throws an {@link ActionError} when some could not be.
 */
export function tellSweep(run: Run, rows: SweepRow[], { dryRun }: { dryRun: boolean }): number {
  run.report.sweep = rows
  const isGone = ({ action }: SweepRow) => action === 'deleted' || action === 'would delete'
  const gone = rows.filter(isGone)
  for (const { branchName, action, reason } of [...gone, ...rows.filter((row) => !isGone(row))]) {
    run.runtime.log.info(`${WORDS[action]} the branch ${branchName}: ${reason}.`)
  }
  run.runtime.log.info(
    `${dryRun ? 'Would delete' : 'Deleted'} ${whole(gone.length)} of ${plural(rows.length, 'branch', 'branches')}.`,
  )
  const failed = rows.filter(({ action }) => action === 'failed')
  if (failed.length === 0) return gone.length
  throw new ActionError(
    `Could not delete ${whole(failed.length)} of ${plural(gone.length + failed.length, 'branch', 'branches')}: ${failed[0]?.branchName}: ${failed[0]?.reason.replace(/\.$/, '')}.`,
    { advice: 'The summary lists all; the next sweep tries them again.' },
  )
}
