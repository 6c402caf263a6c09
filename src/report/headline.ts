import type { Mode, Report } from '../model.ts'
import { alerts } from './alerts.ts'
import { deeds } from './deeds.ts'
import { code, link } from './escape.ts'
import { plural } from './format.ts'

/** The first line: state, branch with its console link, and what was done to the schema. Safe Markdown, no heading mark. */
export function headline(report: Report): string {
  const told = news(report)
  return `${icon(report)} ${state(report)}${told ? `: ${told}` : ''}`
}

function icon(report: Report): string {
  if (report.outcome === 'failed') return '❌'
  if (report.outcome === 'skipped') return '⏭️'
  if (report.outcome === 'kept' || staysAsItIs(report)) return '📌'
  if (report.outcome === 'deleted' || report.outcome === 'gone') return '🗑️'
  // Whoever reads nothing but the mark must not take rows that are lost for a good sign.
  return ICONS[report.mode] ?? (alerts(report).length > 0 ? '⚠️' : '✅')
}

/** The database of a connection string: nothing of it was made for the pull request. */
function staysAsItIs({ outcome, branch, database }: Report): boolean {
  return outcome === 'gone' && !branch && database !== undefined
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
    gone: staysAsItIs(report) ? `${what} stays as it is` : `${what} is already gone`,
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
  if (report.schema?.commandFailure?.file) {
    return `${code(report.schema.commandFailure.file)} failed on ${subject(report)}`
  }
  const verbs: Partial<Record<Mode, string>> = {
    cleanup: 'could not be deleted',
    reset: report.schema ? 'is reset, but not ready' : 'could not be reset',
    rotate: 'could not get new passwords',
    plan: 'could not be planned',
    diff: 'could not be compared',
  }
  const verb = verbs[report.mode]
  if (report.mode === 'sweep') return 'Old Neon branches could not be swept'
  return verb ? `${subject(report)} ${verb}` : text
}

/** What is new, in things: never how much there is. Of a failed run its own part of the report says it. */
function news(report: Report): string {
  if (report.sweep) return sweepCounts(report).join(', ')
  if (report.outcome === 'failed') return ''
  const { schema } = report
  const pending = schema && schema.pending > 0 ? `${plural(schema.pending, 'file')} pending` : ''
  const applied = schema && schema.applied > 0 ? `${plural(schema.applied, 'file')} applied` : ''
  return [pending, report.diff ? deeds(report) : applied, ofBase(report)].filter(Boolean).join(', ')
}

/** What ran because the base has it: no news of this pull request, but why the database is another one. */
function ofBase({ schema }: Report): string {
  const { branch = '', applied = 0, pending = 0 } = schema?.base ?? {}
  if (applied + pending === 0) return ''
  return `${plural(applied + pending, 'file')} of ${code(branch)}${pending > 0 ? ' pending' : ''}`
}

function sweepCounts(report: Report): string[] {
  const rows = report.sweep ?? []
  const counted = (['deleted', 'would delete', 'failed', 'kept'] as const).map((action) => {
    const count = rows.filter((row) => row.action === action).length
    return count > 0 ? `${count} ${action}` : ''
  })
  return counted.some(Boolean) ? counted.filter(Boolean) : ['none found']
}
