/** One change of a schema: what undoes it, and the lines a comparison must show for it, and no other. */
export interface SchemaStep {
  sql: string
  undo: string
  shows: string[]
  /** The first version of PostgreSQL that knows it. */
  since?: number
}

const step = (sql: string, undo: string, ...shows: string[]): SchemaStep => ({ sql, undo, shows })
const since = (version: number, one: SchemaStep): SchemaStep => ({ ...one, since: version })

/** What the steps are about; each has objects of its own. */
export const BEFORE_EVERY_CHANGE = `
do $$ begin create role reader; create role boss; exception when duplicate_object then null; end $$;
create table t (a int primary key, b text, c int default 1);
create table p (id int primary key);
create table fk (p int constraint fk_p references p);
create table dis (i int unique deferrable);
create view v as select a, b from t;
create materialized view mv as select a from t;
create function on_row() returns trigger language plpgsql as 'begin return new; end';
create function eqx(int, int) returns bool language sql immutable as 'select $1 = $2';
create type ct as (a int);
create function toct(int) returns ct language sql as 'select row($1)::ct';
create table part (k int not null, v text default 'q') partition by range (k);
create table part_1 partition of part for values from (0) to (10);
create trigger part_tr after insert on part for each row execute function on_row();
create sequence sq;
create sequence used; select nextval('used');
create statistics st on a, c from t;
create publication pub;
create publication of_t for table t;
create extension postgres_fdw;
create server far foreign data wrapper postgres_fdw options (host 'a.example', fetch_size '10');
create server near foreign data wrapper postgres_fdw;
create foreign table distant (i int) server near;
create index t_expr on t ((a + 1));
create table clustered (i int primary key);
create table options (i int, note text);
create text search configuration tsc (copy = simple);
create text search dictionary dict (template = simple);
create operator ## (leftarg = int, rightarg = int, function = eqx);`

/** Everything that can be done to an object of each kind besides renaming it. */
export const STEPS: SchemaStep[] = [
  step('create publication p1 for table t', 'drop publication p1', 'added publication p1'),
  step('create publication p2 for all tables', 'drop publication p2', 'added publication p2'),
  step(
    "alter publication pub set (publish = 'insert')",
    "alter publication pub set (publish = 'insert, update, delete, truncate')",
    'changed publication pub',
  ),
  step(
    'alter publication of_t owner to boss',
    'alter publication of_t owner to current_user',
    'added privilege owner of publication of_t',
  ),
  since(
    15,
    step(
      'alter publication of_t set table t (a) where (a > 1)',
      'alter publication of_t set table t',
      'changed publication of_t',
    ),
  ),
  since(15, step('create publication p3 for tables in schema public', 'drop publication p3', 'added publication p3')),
  since(
    18,
    step(
      'create publication p4 with (publish_generated_columns = stored)',
      'drop publication p4',
      'added publication p4',
    ),
  ),
  step(
    `create subscription sub connection 'host=a.example password=secret-of-sub' publication x with (connect = false)`,
    'alter subscription sub set (slot_name = none); drop subscription sub',
    'added subscription sub',
  ),
  step(
    `create collation german (provider = icu, locale = 'de-u-co-phonebk', deterministic = false)`,
    'drop collation german',
    'added collation public.german',
  ),
  step(`create collation plain (locale = 'C')`, 'drop collation plain', 'added collation public.plain'),
  step(
    'create text search configuration ts (copy = english)',
    'drop text search configuration ts',
    'added text search configuration public.ts',
  ),
  step(
    'alter text search configuration tsc drop mapping for email',
    'alter text search configuration tsc add mapping for email with simple',
    'changed text search configuration public.tsc',
  ),
  step(
    'create text search dictionary d (template = simple)',
    'drop text search dictionary d',
    'added text search dictionary public.d',
  ),
  step(
    'alter text search dictionary dict (accept = false)',
    'alter text search dictionary dict (accept)',
    'changed text search dictionary public.dict',
  ),
  step(
    'create text search parser prs (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)',
    'drop text search parser prs',
    'added text search parser public.prs',
  ),
  step(
    'create text search template tmpl (init = dsimple_init, lexize = dsimple_lexize)',
    'drop text search template tmpl',
    'added text search template public.tmpl',
  ),
  step(
    'create cast (int as ct) with function toct(int) as implicit',
    'drop cast (int as ct)',
    'added cast (integer as public.ct)',
  ),
  step(
    'create operator === (leftarg = int, rightarg = int, function = eqx)',
    'drop operator === (int, int)',
    'added operator public.===(integer,integer)',
  ),
  step(
    'alter operator ## (int, int) set (restrict = eqsel)',
    'alter operator ## (int, int) set (restrict = none)',
    'changed operator public.##(integer,integer)',
  ),
  step(
    'create operator class myints for type int using btree as operator 1 <, operator 3 =, function 1 btint4cmp(int, int)',
    'drop operator family myints using btree',
    'added operator class public.myints using btree',
    'added operator family public.myints using btree',
  ),
  step(
    `create conversion conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
    'drop conversion conv',
    'added conversion public.conv',
  ),
  step('create language plx handler plpgsql_call_handler', 'drop language plx', 'added language plx'),
  step(
    'revoke usage on language plpgsql from public',
    'grant usage on language plpgsql to public',
    'added privilege language plpgsql to public',
  ),
  step(
    'create access method heap2 type table handler heap_tableam_handler',
    'drop access method heap2',
    'added access method heap2',
  ),
  step(
    'create transform for int language plpgsql (from sql with function varchar_support(internal))',
    'drop transform for int language plpgsql',
    'added transform for integer language plpgsql',
  ),
  step('create type shell', 'drop type shell', 'added type public.shell'),
  step(
    "create foreign data wrapper fdw options (a 'b')",
    'drop foreign data wrapper fdw',
    'added foreign data wrapper fdw',
  ),
  step('create server s foreign data wrapper postgres_fdw', 'drop server s', 'added server s'),
  step(
    `alter server far options (set fetch_size '20')`,
    `alter server far options (set fetch_size '10')`,
    'changed server far',
  ),
  step(
    'grant usage on foreign server near to reader',
    'revoke usage on foreign server near from reader',
    'added privilege foreign server near to reader',
  ),
  step(
    `create user mapping for reader server near options (password 'secret-of-mapping')`,
    'drop user mapping for reader server near',
    'added user mapping for reader server near',
  ),
  step(`select lo_create(4711)`, 'select lo_unlink(4711)', 'added large objects large objects'),
  step(`alter view v alter b set default 'x'`, 'alter view v alter b drop default', 'added setting column public.v.b'),
  step(
    'alter table options alter i set statistics 1000',
    'alter table options alter i set statistics -1',
    'added setting column public.options.i',
  ),
  step(
    'alter table options alter note set (n_distinct = 5)',
    'alter table options alter note reset (n_distinct)',
    'added setting column public.options.note',
  ),
  step(
    'alter index t_expr alter 1 set statistics 7',
    'alter index t_expr alter 1 set statistics -1',
    'added setting column public.t_expr.expr',
  ),
  step(
    'alter table options set (toast.autovacuum_enabled = false)',
    'alter table options reset (toast.autovacuum_enabled)',
    'added setting table public.options',
  ),
  step(
    'alter table clustered cluster on clustered_pkey',
    'alter table clustered set without cluster',
    'added setting constraint public.clustered.clustered_pkey',
  ),
  step(
    'alter index t_pkey set (fillfactor = 50)',
    'alter index t_pkey reset (fillfactor)',
    'added setting constraint public.t.t_pkey',
  ),
  step(
    'alter table fk disable trigger all',
    'alter table fk enable trigger all',
    'added setting constraint public.fk.fk_p',
  ),
  step(
    'alter table dis disable trigger all',
    'alter table dis enable trigger all',
    'added setting constraint public.dis.dis_i_key',
  ),
  step(
    'alter table part_1 disable trigger part_tr',
    'alter table part_1 enable trigger part_tr',
    'added setting trigger public.part_1.part_tr',
  ),
  step(
    'alter statistics st set statistics 50',
    'alter statistics st set statistics -1',
    'added setting statistics public.st',
  ),
  step(
    'refresh materialized view mv with no data',
    'refresh materialized view mv',
    'added setting materialized view public.mv',
  ),
  step('alter sequence sq restart with 500', 'alter sequence sq restart', 'added setting sequence public.sq'),
  step(
    `alter database current set statement_timeout = '1min'`,
    'alter database current reset statement_timeout',
    'added setting database statement_timeout',
  ),
  step(
    `alter role reader set work_mem = '1MB'`,
    'alter role reader reset work_mem',
    'added setting role reader work_mem',
  ),
  step(
    `alter role reader in database current set app.key = 'secret-of-app'`,
    'alter role reader in database current reset app.key',
    'added setting role reader in database app.key',
  ),
  step(
    'alter database current connection limit 7',
    'alter database current connection limit -1',
    'added setting database',
  ),
  step(
    'grant create on database current to reader',
    'revoke create on database current from reader',
    'added privilege database current to reader',
  ),
  step(`comment on database current is 'mine'`, 'comment on database current is null', 'added comment database'),
  step(
    `comment on schema public is 'ours'`,
    `comment on schema public is 'standard public schema'`,
    'added comment schema public',
  ),
  step(
    `comment on extension postgres_fdw is 'x'`,
    `comment on extension postgres_fdw is 'foreign-data wrapper for remote PostgreSQL servers'`,
    'changed comment extension postgres_fdw',
  ),
  step(`comment on publication of_t is 'x'`, 'comment on publication of_t is null', 'added comment publication of_t'),
  step(
    'alter table part_1 alter v set default 2',
    `alter table part_1 alter v set default 'q'`,
    'changed column public.part_1.v: not as its parent has it any more',
  ),
  since(
    18,
    step(
      'alter table options add constraint nn not null i not valid',
      'alter table options drop constraint nn',
      'added constraint public.options.nn',
    ),
  ),
  since(
    18,
    step(
      'alter table p rename constraint p_id_not_null to nn',
      'alter table p rename constraint nn to p_id_not_null',
      'changed constraint public.p.nn: has another name',
    ),
  ),
  since(
    18,
    step(
      'alter table fk add constraint later check (p > 0) not enforced',
      'alter table fk drop constraint later',
      'added constraint public.fk.later',
    ),
  ),
]

/** Renames and moves: objects of their own, and what speaks of them, which is not changed by them. */
export const BEFORE_RENAMES = `
create schema app; create schema old_home;
create table app.users (id int primary key, name text, mail text unique, check (name <> mail));
create index users_name on app.users (lower(name)) where mail is not null;
create table orders (id int primary key, user_id int references app.users, note text);
create view named as select u.id, u.name, o.note from app.users u join orders o on o.user_id = u.id;
create function on_user() returns trigger language plpgsql as 'begin return new; end';
create trigger tr before update of name on app.users for each row when (old.name <> new.name) execute function on_user();
create policy pol on app.users using (name = current_user);
create rule ru as on delete to app.users do also select 1;
create type mood as enum ('ok', 'sad');
create table moods (m mood default 'ok', n serial);
create function feel(m mood) returns mood language sql as 'select m';
create statistics app.us on id, name from app.users;
grant select (name) on app.users to reader; comment on column app.users.name is 'who';
create table old_home.things (i int);
create domain dom as text;
create extension hstore schema public;`

export const RENAMES: SchemaStep[] = [
  step(
    'alter table app.users rename to members',
    'alter table app.members rename to users',
    'changed table app2.members (was app.users)',
  ),
  step(
    'alter table app.members rename column name to full_name',
    'alter table app.members rename column full_name to name',
    'changed column app2.members.full_name (was app.users.name)',
  ),
  step('alter schema app rename to app2', 'alter schema app2 rename to app', 'changed schema app2 (was app)'),
  step(
    'alter table orders rename constraint orders_pkey to pk',
    'alter table orders rename constraint pk to orders_pkey',
    'changed constraint public.orders.pk (was public.orders.orders_pkey)',
  ),
  step(
    'alter index app2.users_name rename to by_name',
    'alter index app2.by_name rename to users_name',
    'changed index app2.by_name (was app.users_name)',
  ),
  step(
    'alter function on_user() rename to on_member',
    'alter function on_member() rename to on_user',
    'changed function public.on_member() (was public.on_user())',
  ),
  step(
    'alter trigger tr on app2.members rename to trg',
    'alter trigger trg on app2.members rename to tr',
    'changed trigger app2.members.trg (was app.users.tr)',
  ),
  step(
    'alter policy pol on app2.members rename to policy',
    'alter policy policy on app2.members rename to pol',
    'changed policy app2.members.policy (was app.users.pol)',
  ),
  step(
    'alter rule ru on app2.members rename to rul',
    'alter rule rul on app2.members rename to ru',
    'changed rule app2.members.rul (was app.users.ru)',
  ),
  step(
    'alter type mood rename to feeling',
    'alter type feeling rename to mood',
    'changed enum public.feeling (was public.mood)',
  ),
  step(
    'alter sequence moods_n_seq rename to counter',
    'alter sequence counter rename to moods_n_seq',
    'changed sequence public.counter (was public.moods_n_seq)',
  ),
  step(
    'alter table old_home.things set schema app2',
    'alter table app2.things set schema old_home',
    'changed table app2.things (was old_home.things)',
  ),
  step(
    'alter domain dom rename to domain2',
    'alter domain domain2 rename to dom',
    'changed domain public.domain2 (was public.dom)',
  ),
  step(
    'alter view named rename to with_names',
    'alter view with_names rename to named',
    'changed view public.with_names (was public.named)',
  ),
  step(
    'alter publication pub rename to pub2',
    'alter publication pub2 rename to pub',
    'changed publication pub2 (was pub)',
  ),
]
