/** The verbs of this room; what is not listed here is its own affair. */

export { gitBranchOf, isMarked, markOf, type Origin } from './annotations.ts'
export { type Claim, claimBranch } from './branch-claim.ts'
export { type DeleteRequest, type DeleteResult, deleteBranch } from './branch-delete.ts'
export {
  defaultBranch,
  ensureNamedBranch,
  lookUpBranch,
  type NamedBranchRequest,
  protectBranch,
} from './branch-ensure.ts'
export type { Branch, BranchDatabase, BranchEndpoint } from './branch-lookup.ts'
export { createNeon, type Neon, type NeonOptions } from './client.ts'
export { type Connection, type ConnectionRequest, connectionOf } from './connection.ts'
export { type Expiry, type ExpiryRequest, expiryOf, parseLife, parseMoment } from './expiry.ts'
export { consoleUrl } from './links.ts'
export { type MaskingRule, parseMaskingRules } from './masking.ts'
export { lookUpParent, noParent } from './parent.ts'
export { assertPreviewBranch, ensurePreviewBranch } from './preview.ts'
export { describeProject, ensureProject, type Project, type ProjectRequest } from './project.ts'
export type { ProjectSettings } from './project-settings.ts'
export { resetToParent } from './reset.ts'
export { renewedConnection, rotatePassword } from './rotate.ts'
export { type CompareRequest, compareSchemas, type SchemaComparison } from './schema-compare.ts'
export { authUrlOf, dataApiUrlOf } from './service-urls.ts'
export { type SweepOptions, sweepBranches, sweepCandidates } from './sweep.ts'
export { foreignPurposes, planForeign } from './sweep-foreign.ts'
export {
  type DeletedRefRules,
  isQueueRef,
  type PullRequestState,
  planAfterDelete,
  planSweep,
  pullRequestsOf,
  type SweepIntent,
  type SweepRules,
} from './sweep-plan.ts'
export { buildUrls, type SslMode, type UrlOptions } from './url.ts'
