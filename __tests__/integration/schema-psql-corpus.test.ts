import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { readCorpus } from '../support/psql/corpus.ts'
import { type Outcome, Stage } from '../support/psql/play.ts'
import { type Recorded, readRecorded, writeRecorded } from '../support/psql/recorded.ts'
import { NO_MEASURE, REFUSALS } from '../support/psql/refusals.ts'

// `npm run test:psql` plays every file, with psql beside it, and writes down what psql did; without, a sample is compared with that.
const ALL = process.env.PSQL_CORPUS === 'all'
const SAMPLE = 25
const SEED = Number(process.env.PSQL_SEED ?? Math.floor(Date.now() / 1000) % 100_000)

const STYLES = readCorpus()
const FILES = STYLES.flatMap((style) => style.cases.map((one) => ({ style, one })))

/** Every file, or a sample that is another one each time: PSQL_SEED repeats it. */
function chosen(version: number): typeof FILES {
  if (ALL) return FILES
  let state = SEED * 31 + version
  const ranked = FILES.map((file) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return { file, rank: state >> 8 }
  })
  const sample = new Set(
    ranked
      .sort((a, b) => a.rank - b.rank)
      .slice(0, SAMPLE)
      .map(({ file }) => file),
  )
  return FILES.filter((file) => sample.has(file))
}

const brief = ({ code, catalog }: Outcome, transactional: boolean) =>
  `${transactional ? '' : 'each '}${code || 'ok'} ${catalog}`

test('the corpus has at least 300 files, no two of one name, and no refusal that names none', () => {
  expect(FILES.length).toBeGreaterThanOrEqual(300)
  const ids = FILES.map(({ one }) => one.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { id } of REFUSALS) expect(ids.filter((name) => id.test(name))).not.toEqual([])
  for (const version of [14, 18] as const) {
    const measured = ids.filter((name) => !REFUSALS.some(({ id }) => id.test(name)))
    expect(Object.keys(readRecorded(version).outcomes).sort()).toEqual(measured.sort())
  }
})

describe.each([14, 18] as const)(`psql and we end alike on PostgreSQL %i (PSQL_SEED=${SEED})`, (version) => {
  let cluster: Cluster
  let stage: Stage
  let recorded: Recorded
  beforeAll(async () => {
    cluster = await startCluster({ version })
    stage = new Stage(cluster)
    recorded = ALL ? { psql: psqlVersion(), outcomes: {} } : readRecorded(version)
  })
  afterAll(async () => {
    if (ALL) writeRecorded(version, recorded)
    await cluster.stop()
  })

  test.each(chosen(version))('$one.id', async ({ style, one }) => {
    const ours = await stage.ours(style, one)
    const refusal = REFUSALS.find(({ id }) => id.test(one.id))
    if (refusal) {
      expect(ours.refused || ours.message).toMatch(refusal.message)
      return
    }
    expect(ours.refused).toBe('')
    if (ALL) recorded.outcomes[one.id] = brief(await stage.psql(style, one, ours.transactional), ours.transactional)
    if (NO_MEASURE.some(({ id, version: on }) => id === one.id && on === version)) return
    expect(brief(ours, ours.transactional)).toBe(recorded.outcomes[one.id])
  })
})

function psqlVersion(): string {
  return execFileSync('psql', ['--version'], { encoding: 'utf8' }).trim()
}
