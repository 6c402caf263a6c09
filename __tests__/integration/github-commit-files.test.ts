import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type GitHubSandbox, startGitHub } from '../../sandbox/github/index.ts'
import { readMergeFiles, wereInCommits } from '../../src/github/index.ts'
import { testRuntime } from '../support/runtime.ts'

let github: GitHubSandbox
const repository = 'octo/private'
beforeAll(async () => {
  const installation = { kind: 'installation', repository } as const
  github = await startGitHub({
    repositories: [{ fullName: repository, private: true }],
    tokens: {
      reads: { ...installation, permissions: { contents: 'read' } },
      comments: { ...installation, permissions: { 'pull-requests': 'write' } },
    },
  })
})
beforeEach(() => {
  github.journal.length = 0
})
afterAll(() => github.close())

const where = (token = 'reads') => ({ token, apiUrl: github.apiUrl, repository, patience: 1000 })
const paths = (files: { blobs: Map<string, string> } | null) => [...(files?.blobs.keys() ?? [])]

test('a merge and its first parent, in one request, as deep as four folders; what lies deeper is named', async () => {
  const old = { 'sql/1.sql': '1', 'sql/a/b/c/4.sql': '4', 'other/x.sql': 'x' }
  const base = github.commit(old)
  const head = github.commit({ ...old, 'sql/2.sql': '2' })
  const deep = { ...old, 'sql/2.sql': '2', 'sql/a/b/c/d/5.sql': '5' }
  const sha = github.commit(deep, { parents: [base, head] })
  const merge = await readMergeFiles(testRuntime(), { ...where(), sha, baseSha: '', folders: ['sql', 'none', 'a "b"'] })
  expect([paths(merge.commit), merge.commit?.unread]).toEqual([
    ['sql/1.sql', 'sql/2.sql', 'sql/a/b/c/4.sql'],
    ['sql/a/b/c/d'],
  ])
  expect([merge.parents, merge.base?.oid, paths(merge.base)]).toEqual([2, base, ['sql/1.sql', 'sql/a/b/c/4.sql']])
  expect(github.journal).toHaveLength(1)
})

test('the root of the repository, and an entry of the merge queue with the base that its event names', async () => {
  const base = github.commit({ '1.sql': '1' })
  const sha = github.commit({ '1.sql': '1', 'a/2.sql': '2' }, { parents: [base] })
  const merge = await readMergeFiles(testRuntime(), { ...where(), sha, baseSha: base, folders: [''] })
  expect([paths(merge.commit), paths(merge.base)]).toEqual([['1.sql', 'a/2.sql'], ['1.sql']])
})

test('a commit that GitHub has not is null, and a token that may not read is an error that says so', async () => {
  const sha = 'd'.repeat(40)
  const query = { sha, baseSha: '', folders: ['sql'] }
  expect(await readMergeFiles(testRuntime(), { ...where(), ...query })).toEqual({
    commit: null,
    parents: 0,
    base: null,
  })
  await expect(readMergeFiles(testRuntime(), { ...where('comments'), ...query })).rejects.toThrow(
    `Could not read the commit ${sha} of ${repository}: Resource not accessible by integration.`,
  )
})

test('which files earlier commits had', async () => {
  const sha = github.commit({ 'sql/1.sql': '1' })
  const files = [
    { sha, path: 'sql/1.sql' },
    { sha, path: 'db/1.sql' },
    { sha: 'e'.repeat(40), path: 'sql/1.sql' },
  ]
  expect(await wereInCommits(testRuntime(), { ...where(), files })).toEqual([true, false, null])
})
