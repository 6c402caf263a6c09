import { readFileSync } from 'node:fs'
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
