import type { Mode, Report } from '../model.ts'
import { code, link } from './escape.ts'
import { plural } from './format.ts'

/** The first line: state, branch with its console link, counts of files, tables and changes. Safe Markdown, no heading mark. */
export function headline(report: Report): string {
  const counts = countsOf(report)
  return `${icon(report)} ${state(report)}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`
}

function icon(report: Report): string {
  if (report.outcome === 'failed') return '❌'
  if (report.outcome === 'skipped') return '⏭️'
  if (report.outcome === 'kept') return '📌'
  if (report.outcome === 'deleted' || report.outcome === 'gone') return '🗑️'
  return ICONS[report.mode] ?? '✅'
}

const ICONS: Partial<Record<Mode, string>> = { sweep: '🧹', rotate: '🔑', plan: '🔍', diff: '🔍' }

/** The branch as a link to the console; where there is none (a connection string was given), the database. */
export function subject(report: Report): string {
  if (report.branch) return `Neon branch ${link(code(report.branch.name), report.branch.consoleUrl)}`
  if (report.database) return `Database ${code(report.database.name)}`
  if (report.project) return `Neon project ${link(code(report.project.name), report.project.consoleUrl)}`
  return 'Neon database'
}

function state(report: Report): string {
  const what = subject(report)
  const texts: Record<Report['outcome'], string> = {
    provisioned: `${what} is ready`,
    created: `${what} is ready`,
    reused: `${what} is ready`,
    reset: `${what} is reset to ${report.branch?.parentName ? code(report.branch.parentName) : 'its parent'}`,
    rotated: `${what} has new passwords`,
    deleted: `${what} is deleted`,
    gone: `${what} is already gone`,
    kept: `${what} is kept`,
    swept: 'Old Neon branches',
    planned: `Plan for ${what}`,
    compared: `${what} compared with ${report.branch?.parentName ? code(report.branch.parentName) : 'its parent'}`,
    skipped: 'No database for this run',
    failed: `${what} is not ready`,
  }
  if (report.outcome === 'failed') return failedState(report, texts.failed)
  return texts[report.outcome]
}

function failedState(report: Report, text: string): string {
  if (report.schema?.failure) return `${code(report.schema.failure.file)} failed on ${subject(report)}`
  const verbs: Partial<Record<Mode, string>> = {
    cleanup: 'could not be deleted',
    rotate: 'could not get new passwords',
    plan: 'could not be planned',
    diff: 'could not be compared',
  }
  const verb = verbs[report.mode]
  if (report.mode === 'sweep') return 'Old Neon branches could not be swept'
  return verb ? `${subject(report)} ${verb}` : text
}

/** `2 files applied`, `1 table`, `14 schema changes`: what is known and says something. */
export function countsOf(report: Report): string[] {
  if (report.sweep) return sweepCounts(report)
  return [...fileCounts(report), ...changeCounts(report), ...tableCounts(report)]
}

function fileCounts(report: Report): string[] {
  const { schema } = report
  if (!schema) return []
  const counts: string[] = []
  if (schema.applied > 0) counts.push(`${plural(schema.applied, 'file')} applied`)
  if (schema.pending > 0) counts.push(`${plural(schema.pending, 'file')} pending`)
  const { branch = '', applied = 0, pending = 0 } = schema.base ?? {}
  if (applied + pending > 0) {
    counts.push(`${plural(applied + pending, 'file')} of ${code(branch)}${pending > 0 ? ' pending' : ''}`)
  }
  if (counts.length === 0 && schema.unchanged > 0) counts.push(`${plural(schema.unchanged, 'file')} unchanged`)
  return counts
}

function changeCounts(report: Report): string[] {
  if (!report.diff) return []
  const changes = report.diff.changes.length
  return [changes === 0 ? 'no schema change' : plural(changes, 'schema change')]
}

function tableCounts(report: Report): string[] {
  return report.tables ? [plural(report.tables.length, 'table')] : []
}

function sweepCounts(report: Report): string[] {
  const rows = report.sweep ?? []
  const counted = (['deleted', 'would delete', 'failed', 'kept'] as const).map((action) => {
    const count = rows.filter((row) => row.action === action).length
    return count > 0 ? `${count} ${action}` : ''
  })
  return counted.some(Boolean) ? counted.filter(Boolean) : ['none found']
}
