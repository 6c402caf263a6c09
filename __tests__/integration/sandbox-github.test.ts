import { getOctokit } from '@actions/github'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type GitHubOptions, type GitHubSandbox, startGitHub, type TokenSettings } from '../../sandbox/github/index.ts'

const repo = { owner: 'octo', repo: 'demo' }
const ALICE = { login: 'alice', id: 501, type: 'User' as const }
const BOB = { login: 'bob', id: 502, type: 'User' as const }
const TOKENS: Record<string, TokenSettings> = {
  ghs_write: {
    kind: 'installation',
    permissions: { 'pull-requests': 'write', contents: 'read' },
    repository: 'octo/demo',
  },
  ghs_issues: { kind: 'installation', permissions: { issues: 'write' } },
  ghs_read: { kind: 'installation', permissions: { 'pull-requests': 'read', contents: 'read' } },
  ghs_other: { kind: 'installation', permissions: { 'pull-requests': 'write' }, repository: 'octo/elsewhere' },
  ghp_alice: { kind: 'user', user: ALICE },
  ghp_bob: { kind: 'user', user: BOB, access: 'read' },
}

let github: GitHubSandbox | undefined
afterEach(async () => {
  await github?.close()
  github = undefined
})

async function start(options: GitHubOptions = {}): Promise<GitHubSandbox> {
  github = await startGitHub({ tokens: TOKENS, ...options })
  return github
}

function octokit(sandbox: GitHubSandbox, token: string) {
  return getOctokit(token, { baseUrl: sandbox.apiUrl })
}

/** What a refused call tells: status, message, first error entry, headers. */
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const { status, response } = error as {
    status: number
    response: {
      data: { message: string; errors?: { message: string }[]; status: string }
      headers: Record<string, string>
    }
  }
  return { status, message: response.data.message, errors: response.data.errors, headers: response.headers }
}

describe('issue comments', () => {
  test('are created, read, edited and deleted by the Actions bot, with the time of the edit', async () => {
    let now = Date.parse('2026-11-23T10:00:00Z')
    const sandbox = await start({ now: () => now })
    sandbox.openPull({ number: 7 })
    const { rest } = octokit(sandbox, 'ghs_write')
    const { data: created, status } = await rest.issues.createComment({ ...repo, issue_number: 7, body: 'first' })
    expect(status).toBe(201)
    expect(created).toMatchObject({
      body: 'first',
      user: { login: 'github-actions[bot]', id: 41898282, type: 'Bot' },
      performed_via_github_app: { id: 15368, slug: 'github-actions' },
      created_at: '2026-11-23T10:00:00Z',
      updated_at: '2026-11-23T10:00:00Z',
      html_url: `${sandbox.serverUrl}/octo/demo/pull/7#issuecomment-${created.id}`,
    })
    now += 90_000
    const { data: edited } = await rest.issues.updateComment({ ...repo, comment_id: created.id, body: 'second' })
    expect(edited).toMatchObject({ body: 'second', created_at: created.created_at, updated_at: '2026-11-23T10:01:30Z' })
    expect((await rest.issues.getComment({ ...repo, comment_id: created.id })).data).toEqual(edited)
    expect((await rest.issues.deleteComment({ ...repo, comment_id: created.id })).status).toBe(204)
    expect((await refusal(rest.issues.deleteComment({ ...repo, comment_id: created.id }))).status).toBe(404)
    expect(sandbox.comments(7)).toEqual([])
    expect(sandbox.journal.map((entry) => entry.operation)).toEqual([
      'issues/create-comment',
      'issues/update-comment',
      'issues/get-comment',
      'issues/delete-comment',
      'issues/delete-comment',
    ])
  })

  test('come 30 a page unless asked, 100 at most, with the links of GitHub', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    for (let index = 0; index < 250; index += 1) sandbox.addComment(7, { body: `comment ${index}` })
    const { rest, paginate } = octokit(sandbox, 'ghs_read')
    const ask = (more: object) => rest.issues.listComments({ ...repo, issue_number: 7, ...more })
    const first = await ask({})
    expect(first.data).toHaveLength(30)
    expect(relations(first.headers.link)).toEqual({ next: 2, last: 9 })
    expect(first.headers.link).toContain(`${sandbox.apiUrl}/repositories/`)
    const middle = await ask({ per_page: 1000, page: 2 })
    expect(middle.data).toHaveLength(100)
    expect(middle.data[0]?.body).toBe('comment 100')
    expect(relations(middle.headers.link)).toEqual({ prev: 1, next: 3, last: 3, first: 1 })
    const last = await ask({ per_page: 100, page: 3 })
    expect(last.data).toHaveLength(50)
    expect(relations(last.headers.link)).toEqual({ prev: 2, first: 1 })
    expect((await ask({ page: 99 })).data).toEqual([])
    const all = await paginate(rest.issues.listComments, { ...repo, issue_number: 7, per_page: 100 })
    expect(all.map((comment) => comment.body)).toEqual(Array.from({ length: 250 }, (_, index) => `comment ${index}`))
  })

  test('have no link header when one page holds them', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    sandbox.addComment(7, { body: 'only' })
    const { headers, data } = await octokit(sandbox, 'ghs_read').rest.issues.listComments({ ...repo, issue_number: 7 })
    expect(data).toHaveLength(1)
    expect(headers.link).toBeUndefined()
  })

  test('since filters by the time of the last edit', async () => {
    let now = Date.parse('2026-11-23T10:00:00Z')
    const sandbox = await start({ now: () => now })
    sandbox.openPull({ number: 7 })
    sandbox.addComment(7, { body: 'old' })
    now += 3_600_000
    sandbox.addComment(7, { body: 'new' })
    const { rest } = octokit(sandbox, 'ghs_read')
    const { data } = await rest.issues.listComments({ ...repo, issue_number: 7, since: '2026-11-23T10:30:00Z' })
    expect(data.map((comment) => comment.body)).toEqual(['new'])
  })

  test('of other authors keep their author, so that one’s own can be told apart', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    const body = 'same words'
    await octokit(sandbox, 'ghp_alice').rest.issues.createComment({ ...repo, issue_number: 7, body })
    await octokit(sandbox, 'ghp_bob')
      .rest.issues.createComment({ ...repo, issue_number: 7, body })
      .catch(() => undefined)
    await octokit(sandbox, 'ghs_write').rest.issues.createComment({ ...repo, issue_number: 7, body })
    expect(sandbox.comments(7).map(({ user }) => user.login)).toEqual(['alice', 'github-actions[bot]'])
  })

  test.each([
    ['65,536 characters are taken', 'x'.repeat(65_536), 201, undefined],
    ['characters count, not UTF-16 units', '😀'.repeat(65_536), 201, undefined],
    ['65,537 are too long', 'x'.repeat(65_537), 422, 'Body is too long (maximum is 65536 characters)'],
    ['blanks are no body', ' \n\t ', 422, 'Body cannot be blank'],
  ])('body: %s', async (_name, body, status, message) => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    const { rest } = octokit(sandbox, 'ghs_write')
    const created = rest.issues.createComment({ ...repo, issue_number: 7, body })
    if (status === 201) expect((await created).status).toBe(201)
    else {
      const told = await refusal(created)
      expect(told).toMatchObject({
        status,
        message: 'Validation Failed',
        errors: [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message }],
      })
      const comment_id = sandbox.addComment(7, { body: 'kept' })
      expect((await refusal(rest.issues.updateComment({ ...repo, comment_id, body }))).status).toBe(422)
      expect(sandbox.comments(7).map((comment) => comment.body)).toEqual(['kept'])
    }
  })

  test('a body that is no text or no JSON is refused as GitHub refuses it', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    const send = (body: string) =>
      fetch(`${sandbox.apiUrl}/repos/octo/demo/issues/7/comments`, {
        method: 'POST',
        headers: { authorization: 'bearer ghs_write', 'user-agent': 'test' },
        body,
      }).then(async (reply) => [reply.status, ((await reply.json()) as { message: string }).message])
    expect(await send('{"body":1}')).toEqual([422, 'Invalid request.\n\n"body" wasn\'t supplied.'])
    expect(await send('{')).toEqual([400, 'Problems parsing JSON'])
  })

  test('a locked conversation and an archived repository take no comment from the bot', async () => {
    const sandbox = await start({ repositories: ['octo/demo', { fullName: 'octo/old', archived: true }] })
    sandbox.openPull({ number: 7, locked: true })
    sandbox.openPull({ number: 8, repository: 'octo/old' })
    const { rest } = octokit(sandbox, 'ghs_issues')
    const locked = await refusal(rest.issues.createComment({ ...repo, issue_number: 7, body: 'x' }))
    expect(locked).toMatchObject({ status: 403, message: 'Unable to create comment because issue is locked.' })
    const archived = await refusal(
      rest.issues.createComment({ owner: 'octo', repo: 'old', issue_number: 8, body: 'x' }),
    )
    expect(archived).toMatchObject({ status: 403, message: 'Repository was archived so is read-only.' })
  })
})

describe('permissions', () => {
  test('an unknown token is 401 everywhere', async () => {
    const sandbox = await start()
    const { rest, graphql } = octokit(sandbox, 'ghs_wrong')
    expect(await refusal(rest.repos.get(repo))).toMatchObject({ status: 401, message: 'Bad credentials' })
    await expect(graphql('{ viewer { login } }')).rejects.toMatchObject({ status: 401 })
  })

  test.each(['ghs_read', 'ghs_other'])('%s may read but not write, and is told what it lacks', async (token) => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    const comment_id = sandbox.addComment(7, { body: 'kept' })
    const { rest } = octokit(sandbox, token)
    expect((await rest.issues.listComments({ ...repo, issue_number: 7 })).data).toHaveLength(1)
    for (const call of [
      () => rest.issues.createComment({ ...repo, issue_number: 7, body: 'x' }),
      () => rest.issues.updateComment({ ...repo, comment_id, body: 'x' }),
      () => rest.issues.deleteComment({ ...repo, comment_id }),
    ]) {
      const told = await refusal(call())
      expect(told).toMatchObject({ status: 403, message: 'Resource not accessible by integration' })
      expect(told.headers['x-accepted-github-permissions']).toBe('issues=write; pull_requests=write')
    }
    expect(sandbox.comments(7).map(({ body }) => body)).toEqual(['kept'])
  })

  test('issues: write is enough for a pull request, pull-requests: write not for an issue', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    sandbox.openIssue(8)
    const comment = (token: string, issue_number: number) =>
      octokit(sandbox, token).rest.issues.createComment({ ...repo, issue_number, body: 'x' })
    expect((await comment('ghs_issues', 7)).status).toBe(201)
    expect((await comment('ghs_issues', 8)).status).toBe(201)
    expect((await refusal(comment('ghs_write', 8))).status).toBe(403)
  })

  test('a user without write access may edit nothing but their own comments', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 7 })
    const own = sandbox.addComment(7, { body: 'mine', user: BOB })
    const other = sandbox.addComment(7, { body: 'the bot’s' })
    const { rest } = octokit(sandbox, 'ghp_bob')
    expect((await rest.issues.updateComment({ ...repo, comment_id: own, body: 'mine still' })).status).toBe(200)
    const told = await refusal(rest.issues.updateComment({ ...repo, comment_id: other, body: 'stolen' }))
    expect(told).toMatchObject({ status: 403, message: 'Must have admin rights to Repository.' })
  })

  test('a private repository of somebody else does not exist', async () => {
    const sandbox = await start({ repositories: ['octo/demo', { fullName: 'octo/hidden', private: true }] })
    const { rest } = octokit(sandbox, 'ghs_write')
    expect((await refusal(rest.repos.get({ owner: 'octo', repo: 'hidden' }))).status).toBe(404)
    expect((await refusal(rest.repos.get({ owner: 'octo', repo: 'none' }))).status).toBe(404)
  })

  test('GET /user is no call for a workflow’s token', async () => {
    const sandbox = await start()
    const told = await refusal(octokit(sandbox, 'ghs_write').rest.users.getAuthenticated())
    expect(told).toMatchObject({ status: 403, message: 'Resource not accessible by integration' })
    expect((await octokit(sandbox, 'ghp_alice').rest.users.getAuthenticated()).data.login).toBe('alice')
  })

  test('a repository tells what the token may do', async () => {
    const sandbox = await start()
    const { data } = await octokit(sandbox, 'ghs_write').rest.repos.get(repo)
    expect(data).toMatchObject({
      full_name: 'octo/demo',
      default_branch: 'main',
      permissions: { push: false, pull: true },
    })
  })
})

describe('pull requests', () => {
  test('are read one by one: open, closed, merged, from a fork', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 1, headRef: 'one' })
    sandbox.openPull({ number: 2 })
    sandbox.openPull({ number: 3, headRepository: 'stranger/demo' })
    sandbox.openIssue(4)
    sandbox.closePull(1)
    sandbox.closePull(2, { merged: true })
    const { rest } = octokit(sandbox, 'ghs_write')
    const get = (pull_number: number) => rest.pulls.get({ ...repo, pull_number }).then(({ data }) => data)
    expect(await get(1)).toMatchObject({ state: 'closed', merged: false, merged_at: null, head: { ref: 'one' } })
    expect(await get(2)).toMatchObject({ state: 'closed', merged: true, merged_at: expect.any(String) })
    expect(await get(3)).toMatchObject({
      state: 'open',
      head: { repo: { full_name: 'stranger/demo', fork: true } },
      base: { repo: { full_name: 'octo/demo', fork: false } },
    })
    expect((await refusal(get(4))).status).toBe(404)
    sandbox.reopenPull(1)
    expect(await get(1)).toMatchObject({ state: 'open', closed_at: null })
  })

  test('are listed by state, head and base, newest first, in pages', async () => {
    let now = Date.parse('2026-11-23T10:00:00Z')
    const sandbox = await start({
      now: () => {
        now += 1000
        return now
      },
    })
    for (let number = 1; number <= 130; number += 1) sandbox.openPull({ number, baseRef: number % 2 ? 'main' : 'next' })
    for (let number = 1; number <= 20; number += 1) sandbox.closePull(number)
    const { rest, paginate } = octokit(sandbox, 'ghs_write')
    const numbers = async (more: object) =>
      (await paginate(rest.pulls.list, { ...repo, per_page: 50, ...more })).map(({ number }) => number)
    expect(await numbers({})).toEqual(Array.from({ length: 110 }, (_, index) => 130 - index))
    expect(await numbers({ state: 'closed', direction: 'asc' })).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    expect(await numbers({ state: 'all' })).toHaveLength(130)
    expect(await numbers({ state: 'all', base: 'next' })).toHaveLength(65)
    expect(await numbers({ head: 'octo:feature-77' })).toEqual([77])
    expect(await numbers({ head: 'other:feature-77' })).toEqual([])
  })
})

describe('GraphQL', () => {
  const fields = 'number state merged closedAt'

  test('answers many pull requests of one repository by alias', async () => {
    const sandbox = await start()
    for (let number = 1; number <= 200; number += 1) sandbox.openPull({ number })
    for (let number = 1; number <= 100; number += 2) sandbox.closePull(number, { merged: number % 3 === 0 })
    const aliases = Array.from(
      { length: 200 },
      (_, index) => `p${index + 1}: pullRequest(number: ${index + 1}) { ...state }`,
    )
    const query = `query ($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { ${aliases.join('\n')} }
    }
    fragment state on PullRequest { ${fields} }`
    const { repository } = await octokit(sandbox, 'ghs_write').graphql<{
      repository: Record<string, { number: number; state: string; merged: boolean; closedAt: string | null }>
    }>(query, { owner: 'octo', name: 'demo' })
    const states = Object.values(repository).map((pull) => pull.state)
    expect(Object.keys(repository)).toHaveLength(200)
    expect(states.filter((state) => state === 'OPEN')).toHaveLength(150)
    expect(states.filter((state) => state === 'MERGED')).toHaveLength(17)
    expect(repository.p3).toEqual({ number: 3, state: 'MERGED', merged: true, closedAt: expect.any(String) })
    expect(repository.p200).toEqual({ number: 200, state: 'OPEN', merged: false, closedAt: null })
    expect(sandbox.journal).toHaveLength(1)
  })

  test('an unknown number is null with an error, the others stay', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 1 })
    sandbox.openIssue(2)
    const query = `{ repository(owner: "octo", name: "demo") {
      p1: pullRequest(number: 1) { ${fields} }
      p2: pullRequest(number: 2) { ${fields} }
    } }`
    await expect(octokit(sandbox, 'ghs_write').graphql(query)).rejects.toMatchObject({
      name: 'GraphqlResponseError',
      data: { repository: { p1: { number: 1, state: 'OPEN' }, p2: null } },
      errors: [
        {
          type: 'NOT_FOUND',
          path: ['repository', 'p2'],
          locations: [{ line: 3, column: 7 }],
          message: 'Could not resolve to a PullRequest with the number of 2.',
        },
      ],
    })
  })

  test('an unknown repository, an unknown field and a typo are told as GitHub tells them', async () => {
    const sandbox = await start()
    const { graphql } = octokit(sandbox, 'ghs_write')
    await expect(graphql('{ repository(owner: "octo", name: "no") { id } }')).rejects.toMatchObject({
      data: { repository: null },
      errors: [{ type: 'NOT_FOUND', message: "Could not resolve to a Repository with the name 'octo/no'." }],
    })
    await expect(graphql('{ repository(owner: "octo", name: "demo") { pulls } }')).rejects.toMatchObject({
      data: undefined,
      errors: [{ message: "Field 'pulls' doesn't exist on type 'Repository'" }],
    })
    await expect(graphql('{ repository(owner: "octo" ')).rejects.toMatchObject({
      errors: [{ message: 'Unexpected end of document' }],
    })
  })

  test('a private repository is closed without pull-requests: read', async () => {
    const sandbox = await start({ repositories: [{ fullName: 'octo/demo', private: true }] })
    sandbox.openPull({ number: 1 })
    sandbox.setToken('ghs_contents', { kind: 'installation', permissions: { contents: 'read' } })
    const query = '{ repository(owner: "octo", name: "demo") { pullRequest(number: 1) { state } } }'
    await expect(octokit(sandbox, 'ghs_contents').graphql(query)).rejects.toMatchObject({
      data: { repository: { pullRequest: null } },
      errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
    })
    await expect(octokit(sandbox, 'ghs_read').graphql(query)).resolves.toEqual({
      repository: { pullRequest: { state: 'OPEN' } },
    })
  })

  test('pull requests can be walked by cursor', async () => {
    const sandbox = await start()
    for (let number = 1; number <= 5; number += 1) sandbox.openPull({ number })
    sandbox.closePull(2)
    const query = `query ($after: String) { repository(owner: "octo", name: "demo") {
      pullRequests(first: 3, after: $after, states: [OPEN]) { totalCount nodes { number } pageInfo { hasNextPage endCursor } }
    } }`
    type Page = {
      nodes: { number: number }[]
      totalCount: number
      pageInfo: { hasNextPage: boolean; endCursor: string }
    }
    const { graphql } = octokit(sandbox, 'ghs_write')
    const first = (await graphql<{ repository: { pullRequests: Page } }>(query)).repository.pullRequests
    expect(first).toMatchObject({ totalCount: 4, nodes: [{ number: 1 }, { number: 3 }, { number: 4 }] })
    expect(first.pageInfo.hasNextPage).toBe(true)
    const rest = await graphql<{ repository: { pullRequests: Page } }>(query, { after: first.pageInfo.endCursor })
    expect(rest.repository.pullRequests).toMatchObject({ nodes: [{ number: 5 }], pageInfo: { hasNextPage: false } })
  })
})

describe('the server', () => {
  test('an enterprise server has its APIs below /api', async () => {
    const sandbox = await start({ flavour: 'enterprise' })
    sandbox.openPull({ number: 1 })
    expect(sandbox.apiUrl).toBe(`http://127.0.0.1:${sandbox.port}/api/v3`)
    const { rest, graphql, paginate } = octokit(sandbox, 'ghs_write')
    for (let index = 0; index < 3; index += 1) sandbox.addComment(1, { body: 'x' })
    expect(await paginate(rest.issues.listComments, { ...repo, issue_number: 1, per_page: 2 })).toHaveLength(3)
    expect(await graphql('{ viewer { login } }')).toEqual({ viewer: { login: 'github-actions[bot]' } })
    const [first, second, query] = sandbox.journal.map(({ path }) => path)
    expect(first).toMatch(/^\/api\/v3\/repos\/octo\/demo\/issues\/1\/comments/)
    expect(second).toMatch(/^\/api\/v3\/repositories\/\d+\/issues\/1\/comments/)
    expect(query).toBe('/api/graphql')
    const outside = await fetch(`${sandbox.serverUrl}/repos/octo/demo`, { headers: { 'user-agent': 'test' } })
    expect(outside.status).toBe(404)
  })

  test('plays faults, keeps a journal, and a lost reply may have taken effect', async () => {
    const sandbox = await start()
    sandbox.openPull({ number: 1 })
    const { rest } = octokit(sandbox, 'ghs_write')
    const create = (body: string) => rest.issues.createComment({ ...repo, issue_number: 1, body })
    sandbox.faults.add({ method: 'POST', kind: 'answer', status: 502, body: '<html>Bad gateway</html>' })
    sandbox.faults.add({ method: 'POST', kind: 'drop-after' })
    await expect(create('lost')).rejects.toMatchObject({ status: 502 })
    await expect(create('kept')).rejects.toMatchObject({ status: 500 })
    expect(sandbox.comments(1).map(({ body }) => body)).toEqual(['kept'])
    expect(sandbox.journal.map(({ method, status }) => [method, status])).toEqual([
      ['POST', 502],
      ['POST', 0],
    ])
  })
})

/** The page numbers of a Link header, by relation. */
function relations(link: string | undefined): Record<string, number> {
  const parts = [...(link ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)]
  return Object.fromEntries(
    parts.map(([, address = '', name]) => [name, Number(new URL(address).searchParams.get('page'))]),
  )
}
