import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Block, compareLines, unifiedDiff } from '../../src/database/inspect/unified.ts'
import { applyUnified } from '../support/patch.ts'

const byKey = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const textOf = (blocks: Block[]) =>
  [...blocks]
    .sort((a, b) => byKey(a.key, b.key))
    .map(({ lines }) => `${lines.join('\n')}\n`)
    .join('')

/** The length of the longest common subsequence, by the textbook table. */
function common(a: string[], b: string[]): number {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  const at = (i: number, j: number) => table[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i += 1) {
    const row = table[i] ?? []
    for (let j = 1; j <= b.length; j += 1) {
      row[j] = a[i - 1] === b[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1))
    }
  }
  return at(a.length, b.length)
}

const line = fc.constantFrom('a', 'b', 'c', 'create table x (', '', '-- x', '+y', '@@ -1,2 +1,2 @@')
const lines = fc.array(line, { maxLength: 25 })

describe('unified diff', () => {
  test('finds the shortest edit', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const found = compareLines(before, after)
        expect(found.filter(({ side }) => side !== '+').map(({ text }) => text)).toEqual(before)
        expect(found.filter(({ side }) => side !== '-').map(({ text }) => text)).toEqual(after)
        expect(found.filter(({ side }) => side === ' ')).toHaveLength(common(before, after))
      }),
      { numRuns: 500, seed: 1 },
    )
  })

  test('turns the text before into the text after when it is applied', () => {
    const blocks = fc.uniqueArray(
      fc.record({ key: fc.constantFrom(...'abcdefgh'), lines: fc.array(line, { minLength: 1, maxLength: 12 }) }),
      {
        selector: ({ key }) => key,
      },
    )
    fc.assert(
      fc.property(blocks, blocks, (before, after) => {
        const diff = unifiedDiff(before, after, byKey)
        expect(applyUnified(textOf(before), diff)).toBe(textOf(after))
        if (textOf(before) === textOf(after) && before.length === after.length) expect(diff).toBe('')
      }),
      { numRuns: 500, seed: 2 },
    )
  })

  test('shows three lines around a change, joins near changes, and heads a hunk with its statement', () => {
    const body = Array.from({ length: 12 }, (_, index) => `    c${index} integer,`)
    const before = [{ key: 'a', lines: ['create table public.a (', ...body, ');', ''] }]
    const changed = body.map((text, index) => (index === 5 || index === 11 ? text.replace('integer', 'bigint') : text))
    const after = [{ key: 'a', lines: ['create table public.a (', ...changed, ');', ''] }]
    expect(unifiedDiff(before, after, byKey)).toBe(`--- before
+++ after
@@ -4,12 +4,12 @@ create table public.a (
     c2 integer,
     c3 integer,
     c4 integer,
-    c5 integer,
+    c5 bigint,
     c6 integer,
     c7 integer,
     c8 integer,
     c9 integer,
     c10 integer,
-    c11 integer,
+    c11 bigint,
 );
 
`)
  })

  test('of an empty text names line 0', () => {
    const block = [{ key: 'a', lines: ['create schema a;', ''] }]
    expect(unifiedDiff([], block, byKey)).toBe('--- before\n+++ after\n@@ -0,0 +1,2 @@\n+create schema a;\n+\n')
    expect(unifiedDiff(block, [], byKey)).toBe('--- before\n+++ after\n@@ -1,2 +0,0 @@\n-create schema a;\n-\n')
  })

  test('replaces a block as a whole where the shortest edit would take too long', () => {
    const before = Array.from({ length: 3000 }, (_, index) => `old ${index}`)
    const after = Array.from({ length: 3000 }, (_, index) => (index === 1500 ? 'old 7' : `new ${index}`))
    const found = compareLines(before, after)
    expect(found.map(({ side }) => side).join('')).toBe('-'.repeat(3000) + '+'.repeat(3000))
  })
})
