import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import { type GitHubDescription, readGitHubDescription } from '../support/github-description.ts'

const BOB = { login: 'bob', id: 502, type: 'User' as const }
let github: GitHubSandbox
let description: GitHubDescription
beforeAll(async () => {
  description = readGitHubDescription()
  github = await startGitHub({
    repositories: ['octo/demo', { fullName: 'octo/old', archived: true }, { fullName: 'octo/hidden', private: true }],
    tokens: {
      writer: { kind: 'installation', permissions: { 'pull-requests': 'write', issues: 'write', contents: 'read' } },
      reader: { kind: 'installation', permissions: { 'pull-requests': 'read' } },
      bob: { kind: 'user', user: BOB, access: 'read' },
    },
  })
  github.openPull({ number: 1 })
  github.openPull({ number: 2, headRepository: 'stranger/demo' })
  github.openPull({ number: 3, draft: true, locked: true })
  github.openPull({ number: 4 })
  github.openPull({ number: 5 })
  github.closePull(4)
  github.closePull(5, { merged: true })
  github.openPull({ number: 6, repository: 'octo/old' })
  github.openIssue(7)
  github.addComment(1, { body: 'the bot’s' })
  github.addComment(1, { body: 'bob’s', user: BOB })
})
afterAll(() => github.close())

interface Played {
  operation: string
  status: number
  body: unknown
  headers: Headers
}

/** Sends a request, and tells what it was answered and to which operation. */
async function play(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Played> {
  const headers = { 'user-agent': 'test', ...(token ? { authorization: `bearer ${token}` } : {}), ...more }
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const reply = await fetch(`${github.apiUrl}${path}`, { method, headers, ...content })
  const text = await reply.text()
  const operation = github.journal.at(-1)?.operation ?? ''
  return { operation, status: reply.status, body: text === '' ? undefined : JSON.parse(text), headers: reply.headers }
}

const DEMO = '/repos/octo/demo'
const comment = () => `${DEMO}/issues/comments/${github.comments(1)[0]?.id}`

/** What is sent, and the status that GitHub answers. */
const SENT: [name: string, status: number, send: () => Promise<Played>][] = [
  ['a repository', 200, () => play('writer', 'GET', DEMO)],
  ['a repository by its id', 200, () => play('writer', 'GET', '/repositories/700000000')],
  ['a repository, read by nobody', 200, () => play('', 'GET', DEMO)],
  ['a repository that is archived', 200, () => play('bob', 'GET', '/repos/octo/old')],
  ['a repository that is not there', 404, () => play('writer', 'GET', '/repos/octo/none')],
  ['a private repository, read by nobody', 404, () => play('', 'GET', '/repos/octo/hidden')],
  ['a repository, with a wrong token', 401, () => play('wrong', 'GET', DEMO)],
  ['pull requests', 200, () => play('writer', 'GET', `${DEMO}/pulls?state=all`)],
  ['pull requests, the second page', 200, () => play('writer', 'GET', `${DEMO}/pulls?state=all&per_page=2&page=2`)],
  ['an open pull request', 200, () => play('writer', 'GET', `${DEMO}/pulls/1`)],
  ['a pull request of a fork', 200, () => play('writer', 'GET', `${DEMO}/pulls/2`)],
  ['a draft that is locked', 200, () => play('writer', 'GET', `${DEMO}/pulls/3`)],
  ['a closed pull request', 200, () => play('writer', 'GET', `${DEMO}/pulls/4`)],
  ['a merged pull request', 200, () => play('bob', 'GET', `${DEMO}/pulls/5`)],
  ['a pull request that is an issue', 404, () => play('writer', 'GET', `${DEMO}/pulls/7`)],
  ['comments', 200, () => play('reader', 'GET', `${DEMO}/issues/1/comments`)],
  ['comments of an issue', 200, () => play('writer', 'GET', `${DEMO}/issues/7/comments`)],
  ['comments, the last page', 200, () => play('writer', 'GET', `${DEMO}/issues/1/comments?per_page=1&page=2`)],
  ['comments of what is not there', 404, () => play('writer', 'GET', `${DEMO}/issues/99/comments`)],
  ['a new comment', 201, () => play('writer', 'POST', `${DEMO}/issues/1/comments`, { body: 'new' })],
  ['a new comment on an issue', 201, () => play('writer', 'POST', `${DEMO}/issues/7/comments`, { body: 'new' })],
  ['a comment without a right', 403, () => play('reader', 'POST', `${DEMO}/issues/1/comments`, { body: 'new' })],
  ['a comment by nobody', 401, () => play('', 'POST', `${DEMO}/issues/1/comments`, { body: 'new' })],
  ['a comment by a user who may not', 403, () => play('bob', 'PATCH', comment(), { body: 'new' })],
  ['a blank comment', 422, () => play('writer', 'POST', `${DEMO}/issues/1/comments`, { body: ' ' })],
  [
    'a comment that is too long',
    422,
    () => play('writer', 'POST', `${DEMO}/issues/1/comments`, { body: 'x'.repeat(65_537) }),
  ],
  ['a comment without a body', 422, () => play('writer', 'POST', `${DEMO}/issues/1/comments`, {})],
  ['a comment that is no JSON', 400, () => play('writer', 'POST', `${DEMO}/issues/1/comments`, '{')],
  ['a comment on a locked pull request', 403, () => play('writer', 'POST', `${DEMO}/issues/3/comments`, { body: 'x' })],
  [
    'a comment in an archived repository',
    403,
    () => play('writer', 'POST', '/repos/octo/old/issues/6/comments', { body: 'x' }),
  ],
  ['one comment', 200, () => play('writer', 'GET', comment())],
  ['one comment of a user', 200, () => play('writer', 'GET', `${DEMO}/issues/comments/${github.comments(1)[1]?.id}`)],
  ['an edited comment', 200, () => play('writer', 'PATCH', comment(), { body: 'edited' })],
  ['a comment edited to nothing', 422, () => play('writer', 'PATCH', comment(), { body: '' })],
  ['a comment that is not there', 404, () => play('writer', 'GET', `${DEMO}/issues/comments/1`)],
  ['a deleted comment', 204, () => play('writer', 'DELETE', comment())],
  ['a comment that is deleted already', 404, () => play('writer', 'DELETE', `${DEMO}/issues/comments/1`)],
  ['the user', 200, () => play('bob', 'GET', '/user')],
  ['the user of a workflow', 403, () => play('writer', 'GET', '/user')],
  ['the user of nobody', 401, () => play('', 'GET', '/user')],
]

test.each(SENT)('%s is answered %i as GitHub describes it', async (_, status, send) => {
  const played = await send()
  expect(played.status).toBe(status)
  const names: Record<string, string> = { 'the user of nobody': 'users/get-authenticated' }
  const operation = played.operation || names[_] || 'repos/get'
  expect(description.problems(operation, status, played.body)).toEqual([])
})

test('the judge sees a field that is missing, one of another type, and a status that is never answered', async () => {
  const { body } = await play('writer', 'GET', DEMO)
  const { node_id: _, ...rest } = body as Record<string, unknown>
  expect(description.problems('repos/get', 200, rest)).toEqual(["/ must have required property 'node_id'"])
  expect(description.problems('repos/get', 200, { ...(body as object), id: 'x' })).toEqual(['/id must be integer'])
  expect(description.problems('repos/get', 202, body)).toEqual(['repos/get never answers 202'])
})

test('every answer tells the limit; one that the client has already is 304 and not counted', async () => {
  const first = await play('writer', 'GET', `${DEMO}/pulls/1`)
  const left = Number(first.headers.get('x-ratelimit-remaining'))
  expect(first.headers.get('x-ratelimit-limit')).toBe('1000')
  expect(first.headers.get('x-ratelimit-resource')).toBe('core')
  const tag = first.headers.get('etag') ?? ''
  expect(tag).toMatch(/^W\/"[0-9a-f]{64}"$/)
  const again = await play('writer', 'GET', `${DEMO}/pulls/1`, undefined, { 'if-none-match': tag })
  expect([again.status, again.body, again.headers.get('x-ratelimit-remaining')]).toEqual([304, undefined, String(left)])
  const changed = await play('writer', 'GET', `${DEMO}/pulls/4`, undefined, { 'if-none-match': tag })
  expect([changed.status, changed.headers.get('x-ratelimit-remaining')]).toEqual([200, String(left - 1)])
  const graphql = await play('writer', 'POST', '/graphql', { query: '{ viewer { login } }' })
  expect([graphql.headers.get('x-ratelimit-resource'), graphql.headers.get('x-ratelimit-used')]).toEqual([
    'graphql',
    '1',
  ])
})

test('a token whose hour is used up is refused until it is over; too many comments at once block for a while', async () => {
  let now = Date.parse('2026-11-25T10:00:00Z')
  const small = await startGitHub({
    limits: true,
    now: () => now,
    tokens: { writer: { kind: 'installation', permissions: { 'pull-requests': 'write' } } },
  })
  try {
    small.openPull({ number: 1 })
    const send = (method: string, token = 'writer') =>
      fetch(`${small.apiUrl}/repos/octo/demo/issues/1/comments`, {
        method,
        headers: { 'user-agent': 'test', ...(token ? { authorization: `bearer ${token}` } : {}) },
        ...(method === 'POST' ? { body: '{"body":"x"}' } : {}),
      })
    const anonymous: number[] = []
    for (let index = 0; index < 61; index += 1) anonymous.push((await send('GET', '')).status)
    expect([anonymous.indexOf(403), anonymous.lastIndexOf(200)]).toEqual([60, 59])
    now += 3_600_001
    expect((await send('GET', '')).status).toBe(200)

    const statuses: number[] = []
    for (let index = 0; index < 81; index += 1) statuses.push((await send('POST')).status)
    expect([statuses.indexOf(403), statuses.lastIndexOf(201)]).toEqual([80, 79])
    const blocked = await send('POST')
    expect(await blocked.json()).toMatchObject({ message: expect.stringContaining('blocked from content creation') })
    expect([blocked.headers.get('retry-after'), blocked.headers.get('x-ratelimit-remaining')]).toEqual([null, '918'])
    expect((await send('GET')).status).toBe(200)
    now += 120_000
    expect((await send('POST')).status).toBe(201)
  } finally {
    await small.close()
  }
})
