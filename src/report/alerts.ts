import type { DataLoss, FileResult, Report } from '../model.ts'
import { groupChanges } from './changes.ts'
import { code, prose } from './escape.ts'
import { duration, listing, plural, rows as rowText, size, whole } from './format.ts'
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
  const lost = report.losses ?? inDiff(report)
  const of = (how: DataLoss['how'], isColumn: boolean) =>
    lost.filter((loss) => loss.how === how && (loss.column !== undefined) === isColumn)
  return [
    ...told(of('deleted', false), (loss) => `${amount(loss)} of ${nameOf(loss)} deleted.`),
    ...told(
      of('gone', false),
      (loss) => `${amount(loss)} of ${nameOf(loss)} ${loss.rows === 1 ? 'is' : 'are'} gone${left(loss)}.`,
    ),
    ...together(of('dropped', false), 'Drops the table', 'with all data.'),
    ...told(of('replaced', false), (loss) => `The table ${nameOf(loss)} was dropped and made anew${rebuilt(loss)}.`),
    ...together(of('dropped', true), 'Drops the column', 'with all data.'),
    ...together(of('replaced', true), 'Drops and makes anew the column', 'with all data that was in it.'),
  ]
}

/** What a diff alone tells, with the rows that a table has now. */
function inDiff(report: Report): DataLoss[] {
  const counts = countsByName(report)
  const { tables } = groupChanges(report.diff)
  return tables.flatMap(({ kind, action, table, changes }): DataLoss[] => {
    if (kind === 'table' && action === 'removed') return [{ how: 'dropped', table, rows: null, precision: 'unknown' }]
    if (action !== 'changed') return []
    const { rows, precision } = counts.get(unquoted(table)) ?? { rows: null, precision: 'unknown' }
    const dropped = changes.filter((change) => change.kind === 'column' && change.action === 'removed')
    return dropped.map(({ id }) => ({ how: 'dropped', table, column: partName(id, table), rows, precision }))
  })
}

const MOST_TOLD = 5

function told(lost: DataLoss[], say: (loss: DataLoss) => string): string[] {
  const largest = lost.toSorted((a, b) => (b.rows ?? 0) - (a.rows ?? 0))
  const more = largest.length - MOST_TOLD
  return [...largest.slice(0, MOST_TOLD).map(say), ...(more > 0 ? [`And rows of ${plural(more, 'more table')}.`] : [])]
}

function together(lost: DataLoss[], start: string, end: string): string[] {
  if (lost.length === 0) return []
  const names = lost.map((loss) => (loss.rows === null ? nameOf(loss) : `${nameOf(loss)} (${amount(loss)})`))
  return [`${start}${lost.length > 1 ? 's' : ''} ${listing(names, MOST_TOLD)} ${end}`]
}

function nameOf({ table, column }: DataLoss): string {
  return code(column === undefined ? shortName(table) : `${shortName(table)}.${column}`)
}

/** `60,000 rows`, `~20.0 M rows`, `1 row`. */
function amount({ rows, precision }: DataLoss): string {
  return `${rowText({ rows, precision, visibleOnly: false })} ${rows === 1 ? 'row' : 'rows'}`
}

const left = ({ rowsNow }: DataLoss) =>
  rowsNow === undefined || rowsNow === null ? '' : `, ${whole(rowsNow)} ${rowsNow === 1 ? 'is' : 'are'} left`

function rebuilt(loss: DataLoss): string {
  if (loss.rows === null) return ''
  const now = loss.rowsNow === undefined || loss.rowsNow === null ? '?' : whole(loss.rowsNow)
  return `: ${amount(loss).replace(/ rows?$/, '')} → ${now} ${now === '1' ? 'row' : 'rows'}`
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
