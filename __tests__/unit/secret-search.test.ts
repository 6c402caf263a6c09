import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Needle, SHORTEST_PREFIX } from '../../src/runtime/secret-forms.ts'
import { createSearch } from '../../src/runtime/secret-search.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'

/** For each character whether a secret covers it, looked for at each place with each needle. */
function coveredSlowly(needles: Needle[], text: string): string {
  const covered = [...text].fill('.')
  for (const { text: needle, whole } of needles) {
    for (let start = 0; start < text.length; start += 1) {
      let length = 0
      while (length < needle.length && text[start + length] === needle[length]) length += 1
      const counts = length === needle.length || (!whole && length >= SHORTEST_PREFIX)
      if (counts) covered.fill('*', start, start + length)
    }
  }
  return covered.join('')
}

function coveredBySearch(needles: Needle[], text: string): string {
  const covered = [...text].fill('.')
  for (const { start, end } of createSearch(needles)(text)) covered.fill('*', start, end)
  return covered.join('')
}

const plain = (text: string, whole = false): Needle => ({ text, whole, base64: false })

describe('the search for secrets', () => {
  test('finds what a search for each needle at each place finds', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 20 })
    const needle = fc.record({ text: word, whole: fc.boolean(), base64: fc.constant(false) })
    const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(''))
    fc.assert(
      fc.property(fc.array(needle, { maxLength: 6 }), text, (needles, searched) => {
        expect(coveredBySearch(needles, searched)).toBe(coveredSlowly(needles, searched))
      }),
      { numRuns: 2000 },
    )
  })

  test('gives ranges in order and apart from each other', () => {
    const search = createSearch([plain('abcdef'), plain('cd'), plain('efg'), { ...plain('zzzz'), base64: true }])
    expect(search('abcdefg cd abcde xzzzz== cdcd')).toEqual([
      { start: 0, end: 7 },
      { start: 8, end: 10 },
      { start: 13, end: 15 },
      { start: 17, end: 24 },
      { start: 25, end: 29 },
    ])
  })
})

/** Milliseconds of this process alone, so that a loaded machine makes no difference, of the quickest of three runs. */
function quickest(work: () => void): number {
  const times = [1, 2, 3].map(() => {
    const started = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(started)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

describe('the time to redact grows with the text alone', () => {
  const secretsWith = (...values: string[]) => {
    const secrets = createSecrets(() => undefined)
    for (const value of values) secrets.add(value)
    return secrets
  }
  // Each byte of the text begins a part of the secret that is as long as the secret.
  const PERIOD = 'ab'

  test('a secret of one word over and over, in a text of the same word', () => {
    const text = PERIOD.repeat(250_000)
    const times = [2_000, 8_000].map((length) => {
      const secrets = secretsWith(PERIOD.repeat(length / 2))
      return quickest(() => secrets.redact(text))
    })
    // Compared from every place on, the fourfold secret takes the fourfold time: 1 s and 4 s instead of 0.02 s.
    expect(times[1]).toBeLessThan(3 * (times[0] ?? 0) + 100)
  })

  const SECRET = "npg_canary'0001 x%y"
  const WRITTEN: [string, string][] = [
    ['as it is', SECRET],
    ['in JSON', JSON.stringify(`${SECRET}\n`)],
    ['percent-encoded', encodeURIComponent(SECRET)],
    ['in base64', Buffer.from(`${SECRET}  `).toString('base64')],
    ['as twelve characters', `${SECRET.slice(0, 12)} `],
  ]
  test.each(WRITTEN)('a text that repeats a secret %s, once and four times as long', (_, written) => {
    const secrets = secretsWith(SECRET, 'abcdef', `postgresql://owner:${SECRET}@host.example/db`)
    const redact = (times: number) => {
      const text = written.repeat(times)
      return () => expect(secrets.redact(text).length).toBeLessThan(text.length)
    }
    const small = quickest(redact(4_000))
    expect(quickest(redact(16_000))).toBeLessThan(8 * small + 200)
  })
})
