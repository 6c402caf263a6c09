import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type NeonSandbox, startNeon } from '../../sandbox/neon/index.ts'
import {
  connectionOf,
  createNeon,
  defaultBranch,
  deleteBranch,
  ensureProject,
  lookUpBranch,
  sweepCandidates,
} from '../../src/neon/index.ts'
import { testRuntime } from '../support/runtime.ts'

let neon: NeonSandbox
let projectId = ''
const runtime = testRuntime({ instant: true })
const api = (by = runtime) => createNeon(by, { apiKey: neon.organizationApiKey, apiHost: neon.url, userAgent: 'test' })
beforeAll(async () => {
  neon = await startNeon({ operationMilliseconds: 1 })
  projectId = (await ensureProject(api(), { name: 'empty', create: true })).id
})
afterAll(() => neon.close())

const JSON_HEADERS = { 'content-type': 'application/json' }
const ANSWERS: [string, string][] = [
  ['an empty body', ''],
  ['{}', '{}'],
  ['null', 'null'],
  ['a list', '[]'],
  ['cut JSON', '{"projects":[{"id":"'],
  ['a page', '<html><title>Sign in</title></html>'],
]
const VERBS: [string, () => Promise<unknown>][] = [
  ['finding the project', () => ensureProject(api(), { name: 'empty', create: false })],
  ['the default branch', () => defaultBranch(api(), projectId)],
  ['looking up a branch', () => lookUpBranch(api(), projectId, 'main')],
  ['the candidates of a sweep', () => sweepCandidates(api(), projectId)],
  [
    'the connection',
    async () => connectionOf(api(), await defaultBranch(api(), projectId), { ssl: 'require', prisma: false }),
  ],
]

describe.each(ANSWERS)('Neon answers with %s', (_, body) => {
  const fault = { kind: 'answer' as const, status: 200, headers: JSON_HEADERS, body }

  test.each(VERBS)('for ever: %s is an error of ours', async (_name, verb) => {
    neon.faults.add({ ...fault, times: 999 })
    const error = await verb().then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    neon.faults.clear()
    expect(String(error)).not.toMatch(/undefined|Cannot read|is not iterable|is not a function|JSON at|TypeError/)
    expect(error).toMatchObject({ name: expect.stringMatching(/^(ActionError|NeonError)$/) })
  })
})

test('one empty answer to a read is asked again', async () => {
  for (const body of ['', '{}', 'null']) {
    neon.faults.add({ kind: 'answer', status: 200, headers: JSON_HEADERS, body })
    expect((await defaultBranch(api(), projectId)).default).toBe(true)
  }
})

test.each([
  ['has no effect', 'answer' as const],
  ['took effect', 'answer-after' as const],
])(
  'an empty answer to the delete of a branch, which %s, is settled by looking: the branch is gone',
  async (_, kind) => {
    const [id = ''] = neon.seedBranches(projectId, 1, () => ({ name: 'leaving' }))
    neon.faults.add({ method: 'DELETE', kind, status: 200, headers: JSON_HEADERS, body: '' })
    const owner = { repository: 'octo/learn', repositoryId: '1', pullRequest: null }
    const { outcome } = await deleteBranch(api(), { projectId, id, owner, namedByUser: true })
    expect(outcome).toBe('deleted')
    await neon.settle()
    expect(neon.branches(projectId).map(({ name }) => name)).toEqual(['main'])
  },
)

test('an empty answer to the write that makes a project is settled by looking, and makes one', async () => {
  neon.faults.add({
    method: 'POST',
    path: /\/projects$/,
    kind: 'answer-after',
    status: 201,
    headers: JSON_HEADERS,
    body: '{}',
  })
  const made = await ensureProject(api(testRuntime()), { name: 'settled', create: true })
  expect(made.created).toBe(true)
  expect(neon.projects().filter(({ name }) => name === 'settled')).toHaveLength(1)
})
