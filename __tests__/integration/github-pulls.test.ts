import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import type { Fault } from '../../sandbox/http/faults.ts'
import { existingGitBranches, pullRequestFacts } from '../../src/github/pulls.ts'
import { testRuntime } from '../support/runtime.ts'

const TOKEN = 'ghs_reader_token_0001'

describe.each(['github.com', 'enterprise'] as const)('pull request states on %s', (flavour) => {
  let github: GitHubSandbox
  beforeAll(async () => {
    github = await startGitHub({
      flavour,
      repositories: ['octo/demo'],
      tokens: { [TOKEN]: { kind: 'installation', repository: 'octo/demo', permissions: { 'pull-requests': 'read' } } },
    })
    for (let number = 1; number <= 250; number += 1) {
      github.openPull({ number })
      if (number % 5 === 0) github.closePull(number, { merged: number % 10 === 0 })
    }
  })
  beforeEach(() => {
    github.journal.length = 0
    github.faults.clear()
  })
  afterAll(() => github.close())

  const ask = (numbers: number[], token = TOKEN) =>
    pullRequestFacts(testRuntime({ instant: true }), { token, apiUrl: github.apiUrl, repository: 'octo/demo', numbers })

  const askUnder = (fault: Fault) => {
    github.faults.add(fault)
    return ask([1])
  }

  test('250 pull requests cost three requests, closed and merged are closed', async () => {
    const states = await ask([...Array(250).keys()].map((index) => index + 1))
    expect(states.size).toBe(250)
    expect([...states].filter(([, { state }]) => state === 'closed').map(([number]) => number)).toEqual(
      [...Array(50).keys()].map((index) => (index + 1) * 5),
    )
    expect(github.journal).toHaveLength(3)
  })

  test('a number without a pull request is unknown, the others stay known', async () => {
    expect([...(await ask([1, 9999, 5]))]).toEqual([
      [1, { state: 'open', fromFork: false }],
      [9999, { state: 'unknown', fromFork: false }],
      [5, { state: 'closed', fromFork: false }],
    ])
  })

  test("a fork's pull request is told apart", async () => {
    github.openPull({ number: 300, headRepository: 'stranger/demo' })
    expect((await ask([300])).get(300)).toEqual({ state: 'open', fromFork: true })
  })

  test('a Git branch is there, or not; an answer that is none is an error', async () => {
    const query = { token: 'ghs_contents_token_01', apiUrl: github.apiUrl, repository: 'octo/demo' }
    github.setToken(query.token, { kind: 'installation', repository: 'octo/demo', permissions: { contents: 'read' } })
    const names = [
      'feature-1',
      'no "such" branch',
      ...Array.from({ length: 150 }, (_, index) => `feature-${index + 2}`),
    ]
    const existing = await existingGitBranches(testRuntime(), { ...query, names })
    expect([existing.has('feature-1'), existing.has('feature-120'), existing.size]).toEqual([true, true, 151])
    expect(github.journal).toHaveLength(2)
    github.faults.add({ kind: 'answer', status: 502, body: 'bad gateway', times: 9 })
    await expect(
      existingGitBranches(testRuntime({ instant: true }), { ...query, names: ['feature-1'] }),
    ).rejects.toThrow(/Could not read the Git branches of octo\/demo: /)
  })

  test('nothing to ask costs nothing', async () => {
    expect((await ask([])).size).toBe(0)
    expect(github.journal).toHaveLength(0)
  })

  test.each([
    ['a wrong token', () => ask([1], 'ghs_wrong_token_00001')],
    ['a server error', () => askUnder({ kind: 'answer', status: 502, body: 'bad gateway', times: 9 })],
    ['a dropped connection', () => askUnder({ kind: 'drop', times: 9 })],
  ])('%s is an error, not an answer', async (_, work) => {
    await expect(work()).rejects.toThrow(/Could not read the pull requests of octo\/demo: /)
  })
})
