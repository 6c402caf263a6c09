import type { KubernetesResult, Report, SchemaChange, SqlFailure, SweepRow, TableCount } from '../model.ts'
import {
  beforeAndAfter,
  changeLine,
  type GroupedChanges,
  groupChanges,
  STATE_OF,
  tableCell,
  whatHappened,
} from './changes.ts'
import { code, fence, link, prose, table } from './escape.ts'
import { duration, listing, plural, rows, signed, size, whole } from './format.ts'
import { countsByName, qualified, shortName, unquoted } from './object-names.ts'

/** The tables that changed with their rows, then everything else that changed; at most `most` lines. */
export function changesTable(report: Report, most: number): string {
  const groups = groupChanges(report.diff)
  const counts = countsByName(report)
  const lines = [
    ...groups.tables.map((group) => {
      const count = counts.get(unquoted(group.table))
      const view = group.kind === 'table' ? '' : `${group.kind} `
      return [`${view}${code(shortName(group.table))}`, tableCell(group, 3), count ? rowsWithChange(count) : '']
    }),
    ...groups.others.map((change) => [`${change.kind} ${code(shortName(change.id))}`, objectCell(change), '']),
  ]
  if (lines.length === 0) return ''
  const left = lines.length - most
  const shown = table(['Table or object', 'Change', 'Rows:'], lines.slice(0, most))
  return left > 0 ? `${shown}\n\nand ${whole(left)} more below.` : shown
}

/** A changed enum, domain or sequence is short enough to show what it was and is. */
function objectCell(change: SchemaChange): string {
  const story = whatHappened(change)
  if (story) return `${STATE_OF[change.action]}: ${story}`
  const short = change.action === 'changed' && ['enum', 'domain', 'sequence', 'extension'].includes(change.kind)
  const values = short ? beforeAndAfter(change) : ''
  return values ? `${STATE_OF.changed}: ${values}` : STATE_OF[change.action]
}

/** How many lines {@link changesTable} has in full. */
export function changedThings(groups: GroupedChanges): number {
  return groups.tables.length + groups.others.length
}

/** What the comparison does not cover, as one small line; empty for most databases. */
export function unreadLine(report: Report): string {
  const unread = report.diff ? (report.snapshot?.unread ?? []) : []
  return unread.length > 0 ? `<sub>Not compared: ${prose(unread.join('; '), 500)}.</sub>` : ''
}

function rowsWithChange(count: TableCount): string {
  const change = signed(count.change)
  // A space that does not break: the number and its change stay on one line.
  return change ? `${rows(count)}\u00a0(${change})` : rows(count)
}

/** Every change of the diff, one line each, under its table. */
export function changesInFull(report: Report): string {
  const { tables, others } = groupChanges(report.diff)
  const blocks = tables.map((group) => {
    const what = group.action === 'changed' ? '' : ` ${STATE_OF[group.action]}`
    const view = group.kind === 'table' ? '' : `${group.kind} `
    const lines = group.changes.map((change) => `  - ${changeLine(change)}`)
    return [`- ${view}${code(shortName(group.table))}${what}`, ...lines].join('\n')
  })
  return [...blocks, ...others.map((change) => `- ${changeLine(change)}`)].join('\n')
}

/** All tables with rows, change and size; reasons and marks are explained below. */
export function tablesInFull(counts: TableCount[]): string {
  const changed = counts.some((count) => count.change)
  const titles = ['Table', 'Rows:', ...(changed ? ['Change:'] : []), 'Size:']
  const kinds = {
    table: '',
    partitioned: ' partitioned',
    'materialized-view': ' materialized view',
    foreign: ' foreign',
  }
  const lines = counts.map((count) => [
    `${code(shortName(qualified(count.schema, count.name)))}${kinds[count.kind]}`,
    count.rows === null && count.reason ? prose(count.reason, 120) : rows(count),
    ...(changed ? [signed(count.change)] : []),
    size(count.bytes),
  ])
  return [table(titles, lines), ...legend(counts)].join('\n\n')
}

function legend(counts: TableCount[]): string[] {
  const marks = [
    counts.some((count) => count.precision === 'estimate') ? '`~` estimated by Postgres' : '',
    counts.some((count) => count.precision === 'at-least') ? '`≥` counted so far' : '',
    counts.some((count) => count.visibleOnly) ? '`visible`: row-level security may hide rows from this role' : '',
  ].filter(Boolean)
  return marks.length > 0 ? [`${marks.join(' · ')}`] : []
}

/**
 * One line per object in Kubernetes. With `stable` it says what is there and not what this run did, so that the line stays
 * the same from push to push.
 */
export function kubernetesLines(results: KubernetesResult[], stable: boolean): string {
  // Only the run that makes a namespace tells of it, and what lies in it names it all the same.
  const told = results.filter(({ kind, action }) => !(stable && kind === 'Namespace' && action === 'created'))
  const lines = told.map((one) => {
    const name = code(one.kind === 'Namespace' ? one.name : `${one.namespace}/${one.name}`)
    const keys = one.keys.map((key) => code(key))
    const has = keys.length > 0 && one.kind === 'Secret' ? ` with ${listing(keys, 6)}` : ''
    const there = stable && one.action !== 'deleted' && one.action !== 'gone'
    const action = one.action === 'gone' ? ' was gone already' : ` ${one.action}`
    return `☸️ ${one.kind} ${name}${there ? '' : action}${has}`
  })
  return lines.join('<br>')
}

/** The branches a sweep looked at. */
export function sweepTable(lines: SweepRow[]): string {
  const marks = { deleted: '🗑️ deleted', 'would delete': '🔍 would delete', kept: 'kept', failed: '❌ failed' }
  return table(
    ['Branch', 'Pull request', 'Age:', 'What', 'Why'],
    lines.map((line) => [
      code(line.branchName),
      line.pullRequest === null ? '' : code(`#${line.pullRequest}`),
      plural(Math.floor(line.ageDays), 'day'),
      marks[line.action],
      prose(line.reason, 200),
    ]),
  )
}

/** The phases with their seconds. */
export function phasesTable(phases: Report['phases']): string {
  return table(
    ['Phase', 'Time:'],
    phases.map((phase) => [prose(phase.name), duration(phase.milliseconds)]),
  )
}

/** A failed statement: where, what Postgres said, the lines around it, what stands and what to do. */
export function failureBlock(report: Report, failure: SqlFailure): string {
  const place = `${failure.file}:${failure.line}:${failure.column}`
  const told = [
    failure.hint ? `Hint: ${prose(failure.hint)}` : '',
    failure.where ? `In: ${prose(failure.where, 300)}` : '',
    failure.detail
      ? `Detail: ${failure.detail
          .split('\n')
          .map((line) => prose(line))
          .join('<br>')}`
      : '',
    failure.detailHidden
      ? 'A detail is not shown, as it can hold values of rows: set `show_detail: true` to see it.'
      : '',
  ].filter(Boolean)
  return [
    `> [!CAUTION]\n> **${prose(failure.message)}** (SQLSTATE ${code(failure.sqlstate)}) at ${link(code(place), fileUrl(report, failure))}`,
    fence(failure.excerpt, 'sql'),
    [...told, prose(failure.consequence), `**Next:** ${prose(failure.next)}`].join('\n\n'),
  ].join('\n\n')
}

/** An error that is no failed statement. */
export function errorBlock(error: { message: string; advice: string }): string {
  const next = error.advice ? `\n>\n> **Next:** ${prose(error.advice)}` : ''
  return `> [!CAUTION]\n> ${prose(error.message, 2000)}${next}`
}

function fileUrl(report: Report, failure: SqlFailure): string | undefined {
  const server = serverOf(report)
  if (!server || !/^[0-9a-f]{40}$/.test(report.sha)) return undefined
  const path = failure.file.split('/').map(encodeURIComponent).join('/')
  return `${server}/${report.repository}/blob/${report.sha}/${path}#L${failure.line}`
}

/** Origin of the GitHub server that runs this, from the run's own address. */
export function serverOf(report: Report): string | undefined {
  return URL.canParse(report.runUrl) ? new URL(report.runUrl).origin : undefined
}

/** Where the whole report is: the checks of the pull request, an address that stays the same from push to push. */
export function summaryLink(report: Report): string {
  const server = serverOf(report)
  const checks = `${server}/${report.repository}/pull/${report.pullRequest}/checks`
  return link('job summary', server && report.pullRequest !== null ? checks : report.runUrl)
}
