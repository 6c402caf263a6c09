import { ApiError } from './errors.ts'
import { outsideProject } from './recorded.ts'

/*
 * Everything here is a guess: the real service does something of the kind, by its documentation or API description, but
 * no record of status, code or text was found. The action must not depend on any of it; tests of the action read
 * statuses and texts of recorded.ts only.
 */

/** Routing and reading of requests. */
export const requests = {
  unknownPath: () => new ApiError(404, 'this path does not exist'),
  wrongMethod: () => new ApiError(405, 'method not allowed'),
  invalid: (problems: string) => new ApiError(400, `request validation failed: ${problems}`),
  /** The real service may well ignore what it does not know; a misspelt field would then be lost without a word. */
  undeclared: (paths: string[]) => new ApiError(400, `the API description does not declare ${paths.join(', ')}`),
  notJson: () => new ApiError(400, 'request body is not JSON'),
}

/** The body of a 429: neither it nor a Retry-After is recorded. */
export const RATE_LIMITED = { code: '', message: 'rate limit exceeded' }

/**
 * What a key of one project may not, beside other projects. Of regions and the user's organizations nothing is recorded:
 * such a key belongs to an organization, so that it is answered as a key of one.
 */
export const projectKeys = {
  /** Recorded is only that it is denied. */
  deleteProject: (projectId: string) => outsideProject(projectId),
}

/** Regions, organizations and whole projects. */
export const projects = {
  unknownRegion: (region: string) => new ApiError(400, `unknown region: ${region}`),
  emptyName: () => new ApiError(400, 'project name must not be empty'),
  hasProtectedBranch: (branchId: string) =>
    new ApiError(422, `cannot delete project with protected branch: ${branchId}`),
  /** Of the text only its end is recorded: 400 `… max:"0"`. */
  allowedIps: (count: number) =>
    new ApiError(400, `number of allowed IPs exceeds allowed maximum; requested_allowed_ips:"${count}", max:"0"`),
}

/** Branches. */
export const branches = {
  deleteDefault: () => new ApiError(422, 'cannot delete the default branch of a project'),
  deleteProtected: () => new ApiError(422, 'cannot delete a protected branch'),
  restoreProtected: () => new ApiError(422, 'cannot restore a protected branch'),
  /** By the API description: needed where the source is the branch itself. */
  restoreToItselfUnnamed: () =>
    new ApiError(422, 'preserve_under_name is required when a branch is restored to itself'),
  emptyName: () => new ApiError(400, 'branch name must not be empty'),
  initSource: (given: string) => new ApiError(400, `init_source must be parent-data or schema-only; got "${given}"`),
  twoMoments: () => new ApiError(400, 'only one of timestamp and lsn may be given'),
  beforeCreation: (at: string, created: string) =>
    new ApiError(422, `timestamp ${at} is before the branch was created, ${created}`),
  notAnonymized: () => new ApiError(404, 'branch is not an anonymized branch'),
}

/** Expiries; the rules are those of https://neon.com/docs/guides/branch-expiration. */
export const expiry = {
  past: () => new ApiError(422, 'expires_at must be in the future'),
  tooFar: () => new ApiError(422, 'expires_at must be within 30 days'),
  default: () => new ApiError(422, 'the default branch cannot expire'),
  protected: () => new ApiError(422, 'a protected branch cannot expire'),
  parent: () => new ApiError(422, 'a branch with children cannot expire'),
  child: () => new ApiError(422, 'cannot create a branch from a branch that has an expiration'),
  protect: () => new ApiError(422, 'a branch with an expiration cannot be protected'),
  makeDefault: () => new ApiError(422, 'a branch with an expiration cannot be the default branch'),
}

/** Computes. */
export const computes = {
  suspendTimeout: () => new ApiError(400, 'suspend_timeout_seconds must be -1, 0, or at least 60'),
  minAboveMax: () => new ApiError(400, 'autoscaling_limit_min_cu must not exceed autoscaling_limit_max_cu'),
  range: () => new ApiError(400, 'autoscaling range must not exceed 8 compute units'),
  deleteProtected: () => new ApiError(422, 'cannot delete endpoint of a protected branch'),
}

/** Roles and databases. */
export const roles = {
  reserved: (name: string) => new ApiError(400, `role name "${name}" is reserved`),
  length: () => new ApiError(400, 'role name must have 1 to 63 bytes'),
  taken: (name: string) => new ApiError(409, `role already exists; role_name:"${name}"`),
  owner: (name: string, database: string) =>
    new ApiError(422, `cannot delete role "${name}": it owns database "${database}"`),
  missingOwner: (name: string) => new ApiError(404, `role not found; role_name:"${name}"`),
  /** That it is 409 is known, the text is not. */
  databaseTaken: (name: string) => new ApiError(409, `database already exists; database_name:"${name}"`),
}

/** Anonymised branches, a beta. */
export const masking = {
  noRules: () => new ApiError(400, 'masking_rules are required to start the anonymization'),
  wrongRule: (column: string) =>
    new ApiError(400, `masking rule of ${column} needs exactly one of masking_function and masking_value`),
  wrongState: (state: string) => new ApiError(422, `cannot start the anonymization in state ${state}`),
}

/**
 * PostgreSQL 19 is being rolled out (the newest SDK has it, the API description here ends at 18). No package of it can be
 * run: a project of version 19 says 19 and has servers of 18.
 */
export const NEWEST_VERSION = { called: 19, runs: 18 }

/** What the stand-in cannot do; the real service can. */
export const limitsOfTheStandIn = {
  noHistory: () =>
    new ApiError(422, 'this stand-in keeps no history: it cannot branch from an earlier timestamp or LSN'),
  /** Here a compute's address is its branch's server. */
  movedCompute: () => new ApiError(422, 'the endpoint cannot be moved to another branch'),
  notImplemented: (operationId: string) => new ApiError(501, `the sandbox does not implement ${operationId}`),
}

/**
 * Writes that are refused as those of `NEED_A_COMPUTE` (recorded.ts) are: a database is made as a role is, and a restore
 * starts the branch's computes anew.
 */
export const ALSO_NEED_A_COMPUTE = [
  'createProjectBranchDatabase',
  'updateProjectBranchDatabase',
  'deleteProjectBranchDatabase',
  'deleteProjectBranchRole',
  'restoreProjectBranch',
]

/** Writes that a branch without a read_write compute refuses as those of `NEED_A_WRITER` (recorded.ts). */
export const ALSO_NEED_A_WRITER = [
  'createProjectBranchDatabase',
  'updateProjectBranchDatabase',
  'deleteProjectBranchDatabase',
  'deleteProjectBranchRole',
]
