import type { Secrets } from './secrets.ts'

declare const passed: unique symbol

/**
 * A text that may leave the process. Every other string counts as foreign: the exits (exits.ts, the comment on GitHub) take
 * none, and only the functions of this file make one.
 */
export type Clean = string & { readonly [passed]: true }

/** A text for people and programs outside the log: secrets are redacted. */
export function clean(secrets: Secrets, text: string): Clean {
  return secrets.redact(text) as Clean
}

/** A text for the log, which the runner reads: secrets are redacted, and no line of it is a workflow command. */
export function cleanLine(secrets: Secrets, text: string): Clean {
  return harmless(secrets.redact(text)) as Clean
}

/**
 * A value that is secret by contract, or an address that a next step must get as it is. The named exception of the door:
 * what is secret in it has been masked when it became known.
 */
export function byContract(value: string): Clean {
  return value as Clean
}

// Words of our own, which renderers compare; a weak password may be one of them.
const OWN_WORDS = ['mode', 'outcome', 'kind', 'action', 'state', 'precision']

/** A copy of a value in which every text, however deep, is redacted; for what is escaped, cut or made JSON afterwards. */
export function cleanDeep<T>(secrets: Secrets, value: T): T {
  if (typeof value === 'string') return secrets.redact(value) as T
  if (Array.isArray(value)) return value.map((entry) => cleanDeep(secrets, entry)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, entry]) => [
    key,
    OWN_WORDS.includes(key) ? entry : cleanDeep(secrets, entry),
  ])
  return Object.fromEntries(entries) as T
}

// What does not print: white space but no line break, controls, characters without a shape, and ANSI escape sequences.
const UNSEEN = String.raw`(?:[\x1b\x9b]\[?[0-?]{0,99}[ -/]{0,99}[@-Z\\^-~]|\x1b\][^\n\r\x07\x1b]{0,4999}(?:\x07|\x1b\\)|[^\S\n\v\f\r\x85\u2028\u2029]|(?![\n\v\f\r\x85])[\p{Cc}\p{Cf}])`
// An expression that goes back over millions of them overflows its stack.
const SOME = `${UNSEEN}{0,499}`
const COMMAND = new RegExp(String.raw`(^|[\n\v\f\r\x85\u2028\u2029])(${SOME}:)(${SOME}:)`, 'gu')
const OLD_COMMAND = new RegExp(String.raw`(#${SOME}#)(${SOME}\[)`, 'gu')
const MORE = new RegExp(String.raw`(?:^|[\n\v\f\r\x85\u2028\u2029:#])${UNSEEN}{500}`, 'u')

/**
 * A text in which the runner finds no workflow command: it takes `::` behind white space at the start of a line, and `##[`
 * anywhere (runner, ActionCommand.cs), and its lines end at `\n` and `\r`. A space comes between; everything that people
 * or a more lenient reader could take for a line break or for nothing counts as such. A text that hides something behind
 * hundreds of characters that nobody sees gets a space at every `:` and `[`.
 */
export function harmless(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n')
  if (!/[:#]/.test(lines)) return lines
  if (MORE.test(lines)) return lines.replace(/:/g, ': ').replace(/\[/g, ' [')
  return lines.replace(COMMAND, '$1$2 $3').replace(OLD_COMMAND, '$1 $2')
}
