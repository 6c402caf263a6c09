import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { diffSnapshots, type Facts, takeOver } from '../../src/database/inspect/index.ts'
import type { Fact, TableCount } from '../../src/model.ts'

/** A schema as plain data: what each object of a number is called and defined by, and the rows of its tables. */
type Schema = Map<number, { name: string; definition: string; rows: number }>
type Edit = { number: number; name: string; definition: string; rows: number; drop: boolean }

const edits = (numbers: number[]) =>
  fc.array(
    fc.record({
      number: fc.constantFrom(...numbers),
      name: fc.constantFrom('a', 'b', 'c'),
      definition: fc.constantFrom('table', 'unlogged table'),
      rows: fc.nat(50),
      drop: fc.boolean(),
    }),
    { maxLength: 6 },
  )

const START: Schema = new Map(
  [0, 1, 2, 3, 4, 5].map((number) => [number, { name: 'a', definition: 'table', rows: 10 }]),
)

function edit(schema: Schema, list: Edit[]): Schema {
  const edited = new Map(schema)
  for (const { number, name, definition, rows, drop } of list) {
    if (drop) edited.delete(number)
    else edited.set(number, { name, definition, rows })
  }
  return edited
}

/** Names are made of the number too, so that no two objects have one. */
function look(schema: Schema): Facts {
  const list = [...schema].map(([number, one]) => ({ number, id: `public.${one.name}${number}`, ...one }))
  const facts = list
    .map(
      ({ number, id, definition }): Fact => ({
        kind: 'table',
        id,
        table: id,
        definition,
        identity: `class ${number} 0`,
      }),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const counts = list.map(
    ({ number, id, rows }): TableCount => ({
      ...{
        oid: number,
        schema: 'public',
        name: id.slice(7),
        kind: 'table',
        rows,
        precision: 'exact',
        visibleOnly: false,
        bytes: 0,
      },
    }),
  )
  return { snapshot: { form: 2, hash: JSON.stringify(facts), facts, partsOfOthers: [] }, counts }
}

// The pull request's objects and main's: files that touch the same fact are main's, and not compared here.
const OWN = [0, 1, 2, 10, 11]
const MAINS = [3, 4, 5, 20, 21]

describe('main moves on under a pull request', () => {
  test('and what is compared with the baseline that took it over is the pull request’s own alone', () => {
    fc.assert(
      fc.property(edits(OWN), edits(MAINS), edits(OWN), (first, mains, later) => {
        const [kept, before] = [START, edit(START, first)]
        const after = edit(before, mains)
        const now = edit(after, later)
        const baseline = takeOver(look(kept), look(before), look(after))
        expect(diffSnapshots(baseline.snapshot, look(now).snapshot)).toEqual(
          diffSnapshots(look(edit(kept, mains)).snapshot, look(now).snapshot),
        )
        const rows = new Map(baseline.counts.map((count) => [count.oid, count.rows]))
        expect(rows).toEqual(new Map(look(edit(kept, mains)).counts.map((count) => [count.oid, count.rows])))
      }),
      { numRuns: 300, seed: 7 },
    )
  })

  test('which changes nothing where main brought nothing', () => {
    fc.assert(
      fc.property(edits(OWN), (first) => {
        const [kept, before] = [look(START), look(edit(START, first))]
        const same = takeOver(kept, before, before)
        expect(same.snapshot.facts).toEqual(kept.snapshot.facts)
        expect(same.counts).toEqual(kept.counts)
      }),
      { numRuns: 100, seed: 8 },
    )
  })

  test('a fact that both changed counts as main’s, and one that only the pull request has stays its own', () => {
    const [kept, before] = [START, edit(START, [{ number: 0, name: 'b', definition: 'table', rows: 12, drop: false }])]
    const own = edit(before, [{ number: 10, name: 'c', definition: 'table', rows: 1, drop: false }])
    const after = edit(own, [
      { number: 0, name: 'b', definition: 'unlogged table', rows: 15, drop: false },
      { number: 10, name: 'c', definition: 'unlogged table', rows: 1, drop: false },
    ])
    const baseline = takeOver(look(kept), look(own), look(after))
    expect(
      diffSnapshots(baseline.snapshot, look(after).snapshot).changes.map(({ action, id }) => `${action} ${id}`),
    ).toEqual(['added public.c10'])
    // Main brought three rows; the two that the pull request brought stay its own.
    expect(baseline.counts.find(({ oid }) => oid === 0)?.rows).toBe(13)
  })

  test('a baseline of version 1.0.0, which knows names alone, takes over by name', () => {
    const plain = look(START)
    const kept: Facts = {
      snapshot: { hash: 'old', facts: plain.snapshot.facts.map(({ identity: _identity, ...fact }) => fact) },
      counts: plain.counts.map(({ oid: _oid, ...count }) => count),
    }
    const before = look(edit(START, [{ number: 1, name: 'a', definition: 'unlogged table', rows: 4, drop: false }]))
    const mains: Edit[] = [
      { number: 3, name: 'a', definition: 'unlogged table', rows: 30, drop: false },
      { number: 4, name: 'a', definition: 'table', rows: 0, drop: true },
      { number: 20, name: 'a', definition: 'table', rows: 5, drop: false },
    ]
    const now = look(
      edit(edit(START, [{ number: 1, name: 'a', definition: 'unlogged table', rows: 4, drop: false }]), mains),
    )
    const baseline = takeOver(kept, before, now)
    expect(diffSnapshots(baseline.snapshot, now.snapshot).changes.map(({ action, id }) => `${action} ${id}`)).toEqual([
      'changed public.a1',
    ])
    expect(baseline.counts.map(({ name, rows }) => `${name} ${rows}`)).toEqual([
      'a0 10',
      'a1 10',
      'a2 10',
      'a3 30',
      'a5 10',
      'a20 5',
    ])
  })
})
