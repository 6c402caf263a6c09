import { askDatabase, tryDatabase } from '../../database/ask-database.ts'
import type { Database } from '../../database/connect.ts'
import {
  beginMove,
  changeAgainst,
  countTables,
  diffSnapshots,
  endMove,
  type Facts,
  findLosses,
  keepEffects,
  noteJob,
  readBaseline,
  readMovingBaseline,
  recallEffects,
  saveBaseline,
  takeOver,
  takeSnapshot,
  withoutTables,
} from '../../database/inspect/index.ts'
import { listLedgerTables, MOST_ROWS } from '../../database/migrate/index.ts'
import type { TableCount } from '../../model.ts'
import { type Run, warn } from '../../run.ts'
import { ActionError, errorMessage } from '../../runtime/errors.ts'
import { plural } from '../../runtime/plural.ts'
import type { Target } from './target.ts'

const MOST_LISTED = 50
const COUNT_BUDGET = { perTableMilliseconds: 5000, totalMilliseconds: 20_000, largestBytes: 256 * 1024 * 1024 }

/** What the database was before this run, or before the pull request. */
export interface Before extends Facts {
  /** An earlier run has been on this preview. */
  isUsed: boolean
}

/**
 * What the report's differences are told against. Of a pull request's branch it is what the branch was before its first
 * file, kept in the branch itself, so that later pushes need not wake the parent; else it is the database as it is now.
 */
export async function rememberBefore(run: Run, target: Target): Promise<Before> {
  return await askDatabase(run.runtime, { url: target.url, what: 'look at the tables' }, async (database) => {
    if (!target.isPreview) return { ...(await look(run, database)), isUsed: false }
    const { kept, begun } = await readMovingBaseline(database, target.branchId)
    if (kept && begun) {
      // A run was cut off among files of the base; none of the pull request's own has run behind them.
      const moved = takeOver(kept, begun, await look(run, database))
      await endMove(database, target.branchId, moved)
      return { ...moved, isUsed: true }
    }
    if (kept) return { ...kept, isUsed: true }
    const before = await look(run, database)
    await saveBaseline(database, target.branchId, before)
    // Another run may have been first; then its look was at an emptier database.
    const first = (await readBaseline(database, target.branchId)) ?? before
    return { ...first, isUsed: false }
  })
}

/**
 * Runs files of the pull request's base on its preview, and answers what differences are told against from then on: what was
 * kept, with all that these files have changed. It is kept in the branch, as the one before.
 */
export async function movedBefore(run: Run, target: Target, kept: Before, work: () => Promise<void>): Promise<Before> {
  const question = { url: target.url, what: 'look at the tables' }
  // The work stands by itself: a look may be repeated on another connection, and files must not.
  const before = await askDatabase(run.runtime, question, async (database) => {
    const seen = await look(run, database)
    await beginMove(database, target.branchId, seen)
    return seen
  })
  await work()
  return await askDatabase(run.runtime, question, async (database) => {
    const moved = takeOver(kept, before, await look(run, database))
    await endMove(database, target.branchId, moved)
    return { ...moved, isUsed: kept.isUsed }
  })
}

async function look(run: Run, database: Database): Promise<Facts> {
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
    return await tryDatabase(run.runtime, { url: target.url }, async (database) => {
      const [whole, ledgers] = await Promise.all([
        takeSnapshot(database),
        listLedgerTables(database, config.schema.migrateLedgers),
      ])
      if (target.isPreview && report.schema) {
        if (before) await keepForLater(run, database, target)
        tellMerged(run, await recallEffects(database, target.branchId, report.schema.files))
      }
      const all = await count(run, database)
      const isLedger = ledgerTest(ledgers, all)
      const places = ledgers.filter(isLedger).map(({ place }) => place)
      const snapshot = withoutTables(whole, places)
      report.snapshot = snapshot
      const counts = all.filter((table) => !isLedger(table))
      const then = before && {
        snapshot: withoutTables(before.snapshot, places),
        counts: before.counts.filter((table) => !isLedger(table)),
      }
      if (then) report.diff = diffSnapshots(then.snapshot, snapshot)
      const tables = counts.filter(({ kind }) => kind === 'table' || kind === 'partitioned').length
      if (then && report.diff) {
        const files = (report.schema?.files ?? []).filter(({ ofBase }) => !ofBase)
        report.losses = findLosses({ before: then, now: { snapshot, counts }, diff: report.diff, files })
      }
      if (config.report.counts === 'off') return tables
      report.tables = then ? changeAgainst(counts, then.counts) : counts
      const list = counts.map(({ schema, name, rows }) => `${schema}.${name} ${rows ?? '?'}`)
      run.runtime.log.info(
        `${plural(tables, 'table')}${list.length > 0 ? ': ' : ''}${list.slice(0, MOST_LISTED).join(', ')}${list.length > MOST_LISTED ? ', …' : ''}`,
      )
      return tables
    })
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    warn(run, `Tables and differences could not be read: ${errorMessage(error)}`)
    return null
  }
}

/** What later steps and later pushes are to find in the preview. A run that only plans keeps nothing. */
async function keepForLater(run: Run, database: Database, { branchId }: Target): Promise<void> {
  try {
    await noteJob(database, branchId, run.runner.job)
    await keepEffects(database, branchId, run.report.schema?.files ?? [])
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    run.runtime.log.info(`What was observed could not be kept in the preview: ${errorMessage(error)}`)
  }
}

/** Tables of migration tools are none of the user's; one with more rows than any ledger is an application's. */
function ledgerTest(ledgers: Named[], counts: TableCount[]): (table: Named) => boolean {
  const key = ({ schema, name }: Named) => JSON.stringify([schema, name])
  const large = new Set(counts.filter(({ rows }) => (rows ?? 0) > MOST_ROWS).map(key))
  const known = new Set(ledgers.map(key).filter((table) => !large.has(table)))
  return (table) => known.has(key(table))
}

type Named = Pick<TableCount, 'schema' | 'name'>

/** What ran as the pull request's own stays a change of it: nobody looked around it. */
function tellMerged(run: Run, paths: string[]): void {
  if (paths.length === 0) return
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : ''
  const files = `${paths.slice(0, 3).join(', ')}${more}`
  warn(
    run,
    `${run.report.schema?.base?.branch} has ${files} by now: what ran here before that is still told as a change of this pull request. A run with mode: reset tells the rest alone.`,
  )
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
