import { ActionError, errorCode, errorMessage } from '../runtime/errors.ts'
import { backoff, type RetryDecision, retry } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type ConnectOptions, type Database, type ServerKind, withDatabase } from './connect.ts'
import { connectionUrl } from './connection-url.ts'

const READY_WITHIN = 60_000
// A container that was started a moment ago has opened its port by then.
const REACHED_WITHIN = 5000
const NAME_ATTEMPTS = 3

const STARTING = ['57P01', '57P02', '57P03', '53300']
const UNKNOWN_NAME = ['ENOTFOUND', 'EAI_AGAIN']
const NO_ANSWER = ['CONNECT_TIMEOUT', 'ETIMEDOUT']
const TURNED_AWAY = [
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED'],
  ...['08006', '08P01'],
]
const NO_WAY = ['EHOSTUNREACH', 'ENETUNREACH']

/** Whether a failed connection can pass on Neon: nothing listens yet, the compute is still starting, or it was lost. */
export function isPassing(error: unknown): boolean {
  const passing = [...STARTING, ...UNKNOWN_NAME, ...NO_ANSWER, ...TURNED_AWAY]
  return passing.includes(errorCode(error)) || /couldn't connect to compute node/i.test(errorMessage(error))
}

/** What {@link nextTry} decides from. */
export interface Attempt {
  kind: ServerKind
  error: unknown
  /** From 1. */
  attempt: number
  /** Milliseconds since the first attempt began. */
  elapsed: number
}

/**
 * How long to wait before the next try, in milliseconds. Neon is given a minute for every cause that can pass. Of a foreign
 * server only one that says that it starts is; a wrong name or port does not become right, so it fails in seconds.
 */
export function nextTry({ kind, error, attempt, elapsed }: Attempt): RetryDecision {
  const code = errorCode(error)
  const patient = elapsed < READY_WITHIN ? backoff(attempt, 100, 3000) : 'stop'
  if (kind === 'neon') return isPassing(error) ? patient : 'stop'
  if (STARTING.includes(code)) return patient
  if (UNKNOWN_NAME.includes(code)) return attempt < NAME_ATTEMPTS ? backoff(attempt, 500, 2000) : 'stop'
  if (TURNED_AWAY.includes(code) || NO_WAY.includes(code)) {
    return elapsed < REACHED_WITHIN ? backoff(attempt, 100, 1000) : 'stop'
  }
  return 'stop'
}

/**
 * Connects with backoff until `select 1` is answered, and returns the milliseconds that took. Waits only for causes that
 * pass, by {@link nextTry}; a wrong password or a missing database fails at once. Throws an {@link ActionError}.
 * @param look at what the connection was answered; what it throws counts as a failed connection.
 */
export async function waitUntilReady(
  runtime: Runtime,
  options: ConnectOptions,
  look: (database: Database) => Promise<void> = async () => undefined,
): Promise<number> {
  const started = runtime.clock.now()
  const { address, isNeon } = connectionUrl(options.url)
  const kind = options.kind ?? (isNeon ? 'neon' : 'foreign')
  try {
    await retry(
      {
        clock: runtime.clock,
        signal: runtime.signal,
        decide: (error, attempt, elapsed) => nextTry({ kind, error, attempt, elapsed }),
        onWait: (error) => runtime.log.progress(`Waiting for ${address} to accept connections: ${errorMessage(error)}`),
      },
      () => withDatabase(runtime, { ...options, kind }, look),
    )
  } catch (error) {
    runtime.signal.throwIfAborted()
    if (error instanceof ActionError) throw error
    throw new ActionError(`Could not log in at ${address}: ${errorMessage(error)}.`, {
      advice: advise(kind, error),
      title: errorCode(error),
    })
  }
  return runtime.clock.now() - started
}

/**
 * The next step where Neon's proxy refuses a login because a quota or limit of the plan is reached; empty otherwise. Its
 * SQLSTATE is the one of every internal error, so the text tells (neondatabase/neon, proxy).
 */
function quotaAdvice(text: string): string {
  if (!/exceeded the [\w ]*(quota|limit)/i.test(text)) return ''
  return /concurrently active/i.test(text)
    ? 'Suspend a compute or wait until one suspends, then run the job again; or change the plan.'
    : 'The plan of the project has no more of it: wait for the next billing period, or change the plan.'
}

function advise(kind: ServerKind, error: unknown): string {
  const code = errorCode(error)
  if (kind === 'neon' && ['TLS_NOT_OFFERED', 'CERTIFICATE_REJECTED'].includes(code)) {
    return "Look whether something on the way, such as a proxy, stands in for Neon's server."
  }
  if (code === 'TLS_NOT_OFFERED') {
    return 'Turn TLS on at the server, or write sslmode=prefer, which goes without where there is none.'
  }
  if (code === 'CERTIFICATE_REJECTED') {
    return 'Give its authority with sslrootcert (the path of a file, or system for those of the machine), or write sslmode=require, which encrypts and verifies nothing.'
  }
  const quota = kind === 'neon' ? quotaAdvice(errorMessage(error)) : ''
  if (quota) return quota
  if (kind === 'neon') {
    return isPassing(error)
      ? 'The compute did not start in time: look at the branch in the Neon console, then run the job again.'
      : 'Check the database, the role and its password.'
  }
  if (STARTING.includes(code)) return 'The server was not ready in time: look at its log, then run the job again.'
  if (UNKNOWN_NAME.includes(code)) {
    return 'Check the host in connection_string, and that the runner can look it up: a private name may be known in its own network only.'
  }
  if ([...TURNED_AWAY, ...NO_WAY, ...NO_ANSWER].includes(code)) {
    return 'Check host and port in connection_string, and that the runner may reach them: firewall, allowed addresses, private network.'
  }
  return 'Check the database, the role and its password.'
}
