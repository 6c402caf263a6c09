import { existingGitBranches, pullRequestFacts } from '../github/index.ts'
import type { Outcome } from '../model.ts'
import {
  type Branch,
  foreignPurposes,
  isMarked,
  planForeign,
  planSweep,
  pullRequestsOf,
  type SweepIntent,
  sweepBranches,
  sweepCandidates,
} from '../neon/index.ts'
import { ownerOf, phase, type Run, repositoryQuery } from '../run.ts'
import { removeSecret } from './steps/credentials.ts'
import { openNeon, projectOf } from './steps/project.ts'
import { tellSweep } from './steps/sweep-rows.ts'

/**
 * Deletes our branches whose pull request is closed or that are too old, each with its Secret, and those of others that
 * `sweep_pattern` names. Knows every branch and every pull request before it deletes the first, and asks GitHub again right
 * before each; throws an ActionError when it cannot.
 */
export async function sweep(run: Run): Promise<Outcome> {
  const { dryRun } = run.config.sweep
  const neon = openNeon(run)
  const project = await projectOf(run, neon, { create: false })
  const branches = await phase(run, 'Branches', () => sweepCandidates(neon, project.id))
  const intents = await phase(run, 'Pull requests', () => judge(run, branches, branches))
  const rows = await phase(run, dryRun ? 'Would delete' : 'Delete', () =>
    sweepBranches(neon, intents, {
      ...{ projectId: project.id, dryRun },
      again: async (branch) => (await judge(run, [branch], branches))[0],
      beforeDelete: ({ branch, pullRequest }) => removeMade(run, branch, pullRequest),
    }),
  )
  run.outputs.set(
    'swept',
    String(rows.filter(({ action }) => action === 'deleted' || action === 'would delete').length),
  )
  tellSweep(run, rows, { dryRun })
  return 'swept'
}

/** What is meant to happen to some of the project's branches, by what GitHub says now. */
async function judge(run: Run, some: Branch[], all: Branch[]): Promise<SweepIntent[]> {
  const { keep, maxAge, pattern } = run.config.sweep
  const owner = ownerOf(run)
  const query = repositoryQuery(run)
  const now = run.runtime.clock.now()
  const foreign = foreignPurposes(some, { owner, pattern })
  const numbers = [...pullRequestsOf(some, owner), ...foreign.flatMap(({ pullRequest }) => pullRequest ?? [])]
  const facts = await pullRequestFacts(run.runtime, { ...query, numbers })
  const pullRequests = new Map([...facts].map(([number, { state }]) => [number, state] as const))
  const names = foreign.flatMap(({ gitBranch }) => (gitBranch === '' ? [] : [gitBranch]))
  const gitBranches = await existingGitBranches(run.runtime, { ...query, names })
  const own = planSweep(some, { owner, keep, maxAge: maxAge ?? undefined, pullRequests }, now)
  const others = planForeign(foreign, all, { rules: { owner, keep, pattern, pullRequests, gitBranches }, now })
  const byId = new Map(others.map((intent) => [intent.branch.id, intent]))
  return own.map((intent) => byId.get(intent.branch.id) ?? intent)
}

/** The Secret of a branch that this action made; beside others' branches there is none of ours. */
async function removeMade(run: Run, { annotations }: Branch, pullRequest: number | null): Promise<void> {
  if (pullRequest !== null && isMarked(annotations)) await removeSecret(run, pullRequest)
}
