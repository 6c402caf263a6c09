import { ApiError } from './errors.ts'
import { goDuration, goTime } from './go-text.ts'

/*
 * Refusals of the real service, word for word, from HTTP recordings, Neon's own live tests and what several people quote
 * independently. What nobody recorded is in guesses.ts.
 */

/** 401: an unknown or missing key, on any path, one that does not exist included. */
export const badKey = () => new ApiError(401, 'supplied credentials do not pass authentication')

/** 400: a personal key belongs to no organization, so listing and creating projects have to name one. */
export const organizationRequired = () =>
  new ApiError(400, 'org_id is required, you can find it on your organization settings page')

/** 404, in one source 403: a key of an organization asks for what belongs to a user (regions, `/users/me` and below). */
export const notForOrganizationKeys = (status: 403 | 404) =>
  new ApiError(status, 'not allowed for organization API keys')

/** 404: a key of one project asks for anything else. */
export const outsideProject = (projectId: string) =>
  new ApiError(
    404,
    `not allowed to perform actions outside the project this key is scoped to; subject_project_id:"${projectId}"`,
  )

/** 404 for a project or a branch that is not there; the other nouns are guessed after them. */
export const notFound = (what: string) => new ApiError(404, `${what} not found`)

/** 412: the Free plan lets nobody choose when a compute suspends (400 with another text in 2023). */
export const suspendIntervalNotPermitted = () =>
  new ApiError(412, 'modifying the suspend interval is not permitted on this account')

/** A quota of a project: how much it used, how much it may. Seconds or bytes. */
export interface Quota {
  usage: number
  limit: number
}

/** The quotas that Neon's proxy knows by name (`Reason` in its source). */
export type QuotaKind = 'compute time' | 'active time' | 'data transfer' | 'written data' | 'logical size'

/** 402, 412 or 423: something needs a compute, and the project has used its quota up. */
export const quotaExceeded = (status: 402 | 412 | 423, kind: QuotaKind, { usage, limit }: Quota) =>
  new ApiError(status, `${kind} quota exceeded; usage:"${usage}", limit:"${limit}"`)

/**
 * Writes that a used-up quota refuses, beside a new branch with a compute. Not refused: a branch without one, changing and
 * suspending a compute, the default branch, deletions of branches, every read.
 */
export const NEED_A_COMPUTE = [
  'createProjectEndpoint',
  'startProjectEndpoint',
  'restartProjectEndpoint',
  'createProjectBranchRole',
  'resetProjectBranchRolePassword',
]

/** Writes that the compute of a branch carries out: without a read_write one they are refused. */
export const NEED_A_WRITER = ['createProjectBranchRole', 'resetProjectBranchRolePassword']

const ACTIVE_COMPUTES =
  'You have exceeded the limit of concurrently active endpoints. Please suspend some endpoints and try again.'

/** 402, in one source 423: as many computes run as the account may have. */
export const tooManyActiveComputes = (status: 402 | 423) => new ApiError(status, ACTIVE_COMPUTES)

/** What Neon's proxy says to a login when a quota is used up; the Free plan's compute time is counted by account too. */
export function loginQuotaText(kind: QuotaKind): string {
  const whose = kind === 'compute time' ? 'Your account or project' : 'Your project'
  return `${whose} has exceeded the ${kind} quota. Upgrade your plan to increase limits.`
}

/** What Neon's proxy says to a login that would wake one compute too many. */
export const LOGIN_ACTIVE_COMPUTES = ACTIVE_COMPUTES

/** What Neon's proxy says to a login without TLS. */
export const LOGIN_INSECURE = 'connection is insecure (try using `sslmode=require`)'

/** The SQLSTATE of everything that Neon's proxy itself refuses (`throw_error` in its source gives no other). */
export const LOGIN_SQLSTATE = 'XX000'

/** 422: the limits that have a code. */
export const limits = {
  branches: () => new ApiError(422, 'branches limit exceeded', 'BRANCHES_LIMIT_EXCEEDED'),
  rootBranches: () => new ApiError(422, 'root branches limit exceeded', 'ROOT_BRANCHES_LIMIT_EXCEEDED'),
  projects: () => new ApiError(422, 'projects limit exceeded', 'PROJECTS_LIMIT_EXCEEDED'),
  protectedBranches: () =>
    new ApiError(
      422,
      'You have reached the maximum number of protected branches for your current plan. To protect this branch, either upgrade your plan or reduce the number of existing protected branches.',
      'BRANCHES_PROTECTED_LIMIT_EXCEEDED',
    ),
}

/** 400: more seconds of history than the plan keeps. */
export const retentionExceeded = (seconds: number, max: number) =>
  new ApiError(
    400,
    `requested history retention seconds exceeds allowed maximum; requested_history_retention_seconds:"${seconds}", max:"${max}"`,
  )

/** 400: a moment that the history no longer reaches. `at` in milliseconds since the epoch, `window` in seconds. */
export const beforeRetentionWindow = (at: number, window: number) =>
  new ApiError(
    400,
    `timestamp is before retention window; timestamp:"${goTime(at)}", retention_window:"${goDuration(window)}"`,
  )

/** 409: names of branches are unique in a project. */
export const branchNameTaken = (name: string) =>
  new ApiError(409, `branch already exists; branch_name:"${name}"`, 'BRANCH_ALREADY_EXISTS')

/** 409: a branch has at most one compute that writes. */
export const secondWriter = () => new ApiError(409, 'read_write endpoint already exists')

/** 422: a branch with children is not deleted. */
export const hasChildren = (ids: string[]) =>
  new ApiError(422, `cannot delete branch that has children: ${ids.join(', ')}`)

/** 422: nor restored, unless its old state is kept under another name, which then has the children. */
export const restoreWithChildren = () => new ApiError(422, 'Branch has children, preserve_under_name is required')

/** 400: a branch restored to its own present state. */
export const restoreToItself = () =>
  new ApiError(400, 'target_lsn or target_timestamp required when branch is reset to itself')

/** 404: roles are made and changed by the compute that writes. */
export const noWriter = () => new ApiError(404, 'no read-write endpoint for branch')

/** 423: one write at a time in a project, Neon's own operations included. */
export const operationsRunning = () =>
  new ApiError(423, 'project already has running conflicting operations, scheduling of new ones is prohibited')

/** 423: a compute that starts or stops is neither suspended nor deleted. */
export const computeInTransition = () => new ApiError(423, 'endpoint is in some transitive state, could not suspend')

/** 422: a write that concerns a branch which is being made. */
export const branchNotReady = () => new ApiError(422, 'branch not ready yet')

/** 412: the project was made without stored passwords (text of the API description). */
export const passwordsNotStored = () => new ApiError(412, 'Storing passwords is disabled')

/** 400, without a request id in the body: the body lacks a field. Recorded of `createProject` with `{}`. */
export const fieldRequired = (name: string) =>
  new ApiError(400, `invalid request: decode application/json: invalid: ${name} (field required)`, '', {
    withRequestId: false,
  })

/** The page that Cloudflare puts before Neon shows with 524, when the origin took more than 100 seconds. */
export const CLOUDFLARE_TIMEOUT = `<!DOCTYPE html>
<html lang="en-US">
<head>
<title>console.neon.tech | 524: A timeout occurred</title>
<meta charset="UTF-8" />
<meta name="robots" content="noindex, nofollow" />
</head>
<body>
<div id="cf-wrapper"><div id="cf-error-details">
<h1>A timeout occurred <span>Error code 524</span></h1>
<p>The origin web server timed out responding to this request.</p>
</div></div>
</body>
</html>
`
