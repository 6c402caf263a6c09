import { parseDuration } from '../runtime/durations.ts'
import { errorMessage } from '../runtime/errors.ts'
import { quoted } from '../runtime/shown.ts'
import { INPUT_DEFAULTS, type InputName } from './defaults.ts'

/** Reads inputs one by one and remembers every problem instead of stopping at the first. */
export interface Reader {
  /** One sentence per wrong input: the name, the value, the cause and the next step. */
  readonly problems: string[]
  /** The trimmed text, empty when not set. */
  text(name: InputName): string
  /** The inputs to which the user gave a value of their own. */
  readonly given: readonly InputName[]
  /** The lines that are not empty. */
  lines(name: InputName): string[]
  /** A YAML boolean; empty is null. */
  flag(name: InputName): boolean | null
  /** One of the allowed words. */
  choice<T extends string>(name: InputName, allowed: readonly T[]): T
  /** A number within bounds; empty is null. */
  number(name: InputName, bounds: { least: number; most: number; whole: boolean }): number | null
  /** Milliseconds, at most so many; empty is null. */
  duration(name: InputName, most?: number): number | null
  /** The result of `parse`, whose exception becomes a problem; `fallback` then stands in. */
  parsed<T>(name: InputName, parse: (text: string) => T, fallback: T): T
  /** Records a problem found across inputs. */
  problem(text: string): void
}

const DAY = 86_400_000
// A moment this far from now is still one that dates can hold.
const LONGEST_DURATION = 36_500 * DAY

const INPUT_NAMES = Object.keys(INPUT_DEFAULTS) as InputName[]

// The runner gives a default only to an absent input, so an expression that came out empty is told apart by this one.
const NOT_GIVEN = '<not given>'

/** Inputs that an empty value must not turn into another meaning of the step. */
export const NEVER_EMPTY = ['branch_name', 'branch', 'branch_id', 'compare_branch'] as const

/** A reader over any source of input values, in a real run `getInput` of @actions/core. */
export function createReader(getInput: (name: InputName) => string): Reader {
  const problems: string[] = []
  const text = (name: InputName) => {
    const value = getInput(name).trim()
    return value === NOT_GIVEN ? '' : value
  }
  const problem = (sentence: string) => void problems.push(sentence)
  const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')
  return {
    problems,
    problem,
    text,
    given: INPUT_NAMES.filter((name) => {
      const usual = INPUT_DEFAULTS[name]
      return usual !== null && getInput(name).trim() !== usual
    }),
    lines: (name) =>
      text(name)
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    flag(name) {
      const value = text(name)
      if (value === '') return null
      // The words of YAML 1.2's core schema, which the runner's own boolean inputs use.
      if (/^(true|True|TRUE)$/.test(value)) return true
      if (/^(false|False|FALSE)$/.test(value)) return false
      problem(`Input ${name} is ${quoted(value)}: it must be 'true' or 'false'.`)
      return null
    },
    choice(name, allowed) {
      const value = text(name)
      const found = allowed.find((word) => word === value)
      if (found === undefined) problem(`Input ${name} is ${quoted(value)}: it must be one of ${list(allowed)}.`)
      return found ?? (allowed[0] as (typeof allowed)[number])
    },
    number(name, { least, most, whole }) {
      const value = text(name)
      if (value === '') return null
      const number = Number(value)
      if (Number.isFinite(number) && number >= least && number <= most && (!whole || Number.isInteger(number)))
        return number
      problem(
        `Input ${name} is ${quoted(value)}: it must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`,
      )
      return null
    },
    duration(name, most = LONGEST_DURATION) {
      const value = text(name)
      if (value === '') return null
      const milliseconds = parseDuration(value)
      if (milliseconds === null)
        problem(`Input ${name} is ${quoted(value)}: it must be a duration such as '90s', '12h' or '7d'.`)
      else if (milliseconds > most)
        problem(`Input ${name} is ${quoted(value)}: it must be ${most} ms (${Math.floor(most / DAY)} days) at most.`)
      return milliseconds
    },
    parsed(name, parse, fallback) {
      try {
        return parse(text(name))
      } catch (error) {
        problem(`Input ${name}: ${errorMessage(error)}`)
        return fallback
      }
    },
  }
}
