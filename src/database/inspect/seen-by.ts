import { errorCode } from '../../runtime/errors.ts'
import type { Database } from '../connect.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import { OUR_SEARCH_PATH } from '../sql/ours.ts'
import { askAsOurs } from './ask.ts'

const TABLE = `${OWN_SCHEMA}.seen_by`
// 42P01 undefined_table, 3F000 invalid_schema_name: no job has noted anything.
const ABSENT: readonly string[] = ['42P01', '3F000']
const MOST_DATABASES = 20

/**
 * Notes in a database of a preview that a step of this job has brought it up to date. Two steps of a job can apply files to
 * two databases of one branch, and a reset puts back the branch with all of them. Throws the driver's error.
 */
export async function noteJob({ sql }: Database, branchId: string, job: string): Promise<void> {
  await sql
    .unsafe(
      `${OUR_SEARCH_PATH};
       create schema if not exists ${OWN_SCHEMA};
       create table if not exists ${TABLE} (branch text primary key, job text not null)`,
    )
    .simple()
  await askAsOurs(
    { sql },
    `insert into ${TABLE} (branch, job) values ($1, $2) on conflict (branch) do update set job = excluded.job`,
    [branchId, job],
  )
}

/** Whether a step of this job has noted itself in the database. Throws the driver's error. */
export async function isSeenBy(database: Database, branchId: string, job: string): Promise<boolean> {
  try {
    const rows = await askAsOurs(database, `select 1 from ${TABLE} where branch = $1 and job = $2`, [branchId, job])
    return rows.length > 0
  } catch (error) {
    if (ABSENT.includes(errorCode(error))) return false
    throw error
  }
}

/** The other databases of this server that the role may enter, at most twenty. Throws the driver's error. */
export async function otherDatabases(database: Database): Promise<string[]> {
  const rows = await askAsOurs<{ name: string }>(
    database,
    `select datname::text as name from pg_database
     where datallowconn and not datistemplate and datname <> current_database() and has_database_privilege(oid, 'connect')
     order by 1 limit ${MOST_DATABASES}`,
  )
  return rows.map(({ name }) => name)
}
