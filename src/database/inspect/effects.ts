import type { FileResult } from '../../model.ts'
import { errorCode } from '../../runtime/errors.ts'
import type { Database } from '../connect.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import { OUR_SEARCH_PATH } from '../sql/ours.ts'
import { askAsOurs } from './ask.ts'

/** What was observed when a file ran, and what was remarked of it. */
type Effects = Pick<FileResult, 'milliseconds' | 'rows' | 'locks' | 'rewrites' | 'notes'>

const TABLE = `${OWN_SCHEMA}.effects`
// 42P01 undefined_table, 3F000 invalid_schema_name: nothing was ever kept.
const ABSENT: readonly string[] = ['42P01', '3F000']

/**
 * Keeps what was observed of the files that just ran on a pull request's branch: a later push finds them unchanged, and a
 * rewrite of a large table must not drop out of the report for that. Throws the driver's error.
 */
export async function keepEffects(database: Database, branchId: string, files: readonly FileResult[]): Promise<void> {
  const seen = files
    .filter(({ state, ofBase }) => state === 'applied' && !ofBase)
    .map((file) => ({ name: file.name, effects: effectsOf(file) }))
  await renameEffects(database, branchId, files)
  if (seen.length === 0) return
  await database.sql
    .unsafe(
      `${OUR_SEARCH_PATH};
       create schema if not exists ${OWN_SCHEMA};
       create table if not exists ${TABLE} (branch text, name text, effects jsonb not null, primary key (branch, name))`,
    )
    .simple()
  await askAsOurs(
    database,
    `insert into ${TABLE} (branch, name, effects)
     select $1, file ->> 'name', file -> 'effects' from jsonb_array_elements($2::text::jsonb) file
     on conflict (branch, name) do update set effects = excluded.effects`,
    [branchId, JSON.stringify(seen)],
  )
}

async function renameEffects(database: Database, branchId: string, files: readonly FileResult[]): Promise<void> {
  const renamed = files.filter(({ renamedFrom }) => renamedFrom !== undefined)
  try {
    for (const { name, renamedFrom = '' } of renamed) {
      await askAsOurs(database, `update ${TABLE} set name = $3 where branch = $1 and name = $2`, [
        ...[branchId, renamedFrom, name],
      ])
    }
  } catch (error) {
    if (!ABSENT.includes(errorCode(error))) throw error
  }
}

/**
 * Fills what earlier runs on this branch observed into files that are unchanged now. Throws the driver's error.
 * @returns paths of files that ran as the pull request's own and that its base has by now
 */
export async function recallEffects(
  database: Database,
  branchId: string,
  files: readonly FileResult[],
): Promise<string[]> {
  try {
    const rows = await askAsOurs<{ name: string; effects: Effects }>(
      database,
      `select name, effects from ${TABLE} where branch = $1`,
      [branchId],
    )
    const known = new Map(rows.map(({ name, effects }) => [name, effects]))
    for (const file of files) {
      if (file.state === 'unchanged' && !file.ofBase) recall(file, known.get(file.name))
    }
    return files.filter(({ name, ofBase }) => ofBase && known.has(name)).map(({ path }) => path)
  } catch (error) {
    if (!ABSENT.includes(errorCode(error))) throw error
    return []
  }
}

/** What was remarked of the order of names may be over; this run has said what holds. */
function recall(file: FileResult, effects: Effects | undefined): void {
  if (!effects) return
  const earlier = (effects.notes ?? []).filter((note) => !note.startsWith('out of order'))
  Object.assign(file, effects, { notes: [...new Set([...earlier, ...file.notes])] })
}

function effectsOf({ milliseconds, rows, locks, rewrites, notes }: FileResult): Effects {
  return { ...(milliseconds === undefined ? {} : { milliseconds }), rows, locks, rewrites, notes }
}
