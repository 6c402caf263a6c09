import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { clip, code, details, fence, link, prose, table, visible } from '../../src/report/escape.ts'
import { autolinks, HIDDEN, rendered } from '../support/dom.ts'

const NASTY = [
  'a|b',
  '|',
  'a\\|b',
  'a\\\\|b',
  '`',
  '``x``',
  'a`b|c`',
  '\\',
  'line\nbreak',
  'cr\rlf\r\n',
  '<b>bold</b>',
  '<img src=x onerror=alert(1)>',
  '<!-- hidden',
  '--> shown',
  '</details>',
  '<script>alert(1)</script>',
  '&lt;b&gt; &amp; &#64;octocat',
  '@octocat',
  'x @octo/team y',
  'mail@example.com',
  '#123',
  'octo/demo#7',
  'GH-9',
  'gh-10',
  '4f0c1d2e3a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d',
  'http://evil.example/?a=b',
  'https://evil.example',
  'www.evil.example',
  '[click](https://evil.example)',
  '![img](https://evil.example/x.png)',
  '[ref]: https://evil.example',
  '**bold** _it_ ~~no~~ __x__',
  '# heading',
  '- item',
  '1. item',
  '> quote',
  '---',
  '===',
  '```\nfence\n```',
  ':smile:',
  '$x^2$',
  '\u202egnp.exe',
  'zero\u200bwidth',
  '\ufeffbom',
  '\u0000\u0007',
  '   ',
  '',
  'lone \ud800 half',
  '名前 🦊 ünï',
]

const nasty = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: fc.constantFrom(...'`|\\<>@#:*_~[]()!&;-+=$%/."\' \n\tab1é') }),
  fc.array(fc.constantFrom(...NASTY), { maxLength: 4 }).map((parts) => parts.join(' ')),
  fc.string({ unit: 'binary' }),
)

describe('code', () => {
  test('shows a plain name in a code span and nothing else', () => {
    expect(code('users')).toBe('`users`')
    expect(code('Order Items')).toBe('`Order Items`')
  })

  test.each(NASTY)('%j in a table cell keeps the table and is shown as it is', (name) => {
    const { body, codes, elements } = rendered(table(['A', 'B'], [[code(name), 'end']]))
    expect([...body.querySelectorAll('td')]).toHaveLength(2)
    expect(codes).toEqual([name.trim() === '' ? '␣'.repeat(Math.max(1, name.length)) : visible(name)])
    expect(elements.sort()).toEqual(['code', 'table', 'tbody', 'td', 'th', 'thead', 'tr'])
  })

  test('any text at all stays one cell, one code element, unchanged', () => {
    fc.assert(
      fc.property(nasty, nasty, (left, right) => {
        const { body, codes } = rendered(table(['A', 'B:'], [[code(left), code(right)]]))
        expect([...body.querySelectorAll('td')]).toHaveLength(2)
        const shown = (text: string) => clip(visible(text), 200)
        for (const [index, text] of [left, right].entries()) {
          if (shown(text).trim() !== '') expect(codes[index]?.trim()).toBe(shown(text).trim())
        }
      }),
      { numRuns: 500 },
    )
  })

  test('hides no character', () => {
    for (const name of NASTY) expect(rendered(code(name)).body.textContent).not.toMatch(HIDDEN)
    expect(code('\u202eabc')).toBe('`⟨U+202E⟩abc`')
  })
})

describe('prose', () => {
  test('keeps what stands between backticks as code and plain words as they are', () => {
    expect(prose('drops column `name`, 3 rows')).toBe('drops column `name`, 3 rows')
    expect(rendered(prose('`a``b`')).codes).toEqual(['a', 'b'])
  })

  test.each(NASTY)('%j makes no element, link or mention', (text) => {
    for (const markdown of [
      prose(text),
      `- ${prose(text)}`,
      `> ${prose(`x ${text} y`)}`,
      table(['A'], [[prose(text)]]),
    ]) {
      const result = rendered(markdown)
      const allowed = ['p', 'ul', 'li', 'blockquote', 'code', 'table', 'thead', 'tbody', 'tr', 'th', 'td']
      expect(result.elements.filter((element) => !allowed.includes(element))).toEqual([])
      expect(autolinks(result.openText)).toEqual([])
      expect(result.links).toEqual([])
    }
  })

  test('any text at all: no markup survives, all words do', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const result = rendered(`x ${prose(text)} y`)
        expect(result.elements.filter((element) => !['p', 'code'].includes(element))).toEqual([])
        expect(autolinks(result.openText)).toEqual([])
        const bare = (shown: string) => shown.replace(/[\s`␣]+/g, '')
        expect(bare(result.body.textContent)).toBe(bare(`x${clip(visible(text), 1000)}y`))
      }),
      { numRuns: 500 },
    )
  })
})

describe('fence', () => {
  test('no text ends it', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const { elements } = rendered(`${fence(text, 'sql')}\n\nafter`)
        expect(elements.sort()).toEqual(['code', 'p', 'pre'])
      }),
      { numRuns: 300 },
    )
  })

  test('writes direction marks out and keeps tabs and lines', () => {
    expect(fence('a\tb\r\n\u202ec\n')).toBe('```\na\tb\n⟨U+202E⟩c\n```')
  })
})

describe('link', () => {
  test('takes web addresses only, and no address leaves its parentheses', () => {
    expect(link('x', 'javascript:alert(1)')).toBe('x')
    expect(link('x', 'https://a.example/ b')).toBe('x')
    expect(link('x', undefined)).toBe('x')
    expect(rendered(link('x', 'https://a.example/(b)[c]')).links).toEqual(['https://a.example/%28b%29%5Bc%5D'])
  })
})

test('a folded part holds a table', () => {
  const { elements } = rendered(details('Title', table(['A'], [['1']])))
  expect(elements).toEqual(expect.arrayContaining(['details', 'summary', 'table']))
})
