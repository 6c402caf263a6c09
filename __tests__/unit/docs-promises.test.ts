import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'

// What the docs promise names the test that holds it: as a file, or as a file and the names of stories in it.
const DOCS = ['.github/SECURITY.md', 'CHANGELOG.md', 'README.md', ...globSync('docs/*.md').sort()]
const FILE = /`(__tests__\/[\w/.-]+)`(?:: ((?:"[^"]+"(?:, )?)+))?/g
// The title is the first text behind `test(`, or behind the table of a `test.each`.
const TITLE = /(?:\btest\(|\]\)\()\s*(['"`])((?:\\.|(?!\1).)+)\1/g

const promises = DOCS.flatMap((path) => {
  const text = readFileSync(path, 'utf8').replace(/\s+/g, ' ')
  return [...text.matchAll(FILE)].map(([, file = '', names = '']) => ({
    path,
    file,
    names: [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  }))
})

function titlesOf(file: string): RegExp[] {
  return [...readFileSync(file, 'utf8').matchAll(TITLE)].map(([, , title = '']) => {
    const literal = title.replace(/\\(.)/g, '$1').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return new RegExp(`^${literal.replace(/%[sij]/g, '.+')}$`)
  })
}

describe('tests that the docs name', () => {
  test('are there, and some are named by every page that promises', () => {
    for (const { path, file } of promises) expect(`${path}: ${file} ${existsSync(file)}`).toBe(`${path}: ${file} true`)
    const pages = new Set(promises.map(({ path }) => path))
    for (const path of ['.github/SECURITY.md', 'docs/ownership.md']) expect(pages).toContain(path)
  })

  test.each(promises.flatMap(({ file, names }) => names.map((name) => [file, name] as const)))(
    '%s tells "%s"',
    (file, name) => {
      expect(titlesOf(file).some((title) => title.test(name))).toBe(true)
    },
  )
})
