import { becomeReady, newBranch } from './branch-record.ts'
import { identifier, layOut, runningCluster, setPassword, startUp } from './compute.ts'
import { connectionDetails } from './connection.ts'
import { assertOneWriter, newEndpoint } from './endpoints.ts'
import { branches, expiry, limitsOfTheStandIn } from './guesses.ts'
import { ids } from './ids.ts'
import { type Step, schedule } from './operations.ts'
import {
  checkActiveComputes,
  checkBranchLimits,
  checkComputeSettings,
  checkExpiry,
  checkProtectedLimit,
  checkQuotas,
} from './plan.ts'
import { beforeRetentionWindow, branchNameTaken, branchNotReady } from './recorded.ts'
import type { BranchCreate, BranchRecord, Endpoint, ProjectRecord } from './types.ts'
import { branchById, defaultBranch, findProject, type Handler, now, type World } from './world.ts'

/** Checks a wanted branch against the rules. Throws 400, 402, 404, 409, 412, 422 or 423. */
function checkWanted(world: World, project: ProjectRecord, wanted: BranchCreate, parent: BranchRecord): void {
  const { branch = {}, endpoints = [] } = wanted
  const schemaOnly = branch.init_source === 'schema-only'
  if (branch.init_source && !schemaOnly && branch.init_source !== 'parent-data') {
    throw branches.initSource(branch.init_source)
  }
  assertNameFree(project, branch.name)
  checkBranchLimits(world, project, schemaOnly)
  if (parent.branch.current_state !== 'ready') throw branchNotReady()
  if (parent.branch.expires_at && !schemaOnly) throw expiry.child()
  if (branch.expires_at && branch.protected) throw expiry.protected()
  if (branch.protected) checkProtectedLimit(world, project)
  checkPointInTime(world, { ...branch, project }, parent)
  for (const endpoint of endpoints) checkComputeSettings(world, endpoint)
  assertOneWriter(endpoints.filter(({ type }) => type === 'read_write').length)
  if (endpoints.length > 0) checkQuotas(world)
  checkActiveComputes(world, project, endpoints.length)
}

/** Branch names are unique in a project. Throws 409. */
export function assertNameFree(project: ProjectRecord, name: string | undefined): void {
  if (name === '') throw branches.emptyName()
  const taken = [...project.branches.values()].some(({ branch }) => branch.name === name)
  if (taken && name !== undefined) throw branchNameTaken(name)
}

/** A moment of a branch's past, and the project that keeps it. */
export interface Moment {
  project: ProjectRecord
  parent_timestamp?: string
  parent_lsn?: string
}

/**
 * Throws 400 for a moment that the project's history does not reach. The stand-in keeps no history: a later one is
 * refused too, unless a setting lets the present stand for it.
 */
export function checkPointInTime(world: World, wanted: Moment, { branch }: BranchRecord): void {
  const { parent_timestamp: at, parent_lsn: lsn } = wanted
  if (at === undefined && lsn === undefined) return
  if (at !== undefined && lsn !== undefined) throw branches.twoMoments()
  const { history_retention_seconds: window } = wanted.project.project
  if (at !== undefined && Date.parse(at) < now(world) - window * 1000) {
    throw beforeRetentionWindow(Date.parse(at), window)
  }
  if (at !== undefined && Date.parse(at) < Date.parse(branch.created_at)) {
    throw branches.beforeCreation(at, branch.created_at)
  }
  if (!world.settings.allowPointInTime) throw limitsOfTheStandIn.noHistory()
}

/** What a new branch's server still needs before it is ready, for example masking. */
export type Preparation = (record: BranchRecord) => Promise<void>

/**
 * Makes a branch: the parent's data is copied now, the server starts and the branch is ready when the operations end.
 * Answers as `createProjectBranch` does.
 */
export async function createBranch(
  world: World,
  project: ProjectRecord,
  wanted: BranchCreate,
  prepare?: Preparation,
): Promise<{ record: BranchRecord; body: object }> {
  const { branch = {}, endpoints: wantedEndpoints = [] } = wanted
  const parent = branch.parent_id ? branchById(project, branch.parent_id) : defaultBranch(project)
  const ttl = branch.expires_at ? checkExpiry(world, branch.expires_at) : undefined
  checkWanted(world, project, wanted, parent)
  const source = await runningCluster(project, parent)
  const record = newBranch(world, project, {
    name: branch.name,
    parent,
    protected: branch.protected,
    expiresAt: branch.expires_at,
    ttl,
    initSource: branch.init_source,
    annotation: wanted.annotation_value,
  })
  record.hiddenLooks = world.settings.hiddenLooks
  if (parent.branch.protected)
    for (const role of record.roles.values()) if (role.password) role.password = ids.password()
  try {
    await layOut(project, record, { copyOf: source })
  } catch (error) {
    project.branches.delete(record.branch.id)
    throw error
  }
  const endpoints: Endpoint[] = []
  for (const options of wantedEndpoints) endpoints.push(await newEndpoint(world, project, record, options))
  const ready = async () => {
    const cluster = await startUp(project, record)
    if (branch.init_source === 'schema-only') await emptyTables(record)
    if (parent.branch.protected) {
      for (const role of record.roles.values()) if (role.password) await setPassword(cluster, role)
    }
    await prepare?.(record)
    becomeReady(world, project, record.branch.id)
  }
  const operations = schedule(world, project, creationSteps(record, endpoints, ready))
  return { record, body: describeCreation(project, record, endpoints, operations) }
}

function creationSteps(record: BranchRecord, endpoints: Endpoint[], ready: () => Promise<void>): Step[] {
  const branchId = record.branch.id
  const starts = endpoints.map(({ id }): Step => ({ action: 'start_compute', branchId, endpointId: id }))
  const steps: Step[] = [{ action: 'create_branch', branchId }, ...starts]
  return steps.map((step, index) => (index === steps.length - 1 ? { ...step, work: ready } : step))
}

function describeCreation(
  project: ProjectRecord,
  record: BranchRecord,
  endpoints: Endpoint[],
  operations: object[],
): object {
  const roles = [...record.roles.values()]
  const databases = [...record.databases.values()]
  const endpoint = endpoints.find(({ type }) => type === 'read_write') ?? endpoints[0]
  const [role] = roles
  const [database] = databases
  const one = roles.length === 1 && databases.length === 1 && project.project.store_passwords
  return {
    branch: record.branch,
    endpoints,
    operations,
    roles: roles.map((listed) => listed.role),
    databases,
    ...(one && endpoint && role && database
      ? { connection_uris: [connectionDetails(endpoint, { ...role, database: database.name })] }
      : {}),
  }
}

/** What makes a copy a schema-only branch. */
async function emptyTables(record: BranchRecord): Promise<void> {
  for (const { name } of record.databases.values()) {
    const tables = await record.cluster?.query(
      `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'`,
      name,
    )
    const names = tables?.map((table) => `${identifier(String(table.schema))}.${identifier(String(table.name))}`) ?? []
    if (names.length > 0) await record.cluster?.query(`truncate ${names.join(', ')} restart identity cascade`, name)
  }
}

const createProjectBranch: Handler = async (world, call) => {
  const { body } = await createBranch(world, findProject(world, call), (call.body ?? {}) as BranchCreate)
  return { status: 201, body }
}

export const branchCreateHandlers = { createProjectBranch }
