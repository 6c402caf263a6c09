import { dropConnections, runningCluster } from './compute.ts'
import { computes, limitsOfTheStandIn } from './guesses.ts'
import { ids } from './ids.ts'
import { startLoginProxy } from './login-proxy.ts'
import { schedule } from './operations.ts'
import { activeComputes, checkActiveComputes, checkComputeSettings, usedUp } from './plan.ts'
import { LOGIN_ACTIVE_COMPUTES, loginQuotaText, secondWriter } from './recorded.ts'
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
export async function newEndpoint(
  world: World,
  project: ProjectRecord,
  record: BranchRecord,
  wanted: EndpointStart,
): Promise<Endpoint> {
  const id = ids.endpoint()
  const port = await addressOf(world, project, record, id)
  const defaults = project.project.default_endpoint_settings
  const at = timestamp(world)
  const endpoint: Endpoint = {
    host: `127.0.0.1:${port}`,
    id,
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

/** The port that leads to a new compute: its branch's server, or the proxy that is put before it. */
async function addressOf(world: World, project: ProjectRecord, record: BranchRecord, id: string): Promise<number> {
  const server = () => record.cluster?.port ?? record.prepared?.port
  const port = server()
  if (port === undefined) throw new Error(`branch ${record.branch.id} has no server yet`)
  if (!world.settings.loginProxy) return port
  const start = world.settings.wayIn ?? startLoginProxy
  const proxy = await start({ target: () => server() ?? port, admit: () => admit(world, project, id) })
  project.loginProxies.set(id, proxy)
  return proxy.port
}

/** Whether a login may come in, which wakes the compute; otherwise what it is told. */
function admit(world: World, project: ProjectRecord, id: string): string | undefined {
  const quota = usedUp(world)
  if (quota) return loginQuotaText(quota.kind)
  const endpoint = project.endpoints.get(id)
  if (endpoint?.current_state !== 'idle') return undefined
  if (activeComputes(project) >= world.settings.activeComputeLimit) return LOGIN_ACTIVE_COMPUTES
  const at = timestamp(world)
  Object.assign(endpoint, { current_state: 'active', started_at: at, last_active: at })
  return undefined
}

/** Takes an endpoint out of its project, and what stands before it. */
export async function removeEndpoint(project: ProjectRecord, id: string): Promise<void> {
  project.endpoints.delete(id)
  const proxy = project.loginProxies.get(id)
  project.loginProxies.delete(id)
  await proxy?.close()
}

/** Throws 409 when a branch would get a second read_write endpoint. */
export function assertOneWriter(writers: number): void {
  if (writers > 1) throw secondWriter()
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
  const endpoint = await newEndpoint(world, project, record, wanted)
  const operations = schedule(world, project, [transition(world, project, endpoint, 'start_compute', 'active')])
  return { status: 201, body: { endpoint, operations } }
}

const updateProjectEndpoint: Handler = (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  const wanted = (call.body as EndpointUpdate).endpoint
  checkComputeSettings(world, wanted)
  if (wanted.branch_id && wanted.branch_id !== endpoint.branch_id) throw limitsOfTheStandIn.movedCompute()
  Object.assign(endpoint, wanted, { updated_at: timestamp(world) })
  const step = { action: 'apply_config', branchId: endpoint.branch_id, endpointId: endpoint.id } as const
  return { body: { endpoint, operations: schedule(world, project, [step]) } }
}

const deleteProjectEndpoint: Handler = async (world, call) => {
  const project = findProject(world, call)
  const endpoint = project.endpoints.get(call.params.endpoint_id ?? '')
  if (!endpoint) return { status: 204 }
  const record = branchById(project, endpoint.branch_id)
  if (record.branch.protected) throw computes.deleteProtected()
  const step = transition(world, project, endpoint, 'suspend_compute', 'idle', async () => {
    if (record.cluster) await dropConnections(record.cluster)
    await removeEndpoint(project, endpoint.id)
  })
  return { body: { endpoint, operations: schedule(world, project, [step]) } }
}

const startProjectEndpoint: Handler = async (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  if (endpoint.current_state === 'active') return { body: { endpoint, operations: [] } }
  checkActiveComputes(world, project)
  await runningCluster(project, branchById(project, endpoint.branch_id))
  const operations = schedule(world, project, [transition(world, project, endpoint, 'start_compute', 'active')])
  return { body: { endpoint, operations } }
}

const suspendProjectEndpoint: Handler = (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  if (endpoint.current_state === 'idle') return { body: { endpoint, operations: [] } }
  return { body: { endpoint, operations: schedule(world, project, [suspension(world, project, endpoint)]) } }
}

const restartProjectEndpoint: Handler = (world, call) => {
  const { project, endpoint } = findEndpoint(world, call)
  const steps = [suspension(world, project, endpoint), transition(world, project, endpoint, 'start_compute', 'active')]
  return { body: { endpoint, operations: schedule(world, project, steps) } }
}

function suspension(world: World, project: ProjectRecord, endpoint: Endpoint) {
  return transition(world, project, endpoint, 'suspend_compute', 'idle', async () => {
    const { cluster } = branchById(project, endpoint.branch_id)
    if (cluster) await dropConnections(cluster)
  })
}

/** An operation at whose end the endpoint is in another state. */
function transition(
  world: World,
  project: ProjectRecord,
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
      if (state === 'active') project.project.compute_last_active_at = at
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
