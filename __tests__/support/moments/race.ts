import { setTimeout as sleep } from 'node:timers/promises'
import type { EventSettings, RunResult } from '../../../sandbox/runner/index.ts'
import { flawsOfAnyRun } from './invariant.ts'
import type { Stage } from './stage.ts'
import type { Side } from './turnstile.ts'

/** A run to start. */
export interface Start {
  event: EventSettings
  inputs: Record<string, string>
  /** What has happened in the repository when it starts. */
  before?(): void
}

/** What came of two runs of which one was held. */
export interface Raced {
  /** The event at which it was held; undefined where it ended before it came to so many. */
  event: string | undefined
  /** The held one, then the other, which ran to its end meanwhile. */
  results: RunResult[]
}

// The other may wait for what the held one has, the ledger's lock above all.
const LONGEST_HOLD = 8000

/**
 * Starts a run, holds it at one of its events, lets another run from its beginning to its end, or until it waits for the
 * first, and lets the first go on. A run that has fewer events ends first, and the other follows.
 */
export async function race(
  stage: Stage,
  { held, other, number, side }: { held: Start; other: Start; number: number; side: Exclude<Side, 'with'> },
): Promise<Raced> {
  const { gate } = stage
  let second: Promise<RunResult> | undefined
  const meanwhile = async () => {
    other.before?.()
    second = stage.runBeside(other.event, other.inputs)
    await Promise.race([second, sleep(LONGEST_HOLD)])
    return true
  }
  gate.reset({ number, side, meanwhile })
  held.before?.()
  const first = await stage.run(held.event, held.inputs)
  const event = gate.isReached ? gate.events[number - 1] : undefined
  if (!second) await meanwhile()
  gate.reset()
  return { event, results: [first, ...(second ? [await second] : [])] }
}

/**
 * What is wrong with runs that were in each other's way: each succeeds, or fails with one sentence of ours that names what
 * happened and the next step. Nothing of them leaks or stays.
 */
export function flawsOfRivals(stage: Stage, results: readonly RunResult[]): string[] {
  return results.flatMap((result) => {
    const errors = errorsOf(result)
    const isClear = result.conclusion === 'success' ? errors.length === 0 : errors.length === 1 && isSentence(errors[0])
    return [
      ...(isClear ? [] : [`a run ended as ${result.conclusion} with: ${errors.join(' / ') || 'no word'}`]),
      ...flawsOfAnyRun(stage, result),
    ]
  })
}

export function errorsOf(result: RunResult): string[] {
  return result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
}

function isSentence(text = ''): boolean {
  return /^[A-Z].+\. ?.*$/s.test(text) && !/\b(TypeError|undefined|ECONN|CONNECTION_CLOSED)\b/.test(text)
}
