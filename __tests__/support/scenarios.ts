/** A way in which files can go wrong or leave something behind; from the prototype of the guarded chain. */
export interface Scenario {
  name: string
  files: string[]
  /** Files recorded as whole and tables made, when the files are sent as one chain whatever they hold. */
  chain: { recorded: string; tables: string }
  /** The same when the engine looks at the files first; without it, as in the chain. */
  engine?: { recorded: string; tables: string }
}

const makeRole = (name: string) =>
  `do $$ begin create role ${name}; exception when duplicate_object then null; end $$; grant all on schema public to ${name}`

/** Files are called f0.sql, f1.sql …, tables a, b, c. */
export const SCENARIOS: Scenario[] = [
  {
    name: 'all well',
    files: ['create table a(i int)', 'create table b(i int)'],
    chain: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'syntax error',
    files: ['create table a(i int)', 'create table b(i int); selct 1', 'create table c(i int)'],
    chain: { recorded: 'f0', tables: 'a' },
  },
  {
    name: 'run-time error',
    files: ['create table a(i int)', 'create table b(i int); select 1/0', 'create table c(i int)'],
    chain: { recorded: 'f0', tables: 'a' },
  },
  {
    name: 'deferred constraint',
    files: [
      'create table a(i int primary key deferrable initially deferred)',
      'create table b(i int); insert into a values (1), (1)',
      'create table c(i int)',
    ],
    chain: { recorded: 'f0', tables: 'a' },
  },
  {
    name: 'own BEGIN and COMMIT',
    files: ['begin; create table a(i int); commit;', 'create table b(i int)'],
    chain: { recorded: '', tables: 'a' },
    engine: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'own BEGIN and COMMIT, a failure behind them',
    files: ['begin; create table a(i int); commit; create table a2(i int); select 1/0;', 'create table c(i int)'],
    // What stands behind its COMMIT commits by itself, until the failure.
    chain: { recorded: '', tables: 'a,a2' },
  },
  {
    name: 'COMMIT in the middle, then a syntax error',
    files: ['create table a(i int); commit; create table a2(i int); selec 1', 'create table c(i int)'],
    chain: { recorded: '', tables: 'a,a2' },
  },
  {
    name: 'ROLLBACK',
    files: ['create table a(i int); rollback;', 'create table c(i int)'],
    chain: { recorded: '', tables: '' },
    // Statement by statement, its first table is in before its ROLLBACK, which then has nothing to undo.
    engine: { recorded: 'f0,f1', tables: 'a,c' },
  },
  {
    name: 'COMMIT AND CHAIN',
    files: ['create table a(i int); commit and chain; select 1', 'create table c(i int)'],
    chain: { recorded: '', tables: 'a' },
    // COMMIT AND CHAIN is an error outside of a transaction block (25P01).
    engine: { recorded: '', tables: 'a' },
  },
  {
    name: 'search_path left empty, as pg_dump does',
    files: [
      "select pg_catalog.set_config('search_path', '', false); create table public.a(i int)",
      'create table b(i int)',
    ],
    chain: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'SET SESSION AUTHORIZATION left behind',
    files: [
      `${makeRole('role_session')}; set session authorization role_session; create table a(i int)`,
      "create table b(i int); do $$ begin if session_user = 'role_session' then raise 'leak'; end if; end $$",
    ],
    chain: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'SET ROLE left behind',
    files: [
      `${makeRole('role_set')}; set role role_set; create table a(i int)`,
      "create table b(i int); do $$ begin if current_user <> session_user then raise 'leak'; end if; end $$",
    ],
    chain: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'SET ROLE to one that may not write the ledger',
    files: [
      `do $$ begin create role role_poor; exception when duplicate_object then null; end $$; set role role_poor; select 1`,
      'create table b(i int)',
    ],
    chain: { recorded: 'f0,f1', tables: 'b' },
  },
  {
    name: 'lock_timeout changed',
    files: [
      'set lock_timeout = 0; create table a(i int)',
      "do $$ begin if current_setting('lock_timeout') <> '10s' then raise 'leak'; end if; end $$",
    ],
    chain: { recorded: 'f0,f1', tables: 'a' },
  },
  // Beyond the prototype's fourteen.
  {
    name: 'read-only transactions as the default',
    files: ['create table a(i int); set default_transaction_read_only = on', 'create table b(i int)'],
    chain: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'standard_conforming_strings off, RESET ALL and a savepoint left open',
    files: [
      'set standard_conforming_strings = off; reset all; savepoint s; create table a(i int)',
      'create table b(i int)',
    ],
    chain: { recorded: 'f0,f1', tables: 'a,b' },
  },
  {
    name: 'the same temporary table, cursor and prepared statement in two files',
    files: Array(2).fill(
      'create temp table t(i int); prepare p as select 1; declare c cursor with hold for select 1; create table if not exists a(i int)',
    ),
    chain: { recorded: 'f0,f1', tables: 'a' },
  },
  {
    name: 'a procedure that commits',
    files: [
      'create table a(i int); create procedure p() language plpgsql as $$ begin commit; end $$',
      'create table b(i int); call p()',
      'create table c(i int)',
    ],
    chain: { recorded: 'f0', tables: 'a' },
  },
]
