import type { Statement } from '../../sql/split.ts'
import { offsetOf, type Place, placeAt } from '../../sql/text-place.ts'
import { Tokenizer } from '../../sql/tokens.ts'
import type { Script } from '../files/script.ts'

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

/**
 * The place in the file of an error in one of its statements. Best is the position that the server sends; it sends none
 * for errors while a statement runs, and then PL/pgSQL's line within a DO block or COPY's line within its rows is
 * better than where the statement begins.
 */
export function placeOfError(script: Script, statementIndex: number, error: ServerPlace): Place {
  const statement = script.statements[statementIndex]
  if (!statement) return { line: 1, column: 1 }
  const { text } = script.file
  if (error.position) return placeAt(text, statement.start + offsetOf(statement.text, Number(error.position) - 1))
  const offset = offsetInRows(statement, error) ?? offsetInBlock(statement, error) ?? statement.start
  return placeAt(text, offset)
}

/** The text of a statement from the position that the server gives, empty where it gives none. */
export function textAt(script: Script, statementIndex: number, { position }: ServerPlace): string {
  const text = script.statements[statementIndex]?.text
  return position && text !== undefined ? text.slice(offsetOf(text, Number(position) - 1)) : ''
}

/** UTF-16 offset of the row of a COPY block that `COPY users, line 3, column id` names. */
function offsetInRows({ copyData, copyStart }: Statement, { where = '' }: ServerPlace): number | undefined {
  const line = /^COPY .*?, line (\d+)/m.exec(where)?.[1]
  if (line === undefined || copyData === undefined || copyStart === undefined) return undefined
  return copyStart + startOfLine(copyData, Number(line))
}

/** UTF-16 offset of what failed in a DO block: its query where that can be found, else the first token of its line. */
function offsetInBlock(statement: Statement, error: ServerPlace): number | undefined {
  const line = /inline_code_block line (\d+)/.exec(error.where ?? '')?.[1]
  if (statement.words[0] !== 'do') return undefined
  const body = bodyStart(statement.text)
  const inBody = statement.text.slice(body)
  const lineStart = line === undefined ? 0 : startOfLine(inBody, Number(line))
  const found = offsetOfQuery(inBody, lineStart, error)
  if (found !== undefined) return statement.start + body + found
  if (line === undefined) return undefined
  const indent = /^[ \t]*/.exec(inBody.slice(lineStart, lineStart + 1000))?.[0].length ?? 0
  return statement.start + body + lineStart + indent
}

// PL/pgSQL runs `perform f()` as `SELECT f()`; everything else stands in the body as it was sent.
function offsetOfQuery(body: string, from: number, error: ServerPlace): number | undefined {
  const { internal_query: query, internal_position: position } = error
  if (!query || !position) return undefined
  const within = offsetOf(query, Number(position) - 1)
  const lead = body.includes(query) ? 0 : (/^\s*select\s+/i.exec(query)?.[0].length ?? 0)
  const at = body.indexOf(query.slice(lead), from)
  return at < 0 || within < lead ? undefined : at + within - lead
}

/** UTF-16 offset behind the quote that opens the longest string constant of a statement: a DO block's body. */
function bodyStart(text: string): number {
  const tokens = new Tokenizer(text)
  let longest = { start: 0, length: 0 }
  while (tokens.next()) {
    if (tokens.kind !== 'string' || tokens.end - tokens.start <= longest.length) continue
    longest = { start: tokens.start, length: tokens.end - tokens.start }
  }
  const quote = /^(?:\$[^$]*\$|[^']*')/.exec(text.slice(longest.start, longest.start + 100))
  return longest.start + (quote?.[0].length ?? 0)
}

/** UTF-16 offset of a line (from 1) of a text; of the last one when there are fewer. */
function startOfLine(text: string, line: number): number {
  const lineBreak = /\r\n|\n|\r/g
  let start = 0
  for (let current = 1; current < line && lineBreak.exec(text); current += 1) start = lineBreak.lastIndex
  return start
}
