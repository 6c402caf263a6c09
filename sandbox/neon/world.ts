import { notFound, outsideProject } from './recorded.ts'
import type { NeonSettings } from './settings.ts'
import type { Account, BranchRecord, Endpoint, Project, ProjectRecord } from './types.ts'

/** Everything the stand-in knows. */
export interface World {
  settings: NeonSettings
  projects: Map<string, ProjectRecord>
  /** Deleted projects as they were: deleting them again is answered as the first time. */
  deletedProjects: Map<string, Project>
  organizations: Map<string, { name: string; managedBy: string; createdAt: string }>
  /** Operations and expiries that are under way. */
  tasks: Set<Promise<unknown>>
  /** Aborts when the stand-in closes. */
  closing: AbortController
  /** Milliseconds by which the world's clock is ahead. */
  advanced: number
}

/** One routed, checked request. */
export interface Call {
  account: Account
  params: Record<string, string>
  query: Record<string, unknown>
  body: unknown
}

/** What a handler answers: status, 200 unless told, and a body; 204 has none. */
export interface Answer {
  status?: number
  body?: object
}

/** Answers one operation of the API description. Throws an ApiError for what is not 2xx. */
export type Handler = (world: World, call: Call) => Promise<Answer> | Answer

/** The world's time, milliseconds since the epoch. */
export function now(world: World): number {
  return Date.now() + world.advanced
}

/** The world's time as the API writes it. */
export function timestamp(world: World, at = now(world)): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** The project of a call, if its key opens it. Throws 404. */
export function findProject(world: World, call: Call): ProjectRecord {
  refuseProjectKey(call.account, call.params.project_id)
  const record = world.projects.get(call.params.project_id ?? '')
  if (!record || !opens(call.account, record.project)) throw notFound('project')
  return record
}

/** Throws 404 for a key of one project where a call is about another, or about none. */
export function refuseProjectKey({ kind, projectId = '' }: Account, wanted?: string): void {
  if (kind === 'project' && projectId !== wanted) throw outsideProject(projectId)
}

/** Whether a key gives access to a project. */
export function opens(account: Account, project: Project): boolean {
  if (account.kind === 'project') return account.projectId === project.id
  return account.organizations.includes(project.org_id ?? '')
}

/** The project and branch of a call. Throws 404. */
export function findBranch(world: World, call: Call): { project: ProjectRecord; record: BranchRecord } {
  const project = findProject(world, call)
  return { project, record: branchById(project, call.params.branch_id ?? '') }
}

/** A branch of a project. Throws 404. */
export function branchById(project: ProjectRecord, id: string): BranchRecord {
  const record = project.branches.get(id)
  if (!record) throw notFound('branch')
  return record
}

/** The project's default branch. */
export function defaultBranch(project: ProjectRecord): BranchRecord {
  const found = [...project.branches.values()].find(({ branch }) => branch.default)
  if (!found) throw new Error(`project ${project.project.id} has no default branch`)
  return found
}

/** The project and endpoint of a call. Throws 404. */
export function findEndpoint(world: World, call: Call): { project: ProjectRecord; endpoint: Endpoint } {
  const project = findProject(world, call)
  const endpoint = project.endpoints.get(call.params.endpoint_id ?? '')
  if (!endpoint) throw notFound('endpoint')
  return { project, endpoint }
}

/** The endpoints of a branch. */
export function endpointsOf(project: ProjectRecord, branchId: string): Endpoint[] {
  return [...project.endpoints.values()].filter((endpoint) => endpoint.branch_id === branchId)
}

/** The branches made from a branch. */
export function childrenOf(project: ProjectRecord, branchId: string): BranchRecord[] {
  return [...project.branches.values()].filter(({ branch }) => branch.parent_id === branchId)
}
