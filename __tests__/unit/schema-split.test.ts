import { readdir, readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { loadModule, parseSync, scanSync } from 'libpg-query'
import { type Statement, splitStatements, splitWith } from '../../src/database/sql/split.ts'
import { fragment, nastySql } from '../support/nasty-sql.ts'
import { TRICKY_SQL } from '../support/tricky-sql.ts'

const SEED = 20_261

beforeAll(async () => {
  await loadModule()
})

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
function scan(source: string): ReturnType<typeof scanSync>['tokens'] {
  const readable = source.replace(/[\v\f]/g, ' ').replace(/[\x00-\x08\x0e-\x1f\x7f]/g, '~')
  return readable ? scanSync(readable.toWellFormed()).tokens : []
}

interface Compared {
  inputs: number
  statements: number
  refused: string[]
  different: { source: string; parser: string[]; ours: string[] }[]
}

function compare(sources: Iterable<string>): Compared {
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

function report(what: string, { inputs, statements, refused }: Compared): void {
  process.stdout.write(
    `splitter against libpg-query 18, ${what}: ${inputs} inputs with ${statements} statements compared, ${refused.length} that it does not parse\n`,
  )
}

describe('splitStatements agrees with the parser of PostgreSQL 18', () => {
  test('on hand-written inputs', () => {
    const compared = compare(TRICKY_SQL)
    report('hand-written', compared)
    expect(compared.different).toEqual([])
    expect(compared.refused).toEqual([])
    expect(compared.inputs).toBeGreaterThanOrEqual(60)
  })

  test('on the bundled schema', async () => {
    const folder = new URL('../../sql/', import.meta.url)
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
    const compared = compare(await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8'))))
    expect(compared.different).toEqual([])
    expect(compared.refused).toEqual([])
    expect(compared.inputs).toBeGreaterThanOrEqual(5)
  })

  test('on 3,000 generated inputs', () => {
    const compared = compare(fc.sample(nastySql, { numRuns: 3000, seed: SEED }))
    report('generated', compared)
    expect(compared.different).toEqual([])
    expect(compared.inputs).toBeGreaterThanOrEqual(2500)
  })

  test('on generated inputs with one piece put in or taken out', () => {
    const mutated = fc
      .record({ source: nastySql, piece: fragment, at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(2) })
      .map(({ source, piece, at, cut }) => {
        const offset = Math.floor(at * source.length)
        return (source.slice(0, offset) + piece + source.slice(offset + cut)).replaceAll('\0', '').toWellFormed()
      })
    const compared = compare(fc.sample(mutated, { numRuns: 12_000, seed: SEED + 1 }))
    report('mutated', compared)
    expect(compared.different).toEqual([])
    expect(compared.inputs).toBeGreaterThanOrEqual(1000)
  })
})

interface ScannerError {
  /** Whether it is that something is unterminated. */
  isUnterminated: boolean
  /** In full, and with its place (UTF-16), where the parser did not stop at something before it. */
  message?: string
  offset?: number
}

/** What PostgreSQL's scanner says against a text; undefined when it reads it to the end. */
function byScanner(source: string): ScannerError | undefined {
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
function byReader(source: string): { what: string; offset: number; statements: Statement[] } {
  let found = { what: '', offset: -1 }
  const statements = splitWith(source, {
    onUnterminated: (what, offset) => {
      found = { what, offset }
    },
  })
  return { ...found, statements }
}

describe('what PostgreSQL calls unterminated is what our reader refuses', () => {
  const OPENINGS = [
    "'a; b",
    '"a; b',
    '$$ a; $',
    '$x$ a; $y$',
    '/* a; ',
    '/* /* */ ',
    "E'\\'; ",
    "b'01",
    "X'1f",
    "U&'a",
    'u&"a',
  ]

  test.each(OPENINGS)('%s, in front, within and behind statements', (opening) => {
    for (const before of ['', 'select 1; ', 'select 1, ', 'select 😀é ', '-- c\n', '/* c */ ', 'select 1;\r\n\r\n']) {
      for (const behind of ['', '\nselect 2;', '\n-- c\n']) {
        const source = `${before}${opening}${behind}`
        const scanner = byScanner(source)
        expect(scanner?.message).toContain(`unterminated ${byReader(source).what}`)
        expect(scanner?.offset).toBe(byReader(source).offset)
      }
    }
  })

  test('on 20,000 generated texts cut off, put together or damaged, in both directions', () => {
    const cutOff = fc
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
    const kinds = new Map<string, number>()
    const different: unknown[] = []
    for (const source of fc.sample(cutOff, { numRuns: 20_000, seed: SEED + 2 })) {
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
    process.stdout.write(`scanner errors against libpg-query 18: ${JSON.stringify([...kinds])}\n`)
    expect(different).toEqual([])
    for (const kind of ['/* comment', 'quoted string', 'quoted identifier', 'dollar-quoted string', 'none']) {
      expect(kinds.get(kind)).toBeGreaterThan(100)
    }
  })
})

describe('splitStatements', () => {
  test('passes over a byte-order mark, and offsets count it', () => {
    expect(splitStatements('\ufeffselect 1; select 2')).toMatchObject([
      { text: 'select 1', start: 1, end: 9 },
      { text: 'select 2', start: 11, end: 19 },
    ])
  })

  test('gives the first words in lower case, outside quotes, comments and parentheses', () => {
    const [statement] = splitStatements('CREATE /* x */ Unique INDEX "Not this" ON t (lower(a)) Where b')
    expect(statement?.words).toEqual(['create', 'unique', 'index', 'on', 't', 'where', 'b'])
  })

  test('takes no other letter for the one it looks like', () => {
    expect(splitStatements('\u212aILL x')[0]?.words).toEqual(['\u212aill', 'x'])
  })

  test('drops empty statements and takes no comment for one', () => {
    expect(splitStatements(' ; ;; -- a;\n /* b; */ ;')).toEqual([])
    expect(splitStatements('')).toEqual([])
  })

  test('keeps an unclosed quote, comment, parenthesis or body as one statement to the end', () => {
    for (const open of ["select 'a; b", 'select "a; b', 'select $x$ a; $y$', 'select (1; 2', "select E'\\'; 2"]) {
      expect(splitStatements(`select 1; ${open}`).map(({ text }) => text)).toEqual(['select 1', open])
    }
    expect(splitStatements('select 1; /* select 2;')).toHaveLength(1)
    const body = 'create function f() returns int begin atomic select 1; select 2;'
    expect(splitStatements(`${body} select 3`).map(({ text }) => text)).toEqual([`${body} select 3`])
  })

  test('on any text ends, throws nothing, and leaves only comments, white space and semicolons between', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (pieces) => {
        const source = pieces.join('')
        let last = source.startsWith('\ufeff') ? 1 : 0
        for (const statement of splitStatements(source)) {
          expect(statement.start).toBeGreaterThanOrEqual(last)
          expect(statement.end).toBeGreaterThan(statement.start)
          expect(statement.text).toBe(source.slice(statement.start, statement.end))
          expectNothingIn(source.slice(last, statement.start))
          last = statement.end
        }
        expectNothingIn(source.slice(last))
      }),
      { numRuns: 3000, seed: SEED },
    )
  })

  test('splits 5 MB of statements', () => {
    const one = "insert into t values (1, 'it''s; ok', $$a;b$$, E'\\';'); -- next; one\n"
    const count = Math.ceil(5_000_000 / one.length)
    const statements = splitStatements(one.repeat(count))
    expect(statements).toHaveLength(count)
    expect(statements.at(-1)?.start).toBe((count - 1) * one.length)
  })

  test.each(["'", '"', '$a', '$a$b', '/*', '--\n', '(', "E'' -- c\n", '\\', 'begin atomic ', '1_', ' ', 'e', '*/'])(
    'reads half a million times %j without going back over it',
    (piece) => {
      const source = piece.repeat(500_000)
      const covered = splitStatements(source).reduce((sum, { start, end }) => sum + end - start, 0)
      expect(covered).toBeLessThanOrEqual(source.length)
    },
  )
})

function expectNothingIn(between: string): void {
  let kinds: string[] = []
  try {
    kinds = scan(between).map((token) => token.tokenName)
  } catch (error) {
    expect(String(error)).toMatch(/unterminat/)
  }
  expect(kinds.filter((kind) => !['SQL_COMMENT', 'C_COMMENT', 'ASCII_59'].includes(kind))).toEqual([])
}
