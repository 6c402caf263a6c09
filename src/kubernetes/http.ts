import http from 'node:http'
import https from 'node:https'
import { ActionError, errorCode } from '../runtime/errors.ts'
import { titleIn } from '../runtime/page.ts'
import { backoff, retry, retryAfter } from '../runtime/retry.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { loginFailure, networkFailure } from './failures.ts'
import type { OpenSession } from './kubeconfig.ts'
import { isPassing, isStale } from './refusals.ts'
import type { Answer, KubernetesObject, Status } from './types.ts'

/** One request. */
export interface Call {
  method: 'GET' | 'PATCH' | 'POST' | 'DELETE'
  path: string
  body?: unknown
  contentType?: string
  /** What the answer may be; JSON unless told. */
  accept?: string
  /** It holds a resourceVersion: that the object has another by now does not pass. */
  isConditional?: boolean
}

/** Sends requests with the login of a session; gives up on nothing that passes by itself. */
export interface Api {
  readonly session: OpenSession
  call(call: Call): Promise<Answer>
}

const REQUEST_TIMEOUT = 30_000
const LOGIN_TIMEOUT = 60_000
const ATTEMPTS = 5
const LONGEST_WAIT = 8000

/** An answer that is worth another try, on its way to the retry loop. */
class PassingAnswer extends Error {
  readonly answer: Answer
  /** Milliseconds that the server asks for. */
  readonly wait: number
  constructor(answer: Answer, wait: number) {
    super(`${answer.code} ${answer.status.message}`)
    this.answer = answer
    this.wait = wait
  }
}

/**
 * An {@link Api} for a session. Passing answers ({@link isPassing}), lost connections and timeouts are tried again, five
 * times in all, after what Retry-After asks for (8 s at most), and never sooner than the backoff; every call here is safe
 * to repeat. After that an answer is returned as it is, and a network failure becomes an ActionError.
 */
export function createApi(runtime: Runtime, session: OpenSession, requestTimeout = REQUEST_TIMEOUT): Api {
  return {
    session,
    async call(call) {
      try {
        return await retry(
          {
            clock: runtime.clock,
            signal: runtime.signal,
            decide: (error, attempt) => waitFor(error, attempt),
            onWait: (error, _, milliseconds) =>
              runtime.log.info(
                `Kubernetes: ${call.method} ${call.path} again in ${milliseconds} ms: ${error instanceof Error ? error.message : error}`,
              ),
          },
          () => attempt(runtime, session, call, requestTimeout),
        )
      } catch (error) {
        runtime.signal.throwIfAborted()
        if (error instanceof PassingAnswer) return error.answer
        throw error instanceof ActionError ? error : networkFailure(error, session, requestTimeout)
      }
    },
  }
}

function waitFor(error: unknown, attempt: number): number | 'stop' {
  if (attempt >= ATTEMPTS || error instanceof ActionError) return 'stop'
  const own = backoff(attempt, 500, LONGEST_WAIT)
  if (error instanceof PassingAnswer) return Math.min(Math.max(error.wait, own), LONGEST_WAIT)
  // A name or an address without a server will hardly get one in seconds: two tries tell a hiccup from a mistake.
  if (['ENOTFOUND', 'ECONNREFUSED', 'EAI_AGAIN'].includes(errorCode(error))) return attempt < 3 ? own : 'stop'
  return ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'].includes(errorCode(error)) ? own : 'stop'
}

async function attempt(runtime: Runtime, session: OpenSession, call: Call, timeout: number): Promise<Answer> {
  const login = await authorize(runtime, session)
  const { code, text, after } = await exchange(runtime, { session, call, timeout, login })
  const answer = readAnswer(runtime, code, text)
  if (isPassing(answer) && !(call.isConditional && isStale(answer)))
    throw new PassingAnswer(answer, retryAfter(after, runtime.clock.now()) ?? 0)
  return answer
}

async function authorize(runtime: Runtime, session: OpenSession): Promise<https.RequestOptions> {
  try {
    const limit = AbortSignal.timeout(LOGIN_TIMEOUT)
    const login = await session.authorize(AbortSignal.any([runtime.signal, limit]))
    const header = Object.entries(login.headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization')
    if (header) runtime.secrets.add(String(header[1]).replace(/^\w+ /, ''))
    if (typeof login.key === 'string') runtime.secrets.add(login.key)
    return login
  } catch (error) {
    runtime.signal.throwIfAborted()
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    throw loginFailure(runtime, isLate ? new Error(`no answer within ${LOGIN_TIMEOUT / 1000} s`) : error, session)
  }
}

interface Exchange {
  session: OpenSession
  call: Call
  timeout: number
  login: https.RequestOptions
}

function exchange(runtime: Runtime, { session, call, timeout, login }: Exchange) {
  const url = new URL(`${session.cluster.server}${call.path}`)
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  const headers = {
    ...login.headers,
    accept: call.accept ?? 'application/json',
    'user-agent': 'neon-postgres-setup',
    ...(body === undefined
      ? {}
      : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
  }
  const signal = AbortSignal.any([runtime.signal, AbortSignal.timeout(timeout)])
  const { request } = url.protocol === 'http:' ? http : https
  return new Promise<{ code: number; text: string; after: string }>((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(signal.aborted ? Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }) : error)
    const sent = request(url, { ...login, method: call.method, headers, signal }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () => {
        const after = response.headers['retry-after'] ?? ''
        resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8'), after })
      })
    })
    sent.on('error', fail)
    sent.end(body)
  })
}

function readAnswer(runtime: Runtime, code: number, text: string): Answer {
  const parsed = parse(text)
  if (code < 300 && isObject(parsed)) return { code, object: parsed, status: { message: '', reason: '' } }
  const status = parsed?.kind === 'Status' ? (parsed as Partial<Status>) : {}
  return {
    code,
    status: {
      message: typeof status.message === 'string' ? status.message : plainText(code, runtime.secrets.redact(text)),
      reason: status.reason ?? '',
      ...(status.details ? { details: status.details } : {}),
    },
  }
}

/** Every object of the API has its kind and metadata; only the list of a group's kinds has no metadata. */
function isObject(value: ReturnType<typeof parse>): value is KubernetesObject {
  if (typeof value?.kind !== 'string') return false
  return value.kind === 'APIResourceList' || (typeof value.metadata === 'object' && value.metadata !== null)
}

/** What an answer that is no object says: its text, or of a page, as a proxy sends one, the title. */
function plainText(code: number, text: string): string {
  const page = text.trim().startsWith('<')
  const said = page ? (titleIn(text) ?? 'a page') : text
  return code < 300 ? 'the answer is no Kubernetes object' : said.trim().slice(0, 300)
}

function parse(text: string): (Record<string, unknown> & { kind?: unknown }) | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
