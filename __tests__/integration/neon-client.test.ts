import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type HttpServer, type Reply, type Request, serve } from '../../sandbox/http/serve.ts'
import { NeonError } from '../../src/neon/error.ts'
import { explaining } from '../../src/neon/explain.ts'
import { createNeon } from '../../src/neon/index.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { type NeonRun, neonRun, reachableTexts } from '../support/neon.ts'

const HTML = '<html><head><title>524: A timeout occurred</title></head></html>'
const project = { project: { id: 'calm-hill-123456', name: 'p' } }

let server: HttpServer
let run: NeonRun
let reply: (request: Request) => Reply

beforeEach(async () => {
  reply = () => ({ status: 200, body: project })
  server = await serve(async (request) => reply(request))
  run = neonRun(server)
})
afterEach(() => server.close())

const read = () => run.neon.read('getProject', (api, params) => api.getProject('calm-hill-123456', params))
const write = (recovery: { readBack: () => Promise<unknown>; repeatable: boolean }) =>
  run.neon.write<unknown>(
    'updateProject',
    (api, params) => api.updateProject('calm-hill-123456', { project: {} }, params),
    recovery,
  )
const thrownBy = async (work: () => Promise<unknown>) => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('sends key, user agent and a request id of its own each time', async () => {
  await read()
  await read()
  const [first, second] = server.journal
  expect(first?.headers).toMatchObject({
    authorization: 'Bearer napi_test_key_0123456789',
    'user-agent': 'test-agent/1',
  })
  expect(first?.headers['x-request-id']).toMatch(/^neon-postgres-setup-[0-9a-f]{8}-1$/)
  expect(second?.headers['x-request-id']).toBe(first?.headers['x-request-id']?.toString().replace(/1$/, '2'))
  expect(run.runtime.masks).toContain('napi_test_key_0123456789')
})

describe('passing faults', () => {
  test('423 for 30 seconds is waited out, by reads and by writes', async () => {
    const until = run.clock.now() + 30_000
    reply = () =>
      run.clock.now() < until ? { status: 423, body: { message: 'locked', code: '' } } : { status: 200, body: project }
    await write({ repeatable: false, readBack: () => Promise.reject(new Error('a lock needs no read-back')) })
    const waited = run.clock.waits.reduce((sum, wait) => sum + wait, 0)
    expect(waited).toBeGreaterThanOrEqual(30_000)
    expect(waited).toBeLessThan(45_000)
    expect(server.journal.at(-1)?.status).toBe(200)
    expect(await read()).toEqual(project)
  })

  test('423 for ever ends after two minutes', async () => {
    server.faults.add({ kind: 'answer', status: 423, times: 1000 })
    expect(await thrownBy(read)).toMatchObject({ status: 423, kind: 'locked' })
    const waited = run.clock.waits.reduce((sum, wait) => sum + wait, 0)
    expect(waited).toBeGreaterThan(100_000)
    expect(waited).toBeLessThanOrEqual(120_000)
  })

  test.each([429, 503])(
    '%i with Retry-After waits exactly that long, also before a write is repeated',
    async (status) => {
      server.faults.add({ kind: 'answer', status, headers: { 'retry-after': '17' } })
      await write({ repeatable: false, readBack: () => Promise.reject(new Error('not needed')) })
      expect(run.clock.waits).toEqual([17_000])
      expect(server.journal).toHaveLength(2)
    },
  )

  test.each([
    ['0', 429],
    ['0', 503],
    ['Thu, 01 Jan 2026 00:00:00 GMT', 429],
    ['-1', 503],
  ])('Retry-After %p with %i is no leave to ask without a pause', async (after, status) => {
    server.faults.add({ kind: 'answer', status, headers: { 'retry-after': after }, times: 1000 })
    expect(await thrownBy(read)).toMatchObject({ status, kind: 'busy' })
    // Two minutes of patience at 1, 2, 4, 8 and then 16 seconds, each at most a quarter shorter.
    expect(server.journal.length).toBeLessThanOrEqual(14)
    expect(Math.min(...run.clock.waits)).toBeGreaterThanOrEqual(750)
  })

  test.each([429, 503])('%i without Retry-After backs off', async (status) => {
    server.faults.add({ kind: 'answer', status, times: 3 })
    await read()
    expect(run.clock.waits).toHaveLength(3)
    const [first = 0, second = 0, third = 0] = run.clock.waits
    expect(first).toBeLessThan(second)
    expect(second).toBeLessThan(third)
  })

  test('a read is repeated after 524 with HTML, 500 and a dropped socket', async () => {
    server.faults.add({ kind: 'answer', status: 524, body: HTML, headers: { 'content-type': 'text/html' } })
    server.faults.add({ kind: 'answer', status: 500 })
    server.faults.add({ kind: 'drop' })
    expect(await read()).toEqual(project)
    expect(server.journal.map(({ status }) => status)).toEqual([524, 500, 0, 200])
  })

  test.each([
    ['cut off on the way', JSON.stringify(project).slice(0, -9)],
    ['whole, and no JSON', 'try again'.padEnd(JSON.stringify(project).length)],
  ])('an answer %s is asked for again, and a write behind one is looked for', async (_, body) => {
    const length = JSON.stringify(project).length
    let asked = 0
    const breaking = createServer((socket) => {
      socket.once('data', () => {
        asked += 1
        socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`)
      })
    })
    await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve))
    run = neonRun({ url: `http://127.0.0.1:${(breaking.address() as AddressInfo).port}` })
    expect(await thrownBy(read)).toMatchObject({ kind: 'unknown', message: 'the answer broke off' })
    expect(asked).toBe(5)
    expect(await write({ repeatable: false, readBack: async () => 'found' })).toBe('found')
    await new Promise((resolve) => breaking.close(resolve))
  })

  test('a read that never works fails after five attempts', async () => {
    server.faults.add({ kind: 'drop', times: 100 })
    expect(await thrownBy(read)).toMatchObject({ status: 0, kind: 'unknown' })
    expect(server.journal).toHaveLength(5)
  })

  test('a server that is not there is tried five times', async () => {
    const gone = await serve(async () => ({ status: 200 }))
    await gone.close()
    run = neonRun(gone)
    expect(await thrownBy(read)).toMatchObject({ status: 0, code: 'ECONNREFUSED', kind: 'unsent' })
    expect(run.clock.waits).toHaveLength(4)
  })

  test('a wrong host that answers with a page fails at once', async () => {
    reply = () => ({ status: 200, body: '<html>welcome</html>' })
    const error = await thrownBy(() => explaining(run.neon, { what: 'look' }, read))
    expect(error).toBeInstanceOf(ActionError)
    expect((error as ActionError).sentence).toMatch(/not JSON.*api_host/)
    expect(server.journal).toHaveLength(1)
  })

  test('a redirect is not followed', async () => {
    reply = () => ({ status: 307, headers: { location: `${server.url}/elsewhere` } })
    expect(await thrownBy(read)).toMatchObject({ status: 307, kind: 'refused' })
    expect(server.journal).toHaveLength(1)
  })
})

describe('writes with an unknown outcome', () => {
  const lost = [
    { kind: 'drop-after' as const },
    { kind: 'answer-after' as const, status: 524, body: HTML },
    { kind: 'answer-after' as const, status: 502 },
  ]
  test.each(lost)('$kind $status: what is read back is the result, nothing is sent again', async (fault) => {
    server.faults.add(fault)
    const found = await write({ repeatable: true, readBack: async () => ({ adopted: true }) })
    expect(found).toEqual({ adopted: true })
    expect(server.journal).toHaveLength(1)
  })

  test('it is looked for three times before it counts as not done', async () => {
    server.faults.add({ kind: 'drop-after' })
    let looks = 0
    const readBack = async () => {
      looks += 1
      return looks === 3 ? { adopted: true } : undefined
    }
    expect(await write({ repeatable: false, readBack })).toEqual({ adopted: true })
    expect(server.journal).toHaveLength(1)
  })

  test('not done and harmless to repeat: sent again, after looking', async () => {
    server.faults.add({ kind: 'drop' })
    let looks = 0
    const readBack = async () => {
      looks += 1
      return undefined
    }
    expect(await write({ repeatable: true, readBack })).toEqual(project)
    expect(looks).toBe(3)
    expect(server.journal).toHaveLength(2)
  })

  test('not done and not harmless to repeat: never sent twice', async () => {
    server.faults.add({ kind: 'drop' })
    const error = await thrownBy(() => write({ repeatable: false, readBack: async () => undefined }))
    expect(error).toMatchObject({ kind: 'unknown', operation: 'updateProject' })
    expect(server.journal).toHaveLength(1)
  })
})

describe('secrets and cancelling', () => {
  const KEY = 'napi_test_key_0123456789'

  test.each([
    { kind: 'answer' as const, status: 401 },
    { kind: 'answer' as const, status: 400, body: JSON.stringify({ message: `bad key ${KEY}`, code: '' }) },
    { kind: 'answer' as const, status: 404 },
    { kind: 'drop' as const, times: 9 },
  ])('the key cannot be reached from what is thrown: $kind $status', async (fault) => {
    server.faults.add(fault)
    const error = await thrownBy(read)
    expect(error).toBeInstanceOf(NeonError)
    expect(reachableTexts(error).filter((text) => text.includes(KEY))).toEqual([])
    expect(JSON.stringify(error)).not.toContain('uthorization')
    server.faults.clear()
    server.faults.add(fault)
    const explained = await thrownBy(() => explaining(run.neon, { what: 'look' }, read))
    expect(reachableTexts(explained).filter((text) => text.includes(KEY))).toEqual([])
    expect(run.runtime.lines.join('\n')).not.toContain(KEY)
  })

  test('a cancelled run stops at once with the reason, also in the middle of a request', async () => {
    const reason = new ActionError('The run was cancelled.')
    server.faults.add({ kind: 'slow', milliseconds: 400 })
    const reading = thrownBy(read)
    setTimeout(() => run.runtime.abort(reason), 30)
    expect(await reading).toBe(reason)
  })

  test('a trailing slash of the host does no harm', async () => {
    const neon = createNeon(run.runtime, { apiKey: KEY, apiHost: `${server.url}/api/v2//`, userAgent: 'x' })
    await neon.read('getProject', (api, params) => api.getProject('a', params))
    expect(server.journal[0]?.path).toBe('/api/v2/projects/a')
  })
})
