import { randomBytes } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { createApiClient, type RequestParams } from '@neondatabase/api-client'
import { isNeonHost } from '../runtime/neon-hosts.ts'
import { backoff, type RetryDecision, retry } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { missingField } from './answer.ts'
import { NeonError, readFailure } from './error.ts'

/** The generated client; only `src/neon` sees it. */
export type NeonApi = ReturnType<typeof createApiClient>

/** One call of the generated client; `params` carries the request's own headers and signal. */
export type Send<T> = (api: NeonApi, params: RequestParams) => Promise<{ data: T }>

/** How a write whose outcome is unknown is settled. */
export interface Recovery<T> {
  /** Looks whether the write happened: its result, or undefined when it (so far) did not. */
  readBack(): Promise<T | undefined>
  /**
   * True where the API makes a second request harmless (a unique name, the same value again): after the read-back found
   * nothing, it is sent again. False: it is never sent twice, the error is thrown.
   */
  repeatable: boolean
}

/** The Neon API with its timeouts, retries and errors. Rooms above pass it to the verbs of `src/neon` and call nothing on it. */
export interface Neon {
  readonly runtime: Runtime
  /** For links: the console that belongs to the API host, or an empty string where there is none. */
  readonly console: string
  /** A request that changes nothing: repeated on every passing fault. Throws {@link NeonError}. */
  read<T>(operation: string, send: Send<T>): Promise<T>
  /** A request that changes something: repeated only when it certainly had no effect, else read back. Throws {@link NeonError}. */
  write<T>(operation: string, send: Send<T>, recovery: Recovery<T>): Promise<T>
}

/** What {@link createNeon} needs. */
export interface NeonOptions {
  apiKey: string
  /** Base URL of the API, for example `https://console.neon.tech/api/v2`. */
  apiHost: string
  userAgent: string
}

const TIMEOUT = 45_000
// The whole exchange, for the phases axios' own timeout leaves out (a proxy that accepts and stays silent).
const HARD_TIMEOUT = 60_000
const PATIENCE = 120_000
const NETWORK_ATTEMPTS = 5
const READ_BACKS = 3
const MOST_SENDS = 3

/**
 * Opens the API. The key is registered as a secret. HTTPS_PROXY and NO_PROXY are honoured by Node's agents (CONNECT for
 * https hosts; a Node that cannot, leaves it to axios, which sends a percent-encoded password of a proxy undecoded).
 * Redirects are not followed: they would turn a write into a read.
 */
export function createNeon(runtime: Runtime, options: NeonOptions): Neon {
  runtime.secrets.add(options.apiKey)
  const agentOptions = { keepAlive: true, proxyEnv: process.env }
  const api = createApiClient({
    apiKey: options.apiKey,
    baseURL: options.apiHost.replace(/\/+$/, ''),
    timeout: TIMEOUT,
    maxRedirects: 0,
    httpAgent: new HttpAgent(agentOptions),
    httpsAgent: new HttpsAgent(agentOptions),
    headers: { 'User-Agent': options.userAgent },
  })
  api.instance.interceptors.response.use((response) => {
    if (typeof response.data !== 'string' || response.data === '') return response
    // axios hands on a body that is no JSON as text; a wrong api_host would then fail somewhere far from its cause.
    const isPage = response.data.trimStart().startsWith('<')
    const data = isPage ? { message: 'the answer is not JSON, so this is not the Neon API' } : undefined
    throw Object.assign(new Error('an answer that cannot be read'), { response: { status: response.status, data } })
  })
  const run = randomBytes(4).toString('hex')
  let requests = 0

  async function once<T>(operation: string, send: Send<T>): Promise<T> {
    requests += 1
    const requestId = `neon-postgres-setup-${run}-${requests}`
    const signal = AbortSignal.any([runtime.signal, AbortSignal.timeout(HARD_TIMEOUT)])
    try {
      const { data } = await send(api, { headers: { 'X-Request-ID': requestId }, signal })
      const missing = missingField(operation, data)
      if (missing) throw incomplete(operation, requestId, `the answer has no ${missing}`)
      return data
    } catch (thrown) {
      runtime.signal.throwIfAborted()
      if (thrown instanceof NeonError) throw thrown
      // A verb that reads its answer met one that is not as described.
      if (thrown instanceof TypeError) throw incomplete(operation, requestId, 'the answer lacks what it must hold')
      const context = { operation, requestId, secrets: runtime.secrets, now: runtime.clock.now() }
      throw readFailure(thrown, context)
    }
  }

  async function patient<T>(operation: string, send: Send<T>, kind: 'read' | 'write'): Promise<T> {
    const options = {
      clock: runtime.clock,
      signal: runtime.signal,
      decide: (error: unknown, attempt: number, elapsed: number) => nextTry({ error, attempt, elapsed, kind }),
      onWait: (error: unknown, attempt: number, wait: number) => tellWait(runtime, { error, attempt, wait }),
    }
    return await retry(options, () => once(operation, send))
  }

  return {
    runtime,
    console: consoleOf(options.apiHost),
    read: (operation, send) => patient(operation, send, 'read'),
    async write(operation, send, recovery) {
      for (let sends = 1; ; sends += 1) {
        try {
          return await patient(operation, send, 'write')
        } catch (error) {
          if (!(error instanceof NeonError) || error.kind !== 'unknown') throw error
          const found = await readBack(runtime, error, recovery)
          if (found !== undefined) return found
          if (!recovery.repeatable || sends >= MOST_SENDS) throw error
          runtime.log.info(`Neon: ${operation} did not take effect, sending it again.`)
        }
      }
    },
  }
}

/** An answer of status 200 that says nothing: whether a write took effect is unknown, and a read is tried again. */
function incomplete(operation: string, requestId: string, message: string): NeonError {
  return new NeonError({
    ...{ status: 200, code: '', message, requestId, operation },
    kind: 'unknown',
    retryAfter: undefined,
  })
}

/** What {@link nextTry} decides from. */
export interface Attempt {
  error: unknown
  /** From 1. */
  attempt: number
  /** Milliseconds since the first attempt began. */
  elapsed: number
  kind: 'read' | 'write'
}

/** The retry rule: see {@link FailureKind} for what may be repeated; waits are milliseconds, all within two minutes. */
export function nextTry({ error, attempt, elapsed, kind }: Attempt): RetryDecision {
  if (!(error instanceof NeonError)) return 'stop'
  const within = (wait: number) => (elapsed + wait <= PATIENCE ? wait : 'stop')
  if (error.kind === 'locked') return within(backoff(attempt, 1000, 8000))
  // A Retry-After of 0, or of a moment that has passed, is no leave to ask without a pause.
  if (error.kind === 'busy') return within(Math.max(error.retryAfter ?? 0, backoff(attempt, 1000, 16_000)))
  const passing = error.kind === 'unsent' || (error.kind === 'unknown' && kind === 'read')
  return passing && attempt < NETWORK_ATTEMPTS ? within(backoff(attempt, 500, 8000)) : 'stop'
}

async function readBack<T>(runtime: Runtime, error: NeonError, recovery: Recovery<T>): Promise<T | undefined> {
  runtime.log.info(
    `Neon: no answer to ${error.operation} (${error.status || error.code}), looking whether it happened.`,
  )
  for (let look = 1; look <= READ_BACKS; look += 1) {
    await runtime.clock.sleep(backoff(look, 500, 4000), runtime.signal)
    const found = await recovery.readBack()
    if (found !== undefined) return found
  }
  return undefined
}

function tellWait(runtime: Runtime, { error, attempt, wait }: { error: unknown; attempt: number; wait: number }): void {
  if (!(error instanceof NeonError)) return
  const status = error.status || error.code
  runtime.log.debug(`Neon: ${error.operation} attempt ${attempt}: ${status} ${error.message}; next in ${wait} ms`)
  const why = error.kind === 'locked' ? 'another operation is running' : error.message
  runtime.log.progress(`Neon: ${error.operation} answered ${status} (${why}), trying again.`)
}

function consoleOf(apiHost: string): string {
  const url = URL.parse(apiHost)
  return url && isNeonHost(url.hostname) ? url.origin : ''
}
