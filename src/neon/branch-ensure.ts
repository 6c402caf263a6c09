import type { Branch as ApiBranch, Operation } from '@neondatabase/api-client'
import { standingOf } from '../ownership.ts'
import { ActionError } from '../runtime/errors.ts'
import { markOf } from './annotations.ts'
import { type Claim, claimBranch } from './branch-claim.ts'
import { type BranchRequest, createBranch } from './branch-create.ts'
import { removeBranch } from './branch-delete.ts'
import { assertBranch } from './branch-guard.ts'
import { type Branch, findBranch, findBranchByName, getBranch, listBranches, toBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { chooseNames } from './database-choice.ts'
import { NeonError } from './error.ts'
import { type ExpiryRequest, expiryOf, isExpiryDue } from './expiry.ts'
import { explaining } from './explain.ts'
import { waitUntilAnonymized } from './masking.ts'
import { waitForBranch, waitForOperations } from './operations.ts'

/** A named branch, and when it shall expire. */
export type NamedBranchRequest = BranchRequest & ExpiryRequest & Pick<Claim, 'namedByUser'>

/**
 * The branch of exactly this name: reused, or made, whichever it needs, and ready when this returns. Two requests when it
 * is made (three with a parent), one when it is reused, two when its expiry is due (see {@link isExpiryDue}); polling comes
 * on top. Throws {@link ActionError}, also for a branch that is not this owner's (see {@link claimBranch}), before it is
 * touched.
 * @param accept called with a branch that is there before anything is changed on it; throws to refuse it.
 */
export async function ensureNamedBranch(
  neon: Neon,
  request: NamedBranchRequest,
  accept: (branch: Branch) => void = () => undefined,
): Promise<Branch> {
  const { projectId, name } = request
  const task = { what: `create or reuse the branch ${name}`, projectId, owner: request.origin }
  const expiry = expiryOf(request, neon.runtime.clock.now())
  return await explaining(neon, task, async () => {
    const found = await findBranchByName(neon, projectId, name)
    const branch = found ?? (await createBranch(neon, request, expiry.at))
    if (!branch.created) accept(branch)
    const guest = !branch.created && claimBranch(branch, { owner: request.origin, ...request }) === 'guest'
    if (guest) return await beGuest(neon, branch, { request, expiresAt: expiry.at })
    if (expiry.notice) neon.runtime.log.notice(expiry.notice)
    if (!branch.created) return await reuse(neon, branch, { request, expiresAt: expiry.at })
    await refuseUnclearNames(neon, branch, request)
    if (request.maskingRules) await waitUntilAnonymized(neon, branch)
    return branch
  })
}

/** The project's default branch. Throws {@link ActionError}. */
export async function defaultBranch(neon: Neon, projectId: string): Promise<Branch> {
  return await explaining(neon, { what: `find the default branch of project ${projectId}`, projectId }, async () => {
    for await (const branch of listBranches(neon, projectId)) {
      if (!branch.default) continue
      if (branch.state === 'init' || branch.state === 'resetting') await waitForBranch(neon, projectId, branch.id)
      return branch
    }
    throw new ActionError(`The project ${projectId} has no default branch.`, {
      advice: 'Make one the default in the Neon console.',
    })
  })
}

/** The branch of this name or id, or undefined. Throws {@link ActionError}. */
export async function lookUpBranch(neon: Neon, projectId: string, nameOrId: string): Promise<Branch | undefined> {
  return await explaining(neon, { what: `find the branch ${nameOrId}`, projectId }, () =>
    findBranch(neon, projectId, nameOrId),
  )
}

interface Reuse {
  request: NamedBranchRequest
  expiresAt: string | undefined
}

/**
 * Uses a branch that is not ours as it is. Only `expires_in: never`, which takes an end away, changes it; and an end that
 * this repository gave a branch of its own outside pull requests is put further off where the inputs say so.
 */
async function beGuest(neon: Neon, branch: Branch, { request, expiresAt }: Reuse): Promise<Branch> {
  if (branch.state === 'init' || branch.state === 'resetting') await waitForBranch(neon, branch.projectId, branch.id)
  if (request.maskingRules) await waitUntilAnonymized(neon, branch)
  neon.runtime.log.info(`The branch ${branch.name} is used as it is: it is never reset, deleted or given an end.`)
  const never = request.expiresIn?.trim().toLowerCase() === 'never'
  const isOurs = standingOf(markOf(branch.annotations), request.origin) === 'ours'
  const later = isOurs && branch.expiresAt && expiresAt && Date.parse(expiresAt) > Date.parse(branch.expiresAt)
  return { ...(await renewExpiry(neon, branch, never ? null : later ? expiresAt : undefined)), guest: true }
}

async function reuse(neon: Neon, branch: Branch, { request, expiresAt }: Reuse): Promise<Branch> {
  const { log } = neon.runtime
  if (branch.state === 'init' || branch.state === 'resetting') await waitForBranch(neon, branch.projectId, branch.id)
  if (request.maskingRules) await waitUntilAnonymized(neon, branch)
  if (request.schemaOnly && !branch.schemaOnly) {
    log.warning(`The branch ${branch.name} is reused, but it was made with its parent's rows, not schema-only.`)
  }
  if (
    expiresAt &&
    !isExpiryDue(request, { wished: expiresAt, present: branch.expiresAt, now: neon.runtime.clock.now() })
  ) {
    return branch
  }
  return await renewExpiry(neon, branch, request.expiresIn?.trim().toLowerCase() === 'never' ? null : expiresAt)
}

/**
 * Sets the moment a branch expires anew (`updateProjectBranch`); null takes the expiry off, undefined leaves it. The API
 * forbids an expiry on default and protected branches, and on parents: there it is left out, with a notice at most.
 * Throws NeonError.
 */
export async function renewExpiry(neon: Neon, branch: Branch, expiresAt: string | null | undefined): Promise<Branch> {
  if (branch.default || branch.protected || expiresAt === undefined) return branch
  if (expiresAt === null && !branch.expiresAt) return branch
  const { projectId, id, name } = branch
  try {
    const { operations, branch: answer } = await neon.write<{ operations: Operation[]; branch?: ApiBranch }>(
      'updateProjectBranch',
      (api, params) => api.updateProjectBranch(projectId, id, { branch: { expires_at: expiresAt } }, params),
      {
        repeatable: true,
        async readBack() {
          const now = await getBranch(neon, projectId, id)
          const same = Date.parse(now?.expiresAt ?? '') === Date.parse(expiresAt ?? '')
          const cleared = expiresAt === null && now !== undefined && !now.expiresAt
          return same || cleared ? { operations: [] } : undefined
        },
      },
    )
    if (answer) assertBranch(toBranch(answer), branch)
    await waitForOperations(neon, projectId, operations ?? [])
    const { expiresAt: _before, ...rest } = branch
    return expiresAt ? { ...rest, expiresAt } : rest
  } catch (error) {
    if (!(error instanceof NeonError) || error.kind !== 'refused' || error.status === 401) throw error
    neon.runtime.log.notice(`The expiry of the branch ${name} was not renewed: ${error.message}.`)
    return branch
  }
}

/** Protects a branch unless it is (`updateProjectBranch`). Throws NeonError; limits and plans may forbid it. */
export async function protectBranch(neon: Neon, branch: Branch): Promise<Branch> {
  if (branch.protected) return branch
  const { projectId, id } = branch
  const { operations, branch: answer } = await neon.write<{ operations: Operation[]; branch?: ApiBranch }>(
    'updateProjectBranch',
    (api, params) => api.updateProjectBranch(projectId, id, { branch: { protected: true } }, params),
    {
      repeatable: true,
      readBack: async () => ((await getBranch(neon, projectId, id))?.protected ? { operations: [] } : undefined),
    },
  )
  if (answer) assertBranch(toBranch(answer), branch)
  await waitForOperations(neon, projectId, operations ?? [])
  return { ...branch, protected: true }
}

/** A new branch of which nobody can say which database is meant is taken away again: nothing is left half made. */
async function refuseUnclearNames(neon: Neon, branch: Branch, { database, role }: BranchRequest): Promise<void> {
  if (!branch.databases) return
  try {
    chooseNames({ database, role, databases: branch.databases, roles: branch.roles ?? [], branchName: branch.name })
  } catch (error) {
    await removeBranch(neon, branch)
    throw error
  }
}
