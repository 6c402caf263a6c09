import { errorMessage } from '../runtime/errors.ts'
import { backoff, type RetryDecision } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'

const ATTEMPTS = 4
const LONGEST_WAIT = 60_000

/** The HTTP status of a fault that Octokit threw; 0 when it has none. */
export function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 0
}

function headerOf(error: unknown, name: string): string {
  const response = (error as { response?: { headers?: Record<string, string> } }).response
  return String(response?.headers?.[name] ?? '')
}

/** True for GitHub's rate limits, which it answers with 403 or 429 (manual: Rate limits for the REST API). */
function isRateLimit(error: unknown): boolean {
  const status = statusOf(error)
  if (status === 429) return true
  if (status !== 403) return false
  const spent = headerOf(error, 'x-ratelimit-remaining') === '0'
  return spent || headerOf(error, 'retry-after') !== '' || /rate limit|abuse/i.test(errorMessage(error))
}

/** How long to wait before another attempt: as long as a rate limit asks, briefly after a passing fault; else `stop`. */
export function retryDelay(runtime: Runtime, error: unknown, attempt: number): RetryDecision {
  if (attempt >= ATTEMPTS) return 'stop'
  if (isRateLimit(error)) {
    const after = Number(headerOf(error, 'retry-after')) * 1000 || 0
    const reset = Number(headerOf(error, 'x-ratelimit-reset')) * 1000 - runtime.clock.now()
    const asked = after || (headerOf(error, 'x-ratelimit-remaining') === '0' ? reset : 0)
    // A moment that has passed is no leave to ask without a pause.
    return asked > LONGEST_WAIT ? 'stop' : Math.max(asked, backoff(attempt, 1000, 8000))
  }
  const status = statusOf(error)
  // Octokit gives status 500 to network faults too; 0 is an abort by our own time limit.
  return status >= 500 || status === 0 ? backoff(attempt, 1000, 8000) : 'stop'
}

const PERMISSIONS = `Give the job these permissions:
permissions:
  contents: read
  pull-requests: write
On pull requests from forks and from Dependabot the token is read-only whatever the workflow says.`

/**
 * Tells as one warning why the comment on `where` (`owner/name#number`) was not written and what to do: `forbidden` when
 * the token may not, `failed` for everything else. Where the comment is optional, that the token may not is a line of the log.
 */
export function warnOfFailure(
  runtime: Runtime,
  { where, error, isOptional }: { where: string; error: unknown; isOptional: boolean },
): 'forbidden' | 'failed' {
  const status = statusOf(error)
  const said = `${status > 0 ? `${status} ` : ''}${errorMessage(error)}`
  const start = `The comment on ${where} was not written: GitHub says "${said}".`
  const denied = (status === 403 || status === 404) && !isRateLimit(error) && !/locked|disabled|archived/i.test(said)
  if (denied) {
    if (isOptional) runtime.log.info(`${start} ${PERMISSIONS}`)
    else runtime.log.warning(`${start} ${PERMISSIONS}`, { title: 'No permission to comment' })
    return 'forbidden'
  }
  runtime.log.warning(`${start} ${adviceFor(status, said)}`)
  return status === 401 ? 'forbidden' : 'failed'
}

function adviceFor(status: number, said: string): string {
  if (status === 401) return 'Check the input github_token; its default is the token of the job.'
  if (/locked/i.test(said)) return 'The conversation is locked; unlock it or set comment to false.'
  return 'The next run writes it; the job summary has the report.'
}
