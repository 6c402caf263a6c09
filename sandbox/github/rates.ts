import type { Caller } from './access.ts'
import { GUESSED } from './guesses.ts'
import type { World } from './world.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

/** What a token has used of an hour, as the headers of every answer tell; REST and GraphQL are counted apart. */
export interface Usage {
  limit: number
  used: number
  /** When the hour is over, in seconds since the epoch. */
  reset: number
}

/** Counts the requests of each token, and what they make. */
export class RateCounter {
  readonly #isStrict: boolean
  readonly #usage = new Map<string, Usage>()
  readonly #made = new Map<string, number[]>()
  readonly #blocked = new Map<string, number>()

  /** Strict: what is above a limit is refused. Otherwise it is only told. */
  constructor({ isStrict }: { isStrict: boolean }) {
    this.#isStrict = isStrict
  }

  /** Counts one request; `resource` is `core` or `graphql`. */
  count(world: World, caller: Caller, resource: string): Usage {
    const usage = this.usageOf(world, caller, resource)
    const most = this.#isStrict ? usage.limit : usage.limit - 1
    if (usage.used < most) usage.used += resource === 'graphql' ? GUESSED.graphqlPoints : 1
    return usage
  }

  /** What the token has used so far. */
  usageOf(world: World, caller: Caller, resource: string): Usage {
    const key = `${resource} ${keyOf(caller)}`
    const found = this.#usage.get(key)
    if (found && found.reset * 1000 > world.now()) return found
    const fresh = { limit: GUESSED.hourly[caller.kind], used: 0, reset: Math.ceil((world.now() + HOUR) / 1000) }
    this.#usage.set(key, fresh)
    return fresh
  }

  /** Counts a comment; true when too many came within a minute, so that it is not to be made. */
  tooMuchContent(world: World, caller: Caller): boolean {
    if (!this.#isStrict) return false
    const key = keyOf(caller)
    const now = world.now()
    if ((this.#blocked.get(key) ?? 0) > now) return true
    const recent = (this.#made.get(key) ?? []).filter((moment) => moment > now - MINUTE)
    this.#made.set(key, [...recent, now])
    if (recent.length < GUESSED.content.perMinute) return false
    this.#blocked.set(key, now + GUESSED.content.blockedFor)
    return true
  }
}

function keyOf({ kind, user }: Caller): string {
  return `${kind} ${user.id}`
}

/** The headers that tell a usage. */
export function rateHeaders({ limit, used, reset }: Usage, resource: string): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(limit - used),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-resource': resource,
    'x-ratelimit-used': String(used),
  }
}
