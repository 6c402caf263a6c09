import { expect, test } from '@jest/globals'
import { takeOver } from '../../src/database/inspect/take-over.ts'
import type { Fact, TableCount } from '../../src/model.ts'

const facts = (texts: Record<string, string>): Fact[] =>
  Object.entries(texts).map(([id, definition]) => ({ kind: 'column', id, table: 'public.t', definition }))
const counts = (rows: Record<string, number>): TableCount[] =>
  Object.entries(rows).map(([name, count]) => ({
    ...{ schema: 'public', name, kind: 'table', rows: count, precision: 'exact', visibleOnly: false, bytes: 8192 },
  }))
const state = (texts: Record<string, string>, rows: Record<string, number> = {}) => ({
  snapshot: { hash: JSON.stringify(texts), facts: facts(texts) },
  counts: counts(rows),
})
const told = ({ snapshot, counts: tables }: ReturnType<typeof state>) => ({
  facts: Object.fromEntries(snapshot.facts.map(({ id, definition }) => [id, definition])),
  rows: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])),
})

test('what main added, changed and removed is taken over; what the pull request did is left', () => {
  const kept = state({ a: 'int', b: 'int', gone: 'int' })
  const before = state({ a: 'int', b: 'text', gone: 'int', own: 'int' })
  const after = state({ a: 'bigint', b: 'text', own: 'int', added: 'int' })
  expect(told(takeOver(kept, before, after)).facts).toEqual({ a: 'bigint', b: 'int', added: 'int' })
})

test('rows move by what main wrote, a new table comes with all it has, a dropped one goes', () => {
  const kept = state({}, { users: 10, old: 3 })
  const before = state({ x: '1' }, { users: 12, old: 3, own: 1 })
  const after = state({ x: '2' }, { users: 17, own: 4, tags: 2 })
  expect(told(takeOver(kept, before, after)).rows).toEqual({ users: 15, tags: 2 })
})

test('files that change rows alone are taken over as well', () => {
  expect(told(takeOver(state({}, { a: 1 }), state({}, { a: 1 }), state({}, { a: 5 }))).rows).toEqual({ a: 5 })
})

test('where a number was none, none is made up', () => {
  const before = state({}, { a: 2 })
  for (const count of before.counts) count.precision = 'estimate'
  expect(told(takeOver(state({}, { a: 1 }), before, state({}, { a: 5 }))).rows).toEqual({ a: null })
})
