import type { Statement } from '../../sql/split.ts'
import { endOfLine } from '../../sql/tokens.ts'

/** `from stdin` or `to stdout` of a COPY, the words behind another FROM or TO; empty for another statement. */
export function copyDirection({ words }: Statement): string {
  if (words[0] !== 'copy') return ''
  const index = words.findIndex((word) => word === 'from' || word === 'to')
  return index < 0 ? '' : words.slice(index, index + 2).join(' ')
}

/** Whether rows follow the statement. */
export function isCopyFromStdin(statement: Statement): boolean {
  return copyDirection(statement) === 'from stdin'
}

/**
 * Where the rows of a COPY stand whose semicolon ends at `after`: from the next line to a line that is exactly `\\.`, and the
 * offset behind that line. Without such a line they reach to the end of the text, and `behind` is -1.
 */
export function copyRows(text: string, after: number): { start: number; end: number; behind: number } {
  const lineEnd = endOfLine(text, after)
  const start = text.startsWith('\r\n', lineEnd) ? lineEnd + 2 : Math.min(lineEnd + 1, text.length)
  const marker = /^\\\.[ \t]*(?:\r\n|\r|\n|$(?![\s\S]))/gm
  marker.lastIndex = start
  const found = marker.exec(text)
  return found
    ? { start, end: found.index, behind: found.index + found[0].length }
    : { start, end: text.length, behind: -1 }
}
