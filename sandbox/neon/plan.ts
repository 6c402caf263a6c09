import { computes, expiry, projects } from './guesses.ts'
import {
  limits,
  quotaExceeded,
  retentionExceeded,
  suspendIntervalNotPermitted,
  tooManyActiveComputes,
} from './recorded.ts'
import type { QuotaUse } from './settings.ts'
import type { DefaultEndpointSettings, ProjectRecord } from './types.ts'
import { now, type World } from './world.ts'

/** Seconds of history on the Free plan. */
export const FREE_RETENTION = 21_600

const LONGEST_TTL = 30 * 24 * 3600 * 1000

/** The plan as the API names it. */
export function planOf({ settings }: World): string {
  return settings.plan === 'free' ? 'free_v3' : 'launch_v3'
}

/** The Free plan keeps six hours of history. Throws 400. */
export function checkRetention(world: World, seconds: number | undefined): void {
  if (world.settings.plan !== 'free' || seconds === undefined || seconds <= FREE_RETENTION) return
  throw retentionExceeded(seconds, FREE_RETENTION)
}

/** The Free plan lets everybody connect. Throws 400. */
export function checkAllowedIps(world: World, ips: readonly string[] | undefined): void {
  if (world.settings.plan === 'free' && ips && ips.length > 0) throw projects.allowedIps(ips.length)
}

/** The Free plan's computes suspend after five minutes: only 0, which stands for the default, is taken. Throws 412 or 400. */
export function checkComputeSettings(world: World, settings: DefaultEndpointSettings | undefined): void {
  const {
    suspend_timeout_seconds: timeout,
    autoscaling_limit_min_cu: min,
    autoscaling_limit_max_cu: max,
  } = settings ?? {}
  if (world.settings.plan === 'free' && timeout) throw suspendIntervalNotPermitted()
  if (timeout !== undefined && timeout > 0 && timeout < 60) throw computes.suspendTimeout()
  if (min !== undefined && max !== undefined && min > max) throw computes.minAboveMax()
  if (min !== undefined && max !== undefined && max - min > 8) throw computes.range()
}

/** Throws 422 when a project may have no further branch, or no further root branch. */
export function checkBranchLimits(world: World, project: ProjectRecord, root: boolean): void {
  const { branchLimit, rootBranchLimit } = world.settings
  const branches = [...project.branches.values()]
  if (branches.length >= branchLimit) throw limits.branches()
  if (root && branches.filter(({ branch }) => !branch.parent_id).length >= rootBranchLimit) throw limits.rootBranches()
}

/** Throws 422 when no further branch may be protected; the Free plan has none. */
export function checkProtectedLimit(world: World, project: ProjectRecord): void {
  const limit = world.settings.plan === 'free' ? 0 : world.settings.protectedBranchLimit
  const used = [...project.branches.values()].filter(({ branch }) => branch.protected).length
  if (used >= limit) throw limits.protectedBranches()
}

/** How many computes of a project run or are about to. */
export function activeComputes(project: ProjectRecord): number {
  return [...project.endpoints.values()].filter(({ current_state: state }) => state !== 'idle').length
}

/** Throws 402 or 423 when as many computes run as the account may have. */
export function checkActiveComputes(world: World, project: ProjectRecord, further = 1): void {
  const { activeComputeLimit, activeComputeStatus } = world.settings
  if (further > 0 && activeComputes(project) + further > activeComputeLimit) {
    throw tooManyActiveComputes(activeComputeStatus)
  }
}

/** The first quota that is used up, if any. */
export function usedUp({ settings }: World): QuotaUse | undefined {
  return settings.quotas.find(({ usage, limit }) => usage >= limit)
}

/** Throws 402, 412 or 423 when a quota is used up. */
export function checkQuotas(world: World): void {
  const quota = usedUp(world)
  if (quota) throw quotaExceeded(world.settings.quotaStatus, quota.kind, quota)
}

/**
 * The seconds until a wanted expiry, which must lie ahead, at most 30 days
 * (https://neon.com/docs/guides/branch-expiration). Throws 422.
 */
export function checkExpiry(world: World, expiresAt: string): number {
  const left = Date.parse(expiresAt) - now(world)
  if (left <= 0) throw expiry.past()
  if (left > LONGEST_TTL) throw expiry.tooFar()
  return Math.round(left / 1000)
}
