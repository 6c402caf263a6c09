import { CLOUDFLARE_TIMEOUT } from '../../../sandbox/neon/recorded.ts'

/** The servers that a run asks over HTTP. */
export type Server = 'neon' | 'github' | 'kubernetes'

/** What happens to one HTTP request. */
export interface HttpFault {
  name: string
  /**
   * `answer`: a reply at once, the request has no effect; `answer-after`: it takes effect and gets this reply in place of
   * the true one; `drop` and `drop-after`: the socket is closed before or after; `truncate`: the true reply, half of it;
   * `hang`: nothing ever comes.
   */
  act: 'answer' | 'answer-after' | 'drop' | 'drop-after' | 'truncate' | 'hang'
  status?: number
  headers?: Record<string, string>
  /** The body; that of an error of the server unless told. */
  body?: string
}

const HTML = { 'content-type': 'text/html; charset=UTF-8' }

export const HTTP_FAULTS: readonly HttpFault[] = [
  { name: '429 with Retry-After', act: 'answer', status: 429, headers: { 'retry-after': '1' } },
  { name: '429', act: 'answer', status: 429 },
  { name: '423', act: 'answer', status: 423 },
  { name: '503', act: 'answer', status: 503 },
  { name: '500', act: 'answer', status: 500 },
  { name: '524 page', act: 'answer-after', status: 524, headers: HTML, body: CLOUDFLARE_TIMEOUT },
  { name: 'malformed', act: 'answer-after', status: 200, body: '{"data": [1, {"id": ' },
  { name: 'truncated', act: 'truncate' },
  { name: 'empty 200', act: 'answer', status: 200, body: '' },
  { name: 'dropped before', act: 'drop' },
  { name: 'dropped after', act: 'drop-after' },
  { name: 'hang', act: 'hang' },
  { name: '302', act: 'answer', status: 302, headers: { ...HTML, location: '/sign-in' }, body: '<html>Found</html>' },
]

/** The text of an error as each server sends it. */
export function errorBody(server: Server, status: number): string {
  const message = `injected ${status}`
  if (server === 'neon') return JSON.stringify({ message, code: '' })
  if (server === 'github') return JSON.stringify({ message, documentation_url: 'https://docs.github.com/rest' })
  const status_ = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
  return JSON.stringify({ ...status_, message, reason: 'InternalError', code: status })
}

/** Where in a connection to the database something happens: before its login, at its first query, or at its last. */
export type Moment = 'login' | 'first query' | 'last query'

/** What happens to a connection or its server; `sql-faults.ts` says how it is made. */
export interface SqlFault {
  name:
    | 'terminated'
    | 'too many connections'
    | 'lock timeout'
    | 'statement timeout'
    | 'read-only'
    | 'restart'
    | 'failover'
    | 'black hole'
  at: readonly Moment[]
  /** Inputs by which the run meets it soon. */
  inputs?: Record<string, string>
}

export const SQL_FAULTS: readonly SqlFault[] = [
  { name: 'terminated', at: ['first query', 'last query'] },
  { name: 'too many connections', at: ['login'] },
  { name: 'lock timeout', at: ['first query'], inputs: { lock_timeout: '300ms' } },
  { name: 'statement timeout', at: ['first query'], inputs: { lock_timeout: '0', statement_timeout: '300ms' } },
  { name: 'read-only', at: ['login'] },
  { name: 'restart', at: ['login', 'first query', 'last query'] },
  { name: 'failover', at: ['first query', 'last query'] },
  { name: 'black hole', at: ['login', 'first query', 'last query'] },
]

/**
 * Whether it passes by itself, so that a run must get over it when it comes once; of a connection that is lost while files
 * are applied, nobody knows what was done, and the next run finds out.
 */
export function mustBeOvercome(fault: HttpFault | SqlFault, said: string): boolean {
  if ('act' in fault) return fault.act !== 'hang' && fault.status !== 302
  return ['terminated', 'too many connections', 'restart'].includes(fault.name) && !/^Lost the connection/.test(said)
}

/** Those that nothing but the time limit of a call or of the run ends. */
export function isWaiting(fault: { name: string }, lasting: boolean): boolean {
  if (['hang', 'black hole'].includes(fault.name)) return true
  return (
    lasting && ['429', '429 with Retry-After', '423', '503', 'lock timeout', 'statement timeout'].includes(fault.name)
  )
}
