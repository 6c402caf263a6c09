import type { Database } from '../connect.ts'
import { OWN_SCHEMA } from '../own-schema.ts'
import { type Baseline, type Facts, readBaseline, saveBaseline } from './baseline.ts'

const TABLE = `${OWN_SCHEMA}.baseline`

// Kept beside the baseline while the base's files run: a run that is cut off among them leaves it to the next one.
const whileMoving = (branchId: string) => `${branchId} before files of its base`

/** The baseline of a branch, and what the branch was when files of its base began to run, if nobody has seen them end. */
export async function readMovingBaseline(
  database: Database,
  branchId: string,
): Promise<{ kept: Baseline | null; begun: Baseline | null }> {
  const [kept, begun] = await Promise.all([
    readBaseline(database, branchId),
    readBaseline(database, whileMoving(branchId)),
  ])
  return { kept, begun }
}

/** Keeps what a branch is before files of its base run; a state that is kept stays. Throws the driver's error. */
export async function beginMove(database: Database, branchId: string, before: Facts): Promise<void> {
  await saveBaseline(database, whileMoving(branchId), before)
}

/** Keeps another baseline of a branch, with which the files of its base are seen to. Throws the driver's error. */
export async function endMove(database: Database, branchId: string, { snapshot, counts }: Facts): Promise<void> {
  await database.sql.unsafe(
    `with moved as (
       update ${TABLE} set snapshot = $2::pg_catalog.text::pg_catalog.jsonb, counts = $3::pg_catalog.text::pg_catalog.jsonb
         where branch operator(pg_catalog.=) $1)
     delete from ${TABLE} where branch operator(pg_catalog.=) $4`,
    [branchId, JSON.stringify(snapshot), JSON.stringify(counts), whileMoving(branchId)],
  )
}
