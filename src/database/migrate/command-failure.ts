import { stripVTControlCharacters } from 'node:util'
import type { CommandFailure } from '../../model.ts'
import { AFTERMATH, BEGUN_FILE, FAILED_FILE, NAMES_ERROR, NOISE, SAYS_FAILURE, SERVER_SAYS } from './output-patterns.ts'
import type { CommandEnd } from './process.ts'

const SHOWN = 30

/**
 * Why a command failed, from the end of its output: the line that says it and what belongs to it (psql's `LINE 1:` and its
 * mark), the SQLSTATE, and the migration that failed. The tools print it above stack frames, error objects and the farewells
 * of whatever called them, so that the last line says little.
 */
export function explainFailure({ exitCode, signal, lastLines }: CommandEnd): CommandFailure {
  const whole = lastLines.map((line) => stripVTControlCharacters(line).trimEnd())
  const lines = whole.map(bothEnds)
  const at = tellingLine(lines)
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`
  const sqlstate = at === undefined ? undefined : sqlstateNear(lines, at)
  return {
    how,
    told: at === undefined ? [] : toldFrom(lines, at),
    ...failedFile(lines, at),
    ...(sqlstate ? { sqlstate } : {}),
    output: withoutMargins(whole).slice(-SHOWN).join('\n'),
  }
}

// An error stands before a query that is printed with it, or behind it.
const END = 300

/** A line as far as it is looked at, so that long ones cost little. */
function bothEnds(line: string): string {
  return line.length > 2 * END + 3 ? `${line.slice(0, END)} … ${line.slice(-END)}` : line
}

/** The line with the most to say; of equals the last, which is nearest to the end. */
function tellingLine(lines: string[]): number | undefined {
  let best: { at: number; weight: number } | undefined
  for (const [at, line] of lines.entries()) {
    const weight = weigh(line)
    if (weight > 0 && weight >= (best?.weight ?? 0)) best = { at, weight }
  }
  return best?.at
}

/** Node shows the error within an error as a property of it. */
const INNER = /^\[?(?:driverError|parent|original|cause)\]?: (?=\w*[Ee]rror)/

function weigh(line: string): number {
  const text = line.trim().replace(INNER, '')
  if (text === '' || NOISE.some((form) => form.test(line))) return 0
  const named = NAMES_ERROR.test(text)
  if (AFTERMATH.test(text)) return named ? 3 : 2
  if (SERVER_SAYS.test(text)) return named ? 6 : 5
  if (/SQLSTATE|\bERROR:\s/.test(text)) return 5
  if (named) return 4
  return SAYS_FAILURE.test(text) ? 3 : 1
}

/** The line without what a tool puts around it, and what psql and libpq print below it to show the place. */
function toldFrom(lines: string[], at: number): string[] {
  const first = (lines[at] ?? '')
    .trim()
    .replace(INNER, '')
    .replace(/^(?:Caused by: |Reason: |Message\s*: |npm error |pnpm ERR! )+/, '')
    .replace(/^.*?(?=psql:\S+:\d+: )/, '')
    .replace(/,? [[{]$/, '')
    .replace(/\s*\b(?:DETAIL|Detail): .*$/, '')
  const told = [first]
  const shown = lines.slice(at + 1, at + 4)
  const place = shown.findIndex((line) => /^\s*LINE \d+: /.test(line))
  if (place < 0) return told
  told.push(shown[place] ?? '')
  const mark = shown[place + 1]
  if (mark && /^\s*\^\s*$/.test(mark)) told.push(mark)
  return told
}

// A SQLSTATE has five capitals and digits (Appendix A of the manual), a digit among them.
const STATE = String.raw`(?=[A-Z]{0,4}\d)([0-9A-Z]{5})\b`
const STATES = [
  new RegExp(String.raw`SQLSTATE[\s:=[('"]*${STATE}`),
  new RegExp(String.raw`\b[Cc]ode['"]?(?: is)?[\s:=('"\x60]+${STATE}`),
  new RegExp(`PostgresException[^:]*: ${STATE}: `),
  new RegExp(String.raw`(?:ERROR|SQL Error)\s*:?\s+${STATE}(?::| \()`),
  // lib/pq ends with it.
  new RegExp(String.raw`\bpq: .*\(${STATE}\)$`),
  new RegExp(String.raw`SQL State\s*:\s*${STATE}`),
]
const NEAR = 60

/** The SQLSTATE of the telling line, or of the error object around it. */
function sqlstateNear(lines: string[], at: number): string | undefined {
  const around = [lines[at] ?? '', ...lines.slice(at + 1, at + NEAR), ...lines.slice(Math.max(0, at - 5), at)]
  for (const line of around) {
    for (const form of STATES) {
      const state = form.exec(line)?.[1]
      if (state && !state.startsWith('25P0')) return state
    }
  }
  return undefined
}

function failedFile(lines: string[], at: number | undefined): Pick<CommandFailure, 'file' | 'line'> {
  const found = lastMatch(lines, FAILED_FILE) ?? lastMatch(lines.slice(0, at), BEGUN_FILE)
  if (!found?.file) return {}
  return { file: found.file, ...(found.line ? { line: Number(found.line) } : {}) }
}

function lastMatch(lines: string[], forms: readonly RegExp[]): Record<string, string | undefined> | undefined {
  for (const line of lines.toReversed()) {
    for (const form of forms) {
      const groups = form.exec(line)?.groups
      if (groups) return groups
    }
  }
  return undefined
}

function withoutMargins(lines: string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== '')
  const last = lines.findLastIndex((line) => line.trim() !== '')
  return first < 0 ? [] : lines.slice(first, last + 1)
}
