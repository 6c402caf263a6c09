import { commentMarker, upsertComment } from './github/index.ts'
import type { CommandFailure, Report, SchemaResult } from './model.ts'
import { markSwept } from './publish-swept.ts'
import {
  annotateFailure,
  changesJson,
  commentText,
  type ReportOptions,
  renderSummary,
  tablesJson,
} from './report/index.ts'
import { type Run, warn } from './run.ts'
import { byContract, clean, cleanDeep } from './runtime/door.ts'
import { errorMessage } from './runtime/errors.ts'
import { appendSummary, setOutput } from './runtime/exits.ts'
import { wasCancelled } from './runtime/lifetime.ts'

/**
 * Tells the pull request how the run went: annotation of a failed statement, and the comment. What only informs never
 * fails the run, so a comment that could not be written, or not in time, becomes a warning. Throws the signal's reason when
 * the run is cancelled meanwhile; one that is over already asks nobody, since it has 7.5 seconds.
 */
export async function tellPullRequest(run: Run): Promise<void> {
  const { secrets, signal } = run.runtime
  // Redacted before it is escaped, cut or made JSON; warnings of the writing itself go into the run's own report.
  const report = cleanDeep(secrets, run.report)
  if (report.schema?.failure) annotateFailure(run.runtime, report.schema.failure)
  if (signal.aborted) return
  await unlessCancelled(run, 'The pull request comment', () => comment(run, report, optionsOf(run)))
  if (report.sweep) await unlessCancelled(run, 'The comments about deleted branches', () => markSwept(run, report))
}

async function unlessCancelled(run: Run, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (wasCancelled(run.runtime.signal)) throw error
    warnUnwritten(run, what, error)
  }
}

/** Tells the job: summary and outputs. Nothing is waited for, so that no cancel comes in between. */
export function tellJob(run: Run): void {
  const report = cleanDeep(run.runtime.secrets, run.report)
  try {
    summary(run, report, optionsOf(run))
  } catch (error) {
    warnUnwritten(run, 'The job summary', error)
  }
  setOutputs(run, report)
}

function optionsOf({ config }: Run): ReportOptions {
  return { diagram: config.report.diagram, diff: config.report.diff, showDetail: config.schema.showDetail }
}

function warnUnwritten(run: Run, what: string, error: unknown): void {
  warn(run, `${what} could not be written: ${errorMessage(error)}`)
}

async function comment(run: Run, report: Report, options: ReportOptions): Promise<void> {
  const { config, runtime, runner } = run
  if (config.report.comment === 'false' || report.pullRequest === null) return
  const [owner = '', repo = ''] = run.report.repository.split('/')
  const { url } = await upsertComment(runtime, {
    token: config.report.githubToken,
    apiUrl: runner.apiUrl,
    owner,
    repo,
    pullRequest: report.pullRequest,
    isOptional: config.report.comment === 'auto',
    // What it is found by stays what it is; it is a hash.
    marker: commentMarker(run.report),
    ...commentText(report, options),
  })
  if (url) run.outputs.set('comment_url', url)
}

function summary(run: Run, report: Report, options: ReportOptions): void {
  if (!run.config.report.summary) return
  appendSummary(clean(run.runtime.secrets, renderSummary(report, options)))
}

/**
 * Outputs that pass the door as they are: those that are secret by contract and have been masked, the addresses that go
 * with them (a weak password may be part of one), and the action's own words.
 */
const BY_CONTRACT = [
  ...['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password', 'role_urls'],
  ...['db_host', 'host', 'db_host_pooled', 'host_with_pooler', 'database', 'role'],
  ...['project_id', 'branch_id', 'branch_name', 'outcome'],
]

/** Empty where nobody can tell: a 0 would say that nothing ran. */
function applied({ applied, isUncounted }: SchemaResult): string {
  return isUncounted ? '' : String(applied)
}

function commandOutputs(failure: CommandFailure | undefined): Record<string, string> {
  return {
    ...(failure?.file ? { failed_file: failure.file } : {}),
    ...(failure?.sqlstate ? { sqlstate: failure.sqlstate } : {}),
  }
}

function setOutputs(run: Run, report: Report): void {
  const { outputs, runtime } = run
  const failure = report.schema?.failure
  const known: Record<string, string> = {
    skipped: 'false',
    ...Object.fromEntries(outputs),
    outcome: report.outcome,
    ...(report.tables ? { tables: tablesJson(report.tables) } : {}),
    ...(report.diff ? { changes: changesJson(report.diff) } : {}),
    ...(report.schema ? { applied: applied(report.schema), pending: String(report.schema.pending) } : {}),
    ...commandOutputs(report.schema?.commandFailure),
    ...(failure ? { failed_file: failure.file, failed_line: String(failure.line), sqlstate: failure.sqlstate } : {}),
  }
  for (const [name, value] of Object.entries(known)) {
    setOutput(name, BY_CONTRACT.includes(name) ? byContract(value) : clean(runtime.secrets, value))
  }
}
