import { parseDuration } from '../runtime/durations.ts'
import { errorMessage } from '../runtime/errors.ts'

/** Reads inputs one by one and remembers every problem instead of stopping at the first. */
export interface Reader {
  /** One sentence per wrong input: the name, the value, the cause and the next step. */
  readonly problems: string[]
  /** The trimmed text, empty when not set. */
  text(name: string): string
  /** The lines that are not empty. */
  lines(name: string): string[]
  /** A YAML boolean; empty is null. */
  flag(name: string): boolean | null
  /** One of the allowed words. */
  choice<T extends string>(name: string, allowed: readonly T[]): T
  /** A number within bounds; empty is null. */
  number(name: string, bounds: { least: number; most: number; whole: boolean }): number | null
  /** Milliseconds; empty is null. */
  duration(name: string): number | null
  /** The result of `parse`, whose exception becomes a problem; `fallback` then stands in. */
  parsed<T>(name: string, parse: (text: string) => T, fallback: T): T
  /** Records a problem found across inputs. */
  problem(text: string): void
}

/** A reader over any source of input values, in a real run `getInput` of @actions/core. */
export function createReader(getInput: (name: string) => string): Reader {
  const problems: string[] = []
  const text = (name: string) => getInput(name).trim()
  const problem = (sentence: string) => void problems.push(sentence)
  const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')
  return {
    problems,
    problem,
    text,
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
      problem(`Input ${name} is '${value}': it must be 'true' or 'false'.`)
      return null
    },
    choice(name, allowed) {
      const value = text(name)
      const found = allowed.find((word) => word === value)
      if (found === undefined) problem(`Input ${name} is '${value}': it must be one of ${list(allowed)}.`)
      return found ?? (allowed[0] as (typeof allowed)[number])
    },
    number(name, { least, most, whole }) {
      const value = text(name)
      if (value === '') return null
      const number = Number(value)
      if (Number.isFinite(number) && number >= least && number <= most && (!whole || Number.isInteger(number)))
        return number
      problem(`Input ${name} is '${value}': it must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`)
      return null
    },
    duration(name) {
      const value = text(name)
      if (value === '') return null
      const milliseconds = parseDuration(value)
      if (milliseconds === null)
        problem(`Input ${name} is '${value}': it must be a duration such as '90s', '12h' or '7d'.`)
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
