import { commentMarker, upsertComment } from './github/index.ts'
import type { Report, SweepRow } from './model.ts'
import { aboutBranch, closedBody } from './report/index.ts'
import type { Run } from './run.ts'

const MOST_COMMENTS = 100
// GitHub asks for a second between requests that write (manual: Best practices for using the REST API).
const PAUSE = 1000

/** A deleted branch and the pull request that it was made for. */
type Swept = SweepRow & { pullRequest: number }

/**
 * Says in the comments about the branches that a sweep deleted that they are gone: of at most a hundred branches, one a second.
 * The others are named in the log. Ends at the first that GitHub does not take, which has been told by then.
 * @param report the run's, redacted.
 */
export async function markSwept(run: Run, report: Report): Promise<void> {
  const { config, runtime, runner } = run
  const swept = (report.sweep ?? []).filter((row): row is Swept => row.action === 'deleted' && row.pullRequest !== null)
  if (config.report.comment === 'false' || config.report.githubToken === '') return
  const [owner = '', repo = ''] = run.report.repository.split('/')
  let marked = 0
  for (const row of swept.slice(0, MOST_COMMENTS)) {
    if (marked > 0) await runtime.clock.sleep(PAUSE, runtime.signal)
    const { action } = await upsertComment(runtime, {
      ...{ token: config.report.githubToken, apiUrl: runner.apiUrl, owner, repo, pullRequest: row.pullRequest },
      ...{ isOptional: config.report.comment === 'auto', onlyIfExists: true, onlyAbout: true },
      marker: commentMarker(run.report),
      about: aboutBranch(row.branchName),
      body: (previous) => closedBody(previous ?? '', ofBranch(report, row)),
    })
    if (action === 'forbidden' || action === 'failed') break
    marked += 1
  }
  const left = swept.slice(marked).map(({ branchName, pullRequest }) => `${branchName} (#${pullRequest})`)
  if (left.length > 0) runtime.log.info(`The comments about these branches were not marked: ${left.join(', ')}.`)
}

/** What a clean-up of this one branch would have reported. */
function ofBranch(report: Report, row: Swept): Report {
  const { sweep: _sweep, error: _error, ...rest } = report
  return {
    ...rest,
    ...{ mode: 'cleanup', outcome: 'deleted', warnings: [], pullRequest: row.pullRequest },
    branch: { id: row.branchId, name: row.branchName, created: false },
  }
}
