import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decide } from '../../src/database/schema/decision/decide.ts'
import type { SchemaFile } from '../../src/database/schema/files/schema-file.ts'
import type { LedgerRow } from '../../src/database/schema/ledger/ledger.ts'
import type { ApplyOptions } from '../../src/database/schema/policy.ts'
import { applyOptions } from '../support/schema.ts'
import { simpleDecision, simplified } from '../support/simple-decision.ts'

/** Files of one statement each, in the order given: entries of the input `schema` need not be in the order of names. */
function filesOf(names: { name: string; kind: SchemaFile['kind']; checksum: string }[]): SchemaFile[] {
  const files = names.map(({ name, kind, checksum }) => {
    const path = `sql/${name}`
    return { path, name, absolute: `/nowhere/${path}`, text: 'select 1', checksum, kind, bundled: false }
  })
  return [...files.filter(({ kind }) => kind === 'once'), ...files.filter(({ kind }) => kind === 'repeatable')]
}

function rowOf(row: Partial<LedgerRow> & { name: string }): LedgerRow {
  const when = { appliedAt: '2026-01-01T00:00:00Z', appliedBy: 'owner', milliseconds: 1, runId: '1', commitSha: 'c0' }
  return { checksum: 'a', kind: 'once', statements: 1, done: 1, doneChecksum: '', branch: 'br-main', ...when, ...row }
}

function optionsOf(files: SchemaFile[], more: Partial<ApplyOptions> = {}): ApplyOptions {
  const options = applyOptions({ url: 'postgresql://nowhere/db', files: {} })
  return { ...options, ...more, source: { description: 'sql/', files, skipped: [] } }
}

describe('a decision over any folder and any ledger', () => {
  // Few enough that a file and a row often meet.
  const name = fc
    .tuple(fc.constantFrom('', '2/', 'a/'), fc.constantFrom('1', '2', '10', 'V1__a', 'B', 'a_2'))
    .map(([folder, base]) => `${folder}${base}.sql`)
  const kind = fc.constantFrom('once' as const, 'once' as const, 'once' as const, 'repeatable' as const)
  const checksum = fc.constantFrom('a', 'b')
  const file = fc.record({ name, kind, checksum })
  const row = fc
    .record({ name, kind, checksum, done: fc.constantFrom(0, 1, 1, 1), branch: fc.constantFrom('br-main', 'br-pr') })
    .map(rowOf)
  const rows = fc.uniqueArray(row, { selector: (one) => one.name, maxLength: 12 })
  const situation = fc.record({
    files: fc.uniqueArray(file, { selector: (one) => one.name, maxLength: 12 }).map(filesOf),
    ledger: rows,
    parentLedger: fc.option(rows, { nil: undefined }),
    isPreview: fc.boolean(),
    onEdit: fc.constantFrom('reset' as const, 'fail' as const, 'accept' as const),
  })

  test('is what the rules say when they are worked out anew for each file', () => {
    let [outOfOrder, edited] = [0, 0]
    fc.assert(
      fc.property(situation, ({ files, ledger, parentLedger, isPreview, onEdit }) => {
        const options = optionsOf(files, { isPreview, branchId: 'br-pr', ...(parentLedger ? { parentLedger } : {}) })
        options.policy = { ...options.policy, onEdit }
        const decision = simplified(decide(ledger, options))
        expect(decision).toEqual(simpleDecision(ledger, options))
        outOfOrder += decision.outOfOrder.length
        edited += decision.edited.length
      }),
      { numRuns: 5000, seed: 11 },
    )
    // The property would hold of nothing but empty decisions too.
    expect(Math.min(outOfOrder, edited)).toBeGreaterThan(1000)
  })
})

describe('the work of a decision', () => {
  const numbered = (index: number) => `${String(index).padStart(5, '0')}_change.sql`

  /** How often a decision reads the name of a file or of a row: the measure of what it compares and looks up. */
  function readsOf(count: number, applied: (index: number) => boolean, more: Partial<ApplyOptions> = {}): number {
    let reads = 0
    const counting = <T extends { name: string }>(item: T): T => {
      const { name } = item
      return Object.defineProperty(item, 'name', {
        enumerable: true,
        get() {
          reads += 1
          return name
        },
      })
    }
    const names = Array.from({ length: count }, (_, index) => numbered(index))
    const files = filesOf(names.map((name) => ({ name, kind: 'once', checksum: 'b' }))).map(counting)
    const ledger = names.filter((_, index) => applied(index)).map((name) => counting(rowOf({ name, checksum: 'b' })))
    const decision = decide(ledger, optionsOf(files, more))
    expect(decision.results).toHaveLength(count)
    return reads
  }

  test.each<[string, (index: number) => boolean, Partial<ApplyOptions>]>([
    ['all new', () => false, {}],
    ['all applied', () => true, {}],
    ['the last half new', (index) => index < 1000, {}],
    ['a quarter out of order', (index) => index % 4 > 0, {}],
    ['a quarter of a preview out of order', (index) => index % 4 > 0, { isPreview: true, branchId: 'br-pr' }],
  ])('grows with the number of files, not with its square: %s', (_, applied, more) => {
    for (const count of [250, 2000]) expect(readsOf(count, applied, more) / count).toBeLessThan(30)
  })

  test('of files that are gone: as much as it takes to sort them', () => {
    const count = 2000
    const ledger = Array.from({ length: count }, (_, index) => rowOf({ name: numbered((index * 7919) % count) }))
    let reads = 0
    for (const row of ledger) {
      const { name } = row
      Object.defineProperty(row, 'name', {
        get() {
          reads += 1
          return name
        },
      })
    }
    const { missing } = decide(ledger, optionsOf([]))
    expect(missing).toHaveLength(count)
    expect(reads).toBeLessThan(2 * count * Math.log2(count) + 10 * count)
  })
})
