import { ActionError } from '../../../runtime/errors.ts'
import { OWN_SCHEMA } from '../../own-schema.ts'
import { literal } from '../../sql/literal.ts'
import { OUR_SEARCH_PATH } from '../../sql/ours.ts'

export { OUR_SEARCH_PATH }

/** The ledger's qualified name. */
export const LEDGER = `${OWN_SCHEMA}.migrations`

const EQUALS = 'operator(pg_catalog.=)'
const MINUS = 'operator(pg_catalog.-)'
const TIMES = 'operator(pg_catalog.*)'
const DIVIDED_BY = 'operator(pg_catalog./)'

/** One file in the ledger. A row with `done < statements` is a file that stopped half-way. */
export interface LedgerRow {
  /** Path below the schema folder, the identity. */
  name: string
  checksum: string
  kind: 'once' | 'repeatable'
  /** ISO 8601. */
  appliedAt: string
  appliedBy: string
  /** Server-side. */
  milliseconds: number
  statements: number
  /** Statements that are in, from the first. */
  done: number
  /** sha256 over the texts of the statements that are in, of a half-applied file; otherwise empty. */
  doneChecksum: string
  /** Whether the statement behind those that are in is known to have failed; else the run may have been cut off in it. */
  hasFailed?: boolean
  /** Id of the branch on which the file was applied. */
  branch: string
  runId: string
  commitSha: string
}

/** What the ledger is told about a file. */
export type LedgerEntry = Pick<
  LedgerRow,
  'name' | 'checksum' | 'kind' | 'statements' | 'branch' | 'runId' | 'commitSha'
>

/** Whether the file of this row is in as a whole. */
export function isComplete(row: LedgerRow): boolean {
  return row.done >= row.statements
}

/** Whether anything of the file of this row is in. */
export function didSomething(row: LedgerRow): boolean {
  return row.done >= Math.min(1, row.statements)
}

/**
 * SQL that makes the ledger, as one transaction. A DO block asks before it creates: `create schema if not exists` needs the
 * right to create schemas even when ours is there.
 */
export const CREATE_LEDGER = `begin;
${OUR_SEARCH_PATH};
do $ledger$ begin
  if pg_catalog.to_regnamespace('${OWN_SCHEMA}') is null then create schema ${OWN_SCHEMA}; end if;
  if pg_catalog.to_regclass('${LEDGER}') is null then
    create table ${LEDGER} (
      name text primary key,
      checksum text not null,
      kind text not null check (kind in ('once', 'repeatable')),
      applied_at timestamptz not null default now(),
      applied_by text not null default session_user,
      milliseconds bigint not null default 0,
      statements integer not null,
      done integer not null check (done between 0 and statements),
      done_checksum text not null default '',
      branch text not null,
      run_id text not null,
      commit_sha text not null
    );
    comment on table ${LEDGER} is 'SQL files that were applied to this database; kept by the neon-postgres-setup action';
  end if;
end $ledger$;
commit`

/** Selects the whole ledger as one value, for {@link readLedger}; fails with 42P01 when there is none. */
export const SELECT_LEDGER = `select pg_catalog.json_build_object('rows', coalesce(pg_catalog.json_agg(l), '[]'))::pg_catalog.text as ledger
from (select *, pg_catalog.to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as applied_at_utc
  from ${LEDGER}) l`

// A setting of the session carries the ledger out of the DO block, which itself returns nothing; `reset all` clears it.
const SETTING = `${OWN_SCHEMA}.ledger`

/**
 * {@link SELECT_LEDGER} where it is no error that there is no ledger or that the role may not see it, so that it can be sent
 * in one message with what must come before.
 */
export const READ_LEDGER = `do $ledger$ begin
  perform pg_catalog.set_config('${SETTING}', '', false);
  if pg_catalog.to_regclass('${LEDGER}') is not null then
    perform pg_catalog.set_config('${SETTING}', (${SELECT_LEDGER}), false);
  end if;
exception when insufficient_privilege then
  perform pg_catalog.set_config('${SETTING}', pg_catalog.json_build_object('denied', sqlerrm)::pg_catalog.text, false);
end $ledger$;
select pg_catalog.current_setting('${SETTING}') as ledger`

/** What was found; `rows` is undefined when there is no ledger, `denied` says why it may not be read. */
export interface LedgerReading {
  rows?: LedgerRow[]
  denied?: string
}

/** Reads the answer to {@link SELECT_LEDGER} or {@link READ_LEDGER} out of the rows of its message. */
export function readLedger(answer: Record<string, unknown>[]): LedgerReading {
  const text = answer.find((row) => 'ledger' in row)?.ledger
  if (typeof text !== 'string' || text === '') return {}
  const { rows, denied } = JSON.parse(text) as { rows?: Record<string, unknown>[]; denied?: string }
  return rows ? { rows: rows.map(toLedgerRow) } : { denied: denied ?? '' }
}

// Behind the checksum of the statements that are in.
const FAILED = '!'

function toLedgerRow(row: Record<string, unknown>): LedgerRow {
  return {
    name: String(row.name),
    checksum: String(row.checksum),
    kind: row.kind === 'repeatable' ? 'repeatable' : 'once',
    appliedAt: String(row.applied_at_utc),
    appliedBy: String(row.applied_by),
    milliseconds: Number(row.milliseconds),
    statements: Number(row.statements),
    done: Number(row.done),
    doneChecksum: String(row.done_checksum).replace(FAILED, ''),
    hasFailed: String(row.done_checksum).endsWith(FAILED),
    branch: String(row.branch),
    runId: String(row.run_id),
    commitSha: String(row.commit_sha),
  }
}

/**
 * Opens a file's row, with none of its statements in, in the transaction that will run it; with `replace` a row that is
 * there (a repeatable or half-applied file) is written anew, without it a row of another run is an error (23505).
 */
export function openRow(entry: LedgerEntry, replace: boolean): string {
  const columns = 'name, checksum, kind, branch, run_id, commit_sha, statements, done, applied_at'
  const text = [entry.name, entry.checksum, entry.kind, entry.branch, entry.runId, entry.commitSha].map(literal)
  return `insert into ${LEDGER} (${columns})
values (${text.join(', ')}, ${entry.statements}, 0, pg_catalog.clock_timestamp())${replace ? REPLACE : ''}`
}

const REPLACE = `
on conflict (name) do update set checksum = excluded.checksum, kind = excluded.kind, branch = excluded.branch,
  run_id = excluded.run_id, commit_sha = excluded.commit_sha, statements = excluded.statements, done = excluded.done,
  done_checksum = '', applied_at = excluded.applied_at, applied_by = excluded.applied_by`

/** True of a row that this very transaction wrote. */
export const WRITTEN_HERE = `xmin ${EQUALS} pg_catalog.pg_current_xact_id()::pg_catalog.xid`

/** True of the row of a file. */
export function isNamed(name: string): string {
  return `name ${EQUALS} ${literal(name)}::pg_catalog.text`
}

/**
 * Fails with 22012 unless the row of a file is complete, so that nothing goes on behind a file that failed; with
 * `sameTransaction` also unless this very transaction completed it.
 */
export function guardComplete(name: string, sameTransaction: boolean): string {
  const here = sameTransaction ? ` and ${WRITTEN_HERE}` : ''
  return `select 1 ${DIVIDED_BY} (select pg_catalog.count(*) from ${LEDGER}
where ${isNamed(name)} and done ${EQUALS} statements${here})`
}

const MILLISECONDS = `extract(epoch from (pg_catalog.clock_timestamp() ${MINUS} applied_at)) ${TIMES} 1000`

/**
 * Closes the row that {@link openRow} opened in the same transaction: all statements are in. Fails with 22012 when the
 * transaction is another one by now, because the file ended ours.
 */
export function closeRow(name: string): string {
  return `with closed as (
  update ${LEDGER} set done = statements, applied_at = pg_catalog.clock_timestamp(), milliseconds = ${MILLISECONDS}
  where ${isNamed(name)} and ${WRITTEN_HERE} returning milliseconds)
select 1 ${DIVIDED_BY} pg_catalog.count(*) as closed, pg_catalog.max(milliseconds) as recorded_milliseconds from closed`
}

/** Notes how far a file that runs statement by statement has come. */
export function markDone(name: string, done: number, doneChecksum: string): string {
  return `update ${LEDGER} set done = ${done}, done_checksum = ${literal(doneChecksum)}, milliseconds = ${MILLISECONDS}
where ${isNamed(name)} returning milliseconds as recorded_milliseconds`
}

/** Notes that the next statement of a half-applied file has failed; returns how many are in. */
export function markFailed(name: string): string {
  return `update ${LEDGER} set done_checksum = pg_catalog.concat(pg_catalog.rtrim(done_checksum, '${FAILED}'), '${FAILED}')
where ${isNamed(name)} returning done`
}

/** Takes a file's new checksum without running it (policy `accept`); what is left of a half-applied file counts as done. */
export function acceptChecksum(name: string, checksum: string): string {
  return `update ${LEDGER} set checksum = ${literal(checksum)}, done = statements, done_checksum = '' where ${isNamed(name)}`
}

/** Gives the row of a file that was renamed its new name, and the commit that has it under this name. */
export function renameRow(before: string, { name, commitSha }: Pick<LedgerEntry, 'name' | 'commitSha'>): string {
  return `update ${LEDGER} set name = ${literal(name)}, commit_sha = ${literal(commitSha)} where ${isNamed(before)}`
}

/** Records a file that the database has already, as applied; nothing of it ran. */
export function adoptRow(entry: LedgerEntry): string {
  const text = [entry.name, entry.checksum, entry.kind, entry.branch, entry.runId, entry.commitSha].map(literal)
  return `insert into ${LEDGER} (name, checksum, kind, branch, run_id, commit_sha, statements, done)
values (${text.join(', ')}, ${entry.statements}, ${entry.statements})`
}

/** The rows of the ledger, none when there is no ledger. Throws an {@link ActionError} when the role may not read it. */
export function rowsOf({ rows, denied }: LedgerReading): LedgerRow[] {
  if (denied === undefined) return rows ?? []
  throw new ActionError(`Could not read the ledger: ${denied}.`, {
    advice:
      'Apply the schema with the role that did it first, or let that role grant all on schema neon_setup and its tables to this one.',
    title: '42501',
  })
}
