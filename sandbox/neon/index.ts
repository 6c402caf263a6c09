import type { FaultPlan } from '../http/faults.ts'
import { type JournalEntry, serve } from '../http/serve.ts'
import type { Cluster } from '../postgres/index.ts'
import { createApi, ROOT } from './api.ts'
import { type BranchStart, becomeReady, newBranch } from './branch-record.ts'
import { ids } from './ids.ts'
import { schedule } from './operations.ts'
import { removeEverything } from './projects.ts'
import { defaultSettings, type NeonSettings } from './settings.ts'
import type { Account, Branch, Endpoint, Operation, Project, ProjectRecord } from './types.ts'
import { loadDescription } from './validation.ts'
import { defaultBranch, timestamp, type World } from './world.ts'

export { cloudflareTimeout, rateLimited } from './faults.ts'
export type { NeonSettings, QuotaUse } from './settings.ts'
export type { Account, Branch, Endpoint, Operation, Project } from './types.ts'

/** A branch that {@link NeonSandbox.seedBranches} writes down. */
export interface Seed {
  name: string
  annotations?: Record<string, string>
  /** RFC 3339. */
  createdAt?: string
  protected?: boolean
  /** Id of the parent; the project's default branch unless told. */
  parentId?: string
}

/** A stand-in for Neon's management API, over real PostgreSQL clusters: one per branch. */
export interface NeonSandbox {
  /** `http://127.0.0.1:PORT/api/v2`, what the clients call the API host. */
  readonly url: string
  /** A personal key: its calls name the organization where Neon wants it. */
  readonly apiKey: string
  /** A key of the organization. */
  readonly organizationApiKey: string
  readonly organizationId: string
  readonly journal: JournalEntry[]
  readonly faults: FaultPlan
  /** Milliseconds that every answer is held back. */
  latency: number
  /** May be changed while it runs. */
  readonly settings: NeonSettings
  /** Our own mistakes so far: answers that violate the API description, exceptions. Empty unless something is wrong. */
  readonly violations: string[]
  /** Makes a further organization of the personal key's owner and returns its id. */
  addOrganization(name: string, managedBy?: 'console' | 'vercel'): string
  /** Makes a key that opens one project. */
  projectKey(projectId: string): string
  projects(): Project[]
  branches(projectId: string): Branch[]
  endpoints(projectId: string): Endpoint[]
  operations(projectId: string): Operation[]
  annotations(projectId: string, branchId: string): Record<string, string> | undefined
  /** The server behind a branch, once it runs. */
  branchCluster(projectId: string, branchId: string): Cluster | undefined
  /** Writes down ready branches without endpoint or server, made when needed; limits are not looked at. Returns their ids. */
  seedBranches(projectId: string, count: number, make: (index: number) => Seed): string[]
  /** Keeps a project locked (423) for a time, as Neon's own availability check does. */
  lock(projectId: string, milliseconds: number): void
  /** Moves the clock on, for expiries. */
  advance(milliseconds: number): void
  /** Waits until no operation is under way. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Starts the stand-in on a free port of 127.0.0.1, or on `port`. */
export async function startNeon(settings: Partial<NeonSettings> = {}, port = 0): Promise<NeonSandbox> {
  const description = await loadDescription()
  const world = newWorld(settings)
  const violations: string[] = []
  const server = await serve(createApi(world, description, violations), port)
  const [personal, organization] = world.settings.accounts
  return {
    url: `${server.url}${ROOT}`,
    apiKey: personal?.apiKey ?? '',
    organizationApiKey: organization?.apiKey ?? '',
    organizationId: organization?.organizations[0] ?? '',
    journal: server.journal,
    faults: server.faults,
    get latency() {
      return server.latency
    },
    set latency(milliseconds) {
      server.latency = milliseconds
    },
    settings: world.settings,
    violations,
    ...inspection(world),
    ...control(world),
    async close() {
      world.closing.abort()
      await server.close()
      await Promise.allSettled(world.tasks)
      await Promise.all([...world.projects.values()].map(removeEverything))
    },
  }
}

function newWorld(settings: Partial<NeonSettings>): World {
  const organization = ids.organization()
  const accounts: Account[] = [
    { apiKey: ids.key(), kind: 'personal', organizations: [organization] },
    { apiKey: ids.key(), kind: 'organization', organizations: [organization] },
  ]
  const world: World = {
    settings: { ...defaultSettings(accounts), ...settings },
    projects: new Map(),
    deletedProjects: new Map(),
    organizations: new Map(),
    tasks: new Set(),
    closing: new AbortController(),
    advanced: 0,
  }
  for (const id of world.settings.accounts.flatMap(({ organizations }) => organizations)) {
    world.organizations.set(id, { name: 'Sandbox', managedBy: 'console', createdAt: timestamp(world) })
  }
  return world
}

function project(world: World, id: string): ProjectRecord {
  const record = world.projects.get(id)
  if (!record) throw new Error(`the sandbox has no project ${id}`)
  return record
}

function inspection(world: World) {
  return {
    projects: () => [...world.projects.values()].map((record) => record.project),
    branches: (id: string) => [...project(world, id).branches.values()].map(({ branch }) => branch),
    endpoints: (id: string) => [...project(world, id).endpoints.values()],
    operations: (id: string) => project(world, id).operations,
    annotations: (id: string, branchId: string) => project(world, id).branches.get(branchId)?.annotation?.value,
    branchCluster: (id: string, branchId: string) => project(world, id).branches.get(branchId)?.cluster,
  }
}

function control(world: World) {
  return {
    addOrganization(name: string, managedBy = 'console'): string {
      const id = ids.organization()
      world.organizations.set(id, { name, managedBy, createdAt: timestamp(world) })
      const owner = world.settings.accounts.find(({ kind }) => kind === 'personal')
      owner?.organizations.push(id)
      return id
    },
    projectKey(projectId: string): string {
      const { org_id: organization = '' } = project(world, projectId).project
      const account: Account = { apiKey: ids.key(), kind: 'project', organizations: [organization], projectId }
      world.settings.accounts.push(account)
      return account.apiKey
    },
    seedBranches(projectId: string, count: number, make: (index: number) => Seed): string[] {
      const record = project(world, projectId)
      return Array.from({ length: count }, (_, index) => seedBranch(world, record, make(index)))
    },
    lock(projectId: string, milliseconds: number): void {
      schedule(world, project(world, projectId), [{ action: 'check_availability', milliseconds }])
    },
    advance(milliseconds: number): void {
      world.advanced += milliseconds
    },
    async settle(): Promise<void> {
      while (world.tasks.size > 0) await Promise.all(world.tasks)
    },
  }
}

function seedBranch(world: World, record: ProjectRecord, seed: Seed): string {
  const { annotations, parentId, ...rest } = seed
  const parent = parentId ? record.branches.get(parentId) : defaultBranch(record)
  const start: BranchStart = { ...rest, parent, annotation: annotations }
  const { id } = newBranch(world, record, start).branch
  becomeReady(world, record, id)
  return id
}
