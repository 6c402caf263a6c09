import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { excerpt } from '../../src/database/schema/failure/excerpt.ts'
import { placeOfError } from '../../src/database/schema/failure/locate.ts'
import { placeAt } from '../../src/database/sql/text-place.ts'
import { scriptOf } from '../support/scripts.ts'

describe('placeAt', () => {
  test.each([
    ['abc', 0, 1, 1],
    ['abc', 3, 1, 4],
    ['a\nb', 2, 2, 1],
    ['a\r\nb', 3, 2, 1],
    ['a\rb', 2, 2, 1],
    ['a\r\n\r\nb', 5, 3, 1],
    ['a\nb', 1, 1, 2],
    ['\ufeffab', 1, 1, 1],
    ['\ufeffab', 2, 1, 2],
    ['😀é名x', 4, 1, 4],
    ['x\n😀y', 4, 2, 2],
    ['a\n', 2, 2, 1],
  ])('%j at %i', (source, offset, line, column) => {
    expect(placeAt(source, offset)).toEqual({ line, column })
  })

  test('a 5 MB file', () => {
    expect(placeAt('select 1;\n'.repeat(500_000), 4_999_997)).toEqual({ line: 500_000, column: 8 })
  })
})

describe('placeOfError', () => {
  test('counts the code points of the server from the start of the statement', () => {
    const text = fc.array(fc.constantFrom('a', '😀', 'é', '\n', '\r\n', ' ', "''", '名'), { maxLength: 20 })
    fc.assert(
      fc.property(text, text, fc.nat(40), (before, within, at) => {
        const source = `select '${before.join('')}';\n select '${within.join('')}'`
        const script = scriptOf(source)
        const sent = [...(script.statements[1]?.text ?? '')]
        const position = Math.min(at, sent.length - 1)
        const offset = (script.statements[1]?.start ?? 0) + sent.slice(0, position).join('').length
        expect(placeOfError(script, 1, { position: String(position + 1) })).toEqual(placeAt(source, offset))
      }),
      { seed: 3 },
    )
  })

  test('without any hint, where the statement begins', () => {
    const script = scriptOf('select 1;\n\n  -- c\n  select 2;')
    expect(placeOfError(script, 1, {})).toEqual({ line: 4, column: 3 })
    expect(placeOfError(script, 1, { where: 'COPY t, line 7' })).toEqual({ line: 4, column: 3 })
    expect(placeOfError(script, 9, { position: '3' })).toEqual({ line: 1, column: 1 })
  })

  test('stays in the text when the server counts further', () => {
    const script = scriptOf('select 1;\nselect 2')
    expect(placeOfError(script, 1, { position: '999' })).toEqual({ line: 2, column: 9 })
    const block = scriptOf('do $$ begin\n null; end $$')
    expect(placeOfError(block, 0, { where: 'PL/pgSQL function inline_code_block line 99 at RAISE' })).toEqual({
      line: 2,
      column: 2,
    })
  })
})

describe('excerpt', () => {
  test('shows the line, its neighbours and a caret', () => {
    const source = 'one\ntwo\n  three nope\nfour\nfive'
    expect(excerpt(source, { line: 3, column: 9 })).toBe(
      ['2 | two', '3 |   three nope', '  |         ^', '4 | four'].join('\n'),
    )
  })

  test('at the edges of the text, and with line numbers of different width', () => {
    expect(excerpt('x', { line: 1, column: 1 })).toBe('1 | x\n  | ^')
    expect(excerpt('', { line: 1, column: 1 })).toBe('1 |\n  | ^')
    expect(excerpt('ab\n', { line: 1, column: 3 })).toBe('1 | ab\n  |   ^\n2 |')
    expect(excerpt('x', { line: 7, column: 7 })).toBe('1 | x\n  |  ^')
    const many = Array.from({ length: 12 }, (_, index) => `l${index + 1}`).join('\r\n')
    expect(excerpt(many, { line: 9, column: 2 })).toBe(' 8 | l8\n 9 | l9\n   |  ^\n10 | l10')
  })

  test('puts the caret below the place behind tabs, wide and joined characters', () => {
    expect(excerpt('\tx', { line: 1, column: 2 })).toBe('1 |     x\n  |     ^')
    expect(excerpt('ab\tx', { line: 1, column: 4 })).toBe('1 | ab  x\n  |     ^')
    expect(excerpt('名😀x', { line: 1, column: 3 })).toBe('1 | 名😀x\n  |     ^')
    expect(excerpt('e\u0301x', { line: 1, column: 3 })).toBe('1 | e\u0301x\n  |  ^')
    expect(excerpt('\ufeffselct', { line: 1, column: 1 })).toBe('1 | selct\n  | ^')
  })

  test('shows nothing that would disturb a terminal', () => {
    expect(excerpt('a\u001b[31m\u202eb\u0000\u2028c', { line: 1, column: 8 })).toBe('1 | a·[31m·b··c\n  |        ^')
  })

  test('cuts long lines around the place', () => {
    const source = `${'x'.repeat(5000)}\n${'a'.repeat(3000)}HERE${'b'.repeat(3000)}\nshort`
    const lines = excerpt(source, { line: 2, column: 3001 }).split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(125)
    expect(lines[1]?.startsWith('2 | …aaa')).toBe(true)
    expect(lines[1]?.endsWith('bbb…')).toBe(true)
    const caret = lines[2]?.indexOf('^') ?? -1
    expect(lines[1]?.slice(caret, caret + 4)).toBe('HERE')
    expect(lines[3]).toBe('3 | short')
  })

  test('on any text and place: at most four lines, one caret, no line break or control character within', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300 }), (source, line, column) => {
        const lines = excerpt(source, { line, column }).split('\n')
        expect(lines.length).toBeGreaterThanOrEqual(2)
        expect(lines.length).toBeLessThanOrEqual(4)
        expect(lines.filter((text) => /^ +\| *\^$/.test(text))).toHaveLength(1)
        for (const text of lines) expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
      }),
      { seed: 3, numRuns: 2000 },
    )
  })
})
