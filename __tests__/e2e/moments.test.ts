import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { keepFigures, printTable, readFigures } from '../support/moments/figures.ts'
import { countEvents, type Ending, momentsOf, type Played, play } from '../support/moments/play.ts'
import { randomFrom, seedOf, shuffled, spread } from '../support/moments/seed.ts'
import { type Stage, startStage } from '../support/moments/stage.ts'
import { STORIES, type Story } from '../support/moments/stories.ts'

/**
 * A run is ended at one of its events, a request or a message of SQL, before it happens, after, or as it answers; then it is
 * run again without, and everything is there once. `npm run test:moments` takes 50 events of each mode for a cancel and 50
 * for a kill, `MOMENTS=5` takes five; the suite a few of some modes, chosen by a seed.
 */
const { MOMENTS = '' } = process.env
const ALL = MOMENTS !== ''
const EACH = ALL ? (MOMENTS === 'all' ? 50 : Number(MOMENTS)) : 1
const SAMPLED = 3
const ENDINGS: readonly Ending[] = ['cancel', 'kill']
const seed = seedOf('MOMENTS_SEED')
const random = randomFrom(seed)
const stories = ALL ? STORIES : shuffled(STORIES, random).slice(0, SAMPLED)

/** What is kept of a mode. */
interface Kept {
  events: number
  cancel: Sum
  kill: Sum
}
interface Sum {
  moments: number
  /** Moments that the run did not come to, since it had less to wait for than the one that was counted. */
  missed: number
  longestMilliseconds: number
  flaws: string[]
}

let stage: Stage
const figures: Record<string, Kept> = {}
beforeAll(async () => {
  process.stdout.write(`Moments: seed ${seed} (MOMENTS_SEED)\n`)
  stage = await startStage()
})
afterAll(async () => {
  await stage.close()
  const rows = Object.entries(figures).flatMap(([name, kept]) =>
    ENDINGS.map((ending) => {
      const { moments, missed, longestMilliseconds, flaws } = kept[ending]
      return [name, kept.events, ending, moments, missed, Math.round(longestMilliseconds), flaws.length]
    }),
  )
  printTable(['mode', 'events', 'ended by', 'moments', 'missed', 'longest ms', 'flaws'], rows)
  if (MOMENTS === 'all') keepFigures('moments', figures)
})

/** How many events a run of the story has: as the last whole run counted them, or counted now. */
async function eventsOf({ name }: Story, count: () => Promise<number>): Promise<number> {
  const known = ALL ? undefined : readFigures<Kept>('moments')[name]?.events
  return known ?? (await count())
}

function sumOf(played: Played[]): Sum {
  return {
    moments: played.length,
    missed: played.filter(({ event }) => event === undefined).length,
    longestMilliseconds: Math.round(Math.max(0, ...played.map(({ milliseconds }) => milliseconds))),
    flaws: played.flatMap(({ number, side, event, flaws }) =>
      flaws.map((flaw) => `${side} ${number} ${event}: ${flaw}`),
    ),
  }
}

test.each(stories)(
  '$name: however it is ended, the next run finds everything once',
  async (story) => {
    const begin = await story.open(stage)
    let turn = 0
    const next = async () => {
      turn += 1
      return await begin(turn)
    }
    const events = await eventsOf(story, async () => await countEvents(stage, await next()))
    const sums = { cancel: sumOf([]), kill: sumOf([]) }
    for (const ending of ENDINGS) {
      const played: Played[] = []
      for (const moment of spread(momentsOf(events, ending), EACH, random)) {
        const one = await play(stage, await next(), moment)
        if (one.flaws.length > 0) process.stdout.write(`${story.name}: ${JSON.stringify(one)}\n`)
        played.push(one)
      }
      sums[ending] = sumOf(played)
    }
    figures[story.name] = { events, ...sums }
    expect([...sums.cancel.flaws, ...sums.kill.flaws]).toEqual([])
  },
  ALL ? 3_600_000 : 60_000,
)
