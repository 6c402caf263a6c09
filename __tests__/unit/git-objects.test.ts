import { expect, test } from '@jest/globals'
import { makeCommit } from '../../sandbox/github/git-objects.ts'
import { hasBlobId } from '../../src/database/schema/files/blob-id.ts'

// The ids are git's own (git hash-object, git write-tree, git commit-tree of version 2.39).
const FILES = { 'sql/a/1.sql': 'select 1;\n', 'sql/b.sql': 'x', 'sql.d/z': 'y', README: 'r' }
const FIRST = 'b2f0651756eb2fd87d725864026cd09b5edb415e'

test('the stand-in of GitHub gives commits and trees the ids that git gives', () => {
  const commit = makeCommit(FILES)
  expect([commit.oid, commit.tree.oid]).toEqual([FIRST, '04f6ed6c22a7a21259e979d5d12aeed5970f05a9'])
  expect(commit.tree.entries.map(({ name, object }) => [name, object.oid])).toEqual([
    ['README', '1d2f01491f783c8c7f0917cc68526c6307d80e39'],
    ['sql.d', '2dd821e08cc77fb93ebccea4dd6300846e324592'],
    ['sql', 'e2ae59b36a0326ed54bd9d13904f76df484113fc'],
  ])
  expect(makeCommit(FILES, [FIRST], 'merge').oid).toBe('98f86a3d81c4855776a31f7011628bf0707953e6')
})

test('a file is known by the blob of its bytes or of their LF form, with its byte-order mark', () => {
  const lf = 'ab290eb4c1f6e10ef89c4d95c1ede4471c4cad69'
  expect(hasBlobId({ text: 'select 1;\n' }, lf)).toBe(true)
  expect(hasBlobId({ text: 'select 1;\r\n' }, lf)).toBe(true)
  expect(hasBlobId({ text: '\ufeffselect 1;\r\n' }, 'f8abc28062c349cdbf8cde8150217c7a59ce07a1')).toBe(true)
  expect(hasBlobId({ text: '\ufeffselect 1;\r\n' }, 'bbd3d62b6005fc65c5a39f732ac29b7f923e515b')).toBe(true)
  expect(hasBlobId({ text: 'select 2;\n' }, lf)).toBe(false)
  expect(hasBlobId({ text: '\ufeffselect 1;\n' }, lf)).toBe(false)
})
