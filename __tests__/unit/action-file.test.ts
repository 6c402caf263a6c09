import { globSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'

const action = parse(readFileSync('action.yml', 'utf8'))

// https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#branding
const COLOURS = ['white', 'black', 'yellow', 'blue', 'green', 'orange', 'red', 'purple', 'gray-dark']

test('the Marketplace takes it: a name, a description under 125 characters, an icon and a colour', () => {
  expect(action.name).toBe('Neon Postgres Setup')
  expect(action.description.length).toBeGreaterThan(40)
  expect(action.description.length).toBeLessThan(125)
  expect(action.branding.icon).toBe('database')
  expect(COLOURS).toContain(action.branding.color)
})

test('every input has a word in a page or an example beside the generated table', () => {
  const pages = ['README.md', ...globSync('docs/*.md'), ...globSync('examples/**/*.yml')]
  const texts = pages.map((path) => readFileSync(path, 'utf8').replace(/<!-- inputs:.*?<!-- inputs end -->/s, ''))
  const silent = Object.keys(action.inputs).filter(
    (name) => !texts.some((text) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text)),
  )
  expect(silent).toEqual([])
})
