import { describe, expect, test } from '@jest/globals'
import type { DataLoss, SchemaChange } from '../../src/model.ts'
import { alerts } from '../../src/report/alerts.ts'
import { renderComment, renderSummary } from '../../src/report/index.ts'
import { baseReport } from '../support/reports.ts'

const OPTIONS = { diagram: false, diff: false, showDetail: false }
const loss = (over: Partial<DataLoss>): DataLoss => ({
  how: 'deleted',
  table: 'public.orders',
  rows: 60_000,
  precision: 'exact',
  ...over,
})
const told = (...losses: DataLoss[]) => alerts(baseReport({ losses, diff: { changes: [], unified: '' }, warnings: [] }))

describe('what is lost stands on top', () => {
  test.each<[string, DataLoss[], string[]]>([
    ['deleted rows', [loss({})], ['60,000 rows of `orders` deleted.']],
    ['one deleted row', [loss({ rows: 1 })], ['1 row of `orders` deleted.']],
    ['rows that are gone', [loss({ how: 'gone', rowsNow: 0 })], ['60,000 rows of `orders` are gone, 0 are left.']],
    [
      'a table of unknown size',
      [loss({ how: 'dropped', rows: null, precision: 'unknown' })],
      ['Drops the table `orders` with all data.'],
    ],
    [
      'a table of about so many rows',
      [loss({ how: 'dropped', rows: 20_000_000, precision: 'estimate' })],
      ['Drops the table `orders` (~20.0 M rows) with all data.'],
    ],
    [
      'a table made anew',
      [loss({ how: 'replaced', rows: 5, rowsNow: 3 })],
      ['The table `orders` was dropped and made anew: 5 → 3 rows.'],
    ],
    [
      'a column',
      [loss({ how: 'dropped', column: 'note', rows: 7 })],
      ['Drops the column `orders.note` (7 rows) with all data.'],
    ],
    [
      'a column made anew',
      [loss({ how: 'replaced', column: 'note', rows: 7 })],
      ['Drops and makes anew the column `orders.note` (7 rows) with all data that was in it.'],
    ],
  ])('%s', (_what, losses, lines) => {
    expect(told(...losses)).toEqual(lines)
    const report = baseReport({ losses, diff: { changes: [], unified: '' } })
    for (const text of [renderComment(report, OPTIONS), renderSummary(report, OPTIONS)])
      expect(text).toContain(lines[0])
  })

  test('many tables are not told one by one, and the largest come first', () => {
    const lines = told(
      ...Array.from({ length: 12 }, (_, index) => loss({ table: `public.t${index}`, rows: index + 1 })),
    )
    expect(lines).toHaveLength(6)
    expect(lines[0]).toBe('12 rows of `t11` deleted.')
    expect(lines[5]).toBe('And rows of 7 more tables.')
  })

  test('names are told as they are, and make no markup', () => {
    expect(told(loss({ table: 'public."a|b`c"' }))[0]).not.toContain('a|b`c')
  })
})

describe('a change that is more than a new definition', () => {
  const change = (over: Partial<SchemaChange>): SchemaChange => ({
    action: 'changed',
    kind: 'table',
    id: 'public.members',
    table: 'public.members',
    ...over,
  })
  const shown = (...changes: SchemaChange[]) => renderSummary(baseReport({ diff: { changes, unified: '' } }), OPTIONS)

  test('says what a table and a column were called', () => {
    const text = shown(
      change({ from: 'public.users', before: 'table', after: 'table' }),
      change({
        kind: 'column',
        id: 'public.members."full|name"',
        from: 'public.users.name',
        before: 'text',
        after: 'integer',
      }),
    )
    expect(text).toContain('table `members`: was `users`')
    expect(text).toContain('was `name`; `text` → `integer`')
    expect(text).not.toContain('dropped')
  })

  test('says that a table was attached, and that a column was made anew', () => {
    const text = shown(
      change({ note: 'attached to public.ev as a partition FOR VALUES IN (1)' }),
      change({ kind: 'column', id: 'public.members.name', replaced: true, before: 'text', after: 'text' }),
    )
    expect(text).toContain('attached to public.ev as a partition FOR VALUES IN (1)')
    expect(text).toContain('`name`: dropped and made anew')
  })

  test('and what was not looked at is said below the table', () => {
    const unread = ['the options of user mappings, which may hold passwords']
    const report = (changes: SchemaChange[]) =>
      renderComment(baseReport({ diff: { changes, unified: '' }, snapshot: { hash: '', facts: [], unread } }), OPTIONS)
    expect(report([change({ note: 'x' })])).toContain(
      'Not compared: the options of user mappings, which may hold passwords.',
    )
    expect(report([])).toContain('Not compared: ')
  })
})
