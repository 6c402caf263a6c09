/** A place in a text: line and column from 1, in code points; a byte-order mark does not count. */
export interface Place {
  line: number
  column: number
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

/** UTF-16 offset of the code point with this number (from 0); the end of the text when there are fewer. */
export function offsetOf(text: string, codePoint: number): number {
  let at = 0
  for (let index = 0; index < codePoint && at < text.length; index += 1) at += width(text, at)
  return at
}
