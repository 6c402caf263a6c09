import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { VERSION } from '../../src/version.ts'

test('the version in the User-Agent is that of package.json', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version)
})
