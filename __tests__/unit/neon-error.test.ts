import { describe, expect, test } from '@jest/globals'
import { nextTry } from '../../src/neon/client.ts'
import { failureKind, NeonError, readFailure } from '../../src/neon/error.ts'
import { adviceFor, describe as describeFailure, quotaAdvice } from '../../src/neon/explain.ts'
import { isLimit } from '../../src/neon/limits.ts'
import { retryAfter } from '../../src/runtime/retry.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'

const NOW = Date.parse('2026-06-01T12:00:00Z')
const KEY = 'napi_very_secret_key'

function failure(changes: Partial<NeonError> = {}): NeonError {
  const details = {
    status: 400,
    code: '',
    message: 'no',
    requestId: 'r-1',
    operation: 'getProject',
    retryAfter: undefined,
  }
  const all = { ...details, ...changes }
  return new NeonError({ ...all, kind: changes.kind ?? failureKind(all.status, all.code, all.message) })
}

describe('sorting failures', () => {
  test.each([
    [423, '', 'locked'],
    [429, '', 'busy'],
    [503, '', 'busy'],
    [500, '', 'unknown'],
    [502, '', 'unknown'],
    [524, '', 'unknown'],
    [408, '', 'unknown'],
    [400, '', 'refused'],
    [401, '', 'refused'],
    [404, '', 'refused'],
    [409, '', 'refused'],
    [302, '', 'refused'],
    [200, '', 'refused'],
    [0, 'ECONNREFUSED', 'unsent'],
    [0, 'ENOTFOUND', 'unsent'],
    [0, 'ERR_PROXY_TUNNEL', 'unsent'],
    [0, 'ECONNRESET', 'unknown'],
    [0, 'ECONNABORTED', 'unknown'],
    [0, 'ERR_CANCELED', 'unknown'],
    [0, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'refused'],
    [0, 'ERR_TLS_CERT_ALTNAME_INVALID', 'refused'],
  ])('%i %s is %s', (status, code, kind) => {
    expect(failureKind(status, code, '')).toBe(kind)
  })

  test.each([
    [423, 'project already has running conflicting operations, scheduling of new ones is prohibited', 'locked'],
    [423, 'endpoint is in some transitive state, could not suspend', 'locked'],
    [423, 'compute time quota exceeded; usage:"398508", limit:"396000"', 'refused'],
    [423, 'data transfer quota exceeded', 'refused'],
    [423, 'the limit for current plan reached', 'refused'],
    [423, 'You have exceeded the limit of concurrently active endpoints. Please suspend some endpoints.', 'refused'],
    [423, 'branches limit exceeded', 'refused'],
    [412, 'compute time quota exceeded; usage:"2", limit:"1"', 'refused'],
    [402, 'compute time quota exceeded; usage:"2", limit:"1"', 'refused'],
  ])('%i "%s" is %s: a quota is no lock that passes', (status, message, kind) => {
    expect(failureKind(status, '', message)).toBe(kind)
  })

  test('a branch that initialises counts as locked', () => {
    expect(failureKind(422, '', 'branch not ready yet')).toBe('locked')
    expect(failureKind(422, '', 'cannot delete branch that has children: br-a')).toBe('refused')
  })
})

describe('reading what was thrown', () => {
  const context = () => {
    const secrets = createSecrets(() => undefined)
    secrets.add(KEY)
    return { operation: 'listProjects', requestId: 'ours-1', secrets, now: NOW }
  }

  test('takes code, message and request id of a GeneralError', () => {
    const data = { message: 'branches limit exceeded', code: 'BRANCHES_LIMIT_EXCEEDED', request_id: 'theirs' }
    const read = readFailure({ response: { status: 422, data, headers: {} } }, context())
    expect(read).toMatchObject({ status: 422, code: 'BRANCHES_LIMIT_EXCEEDED', requestId: 'theirs', kind: 'refused' })
    expect(read.message).toBe('branches limit exceeded')
  })

  test('tells only the title of a gateway page', () => {
    const data = '<!DOCTYPE html><html><head><title>524: A timeout occurred</title></head><body>long</body></html>'
    const thrown = { message: 'Request failed with status code 524', response: { status: 524, data, headers: {} } }
    expect(readFailure(thrown, context())).toMatchObject({ message: '524: A timeout occurred', kind: 'unknown' })
    const untitled = { ...thrown, response: { ...thrown.response, data: '<html><body>x</body></html>' } }
    expect(readFailure(untitled, context()).message).toBe('Request failed with status code 524')
    const headers = { location: 'https://sign-in.example.com/?to=neon' }
    const moved = {
      message: 'Request failed with status code 302',
      response: { status: 302, data: '<html>Found</html>', headers },
    }
    expect(readFailure(moved, context()).message).toBe(
      'it sends the request on to sign-in.example.com, so this is not the Neon API itself',
    )
  })

  test('redacts secrets and falls back to its own request id', () => {
    const read = readFailure({ code: 'ECONNRESET', message: `sent ${KEY}` }, context())
    expect(read).toMatchObject({ status: 0, code: 'ECONNRESET', message: 'sent ***', requestId: 'ours-1' })
  })

  test.each([
    ['7', 7000],
    ['0', 0],
    ['Mon, 01 Jun 2026 12:00:30 GMT', 30_000],
    ['Mon, 01 Jun 2026 11:00:00 GMT', 0],
    ['', undefined],
    ['soon', undefined],
  ])('Retry-After %p is %p ms', (value, milliseconds) => {
    expect(retryAfter(value, NOW)).toBe(milliseconds)
  })
})

describe('the retry rule', () => {
  const decide = (error: NeonError, attempt: number, elapsed: number, kind: 'read' | 'write') =>
    nextTry({ error, attempt, elapsed, kind })

  test('a lock is waited for up to two minutes, in waits of at most eight seconds', () => {
    const locked = failure({ status: 423 })
    for (const kind of ['read', 'write'] as const) {
      expect(decide(locked, 1, 0, kind)).toBeGreaterThanOrEqual(750)
      expect(decide(locked, 1, 0, kind)).toBeLessThanOrEqual(1000)
      expect(decide(locked, 30, 100_000, kind)).toBeLessThanOrEqual(8000)
      expect(decide(locked, 30, 119_500, kind)).toBe('stop')
    }
  })

  test('Retry-After is obeyed, and given up when it asks for more than two minutes', () => {
    expect(decide(failure({ status: 429, retryAfter: 7000 }), 1, 0, 'write')).toBe(7000)
    expect(decide(failure({ status: 503, retryAfter: 300_000 }), 1, 0, 'write')).toBe('stop')
  })

  test('reads are repeated after an unknown outcome, writes are not', () => {
    const lost = failure({ status: 524 })
    expect(decide(lost, 1, 0, 'read')).not.toBe('stop')
    expect(decide(lost, 5, 10_000, 'read')).toBe('stop')
    expect(decide(lost, 1, 0, 'write')).toBe('stop')
  })

  test('a server that was not reached is tried again by both; a refusal by none', () => {
    const unsent = failure({ status: 0, code: 'ECONNREFUSED' })
    expect(decide(unsent, 1, 0, 'write')).not.toBe('stop')
    expect(decide(unsent, 5, 0, 'write')).toBe('stop')
    expect(decide(failure({ status: 409 }), 1, 0, 'read')).toBe('stop')
    expect(nextTry({ error: new Error('other'), attempt: 1, elapsed: 0, kind: 'read' })).toBe('stop')
  })
})

describe('advice', () => {
  const task = { what: 'x', projectId: 'calm-hill-123456' }

  test.each([
    [failure({ status: 401 }), /api_key/],
    [failure({ status: 403 }), /key of the organization/],
    [failure({ status: 404 }), /project_id calm-hill-123456/],
    [failure({ status: 400, message: 'org_id is required, you can find it …' }), /input org_id/],
    [failure({ status: 404, message: 'snapshot not found' }), /^(?!.*project_id).*inputs that name/],
    [failure({ status: 404, message: 'project not found' }), /project_id calm-hill-123456/],
    [failure({ status: 412, message: 'the branch is archived' }), /^The branch is in a state/],
    [failure({ status: 404, message: 'branch not found' }), /made a moment ago.*check the inputs/],
    [failure({ status: 412, message: 'Storing passwords is disabled' }), /connection_string/],
    [failure({ status: 412, message: 'something new' }), /^(?!.*password).*Neon console/],
    [failure({ status: 423 }), /operations/],
    [failure({ status: 429 }), /wait a minute/],
    [failure({ status: 0, code: 'ENOTFOUND' }), /HTTPS_PROXY/],
    [failure({ status: 524 }), /goes on where it stopped/],
    [failure({ status: 200 }), /api_host/],
  ])('%#', (error, text) => {
    expect(adviceFor(error, task)).toMatch(text)
  })

  test.each([
    [
      402,
      '',
      'compute time quota exceeded; usage:"2", limit:"1"',
      /its compute time: wait for the next billing period/,
    ],
    [412, '', 'data transfer quota exceeded; usage:"2", limit:"1"', /its data transfer/],
    [423, '', 'Your project has exceeded the logical size quota. Upgrade your plan.', /its logical size: delete data/],
    [423, 'ACTIVE_TIME_QUOTA_EXCEEDED', 'no', /its active time/],
    [423, '', 'project already has running conflicting operations', /^$/],
    [412, '', 'Storing passwords is disabled', /^$/],
  ])('a quota, %i %s "%s"', (status, code, message, text) => {
    expect(quotaAdvice(failure({ status, code, message }))).toMatch(text)
  })

  test('the sentence carries status, code, text and request id', () => {
    const error = failure({ status: 422, code: 'SOME_CODE', message: 'too much.' })
    expect(describeFailure(error)).toBe('Neon answered 422 SOME_CODE: too much (request r-1)')
    expect(describeFailure(failure({ status: 0, code: 'ECONNRESET', message: 'socket hang up' }))).toBe(
      'no answer from the Neon API (ECONNRESET: socket hang up)',
    )
  })

  test('limits are known by code, by 402 and by text', () => {
    expect(isLimit(failure({ status: 422, code: 'BRANCHES_LIMIT_EXCEEDED' }))).toBe(true)
    expect(isLimit(failure({ status: 402 }))).toBe(true)
    expect(isLimit(failure({ message: 'You have exceeded the limit of concurrently active endpoints.' }))).toBe(true)
    expect(isLimit(failure({ status: 422, message: 'cannot delete branch that has children' }))).toBe(false)
  })
})
