import { ApiError } from './errors.ts'
import type { DefaultEndpointSettings, ProjectRecord } from './types.ts'
import { now, type World } from './world.ts'

/** Seconds of history on the Free plan. */
export const FREE_RETENTION = 21_600

const LONGEST_TTL = 30 * 24 * 3600 * 1000

/** The Free plan keeps six hours of history and refuses more, with Neon's words. Throws 400. */
export function checkRetention(world: World, seconds: number | undefined): void {
  if (world.settings.plan !== 'free' || seconds === undefined || seconds <= FREE_RETENTION) return
  throw new ApiError(
    400,
    `requested history retention seconds exceeds allowed maximum; requested:"${seconds}"; max:"${FREE_RETENTION}"`,
  )
}

/** The Free plan's computes suspend after five minutes, and any other value is refused. Throws 400. */
export function checkComputeSettings(world: World, settings: DefaultEndpointSettings | undefined): void {
  const {
    suspend_timeout_seconds: timeout,
    autoscaling_limit_min_cu: min,
    autoscaling_limit_max_cu: max,
  } = settings ?? {}
  if (world.settings.plan === 'free' && timeout) {
    throw new ApiError(400, 'suspend interval changing is not allowed for your account')
  }
  if (timeout !== undefined && timeout > 0 && timeout < 60) {
    throw new ApiError(400, 'suspend_timeout_seconds must be -1, 0, or at least 60')
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new ApiError(400, 'autoscaling_limit_min_cu must not exceed autoscaling_limit_max_cu')
  }
  if (min !== undefined && max !== undefined && max - min > 8) {
    throw new ApiError(400, 'autoscaling range must not exceed 8 compute units')
  }
}

/** Throws 422 when a project may have no further branch, or no further root branch. */
export function checkBranchLimits(world: World, project: ProjectRecord, root: boolean): void {
  const { branchLimit, rootBranchLimit } = world.settings
  const branches = [...project.branches.values()]
  if (branches.length >= branchLimit) {
    throw new ApiError(422, `branches limit exceeded; limit: ${branchLimit}`, 'BRANCHES_LIMIT_EXCEEDED')
  }
  if (root && branches.filter(({ branch }) => !branch.parent_id).length >= rootBranchLimit) {
    throw new ApiError(422, `root branches limit exceeded; limit: ${rootBranchLimit}`, 'ROOT_BRANCHES_LIMIT_EXCEEDED')
  }
}

/** Throws 422 when no further branch may be protected; the Free plan has none. */
export function checkProtectedLimit(world: World, project: ProjectRecord): void {
  const limit = world.settings.plan === 'free' ? 0 : world.settings.protectedBranchLimit
  const used = [...project.branches.values()].filter(({ branch }) => branch.protected).length
  if (used < limit) return
  throw new ApiError(422, `protected branches limit exceeded; limit: ${limit}`, 'BRANCHES_PROTECTED_LIMIT_EXCEEDED')
}

/** Throws 402 when as many computes run as the account may have. */
export function checkActiveComputes(world: World, project: ProjectRecord, further = 1): void {
  const active = [...project.endpoints.values()].filter(({ current_state: state }) => state !== 'idle').length
  if (active + further <= world.settings.activeComputeLimit) return
  throw new ApiError(
    402,
    'You have exceeded the limit of concurrently active endpoints.',
    'ACTIVE_ENDPOINTS_LIMIT_EXCEEDED',
  )
}

/**
 * The seconds until a wanted expiry, which must lie ahead, at most 30 days
 * (https://neon.com/docs/guides/branch-expiration). Throws 422.
 */
export function checkExpiry(world: World, expiresAt: string): number {
  const left = Date.parse(expiresAt) - now(world)
  if (left <= 0) throw new ApiError(422, 'expires_at must be in the future')
  if (left > LONGEST_TTL) throw new ApiError(422, 'expires_at must be within 30 days')
  return Math.round(left / 1000)
}
