import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { isMarked, rememberedNames } from './annotations.ts'
import { assertAccess, assertEndpoint, assertOfBranch, assertPreviewable } from './branch-guard.ts'
import { type Branch, type BranchEndpoint, orAbsent } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { findCompute, makeCompute } from './compute.ts'
import { chooseNames, type Names } from './database-choice.ts'
import { NeonError } from './error.ts'
import { explaining } from './explain.ts'
import { buildUrls, pooledHost, type UrlOptions, type UrlParts } from './url.ts'

/** Which database and role, and how the URLs shall look. */
export interface ConnectionRequest extends UrlOptions {
  database?: string | undefined
  role?: string | undefined
  /** The branch is a pull request's: see {@link assertPreviewable}. */
  isPreview?: boolean
  /** Nothing may be changed: a branch without a compute is an error, and none is made. */
  readOnly?: boolean
}

/** A way into a branch. `url` is the direct one: schema changes need it; `pooledUrl` goes through PgBouncer. */
export interface Connection {
  url: string
  pooledUrl: string
  host: string
  pooledHost: string
  database: string
  role: string
  password: string
}

/**
 * URLs, hosts and password of a branch. Of a branch that this run made, mostly without a request; of another, two side by
 * side (its compute, and the connection) where the names are given, or were given when we made the branch, or are Neon's
 * defaults (`neondb`, `<database>_owner`); else two more to find them. Password and URLs are registered as secrets before
 * this returns. Throws {@link ActionError} when the names are not clear, the API refuses, or what it answers is not about
 * this branch (see branch-guard.ts).
 */
export async function connectionOf(neon: Neon, branch: Branch, request: ConnectionRequest): Promise<Connection> {
  if (request.isPreview) assertPreviewable(branch)
  const task = { what: `get the connection of the branch ${branch.name}`, projectId: branch.projectId }
  const { amongSeveral, ...access } = await explaining(neon, task, () =>
    branch.databases ? known(neon, branch, request) : looked(neon, branch, request),
  )
  if (amongSeveral) {
    neon.runtime.log.info(
      `The branch ${branch.name} has the databases ${amongSeveral.join(', ')}: ${access.database} is used. Set the input database for another.`,
    )
  }
  return withUrls(neon.runtime, access, request)
}

/** A way in with the URLs that go with it. Its password and both URLs are registered as secrets before this returns. */
export function withUrls<T extends UrlParts>(
  { secrets }: Runtime,
  parts: T,
  options: UrlOptions,
): T & { url: string; pooledUrl: string } {
  const urls = buildUrls(parts, options)
  for (const secret of [parts.password, urls.url, urls.pooledUrl]) secrets.add(secret)
  return { ...parts, ...urls }
}

interface Access extends Names {
  password: string
  host: string
  pooledHost: string
}

/** The create reply told the names, and the password where there is one role and one database. */
async function known(neon: Neon, branch: Branch, request: ConnectionRequest): Promise<Access> {
  const { databases = [], roles = [], logins = [] } = branch
  const names = chooseNames({
    database: request.database,
    role: request.role,
    databases,
    roles,
    branchName: branch.name,
  })
  const login = logins.find(({ role, database }) => role === names.role && database === names.database)
  const endpoint = branch.endpoint ?? (await findCompute(neon, branch)) ?? (await missingCompute(neon, branch, request))
  if (!login) return guarded(branch, { endpoint, names, access: await readUri(neon, branch, names) })
  for (const host of [login.host, login.uriHost]) {
    guarded(branch, { endpoint, names, access: { ...login, host } })
  }
  const { password } = login
  return { ...names, password, host: endpoint.host, pooledHost: pooledHost(endpoint.host, endpoint.id) }
}

async function looked(neon: Neon, branch: Branch, request: ConnectionRequest): Promise<Access> {
  const remembered = rememberedNames(branch.annotations)
  const wish: Wish = { database: request.database ?? remembered.database, role: request.role ?? remembered.role }
  const likely = likelyNames(branch, wish)
  const attempt = async (names?: Names) => {
    const sure = names ?? (await readNames(neon, branch, wish))
    return { names: sure, access: await readUri(neon, branch, sure) }
  }
  const [found, first] = await Promise.all([
    branch.endpoint ?? findCompute(neon, branch),
    attempt(likely).catch(onlyMissing),
  ])
  const endpoint = found ?? (await missingCompute(neon, branch, request))
  // Without a compute there was no connection either, whatever the names are.
  const second = first ?? (found ? undefined : await attempt(likely).catch(onlyMissing))
  return guarded(branch, { endpoint, ...(second ?? (await attempt())) })
}

/** The compute of a branch that has none: made, unless nothing may be changed. Throws {@link ActionError}. */
async function missingCompute(neon: Neon, branch: Branch, { readOnly }: ConnectionRequest): Promise<BranchEndpoint> {
  if (!readOnly) return await makeCompute(neon, branch)
  throw new ActionError(`The branch ${branch.name} has no read_write compute, and this mode makes none.`, {
    advice: 'Give it one in the Neon console, or run a mode that uses the branch, for example provision.',
  })
}

/** The way in, once it is sure that it leads to this branch. Throws {@link ActionError}. */
function guarded(branch: Branch, way: { endpoint: BranchEndpoint; names: Names; access: Access }): Access {
  const { endpoint, names, access } = way
  assertEndpoint(endpoint, branch)
  assertAccess(access, { branchName: branch.name, endpoint, ...names })
  return { ...access, ...names }
}

/** The names that were asked for, now or when the branch was made. */
type Wish = Pick<ConnectionRequest, 'database' | 'role'>

/**
 * The names where they need no question. When we make a branch without being told the names, it has exactly one database
 * (else we delete it again), so Neon's default names, where they exist, are that one.
 */
function likelyNames(branch: Branch, { database, role }: Wish): Names | undefined {
  if (database && role) return { database, role }
  if (!isMarked(branch.annotations)) return undefined
  const likely = database ?? 'neondb'
  return { database: likely, role: role ?? `${likely}_owner` }
}

async function readNames(neon: Neon, branch: Branch, wish: Wish): Promise<Names> {
  const { projectId, id, name } = branch
  const [databases, roles] = await Promise.all([
    neon.read('listProjectBranchDatabases', (api, params) => api.listProjectBranchDatabases(projectId, id, params)),
    neon.read('listProjectBranchRoles', (api, params) => api.listProjectBranchRoles(projectId, id, params)),
  ])
  for (const { branch_id } of databases.databases) assertOfBranch({ what: 'databases', branchId: branch_id }, branch)
  for (const { branch_id } of roles.roles) assertOfBranch({ what: 'roles', branchId: branch_id }, branch)
  return chooseNames({
    ...wish,
    databases: databases.databases.map((database) => ({ name: database.name, owner: database.owner_name })),
    roles: roles.roles.map((role) => role.name),
    branchName: name,
  })
}

/** `getConnectionURI`: one request for host and password; the pooled host follows from it. */
async function readUri(neon: Neon, branch: Branch, names: Names): Promise<Access> {
  const query = {
    projectId: branch.projectId,
    branch_id: branch.id,
    database_name: names.database,
    role_name: names.role,
  }
  const { uri } = await neon.read('getConnectionURI', (api, params) => api.getConnectionUri(query, params))
  const url = URL.parse(uri)
  if (!url)
    throw new ActionError(`Neon gave no usable connection for the branch ${branch.name}.`, {
      advice: 'Run the job again.',
    })
  const [role = '', password = '', database = ''] = [url.username, url.password, url.pathname.slice(1)].map(
    decodeURIComponent,
  )
  neon.runtime.secrets.add(password)
  return { database, role, password, host: url.host, pooledHost: pooledHost(url.host) }
}

/** Swallows the answer that something of it does not exist; everything else is thrown on. */
function onlyMissing(error: unknown): undefined {
  if (error instanceof NeonError && [400, 404, 422].includes(error.status)) return undefined
  throw error
}

/** The password of a role as the API stores it, registered as a secret; undefined where it has no such role. */
export async function revealPassword(neon: Neon, branch: Branch, role: string): Promise<string | undefined> {
  const reply = await orAbsent(
    neon.read('getProjectBranchRolePassword', (api, params) =>
      api.getProjectBranchRolePassword(branch.projectId, branch.id, role, params),
    ),
  )
  if (reply) neon.runtime.secrets.add(reply.password)
  return reply?.password
}
