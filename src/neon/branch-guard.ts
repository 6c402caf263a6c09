import { ActionError } from '../runtime/errors.ts'
import { isNeonHost } from '../runtime/neon-hosts.ts'
import { NO_BRANCH_OUTPUTS, wrongBranch } from '../runtime/wrong-branch.ts'
import { pooledHost } from './url.ts'

/**
 * That the branch in use is the one that was asked for. A name proves nothing: what is compared is what will be used, the
 * ids in each answer, the compute's branch, and the host that SQL would go to. Pure; what only the database itself can
 * tell is in `database/assert-branch.ts`.
 */

/** The branch that was asked for; `id` where it is known already. */
export interface AskedBranch {
  projectId: string
  id?: string
  name: string
}

/** A branch as an answer describes it. */
export interface AnsweredBranch {
  projectId: string
  id: string
  name: string
  parentId?: string
  default: boolean
  protected: boolean
  schemaOnly: boolean
}

/** A compute as an answer describes it. */
export interface AnsweredEndpoint {
  id: string
  /** A port may follow. */
  host: string
  branchId: string
  projectId: string
  type: string
}

/** A way in, as an answer describes it. */
export interface AnsweredAccess {
  host: string
  pooledHost: string
  database: string
  role: string
}

/** Throws {@link ActionError} unless an answer is about the branch of this project, name and (where known) id. */
export function assertBranch(answer: AnsweredBranch, asked: AskedBranch): void {
  if (asked.id !== undefined && answer.id !== asked.id) {
    throw wrongBranch(asked.name, `its id is ${asked.id}, and Neon answered about ${answer.id}`)
  }
  if (answer.name !== asked.name) {
    throw wrongBranch(asked.name, `Neon answered about the branch ${answer.name} (${answer.id})`)
  }
  assertInProject(answer, asked.projectId)
}

/** Throws {@link ActionError} for a branch of another project, and for one that names itself as its parent. */
export function assertInProject(answer: AnsweredBranch, projectId: string): void {
  const { name, id, parentId } = answer
  if (answer.projectId !== projectId) {
    throw wrongBranch(name, `Neon says that it belongs to the project ${answer.projectId}, not to ${projectId}`)
  }
  if (parentId === id) throw wrongBranch(name, `Neon gives it the id ${id}, and the same id to its parent`)
}

/**
 * Throws {@link ActionError} for a branch that is no place for a pull request: the default one, a protected one, or the
 * root of a project's data. A branch that is made for a pull request has a parent, or is schema-only.
 */
export function assertPreviewable(branch: AnsweredBranch): void {
  const cause = previewObstacle(branch)
  if (cause === '') return
  throw new ActionError(`Refused to use the branch ${branch.name} (${branch.id}) as a preview: ${cause}.`, {
    advice: 'Choose another branch_name for pull requests, for example pr-{number}.',
    outputs: NO_BRANCH_OUTPUTS,
  })
}

function previewObstacle(branch: AnsweredBranch): string {
  if (branch.default) return 'it is the default branch of the project'
  if (branch.protected) return 'it is protected'
  return branch.parentId || branch.schemaOnly ? '' : 'it has no parent, so it is no copy of another branch'
}

/** Throws {@link ActionError} unless a read_write compute belongs to the branch, and its host is its own. */
export function assertEndpoint(endpoint: AnsweredEndpoint, branch: AnsweredBranch): void {
  const { id, host, branchId, projectId, type } = endpoint
  if (projectId !== branch.projectId) {
    throw wrongBranch(branch.name, `its compute ${id} belongs to the project ${projectId}, not to ${branch.projectId}`)
  }
  if (branchId !== branch.id) {
    throw wrongBranch(branch.name, `its compute ${id} belongs to the branch ${branchId}, not to ${branch.id}`)
  }
  if (type !== 'read_write') throw wrongBranch(branch.name, `its compute ${id} is ${type}, not read_write`)
  if (isNeonHost(plain(host)) && computeOf(host) !== id) {
    throw wrongBranch(branch.name, `its compute ${id} has the host of ${computeOf(host)}`)
  }
}

/** Throws {@link ActionError} unless a way in leads to this compute, and to the database and role that were asked for. */
export function assertAccess(
  access: AnsweredAccess,
  asked: { branchName: string; endpoint: AnsweredEndpoint; database: string; role: string },
): void {
  const { branchName, endpoint } = asked
  for (const host of [access.host, access.pooledHost]) {
    if (isHostOf(host, endpoint)) continue
    throw wrongBranch(
      branchName,
      `its compute ${endpoint.id} is at ${endpoint.host}, and Neon's connection goes to ${host}`,
    )
  }
  for (const kind of ['database', 'role'] as const) {
    if (access[kind] === asked[kind]) continue
    throw wrongBranch(branchName, `its ${kind} is ${asked[kind]}, and Neon's connection is for ${access[kind]}`)
  }
}

/** Throws {@link ActionError} unless what an answer lists (a role, a database) is of this branch. */
export function assertOfBranch(
  thing: { what: string; branchId: string },
  branch: Pick<AnsweredBranch, 'id' | 'name'>,
): void {
  if (thing.branchId === branch.id) return
  throw wrongBranch(branch.name, `Neon's answer on its ${thing.what} is about ${thing.branchId}, not ${branch.id}`)
}

/**
 * Whether a host, direct or pooled, leads to the compute. Neon's proxy finds the compute by the first label of the host
 * (Neon docs, connection errors: the endpoint id), so that the cell behind it (`c-2.us-east-1…`) may be left out.
 */
function isHostOf(host: string, endpoint: AnsweredEndpoint): boolean {
  const own = [endpoint.host, pooledHost(endpoint.host, endpoint.id)].map(plain)
  if (own.includes(plain(host))) return true
  return isNeonHost(plain(host)) && isNeonHost(plain(endpoint.host)) && computeOf(host) === endpoint.id
}

/** A host as it is compared: the port that goes without saying left out. */
function plain(host: string): string {
  return host.toLowerCase().replace(/:5432$/, '')
}

/** The id of the compute that a host of Neon's names: its first label, without `-pooler`. */
function computeOf(host: string): string {
  return (host.toLowerCase().split('.', 1)[0] ?? '').replace(/-pooler$/, '')
}
