import { ids } from './ids.ts'
import type { BranchRecord, ProjectRecord } from './types.ts'
import { endpointsOf, timestamp, type World } from './world.ts'

/** What a new branch starts with. */
export interface BranchStart {
  name?: string | undefined
  parent?: BranchRecord | undefined
  default?: boolean
  protected?: boolean | undefined
  expiresAt?: string | undefined
  ttl?: number | undefined
  initSource?: string | undefined
  annotation?: Record<string, string> | undefined
  createdAt?: string | undefined
}

/** Writes a branch down in its project, in state `init`, with copies of its parent's roles and databases. */
export function newBranch(world: World, project: ProjectRecord, start: BranchStart): BranchRecord {
  const id = ids.branch()
  const at = start.createdAt ?? timestamp(world)
  const root = !start.parent || start.initSource === 'schema-only'
  const record: BranchRecord = {
    branch: {
      id,
      project_id: project.project.id,
      ...(start.parent && !root
        ? { parent_id: start.parent.branch.id, parent_lsn: '0/1900000', parent_timestamp: at }
        : {}),
      name: start.name ?? id,
      current_state: 'init',
      pending_state: 'ready',
      state_changed_at: at,
      creation_source: 'console',
      primary: start.default ?? false,
      default: start.default ?? false,
      protected: start.protected ?? false,
      cpu_used_sec: 0,
      compute_time_seconds: 0,
      active_time_seconds: 0,
      written_data_bytes: 0,
      data_transfer_bytes: 0,
      created_at: at,
      updated_at: at,
      created_by: { name: 'sandbox', image: '' },
      ...(start.expiresAt ? { expires_at: start.expiresAt, ttl_interval_seconds: start.ttl ?? 0 } : {}),
      init_source: start.initSource ?? 'parent-data',
    },
    annotation: start.annotation ? { value: { ...start.annotation }, at } : undefined,
    roles: new Map(),
    databases: new Map(),
    prepared: undefined,
    cluster: undefined,
    replacement: undefined,
    anonymization: undefined,
    hiddenLooks: 0,
  }
  if (start.parent) inherit(record, start.parent)
  project.branches.set(id, record)
  return record
}

/** Makes a branch's roles and databases those of another. */
export function inherit(record: BranchRecord, from: BranchRecord): void {
  const branch_id = record.branch.id
  record.roles = new Map(
    [...from.roles].map(([name, { role, password }]) => [name, { role: { ...role, branch_id }, password }]),
  )
  record.databases = new Map([...from.databases].map(([name, database]) => [name, { ...database, branch_id }]))
}

/** A branch and its endpoints are ready to use. */
export function becomeReady(world: World, project: ProjectRecord, branchId: string): void {
  const at = timestamp(world)
  const record = project.branches.get(branchId)
  if (record) {
    record.branch.current_state = 'ready'
    delete record.branch.pending_state
    record.branch.state_changed_at = at
  }
  for (const endpoint of endpointsOf(project, branchId)) {
    delete endpoint.pending_state
    Object.assign(endpoint, { current_state: endpoint.disabled ? 'idle' : 'active', last_active: at, started_at: at })
    if (!endpoint.disabled) project.project.compute_last_active_at = at
  }
}
