import { expect, test } from '@jest/globals'
import { logFaults } from '../support/log-rail.ts'

test.each([
  ['an empty group', '##[group]Branch\n(0.0 s)\n##[endgroup]', 'group "Branch" is empty'],
  ['a group inside another', '##[group]A\nx\n##[group]B\ny\n##[endgroup]', 'group "B" inside "A"'],
  ['a group without an end', '##[group]A\nx', 'group "A" has no end'],
  ['an error twice', '##[error]it broke\nno: it broke', 'told 2 times: it broke'],
  ['a plural of one', '1 files applied', '"1 files" in: 1 files applied'],
  ['a singular of many', '12 file applied', '"12 file" in: 12 file applied'],
  ['two branches of one', 'Deleted 1 of 1 branches.', '"1 branches" in: Deleted 1 of 1 branches.'],
])('the rail sees %s', (_, log, fault) => {
  expect(logFaults(log)).toEqual([fault])
})

test('and nothing in a log that is right', () => {
  const log = `Mode preview
##[group]Schema
applied a.sql (1 statement, 12 ms)
1 file applied, 0 unchanged, in 0.1 s
(0.1 s)
##[endgroup]
##[error]it broke
7 tables: public.a 1, public.b 12
11 files of 1,204 rows, version 17.1 files, db/1.sql:12 table`
  expect(logFaults(log)).toEqual([])
})
