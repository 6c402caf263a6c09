import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GitHubSandbox, type RefusalName, type RefusalSettings, startGitHub } from '../../sandbox/github/index.ts'
import { commentMarker, pullRequestFacts, upsertComment } from '../../src/github/index.ts'
import { baseReport } from '../support/reports.ts'
import { instantClock, type TestRuntime, testRuntime } from '../support/runtime.ts'

const TOKEN = 'ghs_thejobstoken1234567890'
const MARKER = commentMarker(baseReport())
const MINUTE = 60_000
const PERMISSIONS = 'Give the job these permissions'
const LATER = 'The next run writes it; the job summary has the report.'

let github: GitHubSandbox
let clock: ReturnType<typeof instantClock>
beforeEach(async () => {
  clock = instantClock()
  github = await startGitHub({
    repositories: ['octo/demo', { fullName: 'octo/old', archived: true }],
    tokens: { [TOKEN]: { kind: 'installation', permissions: { 'pull-requests': 'write' } } },
    now: () => clock.now(),
  })
  github.openPull({ number: 1 })
  github.openPull({ number: 6, repository: 'octo/old' })
})
afterEach(() => github.close())

const runtimeOf = (more: Partial<TestRuntime> = {}): TestRuntime => ({ ...testRuntime(), clock, ...more })
const write = (runtime: TestRuntime, more: object = {}) =>
  upsertComment(runtime, {
    ...{ token: TOKEN, apiUrl: github.apiUrl, owner: 'octo', repo: 'demo', pullRequest: 1, marker: MARKER },
    body: 'text',
    ...more,
  })
const read = (runtime: TestRuntime) =>
  pullRequestFacts(runtime, { token: TOKEN, apiUrl: github.apiUrl, repository: 'octo/demo', numbers: [1] })
const waited = () => clock.slept.reduce((sum, milliseconds) => sum + milliseconds, 0)

describe('a limit of GitHub', () => {
  const SECONDARY: [name: RefusalName, more: RefusalSettings][] = [
    ['secondary limit', { status: 403 }],
    ['secondary limit', { status: 429 }],
    ['content creation', { status: 403, operations: ['issues/create-comment'] }],
    ['content creation', { status: 429, operations: ['issues/create-comment'] }],
    ['abuse detection', { status: 403 }],
  ]
  test.each(SECONDARY)(
    '(%s %j) without retry-after is waited for a minute, and then the comment is written',
    async (name, more) => {
      github.refuse(name, { ...more, times: 1 })
      const runtime = runtimeOf()
      expect((await write(runtime)).action).toBe('created')
      expect(waited()).toBeGreaterThanOrEqual(MINUTE)
      expect(waited()).toBeLessThan(1.2 * MINUTE)
      expect(runtime.annotations).toEqual([])
    },
  )

  test.each([[403 as const], [429 as const]])(
    'of %i with retry-after is waited for as long as that says',
    async (status) => {
      github.refuse('secondary limit', { status, retryAfter: 17, times: 1 })
      await write(runtimeOf())
      expect(clock.slept).toEqual([17_000])
    },
  )

  test('that goes on is waited for longer each time, where there is patience', async () => {
    github.refuse('secondary limit', { times: 3 })
    await read(runtimeOf())
    expect(clock.slept).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE])
  })

  test('that stays is told as a limit, and not as a lack of permissions or a locked conversation', async () => {
    for (const name of ['secondary limit', 'content creation', 'abuse detection'] as const) {
      github.refuse(name, { operations: ['issues/create-comment'], times: 2 })
      const runtime = runtimeOf()
      expect((await write(runtime)).action).toBe('failed')
      const [{ text } = { text: '' }] = runtime.annotations
      expect(text).toContain(
        'GitHub slows the token down because too many requests, or too many comments, came at once',
      )
      expect(text).toContain(LATER)
      expect(text).not.toMatch(/is locked|permissions/)
    }
  })

  test('is not waited for where the timeout of the run would be over before', async () => {
    github.refuse('secondary limit')
    const runtime = runtimeOf({ endsAt: clock.now() + MINUTE - 1 })
    expect((await write(runtime)).action).toBe('failed')
    expect(clock.slept).toEqual([])
    github.refuse('secondary limit')
    await expect(read(runtimeOf({ endsAt: clock.now() + 2 * MINUTE }))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^Could not read the pull requests of octo\/demo: 403 You have exceeded a secondary/,
      ),
      advice: expect.stringMatching(/^Nothing was deleted\. GitHub slows the token down/),
    })
    expect(clock.slept).toEqual([MINUTE])
  })

  test('of the hour is waited for until it ends, by REST and by GraphQL, or told with its end', async () => {
    github.refuse('primary limit', { operations: ['graphql'], times: 1 })
    await read(runtimeOf())
    expect(waited()).toBeGreaterThan(59 * MINUTE)
    github.refuse('primary limit', { times: 1 })
    const runtime = runtimeOf()
    expect((await write(runtime)).action).toBe('failed')
    expect(runtime.annotations[0]?.text).toMatch(
      /403 API rate limit exceeded for installation\. .*The hour's requests of this token are used up until \d{4}-\d\d-\d\dT[\d:]+Z\. The next run writes it/,
    )
  })

  test('of the hour in the newer words of GraphQL is known too', async () => {
    const body =
      '{"errors":[{"type":"RATE_LIMIT","code":"graphql_rate_limit","message":"API rate limit already exceeded for user ID 1."}]}'
    github.faults.add({
      path: /graphql/,
      kind: 'answer',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body,
    })
    await read(runtimeOf())
    expect(waited()).toBeGreaterThanOrEqual(MINUTE)
  })
})

describe('a rule of the owner', () => {
  const RULES: [name: RefusalName, action: string, advice: RegExp][] = [
    ['IP allow list', 'forbidden', /admits requests from some addresses only.*self-hosted runner.*IP allow list\.$/],
    ['SAML', 'forbidden', /asks for single sign-on.*Configure SSO/],
    ['blocked', 'failed', /takes no comments of the user behind github_token/],
    ['interaction limit', 'failed', /takes no comments of the user behind github_token/],
  ]
  test.each(RULES)('(%s) is told as what it is, asked once', async (name, action, advice) => {
    github.refuse(name)
    const runtime = runtimeOf()
    expect((await write(runtime)).action).toBe(action)
    expect(runtime.annotations).toHaveLength(1)
    expect(runtime.annotations[0]?.text).toMatch(advice)
    expect(runtime.annotations[0]?.text).not.toContain(PERMISSIONS)
    expect([github.journal.length, clock.slept]).toEqual([1, []])
  })

  test.each(RULES.slice(0, 2))(
    '(%s) that keeps a sweep from reading is told as what it is',
    async (name, _, advice) => {
      github.refuse(name)
      await expect(read(runtimeOf())).rejects.toMatchObject({
        message: expect.stringMatching(
          /^Could not read the pull requests of octo\/demo: (Although you|Resource protected)/,
        ),
        advice: expect.stringMatching(advice),
      })
      expect(clock.slept).toEqual([])
    },
  )

  test('that is optional to the user is a line of the log', async () => {
    github.refuse('IP allow list')
    const runtime = runtimeOf()
    await write(runtime, { isOptional: true })
    expect([runtime.annotations, runtime.lines.join('\n')]).toEqual([[], expect.stringContaining('IP allow list')])
  })

  test('a locked conversation, an archived repository and a lack of permissions keep their own words', async () => {
    github.openPull({ number: 2, locked: true })
    const told = async (more: object) => {
      const runtime = runtimeOf()
      const { action } = await write(runtime, more)
      return [action, runtime.annotations[0]?.text ?? ''] as const
    }
    const [locked, lockedText] = await told({ pullRequest: 2 })
    expect([locked, lockedText]).toEqual(['failed', expect.stringContaining('The conversation is locked; unlock it')])
    const [archived, archivedText] = await told({ repo: 'old', pullRequest: 6 })
    expect([archived, archivedText]).toEqual(['failed', expect.stringContaining('archived and takes no comments')])
    github.setToken('ghs_reader_00001', { kind: 'installation', permissions: { 'pull-requests': 'read' } })
    const [denied, deniedText] = await told({ token: 'ghs_reader_00001' })
    expect([denied, deniedText]).toEqual(['forbidden', expect.stringContaining(PERMISSIONS)])
  })

  test('the last request of the hour that was refused for permissions is told as that', async () => {
    const headers = {
      'content-type': 'application/json',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1800003600',
    }
    const body = '{"message":"Resource not accessible by integration"}'
    github.faults.add({ method: 'POST', kind: 'answer', status: 403, headers, body })
    const runtime = runtimeOf()
    expect((await write(runtime)).action).toBe('forbidden')
    expect(runtime.annotations[0]?.text).toContain(PERMISSIONS)
  })
})
