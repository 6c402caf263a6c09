import { createHash } from 'node:crypto'
import type { Report } from '../model.ts'
import { branchMark } from './about-branch.ts'
import { summaryLink, tablesInFull } from './blocks.ts'
import { prose } from './escape.ts'
import { plural, whole } from './format.ts'
import { headline } from './headline.ts'
import { foldedParts, type ReportOptions, runParts, smallPrint, visibleParts } from './layout.ts'
import { timeless } from './timeless.ts'
import { fitParts } from './within-limit.ts'

// GitHub takes 65,536 characters in a comment and 1 MiB in a step's summary; the rest is room for other writers.
const LONGEST_COMMENT = 60_000
const LARGEST_SUMMARY = 1_000_000
const ROOM_FOR_STATE = 100

/**
 * The job summary as Markdown, at most 1,000,000 bytes: everything there is, long parts folded.
 */
export function renderSummary(report: Report, options: ReportOptions): string {
  const parts = [...visibleParts(report, 'summary'), ...foldedParts(report, options, 'summary'), ...runParts(report)]
  const text = fitParts(parts, {
    limit: LARGEST_SUMMARY,
    measure: (summary) => Buffer.byteLength(summary),
    missing: (names) => `Too long for a job summary and left out: ${names.join(', ')}.`,
  })
  return text ?? minimal(report)
}

/**
 * The pull request comment as Markdown, at most 60,000 characters, without the marker that it is found by. It begins with a hash
 * of what it says, times left out: see {@link saysTheSame}. Empty for a skipped run: there is nothing to say.
 */
export function renderComment(report: Report, options: ReportOptions): string {
  if (report.outcome === 'skipped') return ''
  const state = createHash('sha256')
    .update(commentOf(timeless(report), options))
    .digest('hex')
    .slice(0, 12)
  const words = [`state=${state}`, branchMark(report)].filter(Boolean).join(' ')
  return `<!-- neon-postgres-setup ${words} -->\n\n${commentOf(report, options)}`
}

/** Whether two texts of {@link renderComment} say the same but for times, so that the one that is there can stay. */
export function saysTheSame(left: string, right: string): boolean {
  const state = (text: string) => /^<!-- neon-postgres-setup state=([0-9a-f]{12}) /.exec(text)?.[1]
  return state(left) !== undefined && state(left) === state(right)
}

function commentOf(report: Report, options: ReportOptions): string {
  const parts = [
    ...visibleParts(report, 'comment'),
    ...foldedParts(report, options, 'comment'),
    { markdown: smallPrint(report) },
  ]
  const text = fitParts(parts, {
    limit: LONGEST_COMMENT - ROOM_FOR_STATE,
    measure: (comment) => comment.length,
    missing: (names) => `Too long for a comment: ${names.join(', ')}. The ${summaryLink(report)} has everything.`,
  })
  return text ?? minimal(report)
}

/** The report when nothing longer fits: still the state, the counts and the greatest tables. */
function minimal(report: Report): string {
  const { tables = [] } = report
  const counted = tables.filter((count) => count.rows !== null)
  const total = counted.reduce((sum, count) => sum + (count.rows ?? 0), 0)
  const exact = counted.every((count) => count.precision === 'exact')
  const largest = [...counted].sort((a, b) => (b.rows ?? 0) - (a.rows ?? 0)).slice(0, 10)
  return [
    `### ${headline(report)}`,
    report.schema?.failure ? prose(report.schema.failure.message, 500) : prose(report.error?.message ?? '', 500),
    tables.length > 0 ? `${plural(tables.length, 'table')} with ${exact ? '' : 'about '}${whole(total)} rows.` : '',
    largest.length > 0 ? tablesInFull(largest) : '',
    `The report is too long to be shown here. The ${summaryLink(report)} has more.`,
  ]
    .filter(Boolean)
    .join('\n\n')
}
