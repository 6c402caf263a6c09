import { errorMessage } from '../runtime/errors.ts'
import { titleIn } from '../runtime/page.ts'
import { backoff, type RetryDecision, retryAfter } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'

const ATTEMPTS = 4
const LONGEST_WAIT = 60_000

/** The HTTP status of a fault that Octokit threw; 0 when it has none. */
export function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 0
}

function headerOf(error: unknown, name: string): string {
  const thrown = error as { response?: { headers?: Record<string, string> }; headers?: Record<string, string> }
  return String((thrown.response?.headers ?? thrown.headers)?.[name] ?? '')
}

/** The errors of a GraphQL answer, which comes with status 200; null for any other fault. */
function graphqlErrors(error: unknown): { type?: string; message?: string }[] | null {
  if (typeof error !== 'object' || error === null || !('errors' in error) || !Array.isArray(error.errors)) return null
  return statusOf(error) >= 400 ? null : error.errors
}

/** True for GitHub's rate limits, which it answers with 403 or 429 (manual: Rate limits for the REST API), or in GraphQL. */
function isRateLimit(error: unknown): boolean {
  const errors = graphqlErrors(error)
  if (errors)
    return errors.some(({ type = '', message = '' }) => type === 'RATE_LIMITED' || /rate limit/i.test(message))
  const status = statusOf(error)
  if (status === 429) return true
  if (status !== 403) return false
  const spent = headerOf(error, 'x-ratelimit-remaining') === '0'
  return spent || headerOf(error, 'retry-after') !== '' || /rate limit|abuse/i.test(errorMessage(error))
}

/** How patient {@link retryDelay} is. */
export interface RetryLimits {
  /** The longest that a rate limit may ask to wait, in milliseconds; a minute unless told. */
  patience?: number
}

/** How long to wait before another attempt: as long as a rate limit asks, briefly after a passing fault; else `stop`. */
export function retryDelay(
  runtime: Runtime,
  error: unknown,
  { attempt, patience = LONGEST_WAIT }: RetryLimits & { attempt: number },
): RetryDecision {
  if (attempt >= ATTEMPTS) return 'stop'
  if (isRateLimit(error)) {
    const asked = askedToWait(error, runtime.clock.now())
    // A moment that has passed is no leave to ask without a pause.
    return asked > patience ? 'stop' : Math.max(asked, backoff(attempt, 1000, 8000))
  }
  // What a query was refused for stays; GitHub gives no type to a fault of its own.
  const errors = graphqlErrors(error)
  if (errors) return errors.some(({ type }) => type !== undefined) ? 'stop' : backoff(attempt, 1000, 8000)
  const status = statusOf(error)
  // Octokit gives status 500 to network faults too; 0 is an answer that cannot be read, or our own time limit.
  return status >= 500 || status === 408 || status === 0 ? backoff(attempt, 1000, 8000) : 'stop'
}

/** Milliseconds until a rate limit ends, as its headers say; 0 where they do not. */
function askedToWait(error: unknown, now: number): number {
  const after = retryAfter(headerOf(error, 'retry-after'), now)
  if (after) return after
  if (headerOf(error, 'x-ratelimit-remaining') !== '0') return 0
  return Math.max(0, Number(headerOf(error, 'x-ratelimit-reset')) * 1000 - now) || 0
}

/** Why a request failed, as a clause on one line, redacted before it is cut: `502 Bad Gateway`, `no answer in time`. */
export function whyFailed({ secrets }: Pick<Runtime, 'secrets'>, error: unknown): string {
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer within 30 s'
  const status = statusOf(error)
  // The first line of an answer of GraphQL only says that there are errors.
  const whole = secrets.redact(graphqlErrors(error)?.[0]?.message ?? errorMessage(error))
  const text = whole.split('\n', 1).join('').trim().replace(/\.$/, '')
  // A gateway in between answers a page.
  const said = /^\s*</.test(text) ? (titleIn(whole) ?? 'a page') : text
  return `${status > 0 ? `${status} ` : ''}${said}`.trim() || 'an empty answer'
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
  const said = whyFailed(runtime, error)
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
