import { pullRequestFacts } from '../github/index.ts'
import type { Outcome } from '../model.ts'
import { planSweep, pullRequestsOf, sweepBranches, sweepCandidates } from '../neon/index.ts'
import { ownerOf, phase, type Run, repositoryQuery } from '../run.ts'
import { removeSecret } from './steps/credentials.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { tellSweep } from './steps/sweep-rows.ts'

/**
 * Deletes our branches whose pull request is closed or that are too old, each with its Secret. Knows every branch and
 * every pull request before it deletes the first, and asks GitHub again right before each; throws an ActionError when it
 * cannot.
 */
export async function sweep(run: Run): Promise<Outcome> {
  const { config, runtime } = run
  const { dryRun, keep, maxAge } = config.sweep
  const owner = ownerOf(run)
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const branches = await phase(run, 'Branches', () => sweepCandidates(neon, project.id))
  const numbers = pullRequestsOf(branches, owner)
  const rules = { owner, maxAge: maxAge ?? undefined, keep }
  const states = async (some: number[]) => {
    const facts = await pullRequestFacts(runtime, { ...repositoryQuery(run), numbers: some })
    return new Map([...facts].map(([number, { state }]) => [number, state] as const))
  }
  const pullRequests = await phase(run, `Pull requests (${numbers.length})`, () => states(numbers))
  const intents = planSweep(branches, { ...rules, pullRequests }, runtime.clock.now())
  const rows = await phase(run, dryRun ? 'Would delete' : 'Delete', () =>
    sweepBranches(neon, intents, {
      ...{ projectId: project.id, dryRun },
      again: async (branch) =>
        planSweep(
          [branch],
          { ...rules, pullRequests: await states(pullRequestsOf([branch], owner)) },
          runtime.clock.now(),
        )[0],
      beforeDelete: (pullRequest) => removeSecret(run, pullRequest),
    }),
  )
  run.outputs.set(
    'swept',
    String(rows.filter(({ action }) => action === 'deleted' || action === 'would delete').length),
  )
  tellSweep(run, rows, { dryRun })
  return 'swept'
}
