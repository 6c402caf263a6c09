import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type postgres from 'postgres'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { openSession, type Session } from '../../src/database/schema/execution/session.ts'
import { excerpt } from '../../src/database/schema/failure/excerpt.ts'
import { placeOfError } from '../../src/database/schema/failure/locate.ts'
import { placeAt } from '../../src/database/sql/text-place.ts'
import { testRuntime } from '../support/runtime.ts'
import { scriptOf } from '../support/scripts.ts'

/** A file with `⟦` in front of the place that must be found; the mark is taken out before it runs. */
interface Case {
  what: string
  file: string
  code: string
  /** False when the server sends no position. */
  positioned: boolean
}

const CASES: Case[] = [
  { what: 'a misspelt keyword', file: 'select 1;\n  ⟦selct 1;\n', code: '42601', positioned: true },
  {
    what: 'a missing column',
    file: 'create table a (i int);\nselect\n  i,\n  ⟦nope\nfrom a;',
    code: '42703',
    positioned: true,
  },
  {
    what: 'CRLF and Cyrillic',
    file: "select 1;\r\n-- ключ\r\nselect 'ключ',\r\n\t⟦nope;\r\n",
    code: '42703',
    positioned: true,
  },
  {
    what: 'emoji on the line',
    file: "select 1;\n/* 😀😀 */ select '😀👩‍👩‍👧', ⟦nope;",
    code: '42703',
    positioned: true,
  },
  { what: 'a byte-order mark', file: '\ufeff⟦selct 1;', code: '42601', positioned: true },
  {
    what: 'a byte-order mark and a second statement',
    file: '\ufeffselect 1; select ⟦nope',
    code: '42703',
    positioned: true,
  },
  { what: 'an empty name', file: 'select 1;\nselect ⟦""\n;\n', code: '42601', positioned: true },
  {
    what: 'the body of an SQL function',
    file: 'select 1;\ncreate function f() returns int language sql as $$\n  select ⟦nope\n$$;',
    code: '42703',
    positioned: true,
  },
  {
    what: 'the body of a PL/pgSQL function',
    file: 'create function f() returns int language plpgsql as $x$\nbegin\n  ⟦retrun 1;\nend $x$;',
    code: '42601',
    positioned: true,
  },
  {
    what: 'BEGIN ATOMIC',
    file: 'create function f() returns int begin atomic select case when true then 1 end; select ⟦nope; end;',
    code: '42703',
    positioned: true,
  },
  {
    what: 'a unique constraint',
    file: 'create table a (i int primary key);\ninsert into a values (1);\n\n-- again\n⟦insert into a\n values (1);',
    code: '23505',
    positioned: false,
  },
  {
    what: 'a foreign key to a missing table',
    file: 'select 1;\n\n\n  ⟦create table z (i int references nope (id));',
    code: '42P01',
    positioned: false,
  },
  {
    what: 'a table that is there',
    file: 'create table a (i int);\n⟦create table a (i int);',
    code: '42P07',
    positioned: false,
  },
  { what: 'a division by zero', file: 'select 1; ⟦select 1 /\n 0;', code: '22012', positioned: false },
  {
    what: 'a function called by PERFORM',
    file: "select 1;\ndo $$\nbegin\n  perform 1;\n  perform ⟦nope('é');\nend $$;",
    code: '42883',
    positioned: false,
  },
  {
    what: 'an expression in a DO block',
    file: 'do language plpgsql $body$ declare x int;\nbegin\n  x := 1;\r\n  x := 2 + ⟦nope;\nend $body$;',
    code: '42703',
    positioned: false,
  },
  {
    what: 'a query that stands there twice',
    file: 'do $$ begin\n  if false then insert into nope values (1); end if;\n  insert into ⟦nope values (1);\nend $$;',
    code: '42P01',
    positioned: false,
  },
  {
    what: 'RAISE',
    file: "select 1;\n/* x */ do $$\n  begin\n\t⟦raise exception 'boom';\nend $$;",
    code: 'P0001',
    positioned: false,
  },
  {
    what: 'a run-time error in a DO block',
    file: "do '\ndeclare x int;\nbegin\n  ⟦x := 1 / 0;\nend';",
    code: '22012',
    positioned: false,
  },
  {
    what: 'RAISE within a function that a DO block calls',
    file: "create function f() returns int language plpgsql as $$ begin raise 'boom'; end $$;\ndo $$\nbegin\n  ⟦perform f();\nend $$;",
    code: 'P0001',
    positioned: false,
  },
  {
    what: 'RAISE within a function',
    file: "create function f() returns int language plpgsql as $$\nbegin\n  raise 'boom'; end $$;\n ⟦select f();",
    code: 'P0001',
    positioned: false,
  },
]

const COPY_CASES: Case[] = [
  {
    what: 'a wrong value',
    file: 'create table a (i int, t text);\ncopy a (i, t) from stdin;\n1\tx\n2\ty;\n⟦three\tz\n4\t\n\\.\nselect 1;',
    code: '22P02',
    positioned: false,
  },
  {
    what: 'CRLF and a header',
    file: 'create table a (i int);\r\ncopy a from stdin with (format csv, header);\r\ni\r\n1\r\n⟦x\r\n\\.\r\n',
    code: '22P02',
    positioned: false,
  },
  { what: 'a missing table', file: 'select 1;\n ⟦copy nope from stdin;\n1\n\\.\n', code: '42P01', positioned: false },
]

describe.each([17, 18] as const)('PostgreSQL %i: an error is found in its file', (version) => {
  let cluster: Cluster
  let session: Session

  beforeAll(async () => {
    cluster = await startCluster({ version })
    session = await openSession(testRuntime(), { url: cluster.url() })
  })

  afterAll(async () => {
    await session?.close()
    await cluster?.stop()
  })

  async function check({ file, code, positioned }: Case): Promise<void> {
    const mark = file.indexOf('⟦')
    const source = file.replace('⟦', '')
    const script = scriptOf(source)
    let index = 0
    try {
      await session.run('begin')
      for (const { text, copyData } of script.statements) {
        if (copyData === undefined) await session.run(text)
        else await session.copy(text, copyData)
        index += 1
      }
      throw new Error('the file did not fail')
    } catch (error) {
      const failure = error as postgres.PostgresError
      expect(failure.code).toBe(code)
      expect(failure.position !== undefined).toBe(positioned)
      const place = placeOfError(script, index, failure)
      expect(place).toEqual(placeAt(source, mark))
      expect(excerpt(source, place)).toContain('^')
    } finally {
      await session.run('rollback')
    }
  }

  test.each(CASES)('$what', check)
  test.each(COPY_CASES)('COPY: $what', check)

  test('COPY loads the rows of the block', async () => {
    const { statements } = scriptOf(
      'create table c (a int, b text);\ncopy c from stdin;\n1\t\\N\n2\tx;y\n\\.\n\nselect 1;\n',
    )
    for (const { text, copyData } of statements) {
      if (copyData === undefined) await session.run(text)
      else await session.copy(text, copyData)
    }
    expect(await session.send('select * from c order by a')).toEqual([
      { a: 1, b: null },
      { a: 2, b: 'x;y' },
    ])
  })
})
