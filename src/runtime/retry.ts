import type { Clock } from './clock.ts'

/** What to do after a failed attempt: wait this many milliseconds and try again, or `stop`. */
export type RetryDecision = number | 'stop'

/** How {@link retry} goes about it. */
export interface RetryOptions {
  clock: Clock
  signal: AbortSignal
  /** Decides from the error, the attempt's number (from 1) and the milliseconds since the first attempt began. */
  decide(error: unknown, attempt: number, elapsed: number): RetryDecision
  /** Told before each wait. */
  onWait?(error: unknown, attempt: number, milliseconds: number): void
}

/**
 * Runs `attempt` until it succeeds, `decide` says stop (the error is thrown on), or the signal aborts (its reason is thrown).
 */
export async function retry<T>(options: RetryOptions, attempt: (number: number) => Promise<T>): Promise<T> {
  const started = options.clock.now()
  for (let number = 1; ; number += 1) {
    options.signal.throwIfAborted()
    try {
      return await attempt(number)
    } catch (error) {
      options.signal.throwIfAborted()
      const decision = options.decide(error, number, options.clock.now() - started)
      if (decision === 'stop') throw error
      options.onWait?.(error, number, decision)
      await options.clock.sleep(decision, options.signal)
    }
  }
}

/**
 * Exponential backoff with jitter, in milliseconds: attempt 1 waits about `first`, each next about twice as long, at most
 * `most`; the jitter takes up to a quarter off, so that runs which failed together do not come back together.
 */
export function backoff(attempt: number, first: number, most: number, random: () => number = Math.random): number {
  const whole = Math.min(most, first * 2 ** (attempt - 1))
  return Math.round(whole * (1 - random() / 4))
}

/**
 * Milliseconds that a Retry-After header asks for: seconds or an HTTP date (RFC 9110 §10.2.3), at least 0; undefined when
 * it is absent or cannot be read. A caller waits no shorter than its own backoff: 0 and moments that have passed are sent.
 */
export function retryAfter(value: string, now: number): number | undefined {
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
