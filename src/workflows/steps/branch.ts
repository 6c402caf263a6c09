import {
  type Branch,
  type Connection,
  connectionOf,
  consoleUrl,
  type Expiry,
  type ExpiryRequest,
  expiryOf,
  lookUpBranch,
  type NamedBranchRequest,
  type Neon,
  type Origin,
  renewedConnection,
  resetToParent,
} from '../../neon/index.ts'
import { ownerOf, phase, type Run } from '../../run.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { computeOf } from './project.ts'
import { readyTarget } from './ready.ts'
import { announce, announceDatabase, type Target } from './target.ts'

/** Default of `expires_in` for branches of pull requests: the safety net for close events that never come. */
const PREVIEW_LIFE = '14d'

/** Who asks, for the branch's annotations. */
export function originOf(run: Run): Origin {
  const { event } = run
  return {
    ...ownerOf(run),
    sha: event.pullRequest?.headSha || event.sha,
    ref: event.pullRequest?.headRef ?? event.ref.replace(/^refs\/(heads|tags)\//, ''),
    actor: event.actor,
  }
}

/** The request for the branch that the plan names. */
export function branchRequest(run: Run, projectId: string, isPreview: boolean): NamedBranchRequest {
  const { neon } = run.config
  return {
    projectId,
    name: run.plan.branchName,
    origin: originOf(run),
    namedByUser: run.plan.naming === 'plain' || run.plan.naming === 'named',
    parent: neon.parentBranch || undefined,
    schemaOnly: neon.branchType === 'schema-only',
    maskingRules: neon.maskingRules ?? undefined,
    database: neon.database || undefined,
    role: neon.role || undefined,
    ...computeOf(run),
    ...expiryWish(run, isPreview),
  }
}

function expiryWish(run: Run, isPreview: boolean): ExpiryRequest {
  const { expiresIn, expiresAt } = run.config.neon
  if (expiresAt) return { expiresAt }
  if (expiresIn) return { expiresIn }
  return isPreview && endsWithPullRequest(run) ? { expiresIn: PREVIEW_LIFE } : {}
}

/**
 * Whether a branch is one that ends with its pull request, so that an end may be set unasked. A plain name may be that of a
 * branch that stays: it counts when it holds the pull request's number or Git branch (workflows often fill them in before
 * the action sees the name). A step that could be one of Neon's own actions gets what these give: no end.
 */
function endsWithPullRequest({ plan, event, config }: Run): boolean {
  if (config.looksSwapped) return false
  if (plan.naming !== 'plain') return true
  const { number, headRef = '' } = event.pullRequest ?? {}
  const words = plan.branchName.split(/[^\p{L}\p{N}]+/u)
  return words.includes(String(number)) || (headRef !== '' && plan.branchName.includes(headRef))
}

/**
 * When a branch that is reset shall expire: as the inputs say; without a word from them, a branch of ours that expires gets
 * its life anew, and no other branch an end that nobody asked for. Null takes the expiry off, undefined leaves it.
 */
function expiryAfterReset(run: Run, branch: Branch): string | null | undefined {
  const { expiresIn, expiresAt } = run.config.neon
  if (expiresIn.trim().toLowerCase() === 'never') return null
  const asked = expiresIn !== '' || expiresAt !== ''
  return asked || (branch.expiresAt && !branch.guest) ? lifeAhead(run) : undefined
}

/** The end of a life that begins now: the inputs', or that of a preview. */
function lifeAhead(run: Run): string | undefined {
  const { expiresIn, expiresAt } = run.config.neon
  const wish = expiresAt ? { expiresAt } : { expiresIn: expiresIn || PREVIEW_LIFE }
  return expiryOf(wish, run.runtime.clock.now()).at
}

/**
 * The expiry that the run's branch would get now, asked before the project, which may have to be made. Only for modes
 * that set one: an old pull request must be cleaned up although its time is over.
 * Throws an ActionError when `expires_at` has passed.
 */
export function expiryAhead(run: Run): Expiry {
  return expiryOf(expiryWish(run, true), run.runtime.clock.now())
}

/**
 * The branch that the plan names, where it is there. Only the inputs `branch` and `branch_id` may mean an id: what a template
 * or `branch_name` gives is a name, and a Git branch may be named like the id of another Neon branch.
 */
export async function plannedBranch(run: Run, neon: Neon, projectId: string): Promise<Branch | undefined> {
  const { branchName, naming } = run.plan
  const found = await lookUpBranch(neon, projectId, branchName)
  return naming === 'named' || found?.name === branchName ? found : undefined
}

/** Tells report and outputs about a branch. */
export function announceBranch(run: Run, neon: Neon, branch: Branch): void {
  const url = consoleUrl(neon, branch.projectId, branch.id)
  run.report.branch = {
    id: branch.id,
    name: branch.name,
    created: branch.created,
    ...(branch.parentName ? { parentName: branch.parentName } : {}),
    ...(url ? { consoleUrl: url } : {}),
    ...(branch.expiresAt ? { expiresAt: branch.expiresAt } : {}),
  }
  run.outputs.set('branch_id', branch.id)
  run.outputs.set('branch_name', branch.name)
  run.outputs.set('created', String(branch.created))
  if (branch.expiresAt) run.outputs.set('expires_at', branch.expiresAt)
}

/** How {@link connectTo} shall look at a branch. */
export interface Use {
  /** It is a pull request's. */
  isPreview: boolean
  /** Nothing may be changed, not even by making the compute that is missing. */
  readOnly?: boolean
}

/** A branch as a target: its connection, and how it is reset. Nobody has logged in yet, and no output has been set. */
export async function connectTo(run: Run, neon: Neon, branch: Branch, use: Use): Promise<Target> {
  const { database, role, ssl, prisma } = run.config.neon
  const connection: Connection = await phase(run, 'Connection', () =>
    connectionOf(neon, branch, {
      ...{ database: database || undefined, role: role || undefined, ssl, prisma },
      ...use,
    }),
  )
  const target: Target = {
    ...connection,
    branchId: branch.id,
    kind: 'neon',
    isPreview: use.isPreview && !branch.guest,
    reset: use.isPreview && !branch.guest && branch.parentId ? () => resetTarget(run, neon, branch) : null,
    renew: (current) => renewedConnection(neon, branch, current, { ssl, prisma }),
  }
  announceDatabase(run, target)
  return target
}

/** A branch as a target that has answered and is the right one (see {@link readyTarget}), told to report and outputs. */
export async function targetOf(run: Run, neon: Neon, branch: Branch, isPreview: boolean): Promise<Target> {
  const target = await answering(run, await connectTo(run, neon, branch, { isPreview }))
  announce(run, target)
  return target
}

/** The target once it has answered; with another password where a run beside this one has just given it a new one. */
async function answering(run: Run, target: Target): Promise<Target> {
  try {
    await readyTarget(run, target)
    return target
  } catch (error) {
    run.runtime.signal.throwIfAborted()
    if (!/password authentication failed/i.test(errorMessage(error))) throw error
    const later = (await target.renew?.(target)) ?? target
    if (later.password === target.password) throw error
    await readyTarget(run, later)
    return later
  }
}

/** Puts a preview back to its parent and connects anew: a protected parent's passwords are not the branch's. */
export async function resetTarget(run: Run, neon: Neon, branch: Branch): Promise<Target> {
  const fresh = await resetToParent(neon, branch, expiryAfterReset(run, branch))
  announceBranch(run, neon, { ...fresh, created: branch.created })
  // What the create reply told is about the branch before the reset.
  const { logins: _logins, ...looked } = { ...fresh, created: branch.created }
  return await targetOf(run, neon, looked, true)
}
