import { getOctokit } from '@actions/github'
import { retry } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { whyFailed } from './failure.ts'
import { type RetryLimits, retryDelay } from './limits.ts'

/** Where GitHub is, and the token that opens it. */
export interface GitHubAccess {
  token: string
  /** REST root, `https://api.github.com` or an Enterprise Server's `https://host/api/v3`; the GraphQL root follows from it. */
  apiUrl: string
}

/** GitHub's API for one run. */
export interface GitHubClient {
  octokit: ReturnType<typeof getOctokit>
  /** The `request` option of one call: ended by the run's signal, and after 30 seconds. */
  request(): { signal: AbortSignal }
}

const TIMEOUT = 30_000

/**
 * Opens GitHub's API. Whoever calls it passes `request()` to each call: Octokit's own paging would leave it out. Octokit's
 * own remarks (a call that is deprecated, in the words of the answer's headers) go to the debug log and not to the console,
 * which nobody redacts.
 */
export function gitHubClient(runtime: Runtime, { token, apiUrl }: GitHubAccess): GitHubClient {
  const tell = (text: string) => runtime.log.debug(`GitHub: ${text}`)
  const log = { debug: () => undefined, info: () => undefined, warn: tell, error: tell }
  return {
    octokit: getOctokit(token, { baseUrl: apiUrl.replace(/\/+$/, ''), log }),
    request: () => ({ signal: AbortSignal.any([runtime.signal, AbortSignal.timeout(TIMEOUT)]) }),
  }
}

/**
 * Tries a request until it succeeds or its fault does not pass: server errors, lost connections, answers that cannot be
 * read, and rate limits, which are waited for as long as GitHub says, or for a minute where it does not. Throws the last fault, or the signal's reason.
 */
export async function asking<T>(runtime: Runtime, limits: RetryLimits, attempt: () => Promise<T>): Promise<T> {
  return await retry(
    {
      clock: runtime.clock,
      signal: runtime.signal,
      decide: (error, number) => retryDelay(runtime, error, { ...limits, attempt: number }),
      onWait: (error, _, milliseconds) => {
        const seconds = Math.ceil(milliseconds / 1000)
        runtime.log.info(`GitHub: ${whyFailed(runtime, error)}; asking again in ${seconds} s.`)
      },
    },
    attempt,
  )
}

/** An answer of GitHub that is none: empty, cut off, a page of a proxy. It passes, as far as we know. */
export class UnreadableAnswer extends Error {
  constructor(what: string) {
    super(`its answer holds no ${what}`)
    this.name = 'UnreadableAnswer'
  }
}
