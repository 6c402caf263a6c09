import type { FileResult, Report } from '../model.ts'

/**
 * A file as the pull request stands to it: what ran on its branch is applied, whichever of its runs did that (only of such a file
 * it is known how long it took).
 */
export function asOfPullRequest(file: FileResult): FileResult {
  return file.state === 'unchanged' && file.milliseconds !== undefined ? { ...file, state: 'applied' } : file
}

// A file that ran for this long is told of, so that this much of its time makes a difference.
const LONG = 1000

/**
 * The report without what differs between two runs that find the same: times, sizes, estimates, and who made project and branch.
 */
export function timeless(report: Report): Report {
  const { branch, project, schema, tables } = report
  return {
    ...report,
    runUrl: URL.canParse(report.runUrl) ? new URL('/', report.runUrl).href : '',
    phases: [],
    ...(branch ? { branch: { id: branch.id, name: branch.name, created: false, ...consoleOf(branch) } } : {}),
    ...(project ? { project: { ...project, created: false } } : {}),
    ...(schema ? { schema: { ...schema, milliseconds: 0, files: schema.files.map(timelessFile) } } : {}),
    ...(tables
      ? { tables: tables.map((one) => ({ ...one, bytes: 0, ...(one.precision === 'estimate' ? NOT_COUNTED : {}) })) }
      : {}),
  }
}

const NOT_COUNTED = { rows: 0 }

function consoleOf({ consoleUrl }: { consoleUrl?: string }): { consoleUrl?: string } {
  return consoleUrl ? { consoleUrl } : {}
}

function timelessFile(file: FileResult): FileResult {
  const { milliseconds, ...rest } = asOfPullRequest(file)
  return { ...rest, milliseconds: (milliseconds ?? 0) < LONG ? 0 : LONG }
}
