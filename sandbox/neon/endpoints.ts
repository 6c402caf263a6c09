import { dropConnections, runningCluster } from './compute.ts'
import { ApiError } from './errors.ts'
import { ids } from './ids.ts'
import { schedule } from './operations.ts'
import { checkActiveComputes, checkComputeSettings } from './plan.ts'
import type { BranchRecord, Endpoint, EndpointCreate, EndpointOptions, EndpointUpdate, ProjectRecord } from './types.ts'
import {
  branchById,
  endpointsOf,
  findBranch,
  findEndpoint,
  findProject,
  type Handler,
  timestamp,
  type World,
} from './world.ts'

/** What a new endpoint is told, by itself or with a new branch. */
export type EndpointStart = EndpointOptions & Partial<EndpointCreate['endpoint']>

/** Writes an endpoint down, in state `init`. The branch's server must be laid out: its port is the endpoint's. */
export function newEndpoint(
  world: World,
  project: ProjectRecord,
  record: BranchRecord,
  wanted: EndpointStart,
): Endpoint {
  const port = record.cluster?.port ?? record.prepared?.port
  if (port === undefined) throw new Error(`branch ${record.branch.id} has no server yet`)
  const defaults = project.project.default_endpoint_settings
  const at = timestamp(world)
  const endpoint: Endpoint = {
    host: `127.0.0.1:${port}`,
    id: ids.endpoint(),
    ...(wanted.name ? { name: wanted.name } : {}),
    project_id: project.project.id,
    branch_id: record.branch.id,
    autoscaling_limit_min_cu: wanted.autoscaling_limit_min_cu ?? defaults?.autoscaling_limit_min_cu ?? 0.25,
    autoscaling_limit_max_cu: wanted.autoscaling_limit_max_cu ?? defaults?.autoscaling_limit_max_cu ?? 0.25,
    region_id: project.project.region_id,
    type: wanted.type,
    current_state: 'init',
    pending_state: 'active',
    settings: wanted.settings ?? {},
    pooler_enabled: wanted.pooler_enabled ?? false,
    pooler_mode: 'transaction',
    disabled: wanted.disabled ?? false,
    passwordless_access: wanted.passwordless_access ?? true,
    creation_source: 'console',
    created_at: at,
    updated_at: at,
    proxy_host: `127.0.0.1:${port}`,
    suspend_timeout_seconds: wanted.suspend_timeout_seconds ?? defaults?.suspend_timeout_seconds ?? 0,
    provisioner: 'k8s-neonvm',
  }
  project.endpoints.set(endpoint.id, endpoint)
  return endpoint
}

/** Throws 409 when a branch would get a second read_write endpoint. */
export function assertOneWriter(writers: number): void {
  if (writers > 1) throw new ApiError(409, 'read_write endpoint already exists')
}

function writersOf(project: ProjectRecord, branchId: string): number {
  return endpointsOf(project, branchId).filter(({ type }) => type === 'read_write').length
}

const listProjectEndpoints: Handler = (world, call) => ({
  body: { endpoints: [...findProject(world, call).endpoints.values()] },
})

const listProjectBranchEndpoints: Handler = (world, call) => {
  const { project, record } = findBranch(world, call)
  return { body: { endpoints: endpointsOf(project, record.branch.id) } }
}

const getProjectEndpoint: Handler = (world, call) => ({ body: { endpoint: findEndpoint(world, call).endpoint } })

const createProjectEndpoint: Handler = async (world, call) => {
  const project = findProject(world, call)
  const wanted = (call.body as EndpointCreate).endpoint
  const record = branchById(project, wanted.branch_id)
  checkComputeSettings(world, wanted)
  if (wanted.type === 'read_write') assertOneWriter(writersOf(project, wanted.branch_id) + 1)
  checkActiveComputes(world, project)
  await runningCluster(project, record)
  const endpoint = newEndpoint(world, project, record, wanted)
  const operations = schedule(world, project, [transition(world, endpoint, 'start_compute', 'active')])
  return { status: 201, body: { endpoint, operations } }
}

const updateProjectEndpoint: Handler = (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  const wanted = (call.body as EndpointUpdate).endpoint
  checkComputeSettings(world, wanted)
  if (wanted.branch_id && wanted.branch_id !== endpoint.branch_id) {
    throw new ApiError(422, 'the endpoint cannot be moved to another branch')
  }
  Object.assign(endpoint, wanted, { updated_at: timestamp(world) })
  const step = { action: 'apply_config', branchId: endpoint.branch_id, endpointId: endpoint.id } as const
  return { body: { endpoint, operations: schedule(world, project, [step]) } }
}

const deleteProjectEndpoint: Handler = async (world, call) => {
  const project = findProject(world, call)
  const endpoint = project.endpoints.get(call.params.endpoint_id ?? '')
  if (!endpoint) return { status: 204 }
  const record = branchById(project, endpoint.branch_id)
  if (record.branch.protected) throw new ApiError(422, 'cannot delete endpoint of a protected branch')
  const step = transition(world, endpoint, 'suspend_compute', 'idle', async () => {
    if (record.cluster) await dropConnections(record.cluster)
    project.endpoints.delete(endpoint.id)
  })
  return { body: { endpoint, operations: schedule(world, project, [step]) } }
}

const startProjectEndpoint: Handler = async (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  if (endpoint.current_state === 'active') return { body: { endpoint, operations: [] } }
  checkActiveComputes(world, project)
  await runningCluster(project, branchById(project, endpoint.branch_id))
  const operations = schedule(world, project, [transition(world, endpoint, 'start_compute', 'active')])
  return { body: { endpoint, operations } }
}

const suspendProjectEndpoint: Handler = (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  if (endpoint.current_state === 'idle') return { body: { endpoint, operations: [] } }
  return { body: { endpoint, operations: schedule(world, project, [suspension(world, project, endpoint)]) } }
}

const restartProjectEndpoint: Handler = (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  const steps = [suspension(world, project, endpoint), transition(world, endpoint, 'start_compute', 'active')]
  return { body: { endpoint, operations: schedule(world, project, steps) } }
}

function suspension(world: World, project: ProjectRecord, endpoint: Endpoint) {
  return transition(world, endpoint, 'suspend_compute', 'idle', async () => {
    const { cluster } = branchById(project, endpoint.branch_id)
    if (cluster) await dropConnections(cluster)
  })
}

/** An operation at whose end the endpoint is in another state. */
function transition(
  world: World,
  endpoint: Endpoint,
  action: 'start_compute' | 'suspend_compute',
  state: Endpoint['current_state'],
  also: () => Promise<void> = async () => undefined,
) {
  endpoint.pending_state = state
  return {
    action,
    branchId: endpoint.branch_id,
    endpointId: endpoint.id,
    async work() {
      await also()
      const at = timestamp(world)
      delete endpoint.pending_state
      Object.assign(endpoint, { current_state: state, updated_at: at })
      Object.assign(endpoint, state === 'active' ? { started_at: at, last_active: at } : { suspended_at: at })
    },
  }
}

export const endpointHandlers = {
  createProjectEndpoint,
  deleteProjectEndpoint,
  getProjectEndpoint,
  listProjectBranchEndpoints,
  listProjectEndpoints,
  restartProjectEndpoint,
  startProjectEndpoint,
  suspendProjectEndpoint,
  updateProjectEndpoint,
}
