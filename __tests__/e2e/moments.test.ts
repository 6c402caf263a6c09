import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { keepFigures, printTable, readFigures } from '../support/moments/figures.ts'
import { countEvents, type Ending, momentsOf, type Played, play } from '../support/moments/play.ts'
import type { Story } from '../support/moments/scene.ts'
import { randomFrom, seedOf, shuffled, spread } from '../support/moments/seed.ts'
import { type Stage, startStage } from '../support/moments/stage.ts'
import { STORIES } from '../support/moments/stories.ts'

/**
 * A run is ended at one of its events, a request or a message of SQL, before it happens, after, or as it answers; then it is
 * run again without, and everything is there once. `npm run test:moments` takes 50 events of each mode for a cancel and 50
 * for a kill, `MOMENTS=5` takes five; the suite a few of some modes, chosen by a seed.
 */
const { MOMENTS = '' } = process.env
const ALL = MOMENTS !== ''
const EACH = ALL ? (MOMENTS === 'all' ? 50 : Number(MOMENTS)) : 1
const SAMPLED = 2
const ENDINGS: readonly Ending[] = ['cancel', 'kill']
const seed = seedOf('MOMENTS_SEED')
const random = randomFrom(seed)
const stories = ALL ? STORIES : shuffled(STORIES, random).slice(0, SAMPLED)

const cases = stories.flatMap((story) => ENDINGS.map((ending) => ({ name: `${story.name}, ${ending}`, story, ending })))

/** What is kept of a mode and a way to end it. */
interface Kept {
  /** Requests and messages of a run that nobody disturbs. */
  events: number
  moments: number
  /** Moments that the run did not come to, since it had less to wait for than the one that was counted. */
  missed: number
  /** From the cancel to the end of the process. */
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
  const rows = Object.entries(figures).map(([name, { flaws, ...kept }]) => [name, ...Object.values(kept), flaws.length])
  printTable(['mode and ending', 'events', 'moments', 'missed', 'longest ms', 'flaws'], rows)
  if (ALL) keepFigures('moments', figures)
})

type Begin = Awaited<ReturnType<Story['open']>>
const opened = new Map<string, Promise<() => ReturnType<Begin>>>()

/** What begins a run of a story anew each time; the story is opened once. */
function beginnings(story: Story): Promise<() => ReturnType<Begin>> {
  const known = opened.get(story.name)
  if (known) return known
  const opening = story.open(stage).then((begin) => {
    let turn = 0
    return () => {
      turn += 1
      return begin(turn)
    }
  })
  opened.set(story.name, opening)
  return opening
}

const counted = new Map<string, number>()
/** How many events a run of the story has: as the last whole run counted them, or counted now. */
async function eventsOf({ name }: Story, next: () => ReturnType<Begin>): Promise<number> {
  const kept = ALL ? counted.get(name) : readFigures<Kept>('moments')[`${name}, cancel`]?.events
  const events = kept ?? (await countEvents(stage, await next()))
  counted.set(name, events)
  return events
}

const told = ({ number, side, event, flaws }: Played) => flaws.map((flaw) => `${side} ${number} ${event}: ${flaw}`)

test.each(cases)(
  '$name: the next run finds everything once',
  async ({ name, story, ending }) => {
    const next = await beginnings(story)
    const events = await eventsOf(story, next)
    const played: Played[] = []
    for (const moment of spread(momentsOf(events, ending), EACH, random)) {
      const one = await play(stage, await next(), moment)
      for (const flaw of told(one)) process.stdout.write(`${name}: ${flaw}\n`)
      played.push(one)
    }
    figures[name] = {
      events,
      moments: played.length,
      missed: played.filter(({ event }) => event === undefined).length,
      longestMilliseconds: Math.round(Math.max(0, ...played.map(({ milliseconds }) => milliseconds))),
      flaws: played.flatMap(told),
    }
    expect(figures[name]?.flaws).toEqual([])
  },
  ALL ? 3_600_000 : 60_000,
)
