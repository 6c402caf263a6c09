import type { Fault } from '../http/faults.ts'
import { RATE_LIMITED } from './guesses.ts'
import { CLOUDFLARE_TIMEOUT } from './recorded.ts'

/**
 * 524 with Cloudflare's page: the service took too long. The request takes effect nevertheless, unless `effect` says no.
 * What it meets is told as of any {@link Fault}.
 */
export function cloudflareTimeout({ effect = true, ...match }: Match & { effect?: boolean } = {}): Fault {
  const headers = { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' }
  return { ...match, kind: effect ? 'answer-after' : 'answer', status: 524, headers, body: CLOUDFLARE_TIMEOUT }
}

/** 429: too many requests, with or without a Retry-After in seconds. */
export function rateLimited({ retryAfter, ...match }: Match & { retryAfter?: number } = {}): Fault {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  }
  return { ...match, kind: 'answer', status: 429, headers, body: JSON.stringify(RATE_LIMITED) }
}

type Match = Pick<Fault, 'method' | 'path' | 'skip' | 'times'>
