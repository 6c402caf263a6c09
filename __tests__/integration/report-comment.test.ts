import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import { type CommentOptions, commentMarker, upsertComment } from '../../src/github/index.ts'
import type { Report } from '../../src/model.ts'
import { markSwept } from '../../src/publish-swept.ts'
import { closedBody, commentText, renderComment } from '../../src/report/index.ts'
import type { Run } from '../../src/run.ts'
import { baseReport, closed, nothingChanged, pullRequest, sqlError } from '../support/reports.ts'
import { testRuntime } from '../support/runtime.ts'

const OPTIONS = { diagram: true, diff: true }
const TOKEN = 'ghs_thejobstoken1234567890'
const MARKER = commentMarker(baseReport())
const text = (line: string) => `${MARKER}\n\n${line}`

let github: GitHubSandbox

beforeEach(async () => {
  github = await startGitHub({
    repositories: ['octo/learnflow'],
    tokens: { [TOKEN]: { kind: 'installation', permissions: { contents: 'read', 'pull-requests': 'write' } } },
  })
  github.openPull({ number: 42 })
})

afterEach(() => github.close())

function options(more: Partial<CommentOptions> = {}): CommentOptions {
  return {
    token: TOKEN,
    apiUrl: github.apiUrl,
    owner: 'octo',
    repo: 'learnflow',
    pullRequest: 42,
    marker: MARKER,
    body: 'first',
    ...more,
  }
}

const bodies = () => github.comments(42).map((comment) => comment.body)
const writes = () =>
  github.journal.filter((entry) => /^(POST|PATCH|DELETE)$/.test(entry.method) && !entry.path.includes('graphql'))
const instant = () => testRuntime({ instant: true })

describe('one sticky comment', () => {
  test('is made, then left alone while equal, then updated in place', async () => {
    const runtime = instant()
    const made = await upsertComment(runtime, options())
    expect(made.action).toBe('created')
    expect(made.url).toMatch(/#issuecomment-\d+$/)

    const before = writes().length
    expect(await upsertComment(runtime, options())).toEqual({ url: made.url, action: 'unchanged' })
    expect(writes()).toHaveLength(before)

    expect(await upsertComment(runtime, options({ body: 'second' }))).toEqual({
      url: made.url,
      action: 'updated',
    })
    expect(bodies()).toEqual([text('second')])
    expect(runtime.annotations).toEqual([])
  })

  test('is found on the last of many pages', async () => {
    for (let index = 0; index < 230; index += 1) {
      github.addComment(42, { body: `noise ${index}`, user: { login: 'mona', id: 5, type: 'User' } })
    }
    await upsertComment(instant(), options())
    github.addComment(42, { body: 'more noise' })
    expect((await upsertComment(instant(), options({ body: 'second' }))).action).toBe('updated')
    expect(bodies().filter((body) => body.includes(MARKER))).toEqual([text('second')])
  })

  test('one per project, database and comment id', async () => {
    const other = baseReport({ commentId: 'staging' })
    const database = baseReport({ database: { name: 'shop', role: 'r', host: 'h' } })
    const project = baseReport({ project: { id: 'p-2', name: 'learnflow', created: false } })
    for (const report of [baseReport(), other, database, project, baseReport()]) {
      await upsertComment(instant(), options({ marker: commentMarker(report), body: 'x' }))
    }
    expect(bodies()).toHaveLength(4)
  })

  test('deleted by hand is made again', async () => {
    await upsertComment(instant(), options())
    const [comment] = github.comments(42)
    await fetch(`${github.apiUrl}/repos/octo/learnflow/issues/comments/${comment?.id}`, {
      method: 'DELETE',
      headers: { authorization: `token ${TOKEN}`, 'user-agent': 'test' },
    })
    expect(bodies()).toEqual([])
    expect((await upsertComment(instant(), options())).action).toBe('created')
    expect(bodies()).toEqual([text('first')])
  })

  test('deleted between the look and the write is made again', async () => {
    await upsertComment(instant(), options())
    github.faults.add({ method: 'PATCH', kind: 'answer', status: 404, body: '{"message":"Not Found"}' })
    expect((await upsertComment(instant(), options({ body: 'second' }))).action).toBe('updated')
    expect(bodies()).toEqual([text('second')])
  })
})

describe('own author', () => {
  test("a person's comment with the marker is not touched", async () => {
    github.addComment(42, { body: text('forged'), user: { login: 'mallory', id: 6, type: 'User' } })
    expect((await upsertComment(instant(), options())).action).toBe('created')
    expect(bodies()).toEqual([text('forged'), text('first')])
  })

  test("another bot's comment with the marker is not touched", async () => {
    github.addComment(42, { body: text('forged'), user: { login: 'evil[bot]', id: 7, type: 'Bot' } })
    expect((await upsertComment(instant(), options())).action).toBe('created')
    expect(bodies()).toEqual([text('forged'), text('first')])
  })

  test('our comment that a person quotes is not the comment', async () => {
    github.addComment(42, { body: `> ${MARKER}\n> first\n\nwhat is this?` })
    expect((await upsertComment(instant(), options())).action).toBe('created')
  })

  test('a personal token finds its own comment', async () => {
    const user = { login: 'mona', id: 5, type: 'User' as const }
    github.setToken('ghp_monastoken1234567890', { kind: 'user', user })
    const mine = options({ token: 'ghp_monastoken1234567890' })
    await upsertComment(instant(), mine)
    expect((await upsertComment(instant(), { ...mine, body: 'second' })).action).toBe('updated')
    expect(github.comments(42).map((comment) => [comment.user.login, comment.body])).toEqual([['mona', text('second')]])
  })

  test('without GraphQL a bot finds its comment, and a person ends with one all the same', async () => {
    await upsertComment(instant(), options())
    github.faults.add({ path: /graphql/, kind: 'answer', status: 403, times: 9, body: '{"message":"no"}' })
    expect((await upsertComment(instant(), options({ body: 'second' }))).action).toBe('updated')

    github.openPull({ number: 43 })
    github.setToken('ghp_monastoken1234567890', { kind: 'user', user: { login: 'mona', id: 5, type: 'User' } })
    const mine = options({ token: 'ghp_monastoken1234567890', pullRequest: 43 })
    await upsertComment(instant(), mine)
    expect((await upsertComment(instant(), { ...mine, body: 'second' })).action).toBe('updated')
    expect(github.comments(43).map((comment) => comment.body)).toEqual([text('second')])
  })
})

describe('several at once', () => {
  test('two runs that both saw none end with one comment, the oldest', async () => {
    github.latency = 30
    const results = await Promise.all([
      upsertComment(instant(), options({ body: 'same' })),
      upsertComment(instant(), options({ body: 'same' })),
    ])
    expect(bodies()).toEqual([text('same')])
    expect(new Set(results.map((result) => result.url)).size).toBe(1)
  })

  test('five runs end with one comment', async () => {
    github.latency = 20
    await Promise.all(['1', '2', '3', '4', '5'].map((line) => upsertComment(instant(), options({ body: line }))))
    expect(bodies()).toHaveLength(1)
  })

  test('twins that a killed run left behind are cleared by the next', async () => {
    const oldest = github.addComment(42, { body: text('one') })
    github.addComment(42, { body: text('two') })
    github.addComment(42, { body: 'somebody else' })
    expect((await upsertComment(instant(), options({ body: 'three' }))).action).toBe('updated')
    expect(bodies()).toEqual([text('three'), 'somebody else'])
    expect(github.comments(42)[0]?.id).toBe(oldest)
  })
})

describe('faults of GitHub never fail the run', () => {
  test('a token that may not write gives one warning with the permissions to paste', async () => {
    github.setToken('ghs_readonly1234567890', { kind: 'installation', permissions: { contents: 'read' } })
    const runtime = instant()
    const result = await upsertComment(runtime, options({ token: 'ghs_readonly1234567890' }))
    expect(result).toEqual({ url: null, action: 'forbidden' })
    expect(runtime.annotations).toHaveLength(1)
    expect(runtime.annotations[0]?.kind).toBe('warning')
    expect(runtime.annotations[0]?.text).toContain('403 Resource not accessible by integration')
    expect(runtime.annotations[0]?.text).toContain('permissions:\n  contents: read\n  pull-requests: write')
    expect(runtime.annotations[0]?.text).toContain('octo/learnflow#42')
  })

  test.each([
    ['a wrong token', { token: 'ghs_unknown1234567890' }, 'forbidden', 'github_token'],
    ['no token', { token: '' }, 'forbidden', 'github_token'],
    ['a pull request that is not there', { pullRequest: 999 }, 'forbidden', 'pull-requests: write'],
  ] as const)('%s', async (_, more, action, advice) => {
    const runtime = instant()
    expect((await upsertComment(runtime, options(more))).action).toBe(action)
    expect(runtime.annotations.map((annotation) => annotation.kind)).toEqual(['warning'])
    expect(runtime.annotations[0]?.text).toContain(advice)
  })

  test('a locked conversation is no matter of permissions', async () => {
    github.openPull({ number: 44, locked: true })
    const runtime = instant()
    expect((await upsertComment(runtime, options({ pullRequest: 44 }))).action).toBe('failed')
    expect(runtime.annotations[0]?.text).toContain('locked')
    expect(runtime.annotations[0]?.text).not.toContain('permissions:')
  })

  test.each([
    ['GET', 'answer', 502],
    ['POST', 'answer', 500],
    ['POST', 'answer-after', 502],
    ['POST', 'drop', 0],
    ['POST', 'drop-after', 0],
    ['GET', 'drop', 0],
  ] as const)('%s %s %d once: still one comment', async (method, kind, status) => {
    github.faults.add({ method, path: /issues/, kind, ...(status ? { status } : {}) })
    const runtime = instant()
    const result = await upsertComment(runtime, options())
    expect(['created', 'unchanged']).toContain(result.action)
    expect(bodies()).toEqual([text('first')])
    expect(runtime.annotations).toEqual([])
  })

  test.each(['answer', 'answer-after', 'drop', 'drop-after'] as const)('PATCH %s once: updated', async (kind) => {
    await upsertComment(instant(), options())
    github.faults.add({ method: 'PATCH', kind })
    await upsertComment(instant(), options({ body: 'second' }))
    expect(bodies()).toEqual([text('second')])
  })

  test('a rate limit is waited for when it is short', async () => {
    const headers = { 'retry-after': '3' }
    const body = '{"message":"You have exceeded a secondary rate limit."}'
    github.faults.add({ method: 'POST', path: /comments/, kind: 'answer', status: 403, headers, body })
    const runtime = instant()
    const started = runtime.clock.now()
    expect((await upsertComment(runtime, options())).action).toBe('created')
    expect(runtime.clock.now() - started).toBeGreaterThanOrEqual(3000)
  })

  test.each([
    ['0', '0'],
    ['Thu, 01 Jan 2026 00:00:00 GMT', '60'],
    ['', '0'],
    ['-5', '0'],
  ])('a rate limit that is over (Retry-After %p, %p left) is no leave to ask without a pause', async (after, left) => {
    const runtime = instant()
    const passed = String(Math.round(runtime.clock.now() / 1000) - 3600)
    const headers = { 'retry-after': after, 'x-ratelimit-remaining': left, 'x-ratelimit-reset': passed }
    const body = '{"message":"API rate limit exceeded"}'
    github.faults.add({ method: 'POST', path: /comments/, kind: 'answer', status: 403, headers, body, times: 99 })
    const started = runtime.clock.now()
    expect((await upsertComment(runtime, options())).action).toBe('failed')
    expect(github.journal.filter(({ method }) => method === 'POST')).toHaveLength(4)
    // 1, 2 and 4 seconds, each at most a quarter shorter.
    expect(runtime.clock.now() - started).toBeGreaterThanOrEqual(5250)
  })

  test('a rate limit of an hour is not, and is no matter of permissions', async () => {
    const runtime = instant()
    const reset = String(Math.round(runtime.clock.now() / 1000) + 3600)
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
    github.faults.add({ kind: 'answer', status: 403, headers, body: '{"message":"API rate limit exceeded"}', times: 9 })
    expect((await upsertComment(runtime, options())).action).toBe('failed')
    expect(runtime.annotations[0]?.text).toContain('API rate limit exceeded')
    expect(runtime.annotations[0]?.text).not.toContain('permissions:')
  })

  test('an outage ends after four attempts', async () => {
    github.faults.add({ kind: 'answer', status: 503, times: 99 })
    const runtime = instant()
    expect((await upsertComment(runtime, options())).action).toBe('failed')
    expect(github.journal).toHaveLength(4)
    expect(runtime.annotations).toHaveLength(1)
  })

  test('the token is in no line of the log', async () => {
    github.faults.add({ kind: 'answer', status: 500, times: 99, body: `{"message":"boom ${TOKEN}"}` })
    const runtime = instant()
    await upsertComment(runtime, options())
    expect(runtime.lines.join('\n')).not.toContain(TOKEN)
  })

  test('a secret that reached the report is not posted', async () => {
    const runtime = instant()
    runtime.secrets.add('npg_verysecret')
    await upsertComment(runtime, options({ body: 'password npg_verysecret' }))
    expect(bodies()).toEqual([text('password ***')])
  })

  test('only a cancelled run throws, with its reason', async () => {
    const runtime = testRuntime()
    github.faults.add({ kind: 'slow', milliseconds: 2000, times: 9 })
    const waiting = upsertComment(runtime, options())
    setTimeout(() => runtime.abort(new Error('cancelled by SIGINT')), 50)
    await expect(waiting).rejects.toThrow('cancelled by SIGINT')
  })
})

describe('the life of a pull request', () => {
  const say = (report: Report) =>
    upsertComment(instant(), options({ marker: commentMarker(report), ...commentText(report, OPTIONS) }))

  test('created, failed, repaired, closed twice, reopened: one comment all along', async () => {
    expect((await say(pullRequest())).action).toBe('created')
    expect((await say(pullRequest())).action).toBe('unchanged')
    expect((await say(sqlError())).action).toBe('updated')
    expect(bodies()[0]).toContain('42P01')
    expect((await say(pullRequest())).action).toBe('updated')
    expect((await say(closed())).action).toBe('updated')
    expect(bodies()[0]).toContain('is deleted')
    expect(bodies()[0]).toContain('learning_events')
    expect((await say({ ...closed(), outcome: 'gone' })).action).toBe('unchanged')
    expect((await say(nothingChanged())).action).toBe('updated')
    expect(bodies()).toEqual([`${commentMarker(nothingChanged())}\n\n${renderComment(nothingChanged(), OPTIONS)}`])
  })

  test('closing where nothing was said says nothing', async () => {
    expect(await say(closed())).toEqual({ url: null, action: 'absent' })
    expect(bodies()).toEqual([])
  })

  test('a skipped run asks GitHub nothing', async () => {
    expect((await say(baseReport({ outcome: 'skipped', skipReason: 'a fork' }))).action).toBe('absent')
    expect(github.journal).toEqual([])
  })

  test('a run that failed before it knew the project uses the comment that is there', async () => {
    await say(pullRequest())
    const lost = baseReport({ outcome: 'failed', error: { message: 'Neon answers 503.', advice: 'Run it again.' } })
    delete lost.project
    delete lost.database
    delete lost.branch
    expect((await say(lost)).action).toBe('updated')
    expect(bodies()).toHaveLength(1)
    expect(bodies()[0]).toContain('Neon answers 503')
    expect((await say(pullRequest())).action).toBe('updated')
    expect(bodies()).toEqual([`${commentMarker(pullRequest())}\n\n${renderComment(pullRequest(), OPTIONS)}`])
  })

  test('closing a clean-up that knows no database finds the comment and keeps its history', async () => {
    await say(pullRequest())
    const report = closed()
    delete report.database
    expect((await say(report)).action).toBe('updated')
    const text = closedBody(renderComment(pullRequest(), OPTIONS), closed())
    expect(bodies()[0]).toBe(`${commentMarker(pullRequest())}\n\n${text}`)
  })
})

describe('all comments about a branch', () => {
  const ofDatabase = (name: string, more: Partial<Report> = {}): Report => ({
    ...pullRequest(),
    database: { name, role: 'r', host: 'ep-x.neon.tech' },
    ...more,
  })
  const branch = (name: string) => ({ id: `br-${name}`, name, created: false })
  const say = (report: Report) =>
    upsertComment(instant(), options({ marker: commentMarker(report), ...commentText(report, OPTIONS) }))
  const heads = () => bodies().map((body) => body.split('\n').find((line) => line.startsWith('### ')) ?? body)
  const gone = () => heads().map((line) => /is deleted$/.test(line))

  test('closing marks those of every database, comment_id and comparison, and no other branch or project', async () => {
    await say(ofDatabase('shop'))
    await say(ofDatabase('audit'))
    await say(ofDatabase('shop', { commentId: 'api' }))
    await say(ofDatabase('shop', { mode: 'diff', outcome: 'compared' }))
    await say(ofDatabase('shop', { commentId: 'other', branch: branch('pr-42-docs') }))
    await say(ofDatabase('shop', { project: { id: 'else', name: 'else', created: false } }))
    github.addComment(42, {
      body: (bodies()[0] ?? '').replace('is ready', 'is forged'),
      user: { login: 'mallory', id: 6, type: 'User' },
    })
    const { database: _database, ...report } = closed()
    await say(report)
    expect(gone()).toEqual([true, true, true, true, false, false, false])
    const before = github.journal.length
    expect((await say({ ...report, outcome: 'gone' })).action).toBe('unchanged')
    expect(github.journal.slice(before).filter(({ method }) => method === 'PATCH')).toEqual([])
  })

  test('of a version that wrote no word for the branch, by the name in the first line', async () => {
    const old = (report: Report, name: string) => {
      const text = renderComment(report, OPTIONS).replace(/^<!--.*?-->\n\n/, '')
      github.addComment(42, { body: `${commentMarker({ ...report, commentId: name })}\n\n${text}` })
    }
    old(ofDatabase('shop'), 'one')
    old(ofDatabase('shop', { branch: branch('pr-4') }), 'two')
    await say(closed())
    expect(gone()).toEqual([true, false])
  })

  test('a sweep marks a hundred at most, one a second, and names the others in the log', async () => {
    const rows = Array.from({ length: 103 }, (_, index) => ({
      ...{ branchId: `br-${index}`, branchName: `pr-${index}`, pullRequest: 1000 + index, ageDays: 1 },
      ...{ action: 'deleted' as const, reason: 'pull request is closed' },
    }))
    const report = baseReport({ mode: 'sweep', outcome: 'swept', pullRequest: null, sweep: rows })
    for (const { pullRequest: number, branchName } of rows) {
      github.openPull({ number })
      const preview = ofDatabase('shop', { pullRequest: number, branch: branch(branchName) })
      const body = `${commentMarker(preview)}\n\n${renderComment(preview, { diagram: false, diff: false })}`
      github.addComment(number, { body })
    }
    const runtime = instant()
    const started = runtime.clock.now()
    const config = { report: { comment: 'auto', githubToken: TOKEN } }
    await markSwept({ runtime, config, runner: { apiUrl: github.apiUrl }, report } as unknown as Run, report)
    const marked = rows.filter(({ pullRequest: n }) => github.comments(n)[0]?.body.includes('is deleted'))
    expect(marked).toHaveLength(100)
    expect(Math.round((runtime.clock.now() - started) / 1000)).toBe(99)
    expect(runtime.lines.filter((line) => line.includes('not marked'))).toEqual([
      'The comments about these branches were not marked: pr-100 (#1100), pr-101 (#1101), pr-102 (#1102).',
    ])
  })

  test('a sweep whose token may not write ends at the first, and says so once', async () => {
    github.setToken('ghs_readonly1234567890', { kind: 'installation', permissions: { 'pull-requests': 'read' } })
    await say(ofDatabase('shop'))
    const row = { ageDays: 1, action: 'deleted' as const, reason: 'closed', branchId: 'br', branchName: 'pr-42' }
    const sweep = [42, 42].map((number) => ({ ...row, pullRequest: number }))
    const report = baseReport({ mode: 'sweep', outcome: 'swept', pullRequest: null, sweep })
    const runtime = instant()
    const config = { report: { comment: 'auto', githubToken: 'ghs_readonly1234567890' } }
    await markSwept({ runtime, config, runner: { apiUrl: github.apiUrl }, report } as unknown as Run, report)
    expect(runtime.lines.filter((line) => line.includes('permissions'))).toHaveLength(1)
    expect(gone()).toEqual([false])
  })
})

test('works on an Enterprise Server, whose APIs are below /api', async () => {
  const enterprise = await startGitHub({
    flavour: 'enterprise',
    repositories: ['octo/learnflow'],
    tokens: { [TOKEN]: { kind: 'installation', permissions: { 'pull-requests': 'write' } } },
  })
  enterprise.openPull({ number: 42 })
  try {
    const there = options({ apiUrl: enterprise.apiUrl })
    expect((await upsertComment(instant(), there)).action).toBe('created')
    expect((await upsertComment(instant(), { ...there, body: 'second' })).action).toBe('updated')
    expect(enterprise.journal.some((entry) => entry.path === '/api/graphql' && entry.status === 200)).toBe(true)
  } finally {
    await enterprise.close()
  }
})
