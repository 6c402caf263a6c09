import { describe, expect, test } from '@jest/globals'
import { parseScript } from '../../src/database/schema/files/script.ts'
import { placeAt } from '../../src/database/sql/text-place.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { schemaFile, scriptOf } from '../support/scripts.ts'

/** The error of a text in which `⟦` marks the place that it must name. */
function refusal(marked: string, path?: string): ActionError {
  const text = marked.replace('⟦', '')
  try {
    parseScript(schemaFile(text, path))
  } catch (error) {
    if (!(error instanceof ActionError)) throw error
    const file = path ?? 'sql/0001_test.sql'
    expect(error.location).toEqual({ file, ...placeAt(text, marked.indexOf('⟦')) })
    expect(error.advice).not.toBe('')
    return error
  }
  throw new Error('it was accepted')
}

const DUMP = `--
-- PostgreSQL database dump
--

\\restrict aBc123

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE FUNCTION public.f() RETURNS integer
    LANGUAGE sql
    AS $$ select 1; -- \\restrict
 $$;

COPY public.users (id, name) FROM stdin;
1\tO'Brien; "x" $$
2\t\\N
3\t-- \\\\. /*
\\.


COPY public.empty (id) FROM stdin;
\\.

SELECT pg_catalog.setval('public.users_id_seq', 3, true);

--
-- PostgreSQL database dump complete
--

\\unrestrict aBc123
`

describe('parseScript', () => {
  test.each([
    ['LF', DUMP],
    ['CRLF', DUMP.replaceAll('\n', '\r\n')],
    ['a byte-order mark', `\ufeff${DUMP}`],
    ['no line break at the end', DUMP.trimEnd()],
  ])('reads what pg_dump writes, with %s', (_, text) => {
    const { statements } = scriptOf(text)
    expect(statements.map(({ words }) => words.slice(0, 2).join(' '))).toEqual([
      'set statement_timeout',
      'select pg_catalog',
      'create function',
      'copy public',
      'copy public',
      'select pg_catalog',
    ])
    const rows = statements.map(({ copyData }) => copyData?.replaceAll('\r\n', '\n'))
    expect(rows).toEqual([
      undefined,
      undefined,
      undefined,
      '1\tO\'Brien; "x" $$\n2\t\\N\n3\t-- \\\\. /*\n',
      '',
      undefined,
    ])
    for (const { start, end, text: sent, copyStart, copyData } of statements) {
      expect(text.slice(start, end)).toBe(sent)
      if (copyData) expect(text.startsWith(copyData, copyStart)).toBe(true)
    }
  })

  test('takes rows up to the end marker alone, at the end of the file too', () => {
    const { statements } = scriptOf('copy t from stdin; -- rows\n\\.x\n \\.\n\\\\.\n\\.')
    expect(statements).toMatchObject([{ text: 'copy t from stdin', copyData: '\\.x\n \\.\n\\\\.\n' }])
  })

  test('knows COPY FROM stdin in its forms, and from what only looks like it', () => {
    for (const head of [
      'copy "from" from stdin',
      'COPY a.b.c (x, y) FROM STDIN WITH (FORMAT csv)',
      'copy t from/**/stdin',
    ]) {
      expect(scriptOf(`${head};\n1\n\\.\n`).statements).toMatchObject([{ text: head, copyData: '1\n' }])
    }
    for (const text of [
      "copy t from '/x'",
      "copy t from program 'stdin'",
      "copy t to program 'x'",
      'select 1 as copy',
    ]) {
      expect(scriptOf(text).statements[0]?.copyData).toBeUndefined()
    }
  })

  test('refuses commands of psql, at their place, with the way out', () => {
    const error = refusal('select 1;\n-- 😀\n  ⟦\\i other file.sql\n', "sql/it's.sql")
    expect(error.message).toBe("Could not read sql/it's.sql, line 3: \\i is a command of psql, not SQL.")
    expect(error.advice).toContain(`migrate_command: psql "$DIRECT_URL" -v ON_ERROR_STOP=1 -f 'sql/it'\\''s.sql'`)
    for (const marked of [
      '⟦\\connect other\n',
      '⟦\\set ON_ERROR_STOP on\nselect 1;',
      'select 1 ⟦\\gset\n',
      "select 'a' ⟦\\g\n",
      'select 1 ⟦\\; select 2;',
      'select 1\n⟦\\restrict x\n;',
      'select 1; ⟦\\restrict x\n',
      '⟦\\restricted\n',
      '⟦\\.\n',
      '⟦\\',
    ]) {
      expect(refusal(marked).message).toContain('is a command of psql, not SQL.')
    }
  })

  test('leaves backslashes alone where they are text', () => {
    const text = "select '\\i x', \"\\c\", $$\\d$$, E'\\\\'; -- \\i\n/* \\i */ select 1"
    expect(scriptOf(text).statements).toHaveLength(2)
  })

  test.each([
    ['create table a(i int);\n  ⟦/* half\ncreate table b(i int);\n', 'unterminated /* comment'],
    ['create table a(i int); ⟦/* a /* b */ create table b(i int);', 'unterminated /* comment'],
    ["select 1;\ninsert into t values (⟦'it's); select 2;\n".replace("'it's", "'its"), 'unterminated quoted string'],
    ["select ⟦E'a\\';\nselect 2;", 'unterminated quoted string'],
    ['create table ⟦"t(i int);\nselect 2;', 'unterminated quoted identifier'],
    ['select 1;\ndo ⟦$body$ begin perform 1; end $Body$;\nselect 2;', 'unterminated dollar-quoted string'],
    ["select ⟦X'1f;\nselect 2", 'unterminated hexadecimal string literal'],
    ["select ⟦b'1;\nselect 2", 'unterminated bit string literal'],
  ])('refuses what is opened and never closed, at its opening: %j', (marked, cause) => {
    expect(refusal(marked).message).toContain(`: ${cause}.`)
  })

  test('takes an open parenthesis to the server, which says what is wrong with it', () => {
    expect(scriptOf('select (1;').statements).toHaveLength(1)
  })

  test('refuses COPY blocks that do not hold together', () => {
    const forgotten = 'select 1;\n⟦copy t from stdin;\n1\n2\n\ncreate table u(i int);\n-- more\n'
    expect(refusal(forgotten).message).toContain('line 2: COPY … FROM stdin has no rows')
    expect(refusal('⟦copy t from stdin').message).toContain('has no rows that end with a line \\.')
    expect(refusal('copy t from stdin;⟦ select 1;\n1\n\\.\n').message).toContain('must begin on the next line')
    expect(refusal('select 1;\n ⟦copy t to stdout;').message).toContain('nobody reads them')
    expect(refusal('⟦copy (select 1) to stdout;').message).toContain('nobody reads them')
  })
})
