import type { Branch as ApiBranch, ConnectionDetails, Database, Endpoint, Role } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import { wrongBranch } from '../runtime/wrong-branch.ts'
import type { Annotations } from './annotations.ts'
import { assertBranch, assertInProject } from './branch-guard.ts'
import type { Neon } from './client.ts'

/** A way in that a create reply carries: database, role and password of a new branch. */
export interface Login {
  database: string
  role: string
  password: string
  /** Hosts as `connection_parameters` names them, and the one of the URI beside them. */
  host: string
  pooledHost: string
  uriHost: string
}

/** The read_write compute of a branch. */
export interface BranchEndpoint {
  id: string
  /** As the API gives it; a port may follow where it is not 5432. */
  host: string
  /** Whose compute it is, and of which kind, as the API says. */
  branchId: string
  projectId: string
  type: string
}

/** A database and the role that owns it. */
export interface BranchDatabase {
  name: string
  owner: string
}

/** One branch of a Neon project. */
export interface Branch {
  projectId: string
  id: string
  name: string
  /** True when this run made it. */
  created: boolean
  /** True of a branch that the user named and that is not ours: it gets SQL, and is never expired, reset or deleted. */
  guest?: boolean
  parentId?: string
  /** Only where a request told it on the way. */
  parentName?: string
  default: boolean
  protected: boolean
  /** A root branch that was made with its source's tables and none of its rows. */
  schemaOnly: boolean
  /** `init`, `resetting`, `ready` or `archived`. */
  state: string
  /** RFC 3339, as the API gives them. */
  createdAt: string
  expiresAt?: string
  lastResetAt?: string
  annotations: Annotations
  /** What only a create reply tells; absent for a branch that was looked up. */
  endpoint?: BranchEndpoint
  databases?: BranchDatabase[]
  roles?: string[]
  logins?: Login[]
}

/** Parts of a create reply that describe the new branch. */
export interface CreateReply {
  branch: ApiBranch
  endpoints?: Endpoint[]
  databases?: Database[]
  roles?: Role[]
  connection_uris?: ConnectionDetails[]
}

const PAGE = 100

/** Our view of a branch of the API. */
export function toBranch(branch: ApiBranch, annotations: Annotations = {}): Branch {
  return {
    projectId: branch.project_id,
    id: branch.id,
    name: branch.name,
    created: false,
    ...(branch.parent_id ? { parentId: branch.parent_id } : {}),
    default: branch.default,
    protected: branch.protected,
    schemaOnly: branch.init_source === 'schema-only',
    state: branch.current_state,
    createdAt: branch.created_at,
    ...(branch.expires_at ? { expiresAt: branch.expires_at } : {}),
    ...(branch.last_reset_at ? { lastResetAt: branch.last_reset_at } : {}),
    annotations,
  }
}

/** Our view of a branch that was just made, with everything its create reply tells. */
export function toNewBranch(reply: CreateReply, annotations: Annotations): Branch {
  const endpoint = readWrite(reply.endpoints ?? [])
  const databases = (reply.databases ?? []).map(({ name, owner_name }) => ({ name, owner: owner_name }))
  const logins = (reply.connection_uris ?? []).map(({ connection_uri, connection_parameters: parameters }) => ({
    database: parameters.database,
    role: parameters.role,
    password: parameters.password,
    host: parameters.host,
    pooledHost: parameters.pooler_host,
    uriHost: URL.parse(connection_uri)?.host ?? '',
  }))
  return {
    ...toBranch(reply.branch, annotations),
    created: true,
    ...(endpoint ? { endpoint } : {}),
    databases,
    roles: (reply.roles ?? []).map(({ name }) => name),
    logins,
  }
}

/** The read_write compute among several (read replicas are no place for writes), or undefined. */
export function readWrite(endpoints: readonly Endpoint[]): BranchEndpoint | undefined {
  const found = endpoints.find(({ type }) => type === 'read_write')
  return found && toEndpoint(found)
}

/** Our view of a compute of the API. */
export function toEndpoint({ id, host, branch_id, project_id, type }: Endpoint): BranchEndpoint {
  return { id, host, branchId: branch_id, projectId: project_id, type }
}

/**
 * All branches of a project (`listProjectBranches`, 100 a page). The API gives `next` with the last page too, and perhaps
 * with the empty page behind it: an empty page is the end. Throws {@link ActionError} when the API repeats a page, so that
 * nobody takes a part for the whole, and for a branch that is not of this project.
 * @param search narrows by a part of name or id; empty for all.
 */
export async function* listBranches(neon: Neon, projectId: string, search = ''): AsyncGenerator<Branch> {
  for await (const page of pagesOf(neon, projectId, search)) yield* page
}

async function* pagesOf(neon: Neon, projectId: string, search: string): AsyncGenerator<Branch[]> {
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const query = { projectId, limit: PAGE, ...(search ? { search } : {}), ...(cursor ? { cursor } : {}) }
    const page = await neon.read('listProjectBranches', (api, params) => api.listProjectBranches(query, params))
    const branches = page.branches.map((branch) => toBranch(branch, page.annotations?.[branch.id]?.value ?? {}))
    for (const branch of branches) assertInProject(branch, projectId)
    yield branches
    cursor = branches.length > 0 ? page.pagination?.next : undefined
    if (cursor && seen.has(cursor)) {
      throw new ActionError(`Could not list the branches of project ${projectId}: Neon gave the same page twice.`, {
        advice: 'Run the job again.',
      })
    }
    if (cursor) seen.add(cursor)
  } while (cursor)
}

/** All branches of a project at once. */
export async function allBranches(neon: Neon, projectId: string): Promise<Branch[]> {
  const all: Branch[] = []
  for await (const branch of listBranches(neon, projectId)) all.push(branch)
  return all
}

/**
 * The branch whose name is exactly this, or undefined: the API's search is a partial match on name or id. Names are unique
 * in a project: throws {@link ActionError} for two of the same name.
 */
export async function findBranchByName(neon: Neon, projectId: string, name: string): Promise<Branch | undefined> {
  for await (const page of pagesOf(neon, projectId, name)) {
    const [found, other] = page.filter((branch) => branch.name === name)
    if (found && other) throw wrongBranch(name, `Neon lists two of this name, ${found.id} and ${other.id}`)
    if (found) return found
  }
  return undefined
}

/** The branch of exactly this name or id, or undefined. A name wins over an id that another branch's name spells. */
export async function findBranch(neon: Neon, projectId: string, nameOrId: string): Promise<Branch | undefined> {
  let byId: Branch | undefined
  for await (const branch of listBranches(neon, projectId, nameOrId)) {
    if (branch.name === nameOrId) return branch
    if (branch.id === nameOrId) byId = branch
  }
  return byId
}

/**
 * One branch by id with its annotations, read anew; undefined when it does not exist. A branch that was just made or
 * restored is answered with 404 for a moment, so that a 404 is believed only when the list does not have it either.
 * Throws ActionError for an answer about another branch.
 */
export async function getBranch(neon: Neon, projectId: string, branchId: string): Promise<Branch | undefined> {
  const reply = await orAbsent(
    neon.read('getProjectBranch', (api, params) => api.getProjectBranch(projectId, branchId, params)),
  )
  if (!reply) {
    for await (const branch of listBranches(neon, projectId, branchId)) if (branch.id === branchId) return branch
    return undefined
  }
  const branch = toBranch(reply.branch, reply.annotation?.value ?? {})
  assertBranch(branch, { projectId, id: branchId, name: branch.name })
  return branch
}

/** The result of a read, or undefined where the API answers 404. */
export async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 404) return undefined
    throw error
  }
}
