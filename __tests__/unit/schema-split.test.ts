import { readdir, readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { loadModule } from 'libpg-query'
import { splitStatements } from '../../src/database/sql/split.ts'
import {
  byReader,
  byScanner,
  type Compared,
  compare,
  compareErrors,
  cutOffSql,
  mutatedSql,
  scan,
} from '../support/fuzz/splitter.ts'
import { fragment, nastySql } from '../support/nasty-sql.ts'
import { TRICKY_SQL } from '../support/tricky-sql.ts'

const SEED = 20_261

beforeAll(async () => {
  await loadModule()
})

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
    const compared = compare(fc.sample(mutatedSql, { numRuns: 12_000, seed: SEED + 1 }))
    report('mutated', compared)
    expect(compared.different).toEqual([])
    expect(compared.inputs).toBeGreaterThanOrEqual(1000)
  })
})

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

  // Found by test:fuzz: the letter is a word of its own, and only behind it PostgreSQL begins to look for the end.
  test.each(["select n'a; b", "select\tN'/", "update a set b\n=\tn'x'';"])('%j, at the quote', (source) => {
    const scanner = byScanner(source)
    expect(scanner?.message).toContain('unterminated quoted string')
    expect(byReader(source)).toMatchObject({ what: 'quoted string', offset: scanner?.offset })
  })

  test('on 20,000 generated texts cut off, put together or damaged, in both directions', () => {
    const { kinds, different } = compareErrors(fc.sample(cutOffSql, { numRuns: 20_000, seed: SEED + 2 }))
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
