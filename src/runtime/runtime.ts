import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { Secrets } from './secrets.ts'

/** What every room of the action gets: how to tell, how to wait, when to stop, what to hide. */
export interface Runtime {
  log: Log
  clock: Clock
  secrets: Secrets
  signal: AbortSignal
  /** When `timeout` is over, in milliseconds since the epoch by the clock; left out where there is none. */
  endsAt?: number
}
