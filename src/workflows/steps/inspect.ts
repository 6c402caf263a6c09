import { type Database, withDatabase } from '../../database/connect.ts'
import {
  changeAgainst,
  countTables,
  diffSnapshots,
  type Facts,
  findLosses,
  keepEffects,
  readBaseline,
  recallEffects,
  saveBaseline,
  takeSnapshot,
} from '../../database/inspect/index.ts'
import { type Run, warn } from '../../run.ts'
import { ActionError, errorMessage } from '../../runtime/errors.ts'
import type { Target } from './target.ts'

const MOST_LISTED = 50
const COUNT_BUDGET = { perTableMilliseconds: 5000, totalMilliseconds: 20_000, largestBytes: 256 * 1024 * 1024 }

/** What the database was before this run, or before the pull request. */
export type Before = Facts

/**
 * What the report's differences are told against. Of a pull request's branch it is what the branch was before its first
 * file, kept in the branch itself, so that later pushes need not wake the parent; else it is the database as it is now.
 */
export async function rememberBefore(run: Run, target: Target): Promise<Before> {
  return await withDatabase(run.runtime, { url: target.url }, async (database) => {
    if (!target.isPreview) return await look(run, database)
    const kept = await readBaseline(database, target.branchId)
    if (kept) return kept
    const before = await look(run, database)
    await saveBaseline(database, target.branchId, before)
    // Another run may have been first; then its look was at an emptier database.
    return (await readBaseline(database, target.branchId)) ?? before
  })
}

async function look(run: Run, database: Database): Promise<Before> {
  return { snapshot: await takeSnapshot(database), counts: await count(run, database) }
}

function count(run: Run, database: Database) {
  return countTables(run.runtime, database, { mode: run.config.report.counts, ...COUNT_BUDGET })
}

/**
 * Fills tables, snapshot and differences of the report. It only informs, so what fails here is a warning.
 * @returns how many tables there are, or null when that could not be read; {@link checkTables} judges it.
 */
export async function inspectAfter(run: Run, target: Target, before: Before | null): Promise<number | null> {
  const { report, config } = run
  try {
    return await withDatabase(run.runtime, { url: target.url }, async (database) => {
      const snapshot = await takeSnapshot(database)
      report.snapshot = snapshot
      if (target.isPreview && report.schema) {
        await keepEffects(database, target.branchId, report.schema.files)
        await recallEffects(database, target.branchId, report.schema.files)
      }
      if (before) report.diff = diffSnapshots(before.snapshot, snapshot)
      const counts = await count(run, database)
      const tables = counts.filter(({ kind }) => kind === 'table' || kind === 'partitioned').length
      if (before && report.diff) {
        const files = report.schema?.files ?? []
        report.losses = findLosses({ before, now: { snapshot, counts }, diff: report.diff, files })
      }
      if (config.report.counts === 'off') return tables
      report.tables = before ? changeAgainst(counts, before.counts) : counts
      const list = counts.map(({ schema, name, rows }) => `${schema}.${name} ${rows ?? '?'}`)
      run.runtime.log.info(
        `${tables} tables: ${list.slice(0, MOST_LISTED).join(', ')}${list.length > MOST_LISTED ? ', …' : ''}`,
      )
      return tables
    })
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    warn(run, `Tables and differences could not be read: ${errorMessage(error)}`)
    return null
  }
}

/** What {@link checkTables} judges. */
interface TableCheck {
  /** From {@link inspectAfter}. */
  tables: number | null
  /** Whether this run had a schema step, which is what `require_tables: auto` goes by. */
  ranSchema: boolean
}

/** Throws an {@link ActionError} when the inputs want tables, and there is none or nobody could look. */
export function checkTables(run: Run, { tables, ranSchema }: TableCheck): void {
  const { requireTables } = run.config.report
  const wanted = requireTables === 'true' || (requireTables === 'auto' && ranSchema)
  if (!wanted || (tables !== null && tables > 0)) return
  const name = run.report.database?.name
  if (tables === null) {
    throw new ActionError(`Could not see whether the database '${name}' has tables; the warning above says why.`, {
      advice: 'Run the job again, or set require_tables: false.',
    })
  }
  throw new ActionError(`The database '${name}' has no table.`, {
    advice: 'Check which files the input schema names, or set require_tables: false.',
  })
}
