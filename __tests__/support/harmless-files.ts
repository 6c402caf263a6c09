const CREATE = 'create table a (id int primary key, b text);'

/** Files that touch no table that was there before; they run where `users`, `app`, `s` and `f` exist. */
export const HARMLESS_FILES: string[] = [
  CREATE,
  `${CREATE} create index on a (b); create unique index i on only a (id)`,
  `${CREATE} insert into a values (1, 'references users'); comment on table a is 'x'; comment on column a.b is 'y'`,
  `${CREATE} alter table a add column c int; alter table only a add foreign key (c) references a (id)`,
  `${CREATE} create table c (a int unique references a (id), self int references c (a))`,
  `create table "A" (id int); insert into "A" values (1)`,
  `create table "a" (id int); insert into a values (1)`,
  'create unlogged table app.a (id int); alter table app.a add b int',
  'create table a (i int) partition by range (i); create table b partition of a default',
  "create type e as enum ('x'); alter type e add value 'y'; create domain d as text; create schema other",
  'create sequence mine owned by users.id; alter sequence s owned by users.id; alter sequence s increment by 2',
  'alter schema app rename to app2; alter function f() cost 2; alter default privileges grant select on tables to public',
  'create schema more authorization current_user; create schema if not exists app',
  'create role reader; grant select on all tables in schema public to reader; revoke all on users from reader',
  'create recursive view v (n) as select 1; create temp view w as select * from users',
  'savepoint a; set local x.y = 1; release a; notify x; show x.y',
  'create function g() returns void language sql as $$ delete from users $$; grant select on users to public',
  'create view v as select * from users',
  "select pg_catalog.set_config('search_path', '', false); set x.y = 1; select pg_catalog.setval('public.s', 3, true)",
  `${CREATE}\ncopy a (id, b) from stdin;\n1\tx\n\\.\n`,
  `${CREATE} create trigger t before insert on a for each row execute function f(); create policy p on a`,
  '',
]
