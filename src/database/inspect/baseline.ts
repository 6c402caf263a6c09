import type { SchemaSnapshot, TableCount } from '../../model.ts'
import { errorCode } from '../../runtime/errors.ts'
import type { Database } from '../connect.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import { OUR_SEARCH_PATH } from '../sql/ours.ts'
import { askAsOurs } from './ask.ts'

/** A database at one moment: what it consists of, and how many rows. */
export interface Facts {
  snapshot: SchemaSnapshot
  counts: TableCount[]
}

/** What a branch was before its first file: later runs compare with it without waking the parent's compute. */
export interface Baseline extends Facts {
  /** ISO 8601, the server's time. */
  takenAt: string
}

const TABLE = `${OWN_SCHEMA}.baseline`
// 42P01 undefined_table, 3F000 invalid_schema_name: nothing was ever saved.
const ABSENT: readonly string[] = ['42P01', '3F000']
// 23505 unique_violation (of a catalog), 42P06 duplicate_schema, 42P07 duplicate_table.
const MADE_MEANWHILE: readonly string[] = ['23505', '42P06', '42P07']

/**
 * The baseline of a branch, or null. Rows are kept per branch id, since a branch of a branch inherits its parent's rows.
 * Throws the driver's error.
 */
export async function readBaseline(database: Database, branchId: string): Promise<Baseline | null> {
  try {
    const [row] = await askAsOurs<{ takenAt: string; snapshot: SchemaSnapshot; counts: TableCount[] }>(
      database,
      `select to_char(taken_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "takenAt", snapshot, counts
       from ${TABLE} where branch = $1`,
      [branchId],
    )
    return row ? { takenAt: row.takenAt, snapshot: row.snapshot, counts: row.counts } : null
  } catch (error) {
    if (ABSENT.includes(errorCode(error))) return null
    throw error
  }
}

/**
 * Keeps the baseline of a branch; the first one stays, since a second run may look when the first has applied files
 * already. Makes our schema and the table where they are missing. Throws the driver's error.
 */
export async function saveBaseline(database: Database, branchId: string, baseline: Facts): Promise<void> {
  try {
    await makeTable(database)
  } catch (error) {
    // "If not exists" looks before it makes, so that two runs at once may both try; the second look finds it.
    if (!MADE_MEANWHILE.includes(errorCode(error))) throw error
    await makeTable(database)
  }
  const { snapshot, counts } = baseline
  await askAsOurs(
    database,
    `insert into ${TABLE} (branch, snapshot, counts) values ($1, $2::text::jsonb, $3::text::jsonb)
     on conflict (branch) do nothing`,
    [branchId, JSON.stringify(snapshot), JSON.stringify(counts)],
  )
}

async function makeTable(database: Database): Promise<void> {
  await database.sql
    .unsafe(
      `${OUR_SEARCH_PATH};
       create schema if not exists ${OWN_SCHEMA};
       create table if not exists ${TABLE} (branch text primary key, taken_at timestamptz not null default now(),
         snapshot jsonb not null, counts jsonb not null)`,
    )
    .simple()
}
