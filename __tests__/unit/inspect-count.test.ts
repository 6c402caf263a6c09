import { describe, expect, test } from '@jest/globals'
import { type CountOptions, type CountSource, planCount } from '../../src/database/inspect/count-plan.ts'
import { changeAgainst } from '../../src/database/inspect/index.ts'
import type { TableCount } from '../../src/model.ts'

const options: CountOptions = { mode: 'exact', perTableMilliseconds: 1, totalMilliseconds: 1, largestBytes: 1000 }
const source = (over: Partial<CountSource> = {}): CountSource => ({
  oid: 1,
  schema: 'public',
  name: 't',
  kind: 'table',
  bytes: 500,
  estimate: 40,
  readable: true,
  policed: false,
  populated: true,
  foreignPartitions: false,
  locked: false,
  asked_at: 0,
  ...over,
})
const decide = (over: Partial<CountSource>, more: Partial<CountOptions> = {}) =>
  planCount(source(over), { ...options, ...more })
const known = (rows: number | null, precision: TableCount['precision'], extra = {}) => ({
  do: 'known',
  count: expect.objectContaining({ rows, precision, ...extra }),
})

describe('what is counted how', () => {
  test.each<[string, Partial<CountSource>, Partial<CountOptions>, unknown]>([
    ['a small table', {}, {}, { do: 'count' }],
    ['a table of just the largest size', { bytes: 1000 }, {}, { do: 'count' }],
    ['a larger table', { bytes: 1001 }, {}, known(40, 'estimate')],
    [
      'a larger table with policies: statistics know all rows',
      { bytes: 1001, policed: true },
      {},
      known(40, 'estimate', { visibleOnly: false }),
    ],
    ['a larger table that was never analyzed', { bytes: 1001, estimate: null }, {}, { do: 'bound' }],
    ['a small table, estimates wanted', {}, { mode: 'estimate' }, known(40, 'estimate')],
    [
      'a table without pages, never analyzed, estimates wanted',
      { bytes: 0, estimate: null },
      { mode: 'estimate' },
      known(0, 'exact'),
    ],
    ['a table that had no pages when someone locked it', { bytes: 0, locked: true }, {}, { do: 'count' }],
    ['a table this role may not read', { readable: false }, {}, known(null, 'unknown', { reason: 'no access' })],
    [
      'a foreign table',
      { kind: 'foreign', bytes: 0 },
      {},
      known(null, 'unknown', { reason: 'foreign table, not counted' }),
    ],
    [
      'a table with foreign partitions',
      { kind: 'partitioned', bytes: 0, foreignPartitions: true },
      {},
      known(null, 'unknown', { reason: 'has foreign partitions, not counted' }),
    ],
    [
      'a materialized view without data',
      { kind: 'materialized-view', bytes: 0, populated: false },
      {},
      known(null, 'unknown', { reason: 'not populated' }),
    ],
    ['any table, counting off', {}, { mode: 'off' }, known(null, 'unknown', { reason: 'counting is off' })],
  ])('%s', (_name, over, more, expected) => {
    expect(decide(over, more)).toEqual(expected)
  })
})

describe('change against a baseline', () => {
  const count = (name: string, rows: number | null, over: Partial<TableCount> = {}): TableCount => ({
    schema: 'public',
    name,
    kind: 'table',
    rows,
    precision: 'exact',
    visibleOnly: false,
    bytes: 1,
    ...over,
  })
  const change = (now: TableCount, then: TableCount) => changeAgainst([now], [then])[0]?.change

  test('is rows now minus rows then', () => {
    expect(change(count('a', 12), count('a', 5))).toBe(7)
    expect(change(count('a', 0), count('a', 5))).toBe(-5)
    expect(change(count('a', 5), count('a', 5))).toBe(0)
  })

  test.each<[string, TableCount, TableCount]>([
    ['the number now is an estimate', count('a', 1, { precision: 'estimate' }), count('a', 1)],
    ['the number then was an estimate', count('a', 1), count('a', 1, { precision: 'estimate' })],
    ['the number is a lower bound', count('a', 1, { precision: 'at-least' }), count('a', 1)],
    ['nothing was counted', count('a', null, { precision: 'unknown' }), count('a', null, { precision: 'unknown' })],
    ['one role saw all rows and the other did not', count('a', 1, { visibleOnly: true }), count('a', 1)],
    ['the table is new', count('a', 1), count('b', 1)],
    ['a table of that name is in another schema', count('a', 1), count('a', 1, { schema: 'x' })],
  ])('is left out where %s', (_name, now, then) => {
    expect(change(now, then)).toBeUndefined()
  })

  test('replaces one that was there', () => {
    expect(changeAgainst([count('a', 3, { change: 99 })], [])).toEqual([count('a', 3)])
  })
})
