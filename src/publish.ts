import { appendFileSync } from 'node:fs'
import * as core from '@actions/core'
import { commentMarker, upsertComment } from './github/index.ts'
import {
  annotateFailure,
  changesJson,
  commentText,
  type ReportOptions,
  renderSummary,
  tablesJson,
} from './report/index.ts'
import { type Run, warn } from './run.ts'
import { errorMessage } from './runtime/errors.ts'

/**
 * Tells the world how the run went: annotation of a failed statement, pull request comment, job summary, outputs.
 * Parts that only inform never fail the run; each becomes a warning.
 */
export async function publish(run: Run): Promise<void> {
  const { report, runtime } = run
  if (report.schema?.failure) annotateFailure(runtime, report.schema.failure)
  const options: ReportOptions = {
    diagram: run.config.report.diagram,
    diff: run.config.report.diff,
    showDetail: run.config.schema.showDetail,
  }
  await optional(run, 'The pull request comment', () => comment(run, options))
  await optional(run, 'The job summary', async () => summary(run, options))
  setOutputs(run)
}

async function optional(run: Run, what: string, work: () => Promise<void>): Promise<void> {
  // A cancelled run has 7.5 seconds: nothing that asks a service.
  if (run.runtime.signal.aborted && what !== 'The job summary') return
  try {
    await work()
  } catch (error) {
    warn(run, `${what} could not be written: ${errorMessage(error)}`)
  }
}

async function comment(run: Run, options: ReportOptions): Promise<void> {
  const { config, report, runtime, runner } = run
  if (config.report.comment === 'false' || report.pullRequest === null) return
  const [owner = '', repo = ''] = report.repository.split('/')
  const { url } = await upsertComment(runtime, {
    token: config.report.githubToken,
    apiUrl: runner.apiUrl,
    owner,
    repo,
    pullRequest: report.pullRequest,
    isOptional: config.report.comment === 'auto',
    marker: commentMarker(report),
    ...commentText(report, options),
  })
  if (url) run.outputs.set('comment_url', url)
}

function summary(run: Run, options: ReportOptions): void {
  const path = process.env.GITHUB_STEP_SUMMARY
  if (!run.config.report.summary || !path) return
  appendFileSync(path, `${run.runtime.secrets.redact(renderSummary(run.report, options))}\n`)
}

function setOutputs(run: Run): void {
  const { report, outputs } = run
  const failure = report.schema?.failure
  const known: Record<string, string> = {
    skipped: 'false',
    ...Object.fromEntries(outputs),
    outcome: report.outcome,
    ...(report.tables ? { tables: tablesJson(report.tables) } : {}),
    ...(report.diff ? { changes: changesJson(report.diff) } : {}),
    ...(report.schema ? { applied: String(report.schema.applied), pending: String(report.schema.pending) } : {}),
    ...(failure ? { failed_file: failure.file, failed_line: String(failure.line), sqlstate: failure.sqlstate } : {}),
  }
  for (const [name, value] of Object.entries(known)) core.setOutput(name, value)
}
