import { pullRequestStates } from '../github/index.ts'
import type { Outcome } from '../model.ts'
import { planSweep, pullRequestsOf, sweepBranches, sweepCandidates } from '../neon/index.ts'
import { phase, type Run } from '../run.ts'
import { ActionError } from '../runtime/errors.ts'
import { removeSecret } from './steps/credentials.ts'
import { openNeon, projectOf } from './steps/project.ts'

/**
 * Deletes our branches whose pull request is closed or that are too old, each with its Secret. Knows every branch and
 * every pull request before it deletes the first; throws an ActionError when it cannot.
 */
export async function sweep(run: Run): Promise<Outcome> {
  const { config, event, runtime } = run
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const branches = await phase(run, 'Branches', () => sweepCandidates(neon, project.id))
  const numbers = pullRequestsOf(branches, event.repository)
  const pullRequests = await phase(run, `Pull requests (${numbers.length})`, () =>
    pullRequestStates(runtime, {
      token: config.report.githubToken,
      apiUrl: run.runner.apiUrl,
      repository: event.repository,
      numbers,
    }),
  )
  const rules = {
    repository: event.repository,
    pullRequests,
    maxAge: config.sweep.maxAge ?? undefined,
    keep: config.sweep.keep,
  }
  const intents = planSweep(branches, rules, runtime.clock.now())
  const { dryRun } = config.sweep
  const rows = await phase(run, dryRun ? 'Would delete' : 'Delete', () =>
    sweepBranches(neon, intents, {
      ...rules,
      ...{ projectId: project.id, dryRun },
      beforeDelete: (pullRequest) => removeSecret(run, pullRequest),
    }),
  )
  run.report.sweep = rows
  const gone = rows.filter(({ action }) => action === 'deleted' || action === 'would delete')
  run.outputs.set('swept', String(gone.length))
  runtime.log.info(`${dryRun ? 'Would delete' : 'Deleted'} ${gone.length} of ${rows.length} branches.`)
  const failed = rows.filter(({ action }) => action === 'failed')
  if (failed.length > 0) {
    throw new ActionError(
      `Could not delete ${failed.length} of ${gone.length + failed.length} branches: ${failed[0]?.branchName}: ${failed[0]?.reason}.`,
      {
        advice: 'The summary lists all; the next sweep tries them again.',
      },
    )
  }
  return 'swept'
}
