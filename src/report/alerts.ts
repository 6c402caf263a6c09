import type { FileResult, Report } from '../model.ts'
import { groupChanges } from './changes.ts'
import { code, prose } from './escape.ts'
import { duration, listing, rows as rowText, size } from './format.ts'
import { countsByName, partName, shortName, unquoted } from './object-names.ts'

// Below this a rewrite is over before anyone waits.
const LARGE = 10 * 1024 * 1024
const LONG_LOCK = 1000
// These stop writers (manual: Explicit Locking, conflicting lock modes).
const BLOCKING = ['ACCESS EXCLUSIVE', 'EXCLUSIVE', 'SHARE ROW EXCLUSIVE', 'SHARE']

/** What a reviewer has to know first, as safe Markdown lines: lost data, long locks, then the warnings of the run. */
export function alerts(report: Report): string[] {
  // What files of the base do is not the pull request's doing.
  const files = report.schema?.files.filter(({ ofBase }) => !ofBase) ?? []
  const own = [...losses(report), ...files.flatMap(rewrites), ...files.flatMap(longLocks)]
  const told = [...(report.schema?.warnings ?? []), ...report.warnings].map((warning) => prose(warning))
  return [...new Set([...own, ...told])]
}

function losses(report: Report): string[] {
  const rowsOf = countsByName(report)
  const { tables } = groupChanges(report.diff)
  const dropped = tables
    .filter((group) => group.kind === 'table' && group.action === 'removed')
    .map((group) => code(shortName(group.table)))
  const columns = tables
    .filter((group) => group.action === 'changed')
    .flatMap((group) => group.changes.filter((change) => change.kind === 'column' && change.action === 'removed'))
    .map((change) => {
      const table = change.table ?? ''
      const count = rowsOf.get(unquoted(table))
      const rows = count?.rows ? ` (${rowText(count)} rows)` : ''
      return `${code(`${shortName(table)}.${partName(change.id, table)}`)}${rows}`
    })
  return [
    ...(dropped.length > 0
      ? [`Drops the table${dropped.length > 1 ? 's' : ''} ${listing(dropped, 5)} with all data.`]
      : []),
    ...(columns.length > 0
      ? [`Drops the column${columns.length > 1 ? 's' : ''} ${listing(columns, 5)} with all data.`]
      : []),
  ]
}

function rewrites(file: FileResult): string[] {
  return file.rewrites
    .filter((rewrite) => rewrite.kind === 'table' && rewrite.bytes >= LARGE)
    .map((rewrite) => {
      const lock = file.locks.find((held) => held.table === rewrite.table)?.mode
      const waits = lock === 'ACCESS EXCLUSIVE' ? '; reads and writes wait meanwhile' : ''
      const under = lock ? ` under ${prose(lock)}` : ''
      return `${code(file.path)} rewrites ${code(shortName(rewrite.table))} (${size(rewrite.bytes)})${under}${waits}.`
    })
}

function longLocks(file: FileResult): string[] {
  if ((file.milliseconds ?? 0) < LONG_LOCK) return []
  const rewritten = new Set(file.rewrites.filter((one) => one.bytes >= LARGE).map((one) => one.table))
  return file.locks
    .filter((lock) => BLOCKING.includes(lock.mode) && !rewritten.has(lock.table))
    .map((lock) => {
      const time = duration(file.milliseconds)
      return `${code(file.path)} holds ${prose(lock.mode)} on ${code(shortName(lock.table))}; the file ran for ${time}.`
    })
}
