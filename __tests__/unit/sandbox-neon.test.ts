import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { goBoolean, goDuration, goTime } from '../../sandbox/neon/go-text.ts'
import { ids } from '../../sandbox/neon/ids.ts'
import { unifiedDiff } from '../../sandbox/neon/unified-diff.ts'

/** Applies a unified diff as patch(1) does, refusing a line that is not where the diff says. */
function patch(text: string, diff: string): string {
  const source = text.split('\n')
  const result: string[] = []
  let at = 0
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),\d+ \+(\d+),\d+ @@$/.exec(line)
    if (hunk) {
      result.push(...source.slice(at, Number(hunk[1]) - 1))
      at = Number(hunk[1]) - 1
      if (result.length !== Number(hunk[2]) - 1) throw new Error(`wrong new line number in ${line}`)
      continue
    }
    if (line[0] !== '+') {
      if (source[at] !== line.slice(1)) throw new Error(`line ${at + 1} is not ${JSON.stringify(line)}`)
      at += 1
    }
    if (line[0] !== '-') result.push(line.slice(1))
  }
  return [...result, ...source.slice(at)].join('\n')
}

describe('unified diff', () => {
  test('of equal texts is empty', () => {
    expect(unifiedDiff('a\nb', 'a\nb')).toBe('')
  })

  test('shows three lines around a change, and joins changes that touch', () => {
    const before = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`)
    const after = before.map((line) =>
      line === 'line 5' || line === 'line 9' || line === 'line 25' ? `${line}!` : line,
    )
    const diff = unifiedDiff(before.join('\n'), after.join('\n'))
    expect(diff.match(/^@@.*@@$/gm)).toEqual(['@@ -2,11 +2,11 @@', '@@ -22,7 +22,7 @@'])
    expect(diff).toContain('\n line 4\n-line 5\n+line 5!\n line 6\n')
  })

  test('turns the one text into the other, whatever they are', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', '+x', '-y', '@@ z'), { maxLength: 40 })
      .map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after)
        expect(patch(before, unifiedDiff(before, after))).toBe(after)
      }),
      { numRuns: 500 },
    )
  })
})

describe('texts as Go prints and reads them', () => {
  test.each([
    [Date.UTC(2026, 5, 4, 0, 25, 59), '2026-06-04 00:25:59 +0000 UTC'],
    [Date.UTC(2026, 5, 4, 0, 25, 59, 120), '2026-06-04 00:25:59.12 +0000 UTC'],
  ])('a time, %i', (time, text) => {
    expect(goTime(time)).toBe(text)
  })

  test.each([
    [21_600, '6h0m0s'],
    [604_800, '168h0m0s'],
    [90, '1m30s'],
    [45, '45s'],
    [0, '0s'],
  ])('a duration, %i s', (seconds, text) => {
    expect(goDuration(seconds)).toBe(text)
  })

  test.each([
    ['True', true],
    ['t', true],
    ['0', false],
    ['FALSE', false],
    ['tRUE', undefined],
    ['yes', undefined],
  ])('a boolean, %s', (text, value) => {
    expect(goBoolean(text)).toBe(value)
  })
})

test('ids have the shape by which the official tools tell an id from a name', () => {
  for (let run = 0; run < 200; run += 1) {
    expect(ids.branch()).toMatch(/^br-[a-z]+-[a-z]+-[a-z0-9]{8}$/)
    expect(ids.endpoint()).toMatch(/^ep-[a-z]+-[a-z]+-[a-z0-9]{8}$/)
    expect(ids.project()).toMatch(/^[a-z]+-[a-z]+-[0-9]{8}$/)
    expect(ids.password()).toMatch(/^npg_[A-Za-z0-9]{12}$/)
  }
})
