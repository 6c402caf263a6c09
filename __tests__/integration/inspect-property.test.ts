import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import { diffSnapshots, takeHash, takeSnapshot } from '../../src/database/inspect/index.ts'
import type { FactKind, SchemaDiff, SchemaSnapshot } from '../../src/model.ts'
import { dumpCatalogs } from '../support/catalog.ts'
import { applyUnified, textsForDiff } from '../support/patch.ts'
import { expectedChanges, GROUND, giveNumbers, type SchemaModel, START } from '../support/random-schema.ts'
import { OPERATIONS } from '../support/random-schema-operations.ts'
import { RARE_KINDS } from '../support/random-schema-rare.ts'
import { testRuntime } from '../support/runtime.ts'

type Step = [operation: string, seed: number]

const NAMES = Object.keys(OPERATIONS)
const few = fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.nat()), { minLength: 1, maxLength: 20 })
// Most operations once: then a few runs have seen every kind come, change and go.
const most = fc
  .tuple(fc.shuffledSubarray(NAMES, { minLength: Math.floor(NAMES.length / 2) }), fc.nat())
  .map(([names, seed]) => names.map((name, index): Step => [name, seed + 7919 * index]))
const steps = fc.oneof(few, most)

/** Applies steps to a model and returns their SQL; a step that finds nothing to work on does nothing. */
function play(model: SchemaModel, played: Step[]): string {
  return played
    .map(([name, seed]) => {
      let state = Math.imul(seed ^ (seed >>> 16) ^ 0x9e3779b9, 0x85ebca6b)
      const pick = (count: number) => {
        state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) + 0x9e3779b9
        return ((state ^ (state >>> 16)) >>> 0) % count
      }
      const sql = OPERATIONS[name]?.(model, pick)
      giveNumbers(model)
      return sql
    })
    .filter((sql) => sql)
    .join(';\n')
}

/** Tables first, then four of everything that can be added to them: something of each kind to change and to remove. */
const FIRST_STEPS: Step[] = [
  ...Array.from({ length: 6 }, (_, seed): Step => ['createTable', seed]),
  ...Array.from({ length: 4 }, (_, round) =>
    Object.keys(OPERATIONS)
      .filter((name) => !/^(drop|revoke|rename)/.test(name))
      .map((name, index): Step => [name, 1000 * round + index]),
  ).flat(),
]

const named = (diff: SchemaDiff) =>
  diff.changes
    .map(({ action, kind, id, from, replaced }) =>
      [`${action} ${kind} ${id}`, from === undefined ? '' : ` (was ${from})`, replaced ? ' (replaced)' : ''].join(''),
    )
    .sort()

const FREQUENT_KINDS: FactKind[] = [
  ...([
    'schema',
    'extension',
    'table',
    'column',
    'constraint',
    'index',
    'view',
    'materialized view',
    'function',
  ] as const),
  ...(['trigger', 'policy', 'enum', 'domain', 'type', 'sequence', 'rule', 'statistics', 'event trigger'] as const),
  ...(['privilege', 'comment'] as const),
]
const EVERY_KIND = [...FREQUENT_KINDS, ...RARE_KINDS.map(({ kind }) => kind)]
// These have a name and nothing else, or nothing that can be changed by one statement.
const UNCHANGEABLE: FactKind[] = [
  ...(['event trigger', 'extension', 'schema', 'collation', 'conversion', 'cast', 'operator class'] as const),
  ...([
    'text search parser',
    'text search template',
    'language',
    'access method',
    'transform',
    'user mapping',
  ] as const),
]

describe.each<[PostgresVersion, number]>([
  [18, 40],
  [17, 8],
  [16, 3],
  [15, 3],
  [14, 5],
])('on PostgreSQL %i', (version, runs) => {
  let cluster: Cluster
  let database: Database
  let before: SchemaSnapshot
  let dump: string
  const base = structuredClone(START)

  beforeAll(async () => {
    cluster = await startCluster({ version })
    await cluster.query(`${GROUND}\n${play(base, FIRST_STEPS)}`)
    database = await openDatabase(testRuntime(), { url: cluster.url() })
    before = await takeSnapshot(database)
    dump = await dumpCatalogs(database)
  })
  afterAll(async () => {
    await database?.close()
    await cluster?.stop()
  })

  test(`${runs} random schema changes: the diff names exactly those`, async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        const model = structuredClone(base)
        const sql = play(model, played)
        // The names in the model do not depend on the catalog; a rollback afterwards makes the copy free of charge.
        await database.sql.unsafe(`begin; ${sql}`).simple()
        try {
          const after = await takeSnapshot(database)
          const diff = diffSnapshots(before, after)
          // By the catalogs' own rows, which share nothing with the queries under test.
          if (diff.changes.length === 0) expect(await dumpCatalogs(database)).toBe(dump)
          const expected = expectedChanges(base, model)
          expect(named(diff)).toEqual(expected)
          // The hash knows names and definitions, and no identities.
          expect(after.hash === before.hash).toBe(expected.every((line) => line.endsWith(' (replaced)')))
          expect(JSON.stringify(after)).not.toContain('secret-of')
          const back = diffSnapshots(after, before)
          expect(named(back)).toEqual(expectedChanges(model, base))
          const texts = textsForDiff(before, after)
          expect(applyUnified(texts.old, diff.unified)).toBe(texts.now)
          for (const { action, kind } of [...diff.changes, ...back.changes]) seen.add(`${action} ${kind}`)
        } finally {
          await database.sql.unsafe('rollback').simple()
        }
      }),
      { numRuns: runs, seed: 20_260_727, endOnFailure: true },
    )
    if (version !== 18) return
    const missing = EVERY_KIND.flatMap((kind) => [`added ${kind}`, `removed ${kind}`]).filter((one) => !seen.has(one))
    expect(missing).toEqual([])
    const unchanged = EVERY_KIND.filter((kind) => !seen.has(`changed ${kind}`)).sort()
    expect(unchanged).toEqual([...UNCHANGEABLE].sort())
    expect(await takeHash(database)).toBe(before.hash)
  })
})
