import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { classify } from '../../src/database/schema/decision/classify.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import { HARMLESS_FILES } from '../support/harmless-files.ts'
import { schemaFile, scriptOf } from '../support/scripts.ts'

const what = (text: string) => classify(scriptOf(text)).destructive.map((entry) => entry.what)
const touches = (text: string) => classify(scriptOf(text)).touchesExisting
const texts = (statements: { text: string }[]) => statements.map(({ text }) => text)

describe('classify: the transaction of a file', () => {
  test.each([
    '-- neon: no-transaction\nselect 1',
    'select 1;\n  --Neon:No-Transaction  \nselect 2',
    '--! no-transaction\nselect 1',
    '-- atlas:txmode none\n\nselect 1',
    '-- postgres-migrations disable-transaction\nselect 1',
    '-- disable-transaction\nselect 1',
    '-- +goose NO TRANSACTION\nselect 1',
    '-- migrate:up transaction:false\nselect 1',
    '\ufeff-- neon: no-transaction\r\nselect 1',
  ])('none: %j', (text) => {
    expect(classify(scriptOf(text)).transaction).toBe('none')
  })

  test.each([
    'select 1',
    "select '\n-- neon: no-transaction\n'",
    '/*\n-- neon: no-transaction\n*/ select 1',
    'do $$\n-- neon: no-transaction\nbegin end $$',
    '-- neon: repeatable\nselect 1',
    '-- atlas:txmode file\nselect 1',
    '-- neon: we tried no-transaction here',
    '-- migrate:up transaction:true\nselect 1',
    '-- a file with no-transaction in its text',
  ])('file: %j', (text) => {
    expect(classify(scriptOf(text)).transaction).toBe('file')
  })

  test('a misspelt instruction is an error at its place', () => {
    const script = scriptOf('select 1;\n  -- neon: no-transacton\n')
    let thrown: unknown
    try {
      classify(script)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ActionError)
    expect(thrown).toMatchObject({
      message: 'Could not read sql/0001_test.sql, line 2: there is no instruction "no-transacton".',
      location: { file: schemaFile('').path, line: 2, column: 3 },
    })
  })

  test('own transaction control, without savepoints', () => {
    const control = [
      ...['begin', 'BEGIN WORK', 'start transaction isolation level serializable', 'commit', 'commit and chain', 'end'],
      ...[
        'rollback',
        'rollback work',
        'abort',
        "prepare transaction 'x'",
        "commit prepared 'x'",
        "rollback prepared 'x'",
      ],
    ]
    const others = [
      ...['savepoint a', 'release savepoint a', 'rollback to a', 'rollback to savepoint a', 'rollback work to a'],
      ...[
        'rollback transaction to savepoint a',
        'prepare p as select 1',
        'set transaction read only',
        'select 1 as "begin"',
      ],
      'create function f() returns int begin atomic select 1; end',
      'do $$ begin null; end $$',
    ]
    const { transactionControl } = classify(scriptOf([...others, ...control, ...others].join(';\n')))
    expect(texts(transactionControl)).toEqual(control)
  })

  test('statements that refuse a transaction, in a file with others', () => {
    const { nonTransactional } = classify(
      scriptOf('create table a (i int); create index concurrently on a (i); select 1; vacuum a; drop index a_i;'),
    )
    expect(texts(nonTransactional)).toEqual(['create index concurrently on a (i)', 'vacuum a'])
  })

  test('enum values that the file adds', () => {
    const used = classify(
      scriptOf(
        "alter type app.\"Mood\" add value if not exists 'it''s ok' before 'sad';\n" +
          "alter type other add value 'x';\ninsert into t values ('it''s ok');",
      ),
    )
    expect(used.addedEnumValues.map(({ type, literal }) => [type, literal])).toEqual([
      ['app."Mood"', "'it''s ok'"],
      ['other', "'x'"],
    ])
    expect(used.nonTransactional.map(({ words }) => words.slice(0, 3))).toEqual([['alter', 'type', 'app']])

    const rows = classify(scriptOf("alter type m add value 'ok';\ncopy t from stdin;\nok\n\\.\n"))
    expect(rows.nonTransactional).toHaveLength(1)
    const before = classify(scriptOf("insert into t values ('ok'); alter type m add value 'ok'"))
    expect(before.nonTransactional).toEqual([])
    const own = classify(scriptOf("create type m as enum (); alter type m add value 'ok'; select 'ok'::m"))
    expect([own.nonTransactional, own.addedEnumValues]).toEqual([[], []])
  })
})

describe('classify: what destroys data', () => {
  test.each<[string, string[]]>([
    ['drop table orders', ['DROP TABLE orders']],
    ['drop table if exists "Orders", b cascade', ['DROP TABLE "Orders" CASCADE']],
    ['drop foreign table f', ['DROP FOREIGN TABLE f']],
    ['drop schema if exists app cascade', ['DROP SCHEMA app CASCADE']],
    ['drop materialized view m', ['DROP MATERIALIZED VIEW m']],
    ['drop database d', ['DROP DATABASE d']],
    ['drop owned by someone', ['DROP OWNED someone']],
    ['drop type mood cascade', ['DROP TYPE mood CASCADE']],
    ['truncate a, b', ['TRUNCATE a']],
    ['truncate table only app.a restart identity', ['TRUNCATE app.a']],
    ['alter table users drop column email', ['DROP COLUMN users.email']],
    ['alter table if exists only app.users drop if exists email cascade', ['DROP COLUMN app.users.email']],
    ['alter table t add a int, drop b, alter column c drop default, drop column "d;"', ['DROP COLUMN t.b, t."d;"']],
    ['alter type pair drop attribute b', ['DROP COLUMN pair.b']],
    ['delete from users', ['DELETE without WHERE from users']],
    ['delete from only users u using t', ['DELETE without WHERE from users']],
    ['select 1; drop table a; drop table b', ['DROP TABLE a', 'DROP TABLE b']],
  ])('%s', (text, expected) => {
    expect(what(text)).toEqual(expected)
  })

  test.each([
    'alter table t drop constraint c',
    'alter table t alter a drop not null, alter b drop default, alter c drop identity',
    'alter table t alter column drop drop default',
    'alter table t add drop_me int',
    'alter table drop_table add a int',
    'alter table t rename column a to drop',
    "delete from users where name = 'x'",
    'drop index i',
    'drop view v',
    'drop function f(int)',
    "select 'drop table users'",
    "comment on table t is 'drop table t'",
    'do $$ begin null; end $$ -- drop table t',
    'alter table t detach partition p',
    'create table t (a int)',
  ])('not: %s', (text) => {
    expect(what(text)).toEqual([])
  })
})

describe('classify: whether a file may touch tables that were there', () => {
  test.each(HARMLESS_FILES)('no: %j', (text) => {
    expect(touches(text)).toBe(false)
  })

  test.each([
    'alter table users add a int',
    'drop table if exists users',
    'truncate users',
    'create index on users (a)',
    'create index concurrently i on users (a)',
    'update users set a = 1',
    'insert into users values (1)',
    'delete from users where false',
    'merge into users using a on true when matched then delete',
    'copy users from stdin;\n\\.\n',
    'do $$ begin end $$',
    'call p()',
    'select f()',
    "select set_config('a.b', (select f()), false)",
    "select setval('s', 1), f()",
    'with w as (delete from users returning 1) select * from w',
    'create table b (a int references users (id))',
    'create table b (a int, constraint c foreign key (a) references app.users)',
    'create table b partition of a for values in (1)',
    'create table b () inherits (a)',
    'create table b as select f()',
    'create table if not exists users (a int); alter table users add b int',
    'create table app.users (a int); alter table users add b int',
    'create table users (a int); alter table "Users" add b int',
    'create table b (a int); alter table a attach partition b default',
    'create table a (i int) partition by list (i); alter table a attach partition b default',
    'create trigger t before insert on users for each row execute function f()',
    'create policy p on users',
    'create rule r as on insert to users do nothing',
    'create or replace view v as select 1',
    'create materialized view m as select 1',
    'refresh materialized view m',
    'comment on table users is null',
    'comment on column users.a is null',
    'comment on constraint c on users is null',
    'alter type pair add attribute c int cascade',
    'alter domain d add check (value > 0)',
    'lock table users',
    'vacuum users',
    'explain analyze delete from users',
    'create schema s create table t (a int) create table u (a int references users)',
    'create table a (i int); insert into users select * from a',
    'drop owned by x',
    'selct 1',
  ])('yes: %j', (text) => {
    expect(touches(text)).toBe(true)
  })

  test('the first bundled file does not', async () => {
    const folder = new URL('../../sql/', import.meta.url)
    const [first] = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
    expect(touches(await readFile(new URL(first ?? '', folder), 'utf8'))).toBe(false)
  })
})
