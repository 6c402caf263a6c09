import type { DataLoss, FileResult, Precision, SchemaChange, SchemaDiff } from '../../model.ts'
import type { Facts } from './baseline.ts'
import { Families, type Family } from './families.ts'
import { splitChain } from './names.ts'

/** What {@link findLosses} goes by. */
export interface LossSources {
  before: Facts
  now: Facts
  /** Of both snapshots. */
  diff: SchemaDiff
  /** The files whose doing is to be told, with the rows they wrote. */
  files: readonly Pick<FileResult, 'rows'>[]
}

/**
 * The rows and values that were there before and are gone: of tables and columns that were dropped or made anew, of rows that
 * a DELETE took while it was watched, and of rows that are missing in the counts without one (TRUNCATE, a dropped
 * partition, the user's own tool). What the same files had inserted is no loss. Pure and linear.
 */
export function findLosses({ before, now, diff, files }: LossSources): DataLoss[] {
  const families = new Families(before, now)
  for (const { rows } of files) for (const written of rows) families.write(written)
  const tables = diff.changes.filter(({ kind }) => kind === 'table').flatMap((change) => ofTable(change, families))
  return [...tables, ...ofColumns(diff, families), ...families.all().flatMap(ofRows)]
}

function ofTable(change: SchemaChange, families: Families): DataLoss[] {
  const { id: table, action, replaced } = change
  if (families.isForeign(table)) return []
  if (replaced) return [{ how: 'replaced', table, ...families.rowsBefore(table), rowsNow: families.rowsNow(table) }]
  if (action !== 'removed') return []
  const family = families.ofTable(table)
  const isOnlyPartition = family?.dropped.length === 1 && family.dropped[0] === table
  const rows = (isOnlyPartition ? missingRows(family) : null) ?? families.rowsBefore(table)
  return [{ how: 'dropped', table, ...rows }]
}

function ofColumns(diff: SchemaDiff, families: Families): DataLoss[] {
  const isGone = ({ action, replaced }: SchemaChange) => action === 'removed' || replaced === true
  const tables = new Set(diff.changes.filter((change) => change.kind === 'table' && isGone(change)).map(({ id }) => id))
  return diff.changes.flatMap((change): DataLoss[] => {
    const { kind, table, replaced } = change
    if (kind !== 'column' || !isGone(change) || table === null || tables.has(table) || families.isForeign(table))
      return []
    // What is computed from other columns is lost with none.
    if (/ generated always as \(.*\) (?:stored|virtual)\b/s.test(change.before ?? '')) return []
    const rows = families.rowsBefore(table, 'now')
    return [{ how: replaced ? 'replaced' : 'dropped', table, column: columnName(change), ...rows }]
  })
}

function columnName({ id, table }: SchemaChange): string {
  return table !== null && id.startsWith(`${table}.`) ? id.slice(table.length + 1) : (splitChain(id).names.at(-1) ?? id)
}

/** Of one table with its partitions: what was deleted, and what is missing beyond that. */
function ofRows(family: Family): DataLoss[] {
  const { before, now, written, dropped, root } = family
  // Of what is new, or gone as a whole, there is nothing more to tell; nor of a table that had no rows.
  if (!before || !now || (before.rows === 0 && before.precision === 'exact')) return []
  const most = before.precision === 'exact' && before.rows !== null ? before.rows : Number.POSITIVE_INFINITY
  const deleted = [...written].flatMap(([table, { deleted }]): DataLoss[] =>
    deleted > 0 ? [{ how: 'deleted', table, rows: Math.min(deleted, most), precision: 'exact' }] : [],
  )
  const missing = dropped.length === 1 ? null : missingRows(family)
  return missing ? [...deleted, { how: 'gone', table: root, ...missing, rowsNow: now.rows }] : deleted
}

/** Rows that are not there any more and that nobody saw being deleted; null when there are none, or nobody can tell. */
function missingRows({ before, now, written }: Family): { rows: number; precision: Precision } | null {
  if (!before || !now || before.rows === null || now.rows === null || before.visibleOnly !== now.visibleOnly)
    return null
  const counts = [...written.values()]
  const inserted = counts.reduce((total, one) => total + one.inserted, 0)
  const deleted = counts.reduce((total, one) => total + one.deleted, 0)
  if (before.precision === 'exact' && now.precision === 'exact') {
    const rows = Math.min(before.rows, before.rows + inserted - deleted - now.rows)
    return rows > 0 ? { rows, precision: 'exact' } : null
  }
  // An estimate is as good as its statistics; only that everything went is beyond doubt.
  const isEmptied = now.rows === 0 && now.precision === 'exact' && before.rows > 0 && deleted === 0
  return isEmptied ? { rows: before.rows, precision: before.precision } : null
}
