import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type Link, runChain } from '../../src/database/schema/execution/chain.ts'
import { openSession } from '../../src/database/schema/execution/session.ts'
import { CREATE_LEDGER } from '../../src/database/schema/ledger/ledger.ts'
import { sessionSettings } from '../../src/database/schema/with-session.ts'
import { splitStatements } from '../../src/database/sql/split.ts'
import { testRuntime } from '../support/runtime.ts'
import { SCENARIOS } from '../support/scenarios.ts'
import { apply, applyOptions } from '../support/schema.ts'

describe.each([17, 18] as const)('files that go wrong, on PostgreSQL %i', (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version })
  })
  afterAll(() => cluster.stop())

  // Quicker than a new database each time.
  beforeEach(async () => {
    await cluster.query(`drop schema if exists neon_setup cascade; drop schema public cascade; create schema public`)
  })

  const outcome = async () => {
    const list = async (text: string) => (await cluster.query(text)).map(({ name }) => name).join(',')
    return {
      recorded: await list(
        "select replace(name, '.sql', '') as name from neon_setup.migrations where done = statements order by name",
      ),
      tables: await list("select tablename as name from pg_tables where schemaname = 'public' order by 1"),
    }
  }

  // No look at the files: whatever slips through the classification meets only the guards.
  const sendAsChain = async (files: string[], together: boolean) => {
    const runtime = testRuntime()
    const url = cluster.url()
    const session = await openSession(runtime, { url, settings: sessionSettings(applyOptions({ url, files: {} })) })
    try {
      await session.send(CREATE_LEDGER)
      const links = files.map((text, index): Link => {
        const statements = splitStatements(text)
        const entry = {
          name: `f${index}.sql`,
          checksum: 'x',
          kind: 'once',
          branch: 'b',
          runId: '1',
          commitSha: 'c',
        } as const
        return { entry: { ...entry, statements: statements.length }, statements, replace: false, observe: true }
      })
      const options = { together, serverVersion: version * 10_000, relations: Promise.resolve(new Map()) }
      return await runChain(session, links, { ...options, onLink: () => undefined })
    } finally {
      await session.close()
    }
  }

  test.each(SCENARIOS)('chain: $name', async ({ files, chain }) => {
    const { results, failure } = await sendAsChain(files, false)
    expect(await outcome()).toEqual(chain)
    expect(results.map((_, index) => `f${index}`).join(',')).toBe(chain.recorded)
    expect(failure === undefined).toBe(results.length === files.length)
  })

  test.each(SCENARIOS)('chain in one transaction: $name', async ({ files }) => {
    const { results, failure } = await sendAsChain(files, true)
    const { recorded } = await outcome()
    expect(results.map((_, index) => `f${index}`).join(',')).toBe(recorded)
    // A file that commits on its own takes its forerunners along, but is never recorded itself, nor is any behind it.
    if (failure) expect(recorded.split(',').filter(Boolean).length).toBeLessThanOrEqual(failure.link)
    else expect(recorded).toBe(files.map((_, index) => `f${index}`).join(','))
  })

  test.each(SCENARIOS)('engine: $name', async ({ files, chain, engine = chain }) => {
    const named = Object.fromEntries(files.map((text, index) => [`f${index}.sql`, text]))
    const url = cluster.url()
    const result = await apply({ url, files: named })
    expect(await outcome()).toEqual(engine)
    expect(result.failure === undefined).toBe(result.applied === files.length)
    // Running it again changes nothing that is in, and fails in the same place if it failed before.
    const again = await apply({ url, files: named })
    expect(await outcome()).toEqual(engine)
    expect([again.applied, again.failure?.sqlstate]).toEqual([0, result.failure?.sqlstate])
  })
})
