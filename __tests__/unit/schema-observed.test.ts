import { expect, test } from '@jest/globals'
import { decide } from '../../src/database/schema/decision/decide.ts'
import { warn } from '../../src/database/schema/decision/refuse.ts'
import { testRuntime } from '../support/runtime.ts'
import { applyOptions } from '../support/schema.ts'

const files = (count: number) => ({
  'new.sql': 'create table fresh(i int)',
  'alone.sql': 'create index concurrently on users(email)',
  ...Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${index + 1}.sql`, `alter table users add c${index} int`]),
  ),
})

test('files that touch tables are looked at, up to 1,000 of them, and the rest is told', () => {
  const options = applyOptions({ url: 'postgresql://u:p@localhost/d', files: files(1003) })
  const decision = decide([], options)
  const observed = decision.tasks.filter(({ observe }) => observe).map(({ file }) => file.name)
  expect(observed).toHaveLength(1000)
  expect(observed).not.toContain('new.sql')
  expect(observed).not.toContain('alone.sql')
  expect(decision.unobserved).toBe(3)
  expect(warn(testRuntime(), decision, options)).toEqual([expect.stringMatching(/Locks and rows of the last 3 files/)])
})

test('nothing is told when all of them are', () => {
  const options = applyOptions({ url: 'postgresql://u:p@localhost/d', files: files(1000) })
  expect(warn(testRuntime(), decide([], options), options)).toEqual([])
})
