import type { SweepRow } from '../model.ts'
import { errorMessage } from '../runtime/errors.ts'
import { removeBranch } from './branch-delete.ts'
import { allBranches, type Branch, getBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'
import { describe, explaining } from './explain.ts'
import { createPacer, inParallel } from './parallel.ts'
import type { SweepIntent } from './sweep-plan.ts'

/** How the deletes are done. */
export interface SweepOptions {
  projectId: string
  dryRun: boolean
  /** Judges a branch, read again right before its delete, by what is true by then. */
  again(branch: Branch): Promise<SweepIntent | undefined>
  /** Takes away what else the branch's pull request has; when it fails, the branch stays for the next sweep. */
  beforeDelete?(intent: SweepIntent): Promise<void>
  /** Deletes under way at once. */
  concurrency?: number
}

const CONCURRENCY = 4
// Neon allows 700 requests a minute; a delete takes about five: a read, the delete itself and the polling.
const STARTS_PER_SECOND = 2

/**
 * Every branch of the project, all pages, for {@link planSweep}; the pull requests to ask GitHub about are those that
 * {@link pullRequestsOf} finds in it. Throws {@link ActionError} when a page cannot be read: a sweep sees all or nothing.
 */
export async function sweepCandidates(neon: Neon, projectId: string): Promise<Branch[]> {
  return await explaining(neon, { what: `list the branches of project ${projectId}`, projectId }, () =>
    allBranches(neon, projectId),
  )
}

/**
 * Carries a plan out: each branch is read again and judged again right before its delete. One that fails is told in its
 * row and does not stop the others. With `dryRun` nothing is deleted. Rows come in the order of the plan.
 * Throws {@link ActionError} only when the key is refused.
 */
export async function sweepBranches(
  neon: Neon,
  plan: readonly SweepIntent[],
  options: SweepOptions,
): Promise<SweepRow[]> {
  const pace = createPacer(neon.runtime, STARTS_PER_SECOND)
  return await inParallel(plan, options.concurrency ?? CONCURRENCY, async (intent) => {
    if (!intent.remove) return row(intent, 'kept', intent.reason)
    if (options.dryRun) return row(intent, 'would delete', intent.reason)
    await pace()
    return await sweepOne(neon, intent, options)
  })
}

async function sweepOne(neon: Neon, intent: SweepIntent, options: SweepOptions): Promise<SweepRow> {
  const { id } = intent.branch
  try {
    const now = await getBranch(neon, options.projectId, id)
    if (!now) return row(intent, 'deleted', `${intent.reason}; it was gone already`)
    if (wasUsed(intent.branch, now)) return row(intent, 'kept', 'a run used it while this sweep was under way')
    const again = await options.again(now)
    if (!again?.remove) return row(intent, 'kept', again?.reason ?? 'it changed')
    await options.beforeDelete?.(again)
    await removeBranch(neon, now)
    return row(intent, 'deleted', intent.reason)
  } catch (error) {
    neon.runtime.signal.throwIfAborted()
    if (error instanceof NeonError && error.status === 401) {
      return await explaining(neon, { what: 'sweep the branches' }, () => Promise.reject(error))
    }
    return row(intent, 'failed', error instanceof NeonError ? describe(error) : errorMessage(error))
  }
}

/** A run that reuses or resets a branch moves its expiry or the time of its last reset. */
function wasUsed(before: Branch, now: Branch): boolean {
  return before.expiresAt !== now.expiresAt || before.lastResetAt !== now.lastResetAt
}

function row(intent: SweepIntent, action: SweepRow['action'], reason: string): SweepRow {
  const { branch, pullRequest, ageDays } = intent
  return { branchId: branch.id, branchName: branch.name, pullRequest, ageDays, action, reason }
}
