import type { Owner } from '../ownership.ts'
import { errorCode } from '../runtime/errors.ts'
import { titleIn } from '../runtime/page.ts'
import { retryAfter } from '../runtime/retry.ts'
import type { Secrets } from '../runtime/secrets.ts'

/**
 * What a failed request means for the next one:
 * `locked`: another operation runs, nothing happened; `busy`: rate limit or overload, nothing happened;
 * `unsent`: the server was never reached; `unknown`: it may have happened; `refused`: it did not happen and will not.
 */
export type FailureKind = 'locked' | 'busy' | 'unsent' | 'unknown' | 'refused'

/** What was being done, for the sentence of an error. */
export interface Task {
  /** With the value: `create the branch pr-7`. */
  what: string
  projectId?: string
  /** Our branches of its repository are named when a limit is reached. */
  owner?: Owner
}

/** A failed request to the Neon API, reduced to plain text: nothing of the HTTP client is kept, its errors carry the key. */
export class NeonError extends Error {
  /** HTTP status, or 0 when no answer came. */
  readonly status: number
  /** Neon's code, often empty; without an answer the system's code, for example `ECONNRESET`. */
  readonly code: string
  readonly requestId: string
  /** The operation of the API description, for example `createProjectBranch`. */
  readonly operation: string
  readonly kind: FailureKind
  /** Milliseconds the server asks to wait (Retry-After), if it said so. */
  readonly retryAfter: number | undefined

  constructor(details: Omit<NeonError, 'name' | 'cause' | 'stack'>) {
    super(details.message)
    this.name = 'NeonError'
    this.status = details.status
    this.code = details.code
    this.requestId = details.requestId
    this.operation = details.operation
    this.kind = details.kind
    this.retryAfter = details.retryAfter
  }
}

const NEVER_REACHED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_PROXY_TUNNEL']
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|ERR_TLS/
const LONGEST_MESSAGE = 400

/** What {@link readFailure} needs beside the thrown object. */
export interface FailureContext {
  operation: string
  requestId: string
  secrets: Secrets
  /** Milliseconds since the epoch, for a Retry-After that is a date. */
  now: number
}

/**
 * Reads anything an axios call threw, by shape. Neon's own texts come from `GeneralError {message, code, request_id}`;
 * a gateway in between answers HTML, of which only the title is told.
 */
export function readFailure(thrown: unknown, context: FailureContext): NeonError {
  const response = field(thrown, 'response')
  const body = field(response, 'data')
  const answered = Number(field(response, 'status') ?? 0)
  // A success of which only a part came, or nothing that can be read, says no more than a connection that is lost.
  const isCut = answered >= 200 && answered < 300 && text(field(body, 'message')) === ''
  const status = isCut ? 0 : answered
  const code = isCut ? 'ECONNRESET' : status === 0 ? errorCode(thrown) : text(field(body, 'code'))
  const said = text(field(body, 'message')) || elsewhere(status, response) || plainBody(body)
  const raw = (isCut ? 'the answer broke off' : said) || text(field(thrown, 'message')) || String(thrown)
  const message = context.secrets.redact(raw).slice(0, LONGEST_MESSAGE)
  return new NeonError({
    status,
    code,
    message,
    requestId: text(field(body, 'request_id')) || text(header(response, 'x-neon-ret-request-id')) || context.requestId,
    operation: context.operation,
    kind: failureKind(status, code, message),
    retryAfter: retryAfter(text(header(response, 'retry-after')), context.now),
  })
}

/**
 * What a 423 says when it is no lock: a quota or a limit of the plan is used up, which no waiting helps. Neon's own proxy
 * tells the two apart by these texts (`ShouldRetry for ApiError` in its source).
 */
const USED_UP = /quota exceeded|exceeded the [\w ]*(quota|limit)|limit exceeded|limit for current plan reached/i

/**
 * Sorts a failure. 423 and 503 are always safe to repeat (GeneralError of the API description), but a 423 may also be the
 * answer to a quota; 429 is refused before anything happens; `branch not ready yet` (422) is the answer while a branch
 * initialises.
 */
export function failureKind(status: number, code: string, message: string): FailureKind {
  if (status === 423 && USED_UP.test(message)) return 'refused'
  if (status === 423 || (status === 422 && /not ready yet/i.test(message))) return 'locked'
  if (status === 429 || status === 503) return 'busy'
  if (status === 0) {
    if (NEVER_REACHED.includes(code)) return 'unsent'
    return CERTIFICATE.test(code) ? 'refused' : 'unknown'
  }
  return status >= 500 || status === 408 ? 'unknown' : 'refused'
}

/** Whether a 404 is about the project itself: it is not there, or not for this key. */
export function isProjectMissing({ status, message }: NeonError): boolean {
  return status === 404 && /project not found/i.test(message)
}

/** Redirects are not followed; where one leads shows who stands in between. */
function elsewhere(status: number, response: unknown): string {
  if (status < 300 || status > 399) return ''
  const host = URL.parse(text(header(response, 'location')))?.host
  return `it sends the request on${host ? ` to ${host}` : ''}, so this is not the Neon API itself`
}

function plainBody(body: unknown): string {
  if (typeof body !== 'string') return ''
  return (titleIn(body) ?? (body.trimStart().startsWith('<') ? '' : body)).trim()
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function header(response: unknown, name: string): unknown {
  return field(field(response, 'headers'), name)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}
