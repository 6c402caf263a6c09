import { parseDuration } from '../runtime/durations.ts'
import { ActionError } from '../runtime/errors.ts'
import { quoted } from '../runtime/shown.ts'

/** When a branch shall expire: at most one of both. */
export interface ExpiryRequest {
  /** A duration such as `12h`, `7d`, `2w`, `1d12h`, or `never`; see {@link parseLife}. */
  expiresIn?: string
  /** A moment, RFC 3339 with zone; see {@link parseMoment}. */
  expiresAt?: string
}

/** The moment for the API; none means that the branch stays. */
export interface Expiry {
  /** RFC 3339, seconds, UTC. */
  at?: string
  /** What the user should know, when the wish could not be met whole. */
  notice?: string
}

const MOST_DAYS = 30
// The API measures with its own clock: a minute less keeps a small difference from turning the longest wish into an error.
const LONGEST = MOST_DAYS * 86_400_000 - 60_000

/**
 * Reads `expires_in`: milliseconds of a duration with its unit, undefined for `never`.
 * Throws {@link ActionError} for anything else and for zero.
 */
export function parseLife(text: string): number | undefined {
  const wish = text.trim().toLowerCase()
  if (wish === 'never') return undefined
  // Durations without a unit count seconds, but whoever writes 7 here means days.
  const milliseconds = /[a-z]$/.test(wish) ? parseDuration(wish) : null
  if (milliseconds) return milliseconds
  throw new ActionError(`Input expires_in is ${quoted(text)}, which is no duration.`, {
    advice: 'Write a number and m, h, d or w, for example 7d or 12h, or never.',
  })
}

/**
 * Reads `expires_at`: milliseconds since the epoch of an RFC 3339 time, passed or not.
 * Throws {@link ActionError} for anything else, such as a time without zone.
 */
export function parseMoment(text: string): number {
  const wish = text.trim()
  const moment = /^[^T]+T[^T]*(Z|[+-]\d\d:?\d\d)$/i.test(wish) ? Date.parse(wish) : Number.NaN
  if (!Number.isNaN(moment)) return moment
  throw new ActionError(`Input expires_at is ${quoted(text)}, which is no RFC 3339 time with a zone.`, {
    advice: 'Write it like 2026-12-24T18:00:00Z, or use expires_in, for example 7d.',
  })
}

/**
 * The moment a branch shall expire, at most 30 days ahead (Neon docs, branch expiration), as the API wants it.
 * @param now milliseconds since the epoch.
 * @throws ActionError when the wish cannot be read, or the moment has passed.
 */
export function expiryOf(request: ExpiryRequest, now: number): Expiry {
  const wanted = wantedMoment(request, now)
  if (wanted === undefined) return {}
  if (wanted <= now) {
    throw new ActionError(`Input expires_at is ${request.expiresAt}, which has passed.`, {
      advice: 'Give a moment in the future, or a duration with expires_in.',
    })
  }
  if (wanted <= now + LONGEST) return { at: rfc3339(wanted) }
  const at = rfc3339(now + LONGEST)
  return { at, notice: `Neon keeps an expiring branch for ${MOST_DAYS} days at most, so it expires at ${at}.` }
}

/** A branch's end as it is wished now and as it is, both RFC 3339 (undefined: it stays); `now` as {@link expiryOf} has it. */
export interface ExpiryState {
  wished: string
  present: string | undefined
  now: number
}

/**
 * Whether the end of a branch has to be set anew. One that moves on with each run is left until it is off by more than a
 * tenth of the branch's life: that saves a request on most pushes. A moment that the user named is set when it differs.
 */
export function isExpiryDue({ expiresAt }: ExpiryRequest, { wished, present, now }: ExpiryState): boolean {
  if (present === undefined) return true
  const end = Date.parse(wished)
  const difference = Math.abs(end - Date.parse(present))
  const isNamed = expiresAt !== undefined && expiresAt !== '' && Math.abs(parseMoment(expiresAt) - end) < 1000
  return isNamed ? difference >= 1000 : difference > (end - now) / 10
}

function wantedMoment({ expiresIn, expiresAt }: ExpiryRequest, now: number): number | undefined {
  if (expiresAt) return parseMoment(expiresAt)
  const life = expiresIn ? parseLife(expiresIn) : undefined
  return life === undefined ? undefined : now + life
}

function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
