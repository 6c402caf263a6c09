import type { FileResult, Report } from '../model.ts'
import { alerts } from './alerts.ts'
import * as sections from './blocks.ts'
import { groupChanges } from './changes.ts'
import { commandBlock, commandOutput } from './command.ts'
import { erDiagram } from './er-diagram.ts'
import { code, details, fence, link, prose } from './escape.ts'
import { filesTable } from './files-table.ts'
import { duration, plural, whole } from './format.ts'
import { headline } from './headline.ts'
import { asOfPullRequest } from './timeless.ts'
import type { Part } from './within-limit.ts'

/** What the user wants in the report. */
export interface ReportOptions {
  /** ER diagram of the changed tables. */
  diagram: boolean
  /** Unified diff of the schema. */
  diff: boolean
  /** Values in what a migration tool printed; hidden unless told. */
  showDetail?: boolean
}

const MOST_ALERTS = 5
const MOST_CHANGES = 8
const MOST_TABLES = 8

/** Which of the two texts the parts are for. */
export type Medium = 'summary' | 'comment'

/** What is always seen: state, where, failure, warnings, changes. */
export function visibleParts(report: Report, medium: Medium): Part[] {
  const { failure, commandFailure } = report.schema ?? {}
  return [
    { markdown: `### ${headline(report)}` },
    { markdown: whereabouts(report, medium) },
    { markdown: failure ? sections.failureBlock(report, failure) : '' },
    { markdown: commandFailure ? commandBlock(report, commandFailure) : '' },
    { markdown: report.error && !failure && !commandFailure ? sections.errorBlock(report.error) : '' },
    { markdown: report.outcome === 'failed' && medium === 'comment' ? `${link('Log of the run', report.runUrl)}` : '' },
    { markdown: report.skipReason ? prose(report.skipReason) : '' },
    { markdown: alertBlock(report, medium), name: 'warnings', rank: 0 },
    { markdown: overview(report, medium), name: 'overview', rank: 1 },
    { markdown: sections.unreadLine(report) },
    {
      markdown: sections.kubernetesLines(report.kubernetes, medium === 'comment'),
      name: 'Kubernetes objects',
      rank: 1,
    },
  ]
}

function whereabouts(report: Report, medium: Medium): string {
  const { branch, database, project } = report
  const parts = [
    database ? `Database ${code(database.name)}` : '',
    project
      ? `${project.created && medium === 'summary' ? 'new project' : 'project'} ${link(code(project.name), project.consoleUrl)}`
      : '',
    // A run that reuses the branch does not ask for it.
    branch?.parentName && report.mode !== 'diff' && medium === 'summary'
      ? `branched from ${code(branch.parentName)}`
      : '',
    report.schema ? `schema from ${code(report.schema.source)}` : '',
  ].filter(Boolean)
  return capital(parts.join(' · '))
}

function capital(line: string): string {
  return line.charAt(0).toUpperCase() + line.slice(1)
}

function alertBlock(report: Report, medium: Medium): string {
  const lines = alerts(report)
  if (lines.length === 0) return ''
  const most = medium === 'comment' ? MOST_ALERTS : 50
  const left = lines.length - most
  const shown = [
    ...lines.slice(0, most),
    ...(left > 0 ? [`and ${whole(left)} more in the ${sections.summaryLink(report)}`] : []),
  ]
  return `> [!WARNING]\n${shown.map((line) => (shown.length > 1 ? `> - ${line}` : `> ${line}`)).join('\n')}`
}

/** The heart of it: what changed with its rows; for a database that is new as a whole, its tables. */
function overview(report: Report, medium: Medium): string {
  if (report.sweep) return report.sweep.length > 0 ? sections.sweepTable(report.sweep) : ''
  if (report.diff && report.diff.changes.length > 0) {
    return sections.changesTable(report, medium === 'comment' ? MOST_CHANGES : 100)
  }
  const { tables = [] } = report
  if (report.diff || tables.length === 0 || tables.length > MOST_TABLES) return ''
  return sections.tablesInFull(tables)
}

/** What is folded: every change, the files, the rows, the diagram, the diff. */
export function foldedParts(report: Report, options: ReportOptions, medium: Medium): Part[] {
  const { schema, tables = [], diff } = report
  const groups = groupChanges(diff)
  const files = (schema?.files ?? []).map((file) => (medium === 'comment' ? asOfPullRequest(file) : file))
  const inOverview = !diff && tables.length <= MOST_TABLES
  const allSeen =
    diff?.changes.every((change) => change.kind !== 'column') && sections.changedThings(groups) <= MOST_CHANGES
  return [
    {
      markdown: allSeen
        ? ''
        : folded(
            plural(diff?.changes.length ?? 0, 'schema change'),
            diff?.changes.length ?? 0,
            sections.changesInFull(report),
          ),
      name: 'schema changes',
      rank: 2,
    },
    {
      markdown: schema?.commandFailure ? commandOutput(schema.commandFailure, options.showDetail ?? false) : '',
      name: 'output of migrate_command',
      rank: 3,
    },
    { markdown: folded(filesTitle(files), files.length, filesTable(files)), name: 'files', rank: 2 },
    {
      markdown: inOverview
        ? ''
        : folded(`Rows of ${plural(tables.length, 'table')}`, tables.length, sections.tablesInFull(tables)),
      name: 'row counts of all tables',
      rank: 3,
    },
    { markdown: diagram(report, options, medium), name: 'diagram', rank: 5 },
    {
      markdown: options.diff && diff?.unified ? details('Schema as a diff', fence(diff.unified, 'diff')) : '',
      name: 'schema diff',
      rank: 4,
    },
  ]
}

function folded(title: string, items: number, markdown: string): string {
  return items > 0 ? details(title, markdown) : ''
}

function filesTitle(files: FileResult[]): string {
  const states = (['failed', 'applied', 'pending', 'unchanged'] as const).map((state) => {
    const count = files.filter(
      (file) => file.state === state || (state === 'failed' && file.state === 'partial'),
    ).length
    return count > 0 ? `${whole(count)} ${state}` : ''
  })
  const told = states.filter(Boolean).join(', ')
  return `${plural(files.length, 'file')}${told ? `: ${told}` : ''}`
}

function diagram(report: Report, options: ReportOptions, medium: Medium): string {
  if (!options.diagram || !report.snapshot) return ''
  if (report.diff && report.diff.changes.length === 0) return ''
  const server = sections.serverOf(report) ?? ''
  const text = erDiagram(report.snapshot, report.diff, {
    colours: /(?:^|\.)(?:github|ghe)\.com$/.test(server.replace('https://', '')),
  })
  if (!text) return ''
  const drawn = report.diff ? 'Diagram of the changed tables and their neighbours' : 'Diagram of the tables'
  const key = report.diff ? '\n\n✚ new · ✎ changed · ✖ dropped' : ''
  const block = `${fence(text, 'mermaid')}${key}`
  return medium === 'summary' ? `#### ${drawn}\n\n${block}` : details(drawn, block)
}

/**
 * The last line of a comment, in small print: commit, expiry and host. The host of a connection string is nobody's business
 * but its owner's.
 */
export function smallPrint(report: Report): string {
  const { branch, database } = report
  const parts = [
    commitOf(report),
    branch?.expiresAt ? `expires ${momentOf(branch.expiresAt)}` : '',
    branch && database?.host ? `host ${code(database.host)}` : '',
  ].filter(Boolean)
  return parts.length > 0 ? `<sub>${capital(parts.join(' · '))}</sub>` : ''
}

function commitOf({ sha }: Report): string {
  return /^[0-9a-f]{7,40}$/.test(sha) ? `commit ${code(sha.slice(0, 7))}` : ''
}

/** A moment for people, to the minute: `2026-12-07 10:00 UTC`. */
function momentOf(text: string): string {
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? code(text) : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** What moves with every run, for the summary only: commit, readiness, expiry, phases. */
export function runParts(report: Report): Part[] {
  return [
    { markdown: runFacts(report) },
    { markdown: folded('Phases', report.phases.length, sections.phasesTable(report.phases)), name: 'phases', rank: 1 },
  ]
}

function runFacts(report: Report): string {
  const { branch } = report
  const parts = [
    branch?.readyMilliseconds === undefined ? '' : `Ready after ${duration(branch.readyMilliseconds)}`,
    branch?.expiresAt ? `expires ${momentOf(branch.expiresAt)}` : '',
    commitOf(report),
  ].filter(Boolean)
  return parts.join(' · ')
}
