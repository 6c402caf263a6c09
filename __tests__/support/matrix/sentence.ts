import type { RunResult } from '../../../sandbox/runner/index.ts'

/** Texts that come from the runtime or a package, and tell a user nothing. */
const FOREIGN =
  /fetch failed|undefined|\[object |is not (?:iterable|a function|defined|valid JSON)|Cannot read|Unexpected (?:token|end)|TypeError|SyntaxError|RangeError|AssertionError|\bNaN\b|\bnull\b|UnhandledPromise|Invalid URL|write CONNECTION_|status code 3\d\d|premature close|^Error\b|<html/i
const STACK = /^\s+at .*(?:\.js|\.ts|node:)\S*:\d+/m

/** Why a failed run did not end with exit 1 and exactly one clear sentence of ours; empty when it did. */
export function unclear({ exitCode, annotations, droppedAnnotations, log }: RunResult): string[] {
  const errors = [...annotations, ...droppedAnnotations].filter(({ type }) => type === 'error')
  const [error] = errors
  const wrong: string[] = []
  if (exitCode !== 1) wrong.push(`exit code ${exitCode}`)
  if (errors.length !== 1) wrong.push(`${errors.length} errors: ${errors.map(({ message }) => message).join(' | ')}`)
  if (error && (FOREIGN.test(error.message) || !/^[A-Z`'"].{15,}/s.test(error.message))) {
    wrong.push(`an unclear error: ${error.message}`)
  }
  if (STACK.test(log)) wrong.push('a stack trace in the log')
  return wrong
}

/** The same of a run that succeeded: no error, and nothing unclear among its warnings. */
export function unclearSuccess({ annotations, log, exitCode }: RunResult): string[] {
  const foreign = annotations.filter(({ message }) => FOREIGN.test(message))
  return [
    ...(exitCode === 0 ? [] : [`exit code ${exitCode}`]),
    ...foreign.map(({ type, message }) => `an unclear ${type}: ${message}`),
    ...(STACK.test(log) ? ['a stack trace in the log'] : []),
  ]
}
