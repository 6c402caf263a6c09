import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { failureError } from '../../src/database/schema/failure/failure.ts'
import { annotateFailure } from '../../src/report/index.ts'
import { testRuntime } from '../support/runtime.ts'
import { apply, states } from '../support/schema.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())
beforeEach(async () => {
  await cluster.query('drop schema if exists neon_setup cascade; drop schema public cascade; create schema public')
})

const failing = async (text: string, showDetail = false) => {
  const result = await apply({ url: cluster.url(), files: { '1.sql': text }, policy: { showDetail } })
  if (!result.failure) throw new Error('The file did not fail.')
  return result.failure
}

describe('the place of an error', () => {
  const unique = 'create table a(i int primary key);\ninsert into a values (1);\n'
  test.each([
    [
      'syntax, behind CRLF and emoji',
      'create table a(i int);\r\n-- ключ 😀\r\ninsert into a values (1);\r\n  selct 1;\r\n',
      4,
      3,
      '42601',
    ],
    [
      'undefined column, behind emoji on the line',
      "/* 😀😀 */ select '😀', nope from (values (1)) v(i);",
      1,
      22,
      '42703',
    ],
    [
      'unique violation, no position from the server',
      `${unique}\n-- again\ninsert into a values (1);\nselect 1;`,
      5,
      1,
      '23505',
    ],
    [
      'a function that is not there, in PL/pgSQL',
      'select 1;\ndo $$\nbegin\n  perform nope();\nend $$;',
      4,
      null,
      '42883',
    ],
    ['foreign key to a missing table', 'select 1;\n\n\ncreate table z(i int references nope(id));', 4, null, '42P01'],
    ['behind a byte-order mark', '\ufeffselect 1;\nselect 2 from nope', 2, 15, '42P01'],
    [
      'behind BEGIN ATOMIC',
      'create function f() returns int language sql begin atomic; select case when true then 1 else 2 end; end;\nselect 1;\nselect x',
      3,
      8,
      '42703',
    ],
    ['in a table that exists', 'create table a(i int);\nselect 1;\ncreate table a(i int);', 3, 1, '42P07'],
    ['division by zero at run time', 'select 1;\nselect 1/0;', 2, 1, '22012'],
    ['a check in a COPY', 'create table a(i int);\ncopy a from stdin;\n1\nx\n\\.\nselect 1;', 4, null, '22P02'],
  ])('%s', async (_, text, line, column, sqlstate) => {
    const failure = await failing(text)
    expect(failure).toMatchObject({ file: 'sql/1.sql', line, sqlstate, ...(column === null ? {} : { column }) })
    expect(failure.excerpt).toContain('^')
  })

  test('a deferred constraint: the last statement that mentions its table', async () => {
    const failure = await failing(
      'create table a(i int primary key deferrable initially deferred);\ncreate table b(i int);\ninsert into a values (1), (1);\ninsert into b values (1);',
    )
    expect(failure).toMatchObject({ line: 3, sqlstate: '23505' })
    expect(failure.message).toContain('(found at the end of the file)')
  })

  test('becomes an error with its annotation and outputs', async () => {
    const error = failureError(await failing('select 1;\n  selct'))
    expect(error.location).toEqual({ file: 'sql/1.sql', line: 2, column: 3 })
    expect(error.title).toBe('42601')
    expect(error.outputs).toEqual({ failed_file: 'sql/1.sql', failed_line: '2', sqlstate: '42601' })
    expect(error.sentence).toBe(
      'Could not apply sql/1.sql, line 2: syntax error at or near "selct". Correct the spelling at the caret; where it looks right, look for a comma, bracket or semicolon too many or too few in front of it.',
    )
  })

  test('is told once, with caret, consequence and next step, when it is published', async () => {
    const runtime = testRuntime()
    const files = { '1.sql': 'select 1', '2.sql': 'select\n  nope' }
    const { failure } = await apply({ url: cluster.url(), runtime, files })
    expect(runtime.lines.join('\n')).not.toContain('nope')
    if (failure) annotateFailure(runtime, failure)
    const log = runtime.lines.join('\n')
    expect(log).toContain('sql/2.sql:2:3: SQLSTATE 42703')
    expect(log).toMatch(/2 \| {3}nope\n\|\s+\| {3}\^/)
    expect(log.match(/column "nope" does not exist/g)).toHaveLength(1)
    expect(log).toContain('The file was rolled back; the 1 file before it stays applied.')
    expect(log).toContain('Next: Correct the name of the column')
  })
})

describe('row values', () => {
  beforeEach(async () => {
    await cluster.query(
      "create table people(email text unique, age text, data text); insert into people values ('eve@example.com', 'secret-age', '{\"a\": geheim}')",
    )
  })

  const places = ['message', 'detail', 'hint', 'where', 'excerpt', 'consequence'] as const
  test.each([
    ['DETAIL of a unique violation', 'insert into people select email from people', 'eve@example.com'],
    ['the message of a failed cast', 'alter table people alter age type int using age::int', 'secret-age'],
    ['CONTEXT of broken JSON', 'alter table people alter data type json using data::json', 'geheim'],
    [
      'DETAIL of a check',
      "alter table people add check (email not like 'eve%') not valid; update people set age = age",
      'secret-age',
    ],
  ])('%s: only with show_detail', async (_, text, value) => {
    const runtime = testRuntime()
    const files = { '1.sql': text }
    const quiet = await apply({ url: cluster.url(), files, runtime })
    expect(quiet.failure).toBeDefined()
    expect(JSON.stringify(quiet)).not.toContain(value)
    expect(runtime.lines.join('\n')).not.toContain(value)
    const open = await failing(text, true)
    expect(places.map((place) => open[place] ?? '').join('\n')).toContain(value)
  })

  test.each([
    ['age::int', 'invalid input syntax for type integer: "…"', '22P02'],
    ["to_date(age, 'YYYY')", 'invalid value "…" for "YYYY"', '22007'],
    ['age::date', 'invalid input syntax for type date: "…"', '22007'],
    ['age::int[]', 'malformed array literal: "…"', '22P02'],
    ['age::mood', 'invalid input value for enum mood: "…"', '22P02'],
    ["(repeat('9', 5) || right(age, 0))::smallint", 'value "…" is out of range for type smallint', '22003'],
    ["set_config('TimeZone', age, true)", 'invalid value for parameter "TimeZone": "…"', '22023'],
  ])('of %s the message keeps what was wrong and loses the value', async (expression, message, sqlstate) => {
    await cluster.query(`create type mood as enum ('ok'); update people set age = 'sec"ret" "age'`)
    const failure = await failing(`create table made as select ${expression} from people`)
    expect(failure).toMatchObject({ message, sqlstate })
    expect(JSON.stringify(failure)).not.toMatch(/sec|ret"|99999/)
  })

  test('a column that COPY misses is named', async () => {
    const failure = await failing('copy people from stdin;\neve\n\\.\n')
    expect(failure).toMatchObject({ message: 'missing data for column "age"', sqlstate: '22P04' })
  })

  test('a statement that EXECUTE put together of rows stays out of the context, and the code around it does not', async () => {
    const text = `do $$ begin
  execute (select format(E'insert into people (email, age)\nvalues (%L, %L)', email, age) from people);
end $$`
    const failure = await failing(text)
    expect(failure).toMatchObject({ sqlstate: '23505', where: expect.stringMatching(/^SQL statement "…"\nPL\/pgSQL/) })
    expect(JSON.stringify(failure)).not.toMatch(/secret-age|eve@/)
    expect((await failing(text, true)).where).toContain('secret-age')
  })

  test('a value that stands in the file itself is shown', async () => {
    expect((await failing("select 'abc'::int")).message).toBe('invalid input syntax for type integer: "abc"')
  })
})

describe('details', () => {
  test('that name objects are shown: what depends on what, and what keeps a type from being changed', async () => {
    await cluster.query('create table t(a int); create view v as select a from t; create view w as select a from v')
    const dropped = await failing('drop table t')
    expect(dropped).toMatchObject({
      sqlstate: '2BP01',
      detail: 'view v depends on table t\nview w depends on view v',
      next: expect.stringContaining('CASCADE only if'),
    })
    expect(dropped.detailHidden).toBeUndefined()
    expect(await failing('alter table t alter a type text')).toMatchObject({
      sqlstate: '0A000',
      detail: 'rule _RETURN on view v depends on column "a"',
      next: expect.stringContaining('Drop the view in front'),
    })
  })

  test.each(['2BP01', '0A000', '42P01'])(
    'that a function raises with the code %s are hidden, and that is told',
    async (code) => {
      await cluster.query("create table secrets(s text); insert into secrets values ('geheim')")
      const raise = `do $$ begin raise exception 'no' using errcode = '${code}', detail = (select s from secrets); end $$`
      const failure = await failing(raise)
      expect(failure).toMatchObject({ sqlstate: code, detailHidden: true })
      expect(JSON.stringify(failure)).not.toContain('geheim')
      expect(await failing(raise, true)).toMatchObject({ detail: 'geheim' })
    },
  )
})

describe('an error that SQL raised with the code of a lost connection', () => {
  test.each(['08006', '08000', '08P01', '57P01', '57P03', '57014'])('%s is the error of its file', async (sqlstate) => {
    const text = `select 1;\ndo $$ begin raise exception 'the other side is away' using errcode = '${sqlstate}'; end $$;`
    for (const directive of ['', '-- neon: no-transaction\n']) {
      const failure = await failing(directive + text)
      expect(failure).toMatchObject({ sqlstate, message: 'the other side is away', file: 'sql/1.sql' })
    }
  })

  test('and a connection that the server ended is lost, whatever its code', async () => {
    const text = 'select pg_terminate_backend(pg_backend_pid())'
    await expect(apply({ url: cluster.url(), files: { '1.sql': text } })).rejects.toThrow(/Lost the connection.*1\.sql/)
    const idle = "set transaction_timeout = '50ms'; select pg_sleep(1)"
    await expect(apply({ url: cluster.url(), files: { '1.sql': idle } })).rejects.toThrow(/Lost the connection.*1\.sql/)
  })
})

describe('limits', () => {
  test('lock_timeout and statement_timeout hold for every file', async () => {
    await cluster.query('create table a(i int)')
    const policy = { lockTimeout: '200ms', statementTimeout: '300ms' }
    const files = { '1.sql': 'set statement_timeout = 0', '2.sql': 'select pg_sleep(5)' }
    expect((await apply({ url: cluster.url(), files, policy })).failure).toMatchObject({
      file: 'sql/2.sql',
      sqlstate: '57014',
    })
    const { openSession } = await import('../../src/database/schema/execution/session.ts')
    const holder = await openSession(testRuntime(), { url: cluster.url() })
    try {
      await holder.send('begin; lock table a in access exclusive mode')
      const locked = await apply({ url: cluster.url(), files: { '3.sql': 'alter table a add j int' }, policy })
      expect(locked.failure).toMatchObject({
        ...{ sqlstate: '55P03', line: 1 },
        next: expect.stringContaining('lock_timeout'),
      })
    } finally {
      await holder.close()
    }
  })
})

describe('a dump of pg_dump as the first file', () => {
  const dump = `\ufeff--
-- PostgreSQL database dump
--

\\restrict AbCdEf123

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

CREATE TABLE public.users (
    id integer NOT NULL,
    name text,
    note text DEFAULT 'x;y'::text
);
CREATE TABLE public.empty (i integer GENERATED ALWAYS AS IDENTITY);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$ begin return new; end; $_$;

--
-- Data for Name: users; Type: TABLE DATA
--

COPY public.users (id, name, note) FROM stdin;
1\tÄnne\t\\N
2\tBob; drop table users;\ta\\tb\\nc
3\t😀\t
\\.

COPY public.empty (i) FROM stdin;
7
\\.

COPY public.empty (i) FROM stdin;
\\.

SELECT pg_catalog.setval('public.empty_i_seq', 7, true);
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);

\\unrestrict AbCdEf123
`

  const lineOf = (start: string) => dump.split('\n').findIndex((line) => line.startsWith(start)) + 1

  test.each(['file', 'all', 'none'] as const)(
    'is applied with its rows, and the next file finds a fresh session (%s)',
    async (transaction) => {
      const files = {
        '1_dump.sql': dump,
        '2.sql': "alter table users add column seen text default current_setting('search_path')",
      }
      const result = await apply({ url: cluster.url(), files, policy: { transaction } })
      expect(result.failure).toBeUndefined()
      expect(states(result)).toEqual(['1_dump.sql:applied', '2.sql:applied'])
      expect(await cluster.query('select * from users order by id')).toEqual([
        { id: 1, name: 'Änne', note: null, seen: '"$user", public' },
        { id: 2, name: 'Bob; drop table users;', note: 'a\tb\nc', seen: '"$user", public' },
        { id: 3, name: '😀', note: '', seen: '"$user", public' },
      ])
      expect(await cluster.query('select i from empty')).toEqual([{ i: 7 }])
    },
  )

  test('a bad row is found at its line, and nothing of the file stays', async () => {
    const result = await apply({
      url: cluster.url(),
      files: { '1.sql': dump.replace('2\tBob', 'two\tBob'), '2.sql': 'select 2' },
    })
    expect(result.failure).toMatchObject({ sqlstate: '22P02', line: lineOf('2\tBob') })
    expect(states(result)).toEqual(['1.sql:failed', '2.sql:pending'])
    expect(await cluster.query("select from pg_tables where schemaname = 'public'")).toEqual([])
  })

  test('a bad row behind megabytes of good ones, and rows for a table that is not there', async () => {
    const rows = `${'12345\tabcdefgh\n'.repeat(300_000)}oops\tx\n`
    const big = await failing(`create table t(i int, t text);\ncopy t from stdin;\n${rows}\\.\n`)
    expect(big).toMatchObject({ sqlstate: '22P02', line: 300_003 })
    const missing = await failing('copy nowhere from stdin;\n1\n\\.\nselect 1;')
    expect(missing).toMatchObject({ sqlstate: '42P01', line: 1 })
  })

  test('megabytes of rows arrive', async () => {
    const rows = '12345\tabcdefgh\n'.repeat(400_000)
    const result = await apply({
      url: cluster.url(),
      files: { '1.sql': `create table t(i int, t text);\ncopy t from stdin;\n${rows}\\.\n` },
    })
    expect(result.failure).toBeUndefined()
    expect(await cluster.query('select count(*)::int as n from t')).toEqual([{ n: 400_000 }])
  })
})
