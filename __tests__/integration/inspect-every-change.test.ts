import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import { diffSnapshots, takeSnapshot } from '../../src/database/inspect/index.ts'
import type { SchemaDiff, SchemaSnapshot } from '../../src/model.ts'
import { CATALOGS, catalogsOf, dumpCatalogs } from '../support/catalog.ts'
import { BEFORE_EVERY_CHANGE, BEFORE_RENAMES, RENAMES, type SchemaStep, STEPS } from '../support/every-change.ts'
import { testRuntime } from '../support/runtime.ts'

/** A change as one line: what, and which of the things that are more than a new definition. */
const lines = (diff: SchemaDiff) =>
  diff.changes
    .map(({ action, kind, id, from, replaced, note }) =>
      [
        `${action} ${kind} ${id}`,
        from ? ` (was ${from})` : '',
        replaced ? ' (replaced)' : '',
        note ? `: ${note}` : '',
      ].join(''),
    )
    .sort()

describe.each<PostgresVersion>([14, 18])('on PostgreSQL %i', (version) => {
  let cluster: Cluster
  let database: Database
  let before: SchemaSnapshot
  const run = async (sql: string) => {
    try {
      await database.sql.unsafe(sql).simple()
    } catch (error) {
      throw new Error(`${sql.slice(-150)}: ${error instanceof Error ? error.message : error}`)
    }
  }

  beforeAll(async () => {
    cluster = await startCluster({ version })
    await cluster.query('create database current')
    database = await openDatabase(testRuntime(), { url: cluster.url({ database: 'current' }) })
    await run(BEFORE_EVERY_CHANGE)
    await run(BEFORE_RENAMES)
    before = await takeSnapshot(database)
  })
  afterAll(async () => {
    await database?.close()
    await cluster?.stop()
  })

  /** Makes all steps in one transaction, looks, undoes them, and looks again. */
  async function play(steps: SchemaStep[]): Promise<{ done: SchemaDiff; undone: SchemaDiff; dumps: string[] }> {
    const known = steps.filter((step) => (step.since ?? 0) <= version)
    await run('begin')
    const dumps = [await dumpCatalogs(database)]
    try {
      for (const { sql } of known) await run(sql)
      const done = diffSnapshots(before, await takeSnapshot(database))
      dumps.push(await dumpCatalogs(database))
      // A snapshot inside a transaction leaves its settings until the end.
      await run('set local search_path = public')
      for (const { undo } of known.toReversed()) await run(undo)
      dumps.push(await dumpCatalogs(database))
      return { done, undone: diffSnapshots(before, await takeSnapshot(database)), dumps }
    } finally {
      await run('rollback')
    }
  }

  test('no catalog is left out without a reason', async () => {
    const known = Object.keys(CATALOGS)
    expect((await catalogsOf(database)).filter((name) => !known.includes(name))).toEqual([])
  })

  test.each<[string, SchemaStep[]]>([
    ['change of every kind', STEPS],
    ['rename', RENAMES],
  ])('each %s is told as what it is, and undone it is none', async (_what, steps) => {
    const { done, undone, dumps } = await play(steps)
    // By the catalogs' own rows: it was a change, and it was undone.
    expect(dumps[1]).not.toBe(dumps[0])
    expect(dumps[2]).toBe(dumps[0])
    const expected = steps.filter((step) => (step.since ?? 0) <= version).flatMap(({ shows }) => shows)
    expect(lines(done)).toEqual(expected.sort())
    expect(undone).toEqual({ changes: [], unified: '' })
    expect(JSON.stringify(done)).not.toContain('secret-of')
  })
})
