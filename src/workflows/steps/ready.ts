import { waitUntilReadyOn } from '../../database/assert-branch.ts'
import { waitUntilReady } from '../../database/ready.ts'
import { phase, type Run } from '../../run.ts'
import { isExternal, type Target } from './target.ts'

/**
 * Waits for the first answer of a target, and sees by it that a branch of Neon is the one that was asked for. Nothing of a
 * target is used or told before. Throws an ActionError.
 */
export async function readyTarget(run: Run, target: Target): Promise<void> {
  const { url, kind, branchId } = target
  const branch = { id: branchId, name: run.report.branch?.name ?? branchId }
  const waited = await phase(run, 'Ready', () =>
    isExternal(target)
      ? waitUntilReady(run.runtime, { url, kind })
      : waitUntilReadyOn(run.runtime, { url, kind }, branch),
  )
  if (run.report.branch) run.report.branch.readyMilliseconds = waited
}
