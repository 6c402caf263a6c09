import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { keepFigures, printTable, readFigures } from '../support/moments/figures.ts'
import { flawsOfRun, flawsOfWorld } from '../support/moments/invariant.ts'
import { errorsOf, flawsOfRivals, race, type Start } from '../support/moments/race.ts'
import { type Ground, MODES, openGround, type RivalMode } from '../support/moments/rivals.ts'
import { randomFrom, seedOf, shuffled, spread } from '../support/moments/seed.ts'
import { BASE, type Stage, startStage } from '../support/moments/stage.ts'

/**
 * Runs that are under way at the same time: many at once, and two of which one is held at one of its events while the other
 * runs to its end. Then one run without, and everything is there once. `npm run test:crowds` takes all pairs of modes and
 * many events of each; the suite a few, chosen by a seed.
 */
const { CROWDS = '' } = process.env
const ALL = CROWDS !== ''
/** Of each pair; the races of one kind take ten times as many. */
const RACES = ALL ? (CROWDS === 'all' ? 4 : Number(CROWDS)) : 1
const seed = seedOf('CROWDS_SEED')
const random = randomFrom(seed)
const SAME = ALL ? 50 : 3
const PULLS = ALL ? 20 : 2
const PAIRS = MODES.flatMap((held) => MODES.map((other) => [held, other] as const))
const pairs = ALL ? PAIRS : shuffled(PAIRS, random).slice(0, 1)
/** Events of the held run. */
const EACH = { pair: RACES, first: ALL ? 10 * RACES : 1 }
/** Which of the moments' stories tells how many events a mode has. */
const STORY_OF: Partial<Record<RivalMode, string>> = {
  preview: 'preview, branch reused',
  provision: 'provision, later push',
}
const TIMEOUT = ALL ? 3_600_000 : 120_000
// Fifty processes on two processors take their time.
const PATIENT = { timeout: 900_000 }

/** What is kept of each kind of crowd. */
interface Kept {
  /** Runs that were in each other's way. */
  runs: number
  /** Of these, those that ended with an error, each with one clear sentence. */
  failed: number
  flaws: string[]
}

let stage: Stage
let ground: (number: number, isNew?: boolean) => Promise<Ground>
let number = 0
const figures: Record<string, Kept> = {}
beforeAll(async () => {
  process.stdout.write(`Crowds: seed ${seed} (CROWDS_SEED)\n`)
  stage = await startStage()
  ground = await openGround(stage)
}, 60_000)
afterAll(async () => {
  await stage.close()
  const rows = Object.entries(figures).map(([name, { runs, failed, flaws }]) => [name, runs, failed, flaws.length])
  printTable(['at once', 'runs', 'failed', 'flaws'], rows)
  if (ALL) keepFigures('crowds', figures)
})

const nextGround = (isNew?: boolean) => {
  number += 1
  return ground(number, isNew)
}

function note(name: string, results: readonly RunResult[], flaws: readonly string[]): void {
  const kept = figures[name] ?? { runs: 0, failed: 0, flaws: [] }
  const failed = results.filter(({ conclusion }) => conclusion !== 'success')
  for (const result of failed) process.stdout.write(`${name}: ${errorsOf(result).join(' / ')}\n`)
  for (const flaw of flaws) process.stdout.write(`${name}: FLAW ${flaw}\n`)
  figures[name] = {
    runs: kept.runs + results.length,
    failed: kept.failed + failed.length,
    flaws: [...kept.flaws, ...flaws],
  }
}

/** Modes that take away from a run beside them what it works on; whatever other runs meet, both succeed. */
const DISTURBING: readonly RivalMode[] = ['cleanup', 'reset']

/** Plays a race on a pull request, then the run without. */
async function playRace(
  name: string,
  on: Ground,
  { held, other, at, mayFail }: { held: Start; other: Start; at: number; mayFail: boolean },
): Promise<string[]> {
  const side = at % 2 === 0 ? ('before' as const) : ('after' as const)
  const raced = await race(stage, { held, other, number: Math.ceil(at / 2), side })
  const flaws = [
    ...(mayFail ? flawsOfRivals(stage, raced.results) : raced.results.flatMap((result) => flawsOfRun(stage, result))),
    ...(await on.leftBehind()),
  ]
  const last = on.last()
  const result = await stage.run(last.event, last.inputs)
  flaws.push(...flawsOfRun(stage, result), ...(await on.look()))
  await on.end()
  const where = `${side} ${Math.ceil(at / 2)} ${raced.event}`
  note(
    name,
    raced.results,
    flaws.map((flaw) => `${where}: ${flaw}`),
  )
  return flaws
}

/** The places to hold a run at, before and after each of its events: counted now, or as the last whole run counted. */
async function placesOf(
  story: string,
  begin: () => Promise<{ start: Start; end(): Promise<void> }>,
): Promise<number[]> {
  const known = ALL ? undefined : readFigures<{ events: number }>('moments')[story]?.events
  const count = async () => {
    const { start, end } = await begin()
    stage.gate.reset()
    start.before?.()
    await stage.run(start.event, start.inputs)
    const { length } = stage.gate.events
    await end()
    return length
  }
  return Array.from({ length: 2 * (known ?? (await count())) }, (_, place) => place + 1)
}

const places = new Map<string, Promise<number[]>>()
function placesOfMode(mode: RivalMode, isNew = false): Promise<number[]> {
  const story = isNew ? 'preview, new branch' : (STORY_OF[mode] ?? mode)
  const begin = async () => {
    const on = await nextGround(isNew)
    return { start: on.start(mode), end: on.end }
  }
  const found = places.get(story) ?? placesOf(story, begin)
  places.set(story, found)
  return found
}

test(
  `${SAME} runs of one pull request at once make one branch, one comment, one Secret, and each file runs once`,
  async () => {
    const on = await nextGround(true)
    const { event, inputs } = on.start('preview')
    const results = await Promise.all(Array.from({ length: SAME }, () => stage.runBeside(event, inputs, PATIENT)))
    const flaws = [...flawsOfRivals(stage, results), ...(await on.look())]
    const made = results.filter(({ outputs }) => outputs.created === 'true').length
    if (made !== 1) flaws.push(`${made} runs made the branch`)
    const last = await stage.runBeside(event, inputs)
    flaws.push(...flawsOfRun(stage, last), ...(await on.look()))
    await on.end()
    note('runs of one pull request', results, flaws)
    expect(flaws).toEqual([])
    expect(results.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
  },
  TIMEOUT,
)

test(
  `${PULLS} pull requests at once get their own, and nothing is left when they close at once`,
  async () => {
    const grounds = await Promise.all(Array.from({ length: PULLS }, () => nextGround(true)))
    const all = async (mode: RivalMode) =>
      await Promise.all(
        grounds.map((on) => {
          const { event, inputs, before } = on.start(mode)
          before?.()
          return stage.runBeside(event, inputs, PATIENT)
        }),
      )
    const flaws: string[] = []
    for (const mode of ['preview', 'cleanup'] as const) {
      const results = await all(mode)
      flaws.push(...flawsOfRivals(stage, results))
      for (const on of grounds) flaws.push(...(await on.look()))
      note('pull requests', results, flaws)
      expect(results.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
    }
    expect(flaws).toEqual([])
  },
  TIMEOUT,
)

test.each(pairs)(
  '%s held at one of its events while %s runs',
  async (held, other) => {
    const flaws: string[] = []
    for (const at of spread(await placesOfMode(held), EACH.pair, random)) {
      const on = await nextGround()
      const mayFail = DISTURBING.includes(held) || DISTURBING.includes(other)
      const starts = { held: on.start(held), other: on.start(other), at, mayFail }
      flaws.push(...(await playRace(`${held} while ${other}`, on, starts)))
    }
    expect(flaws).toEqual([])
  },
  TIMEOUT,
)

test.each([
  ['its close runs: nothing is left behind', 'cleanup'],
  ['another of its first runs runs: both succeed', 'preview'],
] as const)(
  'the first run of a pull request is held while %s',
  async (_, other) => {
    const flaws: string[] = []
    const all = await placesOfMode('preview', true)
    // Right before it looks for its branch, in any case: the close finds nothing yet.
    for (const at of [2, ...spread(all, EACH.first, random)]) {
      const on = await nextGround(true)
      const starts = { held: on.start('preview'), other: on.start(other), at, mayFail: other === 'cleanup' }
      flaws.push(...(await playRace(`first run while ${other}`, on, starts)))
    }
    expect(flaws).toEqual([])
  },
  TIMEOUT,
)

test(
  'two first pushes end with one project',
  async () => {
    const startOf = (project: string): Start => ({
      event: { name: 'push' },
      inputs: { project_name: project, schema: 'base', kubeconfig: stage.kubernetes.kubeconfig, namespace: 'default' },
    })
    const discard = async (project: string) => {
      for (const { id, name } of stage.world.neon.projects())
        if (name === project) await stage.discard(`/projects/${id}`)
    }
    const begin = async () => ({ start: startOf('twins'), end: () => discard('twins') })
    const all = await placesOf('provision, first push', begin)
    const flaws: string[] = []
    for (const at of spread(all, EACH.first, random)) {
      const project = `twins-${at}`
      await stage.kubernetes.request('DELETE', '/api/v1/namespaces/default/secrets/postgres-credentials')
      const side = at % 2 === 0 ? ('before' as const) : ('after' as const)
      const start = startOf(project)
      const { results, event } = await race(stage, { held: start, other: start, number: Math.ceil(at / 2), side })
      const found = flawsOfRivals(stage, results)
      const last = await stage.run(start.event, start.inputs)
      found.push(...flawsOfRun(stage, last))
      found.push(
        ...(await flawsOfWorld(stage, { project, files: BASE, secret: { namespace: 'default', isThere: true } })),
      )
      await discard(project)
      note(
        'two first pushes',
        results,
        found.map((flaw) => `${side} ${Math.ceil(at / 2)} ${event}: ${flaw}`),
      )
      flaws.push(...found)
    }
    expect(flaws).toEqual([])
  },
  TIMEOUT,
)
