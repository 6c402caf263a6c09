import type { Script } from './script.ts'

/** A place in a text: line and column from 1, in code points; a byte-order mark does not count. */
export interface Place {
  line: number
  column: number
}

/** What the server may say about where an error is; the names are those of the driver. */
export interface ServerPlace {
  /** From 1, in code points, in the text of the statement that was sent. */
  position?: string
  /** The same in `internal_query`. */
  internal_position?: string
  internal_query?: string
  /** Call stack of functions, or line and column of COPY. */
  where?: string
}

/** The place of a UTF-16 offset. Lines end with `\n`, `\r\n` or `\r`. */
export function placeAt(source: string, offset: number): Place {
  let line = 1
  let lineStart = source.charCodeAt(0) === 0xfeff ? 1 : 0
  const lineBreak = /\r\n|\n|\r/g
  for (let match = lineBreak.exec(source); match && lineBreak.lastIndex <= offset; match = lineBreak.exec(source)) {
    line += 1
    lineStart = lineBreak.lastIndex
  }
  return { line, column: codePoints(source, lineStart, offset) + 1 }
}

function codePoints(source: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; count += 1) at += width(source, at)
  return count
}

function width(source: string, at: number): number {
  return (source.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}

/** UTF-16 offset of the code point with this number (from 0). */
function offsetOf(text: string, codePoint: number): number {
  let at = 0
  for (let index = 0; index < codePoint && at < text.length; index += 1) at += width(text, at)
  return at
}

/** The place in the file of an error in one of its statements; without any hint, where the statement begins. */
export function placeOfError(script: Script, statementIndex: number, error: ServerPlace): Place {
  const statement = script.statements[statementIndex]
  if (!statement) return { line: 1, column: 1 }
  const within = error.position ? offsetOf(statement.text, Number(error.position) - 1) : 0
  return placeAt(script.file.text, statement.start + within)
}

const LINES_AROUND = 1

/** The line of a place with one line before and behind it, numbered, and a caret below the place. */
export function excerpt(source: string, place: Place): string {
  const lines = source.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  const first = Math.max(1, place.line - LINES_AROUND)
  const last = Math.min(lines.length, place.line + LINES_AROUND)
  return lines
    .slice(first - 1, last)
    .flatMap((line, index) => {
      const number = String(first + index).padStart(String(last).length)
      const shown = `${number} | ${line}`
      const caret = `${' '.repeat(number.length)} | ${' '.repeat(place.column - 1)}^`
      return first + index === place.line ? [shown, caret] : [shown]
    })
    .join('\n')
}
