import type { JournalEntry } from '../../sandbox/http/serve.ts'
import { createNeon, type Neon } from '../../src/neon/index.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { type TestRuntime, testRuntime } from './runtime.ts'

/** A clock that counts every wait whole but really waits only a moment, for work against a server with its own time. */
export interface HurriedClock extends Clock {
  readonly waits: number[]
}

/** A clock that starts now and really waits at most `most` milliseconds at a time. */
export function hurriedClock(most = 5): HurriedClock {
  let ahead = 0
  const waits: number[] = []
  return {
    waits,
    now: () => Date.now() + ahead,
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted()
      waits.push(milliseconds)
      const real = Math.min(milliseconds, most)
      ahead += milliseconds - real
      await new Promise((resolve) => setTimeout(resolve, real))
      signal?.throwIfAborted()
    },
  }
}

/** One run of the action as the Neon room sees it. */
export interface NeonRun {
  runtime: TestRuntime
  clock: HurriedClock
  neon: Neon
}

/** A run with its own log, secrets and clock. */
export function neonRun(server: { url: string; apiKey?: string }, most = 5): NeonRun {
  const clock = hurriedClock(most)
  const runtime = { ...testRuntime(), clock }
  const apiKey = server.apiKey ?? 'napi_test_key_0123456789'
  return { runtime, clock, neon: createNeon(runtime, { apiKey, apiHost: server.url, userAgent: 'test-agent/1' }) }
}

/** Requests of a journal as `METHOD /path`, without the polling of operations. */
export function calls(journal: readonly JournalEntry[]): string[] {
  return journal
    .map(({ method, path }) => `${method} ${path.replace(/^\/api\/v2/, '').replace(/\?.*/s, '')}`)
    .filter((call) => !/\/operations(\/|$)/.test(call))
}

/** Every text that can be reached from a thrown object, own properties and prototypes' getters included. */
export function reachableTexts(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === 'string') return [value]
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return []
  seen.add(value)
  return Reflect.ownKeys(value).flatMap((key) => {
    const texts = typeof key === 'string' ? [key] : []
    try {
      return [...texts, ...reachableTexts(Reflect.get(value, key), seen)]
    } catch {
      return texts
    }
  })
}
