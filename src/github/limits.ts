import { errorMessage } from '../runtime/errors.ts'
import { backoff, type RetryDecision, retryAfter } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'

const ATTEMPTS = 4
const LONGEST_WAIT = 60_000
const SHORTEST_PAUSE = 60_000

/** The HTTP status of a fault that Octokit threw; 0 when it has none. */
export function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 0
}

/** A header of the answer that a fault came with; empty where it has none. */
export function headerOf(error: unknown, name: string): string {
  const thrown = error as { response?: { headers?: Record<string, string> }; headers?: Record<string, string> }
  return String((thrown.response?.headers ?? thrown.headers)?.[name] ?? '')
}

/** The errors of a GraphQL answer, which comes with status 200; null for any other fault. */
export function graphqlErrors(error: unknown): { type?: string; message?: string }[] | null {
  if (typeof error !== 'object' || error === null || !('errors' in error) || !Array.isArray(error.errors)) return null
  return statusOf(error) >= 400 ? null : error.errors
}

// `blocked from content creation` is how GitHub answers where too many comments come at once, with 403 and no headers.
const SECONDARY = /secondary rate limit|abuse detection|blocked from (content creation|creating content)/i
const PRIMARY = /API rate limit (already )?exceeded/i
const GRAPHQL_TYPES = ['RATE_LIMITED', 'RATE_LIMIT']

/**
 * Which of GitHub's rate limits refused a request: `primary` (so many an hour) or `secondary` (too many at once); null for
 * every other fault. REST answers with 403 or 429, GraphQL with these too, or with an error beside status 200 (manual: Rate
 * limits for the REST API, for the GraphQL API).
 */
export function limitOf(error: unknown): 'primary' | 'secondary' | null {
  const errors = graphqlErrors(error)
  const status = statusOf(error)
  if (!errors && status !== 403 && status !== 429) return null
  const said = errors ? errors.map(({ message = '' }) => message).join('\n') : errorMessage(error)
  if (SECONDARY.test(said)) return 'secondary'
  if (PRIMARY.test(said) || errors?.some(({ type = '' }) => GRAPHQL_TYPES.includes(type))) return 'primary'
  if (errors) return /rate limit/i.test(said) ? 'primary' : null
  // The last request that was left may have been refused for another reason, which it then says.
  const isDenial = status === 403 && /not accessible by|must have admin rights/i.test(said)
  if (headerOf(error, 'x-ratelimit-remaining') === '0' && !isDenial) return 'primary'
  return status === 429 || headerOf(error, 'retry-after') !== '' || /rate limit/i.test(said) ? 'secondary' : null
}

/** How patient {@link retryDelay} is. */
export interface RetryLimits {
  /** The longest that a rate limit may ask to wait, in milliseconds; a minute unless told. */
  patience?: number
}

/**
 * How long to wait before another attempt: as long as a rate limit asks, briefly after a passing fault; else `stop`. Where
 * the run's `timeout` would be over before, `stop` too: what could not be written is better told than waited for in vain.
 */
export function retryDelay(
  runtime: Runtime,
  error: unknown,
  { attempt, patience = LONGEST_WAIT }: RetryLimits & { attempt: number },
): RetryDecision {
  if (attempt >= ATTEMPTS) return 'stop'
  const now = runtime.clock.now()
  if (limitOf(error)) {
    const asked = askedToWait(error, { now, attempt })
    const isLate = runtime.endsAt !== undefined && now + asked >= runtime.endsAt
    // A moment that has passed is no leave to ask without a pause.
    return asked > patience || isLate ? 'stop' : Math.max(asked, backoff(attempt, 1000, 8000))
  }
  // What a query was refused for stays; GitHub gives no type to a fault of its own.
  const errors = graphqlErrors(error)
  if (errors) return errors.some(({ type }) => type !== undefined) ? 'stop' : backoff(attempt, 1000, 8000)
  const status = statusOf(error)
  // Octokit gives status 500 to network faults too; 0 is an answer that cannot be read, or our own time limit.
  return status >= 500 || status === 408 || status === 0 ? backoff(attempt, 1000, 8000) : 'stop'
}

/**
 * Milliseconds that a rate limit asks to wait: what its headers say, else a minute, and twice as long each time that it
 * still stands (manual: Rate limits for the REST API, "Exceeding the rate limit").
 */
function askedToWait(error: unknown, { now, attempt }: { now: number; attempt: number }): number {
  const after = retryAfter(headerOf(error, 'retry-after'), now)
  if (after !== undefined) return after
  if (headerOf(error, 'x-ratelimit-remaining') !== '0') return SHORTEST_PAUSE * 2 ** (attempt - 1)
  const reset = Number(headerOf(error, 'x-ratelimit-reset')) * 1000
  return reset > 0 ? Math.max(0, reset - now) : SHORTEST_PAUSE
}
