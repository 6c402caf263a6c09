import { ActionError } from '../errors.ts'

/** When a branch shall expire: at most one of both. */
export interface ExpiryRequest {
  /** A duration `30m`, `12h`, `7d`, `2w`, or `never`. */
  expiresIn?: string
  /** A moment, RFC 3339 with zone. */
  expiresAt?: string
}

/** The moment for the API; none means that the branch stays. */
export interface Expiry {
  /** RFC 3339, seconds, UTC. */
  at?: string
  /** What the user should know, when the wish could not be met whole. */
  notice?: string
}

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const MOST_DAYS = 30
// The API measures with its own clock: a minute less keeps a small difference from turning the longest wish into an error.
const LONGEST = MOST_DAYS * 86_400_000 - 60_000

/**
 * Milliseconds of a duration: a number and `m`, `h`, `d` or `w`; undefined for `never`.
 * Throws {@link ActionError} for anything else and for zero.
 */
export function parseDuration(text: string, input: string): number | undefined {
  const wish = text.trim().toLowerCase()
  if (wish === 'never') return undefined
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([mhdw])$/.exec(wish) ?? []
  const milliseconds = Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN)
  if (milliseconds > 0) return milliseconds
  throw new ActionError(`Input ${input} is "${text}", which is no duration.`, {
    advice: 'Write a number and m, h, d or w, for example 7d or 12h, or never.',
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

function wantedMoment({ expiresIn, expiresAt }: ExpiryRequest, now: number): number | undefined {
  if (!expiresAt) {
    const duration = expiresIn ? parseDuration(expiresIn, 'expires_in') : undefined
    return duration === undefined ? undefined : now + duration
  }
  const moment = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(expiresAt.trim()) ? Date.parse(expiresAt.trim()) : Number.NaN
  if (!Number.isNaN(moment)) return moment
  throw new ActionError(`Input expires_at is "${expiresAt}", which is no RFC 3339 time with a zone.`, {
    advice: 'Write it like 2026-12-24T18:00:00Z, or use expires_in, for example 7d.',
  })
}

function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
