import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import type { Fault } from '../../sandbox/http/faults.ts'
import { commentMarker, existingGitBranches, pullRequestFacts, upsertComment } from '../../src/github/index.ts'
import { baseReport } from '../support/reports.ts'
import { testRuntime } from '../support/runtime.ts'

const TOKEN = 'ghs_thejobstoken1234567890'
const MARKER = commentMarker(baseReport())
const text = (line: string) => `${MARKER}\n\n${line}`
const STRANGER = { login: 'other-action[bot]', id: 9, type: 'Bot' as const }

let github: GitHubSandbox
beforeEach(async () => {
  github = await startGitHub({
    repositories: ['octo/demo'],
    tokens: { [TOKEN]: { kind: 'installation', permissions: { contents: 'read', 'pull-requests': 'write' } } },
  })
  github.openPull({ number: 1, headRef: 'feature-1' })
})
afterEach(() => github.close())

const query = () => ({ token: TOKEN, apiUrl: github.apiUrl, repository: 'octo/demo' })
const comment = (more: object = {}) => ({
  ...{ token: TOKEN, apiUrl: github.apiUrl, owner: 'octo', repo: 'demo', pullRequest: 1, marker: MARKER },
  body: 'first',
  ...more,
})
const bodies = () => github.comments(1).map(({ body }) => body)

const RESET = () => String(Math.ceil((testRuntime({ instant: true }).clock.now() + 1_200_000) / 1000))
const LIMITED = '{"message":"You have exceeded a secondary rate limit."}'
const SPENT = '{"message":"API rate limit exceeded"}'
const GRAPHQL_LIMITED = '{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}'
const json = { 'content-type': 'application/json' }

/** Faults that pass, and how long they are waited for at least. */
const PASSING: [name: string, fault: Fault, least: number][] = [
  ['500', { kind: 'answer', status: 500 }, 700],
  ['502 with a page', { kind: 'answer', status: 502, body: '<html><title>Bad gateway</title></html>' }, 700],
  ['503', { kind: 'answer', status: 503 }, 700],
  ['504', { kind: 'answer', status: 504 }, 700],
  ['429 with Retry-After', { kind: 'answer', status: 429, headers: { 'retry-after': '7' } }, 7000],
  ['a secondary limit', { kind: 'answer', status: 403, headers: { 'retry-after': '30' }, body: LIMITED }, 30_000],
  ['a limit of GraphQL', { kind: 'answer', status: 200, headers: json, body: GRAPHQL_LIMITED }, 700],
  [
    'a fault of GraphQL',
    { kind: 'answer', status: 200, headers: json, body: '{"errors":[{"message":"Something went wrong"}]}' },
    700,
  ],
  ['a dropped connection', { kind: 'drop' }, 700],
  ['a connection dropped after it took effect', { kind: 'drop-after' }, 700],
  ['an empty answer', { kind: 'answer', status: 200, headers: json, body: '' }, 700],
  ['{}', { kind: 'answer', status: 200, headers: json, body: '{}' }, 700],
  ['cut JSON', { kind: 'answer', status: 200, headers: json, body: '{"data":{"reposi' }, 700],
  [
    'a page',
    { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' },
    700,
  ],
]

describe('reading pull requests and Git branches', () => {
  test.each(PASSING)('goes on by itself after %s', async (_, fault, least) => {
    github.faults.add(fault)
    const runtime = testRuntime({ instant: true })
    const started = runtime.clock.now()
    expect(await pullRequestFacts(runtime, { ...query(), numbers: [1] })).toEqual(
      new Map([[1, { state: 'open', fromFork: false }]]),
    )
    expect(runtime.clock.now() - started).toBeGreaterThanOrEqual(least)
    github.faults.add(fault)
    expect(await existingGitBranches(runtime, { ...query(), names: ['feature-1'] })).toEqual(new Set(['feature-1']))
  })

  test('waits for a used-up limit until the moment that GitHub names', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': RESET() }
    github.faults.add({ kind: 'answer', status: 403, headers: { ...headers, ...json }, body: SPENT })
    const runtime = testRuntime({ instant: true })
    const started = runtime.clock.now()
    await pullRequestFacts(runtime, { ...query(), numbers: [1] })
    expect(runtime.clock.now() - started).toBeGreaterThanOrEqual(1_200_000)
    expect(runtime.lines.join('\n')).toMatch(/GitHub: 403 API rate limit exceeded; asking again in 1200 s/)

    github.faults.add({ kind: 'answer', status: 403, headers: { ...headers, ...json }, body: SPENT })
    const impatient = testRuntime({ instant: true })
    await expect(pullRequestFacts(impatient, { ...query(), numbers: [1], patience: 60_000 })).rejects.toThrow(
      /Could not read the pull requests of octo\/demo: 403 API rate limit exceeded/,
    )
  })

  test.each(PASSING.filter(([name]) => !/limit/.test(name)))(
    'that meets %s for ever is an error of ours',
    async (_, fault) => {
      github.faults.add({ ...fault, times: 99 })
      const work = pullRequestFacts(testRuntime({ instant: true }), { ...query(), numbers: [1] })
      const error = await work.catch((thrown: Error) => thrown)
      expect(error).toMatchObject({ name: 'ActionError' })
      expect(String(error)).toMatch(/Could not read the pull requests of octo\/demo: .+\./)
      expect(String(error)).not.toMatch(/undefined|JSON|token in|Cannot read|<html/i)
    },
  )

  test('is not tried again where the token may not, or there is no such repository', async () => {
    await expect(
      pullRequestFacts(testRuntime({ instant: true }), { ...query(), repository: 'octo/none', numbers: [1] }),
    ).rejects.toThrow(/Could not read the pull requests of octo\/none/)
    expect(github.journal).toHaveLength(1)
  })

  test('ends at once when the run does, and says so', async () => {
    github.faults.add({ kind: 'slow', milliseconds: 20_000, times: 9 })
    const runtime = testRuntime()
    setTimeout(() => runtime.abort(new Error('The run was cancelled.')), 100)
    const started = performance.now()
    await expect(pullRequestFacts(runtime, { ...query(), numbers: [1] })).rejects.toThrow('The run was cancelled.')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('the comment', () => {
  test.each(PASSING)('is written once although listing, asking who we are and writing met %s', async (_, fault) => {
    await upsertComment(testRuntime({ instant: true }), comment())
    for (const method of ['GET', 'POST', 'PATCH']) github.faults.add({ method, ...fault })
    const runtime = testRuntime({ instant: true })
    const result = await upsertComment(runtime, comment({ body: 'second' }))
    expect(['updated', 'unchanged']).toContain(result.action)
    expect(bodies()).toEqual([text('second')])
    expect(runtime.annotations).toEqual([])
  })

  test('is no longer listed when the run ends', async () => {
    github.addComment(1, { body: 'noise' })
    github.faults.add({ method: 'GET', kind: 'slow', milliseconds: 20_000, times: 9 })
    const runtime = testRuntime()
    setTimeout(() => runtime.abort(new Error('The run was cancelled.')), 100)
    const started = performance.now()
    await expect(upsertComment(runtime, comment())).rejects.toThrow('The run was cancelled.')
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('where GitHub does not tell whose token this is', () => {
  beforeEach(() => {
    github.faults.add({ path: /graphql/, kind: 'answer', status: 403, times: 99, body: '{"message":"no"}' })
  })

  test("another bot's comment with our marker is neither edited nor deleted", async () => {
    github.addComment(1, { body: text('theirs'), user: STRANGER })
    github.addComment(1, { body: text('theirs too'), user: STRANGER })
    const result = await upsertComment(testRuntime({ instant: true }), comment())
    expect(result.action).toBe('created')
    expect(bodies()).toEqual([text('theirs'), text('theirs too'), text('first')])
    await upsertComment(testRuntime({ instant: true }), comment({ body: 'second' }))
    expect(bodies()).toEqual([text('theirs'), text('theirs too'), text('second')])
  })

  test('and no comment may be made, none is touched, and the log says why', async () => {
    github.addComment(1, { body: text('theirs'), user: STRANGER })
    github.addComment(1, { body: text('ours, perhaps') })
    const runtime = testRuntime({ instant: true })
    const result = await upsertComment(runtime, comment({ body: 'closed', onlyIfExists: true }))
    expect(result).toEqual({ url: null, action: 'absent' })
    expect(bodies()).toEqual([text('theirs'), text('ours, perhaps')])
    expect(runtime.lines.join('\n')).toContain('GitHub does not tell whose github_token this is')
  })

  test('our own earlier comments become one, with the new text', async () => {
    github.addComment(1, { body: text('one') })
    github.addComment(1, { body: text('theirs'), user: STRANGER })
    github.addComment(1, { body: text('two') })
    expect((await upsertComment(testRuntime({ instant: true }), comment({ body: 'three' }))).action).toBe('updated')
    expect(bodies()).toEqual([text('three'), text('theirs')])
  })
})
