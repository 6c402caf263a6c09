import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { apply, states } from '../support/schema.ts'

describe.each([14, 18] as const)('what psql runs, on PostgreSQL %i', (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ version })
  })
  afterAll(() => cluster.stop())
  beforeEach(async () => {
    await cluster.query('drop schema if exists neon_setup cascade; drop schema public cascade; create schema public')
  })

  const run = (text: string, policy = {}) => apply({ url: cluster.url(), files: { '1.sql': text }, policy })
  const one = async (text: string) => Object.values((await cluster.query(text))[0] ?? {})[0]
  const valid = () =>
    cluster
      .query(
        "select c.relname as name, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'd'::regclass order by 1",
      )
      .then((rows) => rows.map(({ name, valid: isValid }) => `${name}:${isValid}`))

  describe('CREATE INDEX CONCURRENTLY as the first statement', () => {
    beforeEach(() => cluster.query('create table d(i int); insert into d values (1), (1)'))

    test.each([
      'create unique index concurrently if not exists du on d(i)',
      'create unique index concurrently du on d(i)',
      'create unique index concurrently if not exists du on public.d(i); select 1',
    ])('after a failure it is built anew: %s', async (text) => {
      const first = await run(text)
      expect(states(first)).toEqual(['1.sql:failed'])
      expect(first.failure?.consequence).toMatch(
        /^Nothing of the file is applied, but the invalid index public\.du, which the next run drops/,
      )
      expect(await valid()).toEqual(['du:false'])
      await cluster.query('delete from d; insert into d values (1)')
      const second = await run(text)
      expect(second.failure).toBeUndefined()
      expect(await valid()).toEqual(['du:true'])
    })

    test('an invalid index that somebody else left behind is no success', async () => {
      await cluster.query('create unique index concurrently du on d(i)').catch(() => undefined)
      expect(await valid()).toEqual(['du:false'])
      const still = await run('create unique index concurrently if not exists du on d(i)')
      expect(still.failure).toMatchObject({ sqlstate: '23505' })
      await cluster.query('delete from d')
      expect((await run('create unique index concurrently if not exists du on d(i)')).failure).toBeUndefined()
      expect(await valid()).toEqual(['du:true'])
    })

    test("an index of that name that is somebody else's is no success either, however often it runs", async () => {
      await cluster.query('create index du on d((i + 1))')
      for (const _ of [1, 2, 3]) {
        expect((await run('create index concurrently du on d(i)')).failure).toMatchObject({ sqlstate: '42P07' })
      }
    })

    test.each(['', '-- neon: no-transaction\n'])(
      'nor is an invalid one to IF NOT EXISTS without CONCURRENTLY: %j',
      async (directive) => {
        await cluster.query('create unique index concurrently du on d(i)').catch(() => undefined)
        await cluster.query('delete from d')
        const create = 'create unique index if not exists du on d(i);'
        const result = await run(`${directive}select 1;\n${create}`)
        expect(result.failure).toMatchObject({
          line: directive ? 3 : 2,
          sqlstate: '55000',
          message: 'the index public.du is there, but invalid: an interrupted build left it behind',
          hint: 'Drop it in front of this statement: drop index public.du',
        })
        const files = { '2.sql': `${directive}drop index public.du;\n${create}\n${create}` }
        expect((await apply({ url: cluster.url(), files })).failure).toBeUndefined()
        expect(await valid()).toEqual(['du:true'])
      },
    )

    test('of one without a name nothing stays behind', async () => {
      for (const _ of [1, 2]) {
        const { failure } = await run('create unique index concurrently on d(i)')
        expect(failure?.consequence).toMatch(/^Nothing of the file is applied; /)
      }
      expect(await valid()).toEqual([])
      await cluster.query('delete from d')
      expect((await run('create unique index concurrently on d(i)')).failure).toBeUndefined()
      expect(await valid()).toEqual(['d_i_idx:true'])
    })

    test('a lock that was not to be had in time leaves no index that looks like one', async () => {
      await cluster.query('delete from d')
      const text = 'create unique index concurrently if not exists du on d(i)'
      const blocker = cluster.query('begin; insert into d values (7); select pg_sleep(2); commit')
      await cluster.query('select pg_sleep(0.3)')
      const first = await run(text, { lockTimeout: '200ms' })
      expect(first.failure).toMatchObject({ sqlstate: '55P03' })
      await blocker
      expect((await run(text)).failure).toBeUndefined()
      expect(await valid()).toEqual(['du:true'])
    })
  })

  describe('outside a transaction', () => {
    const FILL = `create table t(i int);
create procedure fill() language plpgsql as
  $$ begin for k in 1..3 loop insert into t values (k); commit; end loop; end $$;
call fill();
create table p(i int primary key) partition by range (i);
create table p1 partition of p for values from (0) to (10);
reindex table p;
`
    test.each([
      ['the comment', `-- neon: no-transaction\n${FILL}`, {}],
      ['the policy', FILL, { transaction: 'none' }],
    ])('a procedure may commit and a partitioned table be reindexed, by %s', async (_, text, policy) => {
      const result = await run(text, policy)
      expect(result.failure).toBeUndefined()
      expect(await one('select count(*)::int from t')).toBe(3)
      expect(await one('select done = statements from neon_setup.migrations')).toBe(true)
    })

    test('and without either the next step is told', async () => {
      const { failure } = await run(FILL)
      expect(failure).toMatchObject({ sqlstate: '2D000', next: expect.stringContaining('-- neon: no-transaction') })
      const other = await run(FILL.replace('call fill();', ''))
      expect(other.failure).toMatchObject({
        sqlstate: '25001',
        next: expect.stringContaining('-- neon: no-transaction'),
      })
    })
  })

  test('SET TRANSACTION as the first statement, in each file for itself', async () => {
    const level = "do $$ begin if current_setting('transaction_isolation') <> 'LEVEL' then raise 'no'; end if; end $$;"
    const result = await apply({
      url: cluster.url(),
      files: {
        '1.sql': `set transaction isolation level serializable;\ncreate table t(i int);\n${level.replace('LEVEL', 'serializable')}`,
        '2.sql': `create table u(i int);\n${level.replace('LEVEL', 'read committed')}`,
        '3.sql': `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE;\nalter table t add j int;\n${level.replace('LEVEL', 'repeatable read')}`,
      },
    })
    expect(result.failure).toBeUndefined()
    const serializable = level.replace('LEVEL', 'serializable')
    const more = await apply({
      url: cluster.url(),
      files: {
        '4.sql': `set client_min_messages = warning;\nset local transaction_isolation to 'serializable';\n${serializable}`,
        '5.sql': `begin;\nset transaction isolation level serializable;\nalter table t add k int;\n${serializable}\ncommit;`,
        '6.sql': `begin;\nset transaction isolation level serializable;\nalter table t add l int;\n${serializable}\ncommit;\nstart transaction;\nset transaction isolation level serializable, read write;\n${serializable}\ncommit;`,
        '7.sql': `-- neon: no-transaction\nset transaction isolation level serializable;\n${level.replace('LEVEL', 'read committed')}`,
      },
    })
    expect(more.failure).toBeUndefined()
    expect(await one('select count(*)::int from neon_setup.migrations where done = statements')).toBe(7)
    const late = await apply({
      url: cluster.url(),
      files: { '8.sql': 'select 1; set transaction isolation level serializable;' },
    })
    expect(late.failure).toMatchObject({ sqlstate: '25001', next: expect.stringContaining('first statement') })
  })

  test('standard_conforming_strings off, as old dumps set it, until it is on again', async () => {
    const result = await apply({
      url: cluster.url(),
      files: {
        '1.sql': `set standard_conforming_strings = off;
set escape_string_warning to off;
create table notes(id int);
comment on table notes is 'it\\'s a; b';
insert into notes select 1 where 'a\\\\' = E'a\\\\';
set session standard_conforming_strings to 'on';
create table other(a text default 'c:\\'); insert into other default values;
select pg_catalog.set_config('standard_conforming_strings', 'off', false);
insert into other values (n'\\'; --');
reset standard_conforming_strings;
insert into other values ('\\'), (';');`,
        '2.sql': `insert into other values ('\\'); insert into other values ('last');`,
      },
    })
    expect(result.failure).toBeUndefined()
    expect(await one("select obj_description('notes'::regclass)")).toBe("it's a; b")
    expect(await one("select string_agg(a, '|') from other")).toBe("c:\\|'; --|\\|;|\\|last")
  })

  test('rows of COPY that end with the file', async () => {
    const result = await apply({
      url: cluster.url(),
      files: {
        '1.sql': 'create table c(i int);\ncopy c from stdin;\n1\n2',
        '2.sql': 'copy c from stdin;\r\n3\r\n4\r\n',
        '3.sql': 'copy c from stdin;',
      },
    })
    expect(result.failure).toBeUndefined()
    expect(await one("select string_agg(i::text, ',' order by i) from c")).toBe('1,2,3,4')
  })

  describe('a new enum value used in the file that adds it, under a spelling that the text does not tell', () => {
    beforeEach(async () => {
      await cluster.query("drop type if exists state cascade; create type state as enum ('open')")
      await cluster.query("create or replace function name_it() returns text language sql return 'do' || 'ne'")
    })

    test.each([
      ['an expression', "create table job(s state);\ninsert into job values (('do' || 'ne')::state)"],
      ['an escape string', "create table job(s state);\ninsert into job values (E'd\\x6fne')"],
      ['a unicode string', "create table job(s state);\ninsert into job values (U&'d\\006fne')"],
      ['a function', 'create table job(s state);\ninsert into job values (name_it()::state)'],
      ['a default', "create table job(i int, s state default ('do' || 'ne')::state);\ninsert into job default values"],
      [
        'the order of values',
        'create table job(s state);\ninsert into job select max(e) from unnest(enum_range(null::state)) e',
      ],
      ['copied rows', 'create table job(s state);\ncopy job from stdin;\nd\\157ne\n\\.\n'],
    ])('%s', async (_, use) => {
      const files = {
        '1.sql': 'create table one();',
        '2.sql': `alter type state add value 'done';\n${use}`,
        '3.sql': 'create table three();',
      }
      const result = await apply({ url: cluster.url(), files })
      expect(result.failure).toBeUndefined()
      expect(states(result)).toEqual(['1.sql:applied', '2.sql:applied', '3.sql:applied'])
      expect(result.files[1]).toMatchObject({
        transactional: false,
        notes: [expect.stringMatching(/enum value of line 1/)],
      })
      expect(await one("select count(*)::int from job where s = 'done'")).toBe(1)
      expect(await one('select count(*)::int from neon_setup.migrations where done = statements')).toBe(3)
    })

    test('what then fails for another reason stops there, and the next run goes on from there', async () => {
      const text = `alter type state add value 'done';
create table job(s state);
insert into job values (('do' || 'ne')::state);
insert into nowhere values (1);`
      expect((await run(text)).failure).toMatchObject({
        line: 4,
        consequence: expect.stringMatching(/^Statements 1 to 3 of 4/),
      })
      await cluster.query('create table nowhere(i int)')
      expect((await run(text)).failure).toBeUndefined()
      expect(await one('select count(*)::int from job')).toBe(1)
    })

    test('a block that adds and uses it in one statement fails whole, as in psql', async () => {
      const text = `create table job(s state);
do $$ begin execute 'alter type state add value ''done'''; insert into job values ('done'); end $$;`
      const { failure } = await run(text)
      expect(failure).toMatchObject({ sqlstate: '55P04', consequence: expect.stringMatching(/rolled back/) })
      expect(await one("select to_regclass('job')::text")).toBeNull()
    })
  })

  test('another client_encoding, where the file has nothing but ASCII', async () => {
    const ascii = "set client_encoding = 'LATIN1';\ncreate table town(n text);\ncopy town from stdin;\nParis\n\\.\n"
    expect((await run(ascii)).failure).toBeUndefined()
    const utf8 = "set client_encoding = 'UTF8';\ninsert into town values ('Orléans');"
    expect((await apply({ url: cluster.url(), files: { '1.sql': ascii, '2.sql': utf8 } })).failure).toBeUndefined()
    expect(await one("select string_agg(n, ',') from town")).toBe('Paris,Orléans')
    for (const sets of [
      "SET client_encoding = 'LATIN1'",
      'set names latin1',
      "set client_encoding to 'WIN1252'",
    ] as const) {
      const files = { '3.sql': `${sets};\ninsert into town values ('Orléans');` }
      await expect(apply({ url: cluster.url(), files })).rejects.toThrow(
        /3\.sql, line 1: it sets client_encoding to .*, but the file is UTF-8/,
      )
    }
    await expect(
      apply({
        url: cluster.url(),
        files: { '3.sql': "select 1;\nselect set_config('client_encoding', 'latin1', false), 'é';" },
      }),
    ).rejects.toThrow(/line 2: it sets client_encoding/)
  })

  test.each([
    [
      'the owner of a dump',
      'create table a(i int);\nalter table a owner to nobody_here;',
      /pg_dump --no-owner --no-privileges/,
    ],
    [
      'rights of a dump',
      'create table a(i int);\ngrant select on a to nobody_here;',
      /pg_dump --no-owner --no-privileges/,
    ],
    [
      'graphile-migrate',
      'create table a(i int);\ngrant select on a to :DATABASE_VISITOR;',
      /placeholder .* migrate_command/,
    ],
    ['Flyway', `create table \${schema}.a(i int);`, /placeholder .* migrate_command/],
    ['tern', 'create table {{.prefix}}config(i int);', /placeholder .* migrate_command/],
    ['a delimiter', 'create table a(i int)\n/\n', /line with only \/ .* migrate_command/],
  ])('what no client runs as it is has a next step: %s', async (_, text, next) => {
    expect((await run(text)).failure?.next).toMatch(next)
  })

  test('a plain slip has no such step', async () => {
    for (const text of ['select 1 +;', 'selct 1', 'create table a(i int) owner x', "select 'a' / ;"]) {
      const { failure } = await run(text)
      expect(failure?.hint).toBeUndefined()
      expect(failure?.next).not.toMatch(/placeholder|another tool/)
    }
  })
})
