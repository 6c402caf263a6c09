import type { RunResult } from '../../../sandbox/runner/index.ts'
import { flawsOfAnyRun, flawsOfRun, sessionsLeft } from './invariant.ts'
import type { Scene } from './scene.ts'
import type { Stage } from './stage.ts'
import type { Side } from './turnstile.ts'

/** How a run is ended: asked, as the runner does (SIGINT, then SIGTERM), or with the machine that it runs on. */
export type Ending = 'cancel' | 'kill'

/** When and how a run is ended. */
export interface Moment {
  ending: Ending
  /** Which event, from 1. */
  number: number
  side: Side
}

/** What came of a moment. */
export interface Played extends Moment {
  /** The event; undefined where the run ended before it came to so many. */
  event: string | undefined
  /** From the cancel to the end of the process; 0 where there was none. */
  milliseconds: number
  flaws: string[]
}

// The runner asks a second time after 7.5 seconds, and kills soon after.
const LONGEST = 7000

const SIDES: Record<Ending, readonly Side[]> = { cancel: ['before', 'after', 'with'], kill: ['before', 'after'] }

/** All moments of a run with so many events, in their order. */
export function momentsOf(events: number, ending: Ending): Moment[] {
  return Array.from({ length: events }, (_, index) => index + 1).flatMap((number) =>
    SIDES[ending].map((side) => ({ ending, number, side })),
  )
}

/** Runs a scene to a moment, ends it there, runs it again without, and looks whether the world is as it has to be. */
export async function play(stage: Stage, scene: Scene, moment: Moment): Promise<Played> {
  const { gate } = stage
  const controller = new AbortController()
  const over = Promise.withResolvers<boolean>()
  let from = 0
  gate.reset({
    ...moment,
    meanwhile() {
      from = performance.now()
      controller.abort()
      return moment.side === 'with' ? Promise.resolve(true) : over.promise
    },
  })
  const cancel = { signal: controller.signal, lost: moment.ending === 'kill' }
  const broken = await stage.run(scene.event, scene.inputs, { cancel })
  const milliseconds = from === 0 ? 0 : performance.now() - from
  over.resolve(false)
  const event = gate.isReached ? gate.events[moment.number - 1] : undefined
  gate.reset()
  const flaws = [
    ...(moment.ending === 'cancel' ? flawsOfCancelled(stage, broken, { moment, milliseconds }) : []),
    ...(await sessionsOf(stage, scene.project)),
  ]
  const result = await stage.run(scene.event, scene.inputs)
  flaws.push(...flawsOfRun(stage, result), ...(await scene.look(result)))
  await scene.end()
  return { ...moment, event, milliseconds, flaws }
}

/** How many events a run has that nobody disturbs; its flaws are a mistake of the story. */
export async function countEvents(stage: Stage, scene: Scene): Promise<number> {
  stage.gate.reset()
  const result = await stage.run(scene.event, scene.inputs)
  const { length } = stage.gate.events
  const flaws = [...flawsOfRun(stage, result), ...(await scene.look(result))]
  if (flaws.length > 0) throw new Error(`a run that nobody disturbed: ${flaws.join('\n')}\n${result.log}`)
  await scene.end()
  return length
}

function flawsOfCancelled(
  stage: Stage,
  result: RunResult,
  { moment, milliseconds }: { moment: Moment; milliseconds: number },
): string[] {
  const flaws = flawsOfAnyRun(stage, result)
  // It came to its end before the moment, or together with it.
  if (!result.cancelled || (moment.side === 'with' && result.exitCode === 0)) return flaws
  if (result.exitCode === 0) flaws.push('a cancelled run ended with exit code 0')
  if (result.outputs.outcome !== undefined && result.outputs.outcome !== 'failed') {
    flaws.push(`a cancelled run told the outcome ${result.outputs.outcome}`)
  }
  if (milliseconds > LONGEST) flaws.push(`a cancelled run took ${Math.round(milliseconds)} ms to end`)
  return flaws
}

async function sessionsOf({ world: { neon } }: Stage, project: string): Promise<string[]> {
  const clusters = neon
    .projects()
    .filter(({ name }) => name === project)
    .flatMap(({ id }) => neon.branches(id).flatMap((branch) => neon.branchCluster(id, branch.id) ?? []))
  const left = await Promise.all(clusters.map(sessionsLeft))
  return left.flat().map((session) => `a session outlived the run: ${session}`)
}
