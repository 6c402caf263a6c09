import * as fc from 'fast-check'
import { parseSync, scanSync } from 'libpg-query'
import { type Statement, splitStatements, splitWith } from '../../../src/database/sql/split.ts'
import { fragment, nastySql } from '../nasty-sql.ts'

/** The statements as PostgreSQL's own parser sees them, first to last token; undefined when it does not parse. */
function byParser(source: string): string[] | undefined {
  const bytes = Buffer.from(source)
  let parsed: ReturnType<typeof parseSync>
  try {
    parsed = parseSync(source)
  } catch {
    return undefined
  }
  const tokens = scan(source).filter((token) => !['SQL_COMMENT', 'C_COMMENT'].includes(token.tokenName))
  let next = 0
  return (parsed.stmts ?? []).map((statement) => {
    const from = statement.stmt_location ?? 0
    const to = statement.stmt_len ? from + statement.stmt_len : bytes.length
    while (next < tokens.length && (tokens[next]?.start ?? 0) < from) next += 1
    const start = tokens[next]?.start ?? from
    let end = start
    for (; next < tokens.length && (tokens[next]?.end ?? 0) <= to; next += 1) {
      // The last statement reaches to the end of the text, over semicolons that follow it.
      if (tokens[next]?.tokenName !== 'ASCII_59') end = tokens[next]?.end ?? end
    }
    return bytes.subarray(start, end).toString()
  })
}

/** libpg-query's tokens. Its JSON breaks on control characters, NUL, lone surrogates and empty text, hence the detour. */
export function scan(source: string): ReturnType<typeof scanSync>['tokens'] {
  const readable = source.replace(/[\v\f]/g, ' ').replace(/[\x00-\x08\x0e-\x1f\x7f]/g, '~')
  return readable ? scanSync(readable.toWellFormed()).tokens : []
}

export interface Compared {
  inputs: number
  statements: number
  refused: string[]
  different: { source: string; parser: string[]; ours: string[] }[]
}

export function compare(sources: Iterable<string>): Compared {
  const result: Compared = { inputs: 0, statements: 0, refused: [], different: [] }
  for (const source of sources) {
    const parser = byParser(source)
    if (!parser) {
      result.refused.push(source)
      continue
    }
    result.inputs += 1
    result.statements += parser.length
    const ours = splitStatements(source).map((statement) => statement.text)
    if (JSON.stringify(ours) !== JSON.stringify(parser)) result.different.push({ source, parser, ours })
  }
  return result
}

interface ScannerError {
  /** Whether it is that something is unterminated. */
  isUnterminated: boolean
  /** In full, and with its place (UTF-16), where the parser did not stop at something before it. */
  message?: string
  offset?: number
}

/** What PostgreSQL's scanner says against a text; undefined when it reads it to the end. */
export function byScanner(source: string): ScannerError | undefined {
  // A byte-order mark is psql's to pass over, and ours.
  const lead = source.startsWith('\ufeff') ? 1 : 0
  const text = source.slice(lead)
  let begins = ''
  try {
    scan(text)
    return undefined
  } catch (thrown) {
    // Only the beginning of the scanner's message arrives, in a complaint that it is no JSON.
    begins = /, "([^"]{5,})/.exec(String(thrown))?.[1] ?? ''
  }
  const isUnterminated = begins.startsWith('unterminat')
  try {
    parseSync(text)
  } catch (error) {
    const { message = '', cursorPosition = 0 } = (error as { sqlDetails?: Record<string, never> }).sqlDetails ?? {}
    const offset = lead + [...text].slice(0, cursorPosition).join('').length
    if (begins && String(message).startsWith(begins)) return { isUnterminated, message: String(message), offset }
  }
  return { isUnterminated }
}

/** What our reader says: the first quote or comment that is never closed. */
export function byReader(source: string): { what: string; offset: number; statements: Statement[] } {
  let found = { what: '', offset: -1 }
  const statements = splitWith(source, {
    onUnterminated: (what, offset) => {
      found = { what, offset }
    },
  })
  return { ...found, statements }
}

/** Nasty SQL with one piece put in or taken out. */
export const mutatedSql = fc
  .record({ source: nastySql, piece: fragment, at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(2) })
  .map(({ source, piece, at, cut }) => {
    const offset = Math.floor(at * source.length)
    return (source.slice(0, offset) + piece + source.slice(offset + cut)).replaceAll('\0', '').toWellFormed()
  })

/** Nasty SQL cut off anywhere, and pieces behind it. */
export const cutOffSql = fc
  .record({
    source: nastySql,
    pieces: fc.array(fragment, { maxLength: 4 }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ source, pieces, at }) => source.slice(0, Math.floor(at * source.length)) + pieces.join(''))
  .map((source) =>
    source
      .replaceAll('\0', '')
      .replace(/[\v\f]/g, ' ')
      .replace(/[\x01-\x08\x0e-\x1f\x7f]/g, '~')
      .toWellFormed(),
  )

/** What comparing the errors of texts found. */
export interface ErrorsCompared {
  /** How many texts ended within what, `none` for those that do not. */
  kinds: Map<string, number>
  different: unknown[]
}

/** Compares what the scanner has against texts with what our reader has. */
export function compareErrors(sources: Iterable<string>): ErrorsCompared {
  const kinds = new Map<string, number>()
  const different: unknown[] = []
  for (const source of sources) {
    const scanner = byScanner(source)
    const { what, offset, statements } = byReader(source)
    const kind = scanner?.isUnterminated ? what : scanner ? 'other' : 'none'
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const at = scanner?.offset ?? offset
    const says = scanner?.message ?? `unterminated ${what} at`
    // A string in several parts begins, for the scanner, with its first part.
    const asScanner = what !== '' && says.startsWith(`unterminated ${what} at`) && at <= offset
    // What the scanner has against a text besides is within a statement, so the server gets to see it.
    const inStatement = statements.some(({ start, end }) => start <= at && at < end)
    const agrees =
      {
        none: what === '',
        other: scanner?.message === undefined || inStatement,
      }[kind] ?? asScanner
    if (!agrees) different.push({ source, scanner, what, offset })
  }
  return { kinds, different }
}
