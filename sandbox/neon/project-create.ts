import { organizationOf } from './accounts.ts'
import { becomeReady, newBranch } from './branch-record.ts'
import { createDatabase, createGroupRole, createRole, layOut, startUp } from './compute.ts'
import { connectionDetails } from './connection.ts'
import { newDatabase } from './databases.ts'
import { newEndpoint } from './endpoints.ts'
import { projects } from './guesses.ts'
import { ids } from './ids.ts'
import { schedule } from './operations.ts'
import { checkAllowedIps, checkComputeSettings, checkRetention, FREE_RETENTION } from './plan.ts'
import { limits } from './recorded.ts'
import { newRole } from './roles.ts'
import { REGIONS } from './settings.ts'
import type { Project, ProjectCreate, ProjectRecord } from './types.ts'
import { type Handler, now, refuseProjectKey, timestamp, type World } from './world.ts'

const PAID_RETENTION = 86_400

const createProject: Handler = async (world, call) => {
  const wanted = (call.body as ProjectCreate).project
  refuseProjectKey(call.account)
  const organization = organizationOf(call, wanted.org_id)
  checkWanted(world, wanted, organization)
  const project = newProject(world, wanted, organization)
  const record: ProjectRecord = {
    project,
    branches: new Map(),
    endpoints: new Map(),
    loginProxies: new Map(),
    operations: [],
    busy: true,
    showsIdentity: () => world.settings.identitySettings,
  }
  const branch = newBranch(world, record, {
    name: wanted.branch?.name ?? 'main',
    default: true,
    annotation: wanted.branch?.annotations,
  })
  const databaseName = wanted.branch?.database_name ?? 'neondb'
  const owner = newRole(world, branch, wanted.branch?.role_name ?? `${databaseName}_owner`)
  const database = newDatabase(world, branch, databaseName, owner.role.name)
  world.projects.set(project.id, record)
  try {
    await layOut(record, branch)
  } catch (error) {
    world.projects.delete(project.id)
    throw error
  }
  const endpoint = await newEndpoint(world, record, branch, { type: 'read_write', ...wanted.default_endpoint_settings })
  const operations = schedule(world, record, [
    { action: 'create_timeline', branchId: branch.branch.id },
    {
      action: 'start_compute',
      branchId: branch.branch.id,
      endpointId: endpoint.id,
      async work() {
        const cluster = await startUp(record, branch)
        await createGroupRole(cluster)
        await createRole(cluster, owner)
        await createDatabase(cluster, databaseName, owner.role.name)
        becomeReady(world, record, branch.branch.id)
      },
    },
  ])
  record.busy = false
  return {
    status: 201,
    body: {
      project,
      connection_uris: [connectionDetails(endpoint, { database: databaseName, ...owner })],
      roles: [{ ...owner.role, password: owner.password }],
      databases: [database],
      operations,
      branch: branch.branch,
      endpoints: [endpoint],
    },
  }
}

/** Checks a wanted project against the rules. Throws 400, 412 or 422. */
function checkWanted(world: World, wanted: ProjectCreate['project'], organization: string): void {
  const owned = [...world.projects.values()].filter(({ project }) => project.org_id === organization)
  if (owned.length >= world.settings.projectLimit) throw limits.projects()
  if (wanted.region_id && !REGIONS.some(({ region_id }) => region_id === wanted.region_id)) {
    throw projects.unknownRegion(wanted.region_id)
  }
  if (wanted.name === '') throw projects.emptyName()
  checkRetention(world, wanted.history_retention_seconds)
  checkAllowedIps(world, wanted.settings?.allowed_ips?.ips)
  checkComputeSettings(world, wanted.default_endpoint_settings)
}

function newProject(world: World, wanted: ProjectCreate['project'], organization: string): Project {
  const id = ids.project()
  const region = wanted.region_id ?? REGIONS.find((candidate) => candidate.default)?.region_id ?? ''
  const at = timestamp(world)
  return {
    id,
    platform_id: region.split('-')[0] ?? 'aws',
    region_id: region,
    name: wanted.name ?? id,
    provisioner: 'k8s-neonvm',
    default_endpoint_settings: {
      autoscaling_limit_min_cu: wanted.autoscaling_limit_min_cu ?? 0.25,
      autoscaling_limit_max_cu: wanted.autoscaling_limit_max_cu ?? 0.25,
      suspend_timeout_seconds: 0,
      ...wanted.default_endpoint_settings,
    },
    settings: {
      allowed_ips: { ips: [], protected_branches_only: false },
      enable_logical_replication: false,
      block_public_connections: false,
      block_vpc_connections: false,
      hipaa: false,
      ...wanted.settings,
    },
    pg_version: wanted.pg_version ?? 17,
    proxy_host: region.startsWith('azure') ? `${region}.azure.neon.tech` : `${region}.aws.neon.tech`,
    branch_logical_size_limit: 512,
    branch_logical_size_limit_bytes: 536_870_912,
    store_passwords: wanted.store_passwords ?? world.settings.storePasswords,
    creation_source: 'console',
    history_retention_seconds:
      wanted.history_retention_seconds ?? (world.settings.plan === 'free' ? FREE_RETENTION : PAID_RETENTION),
    created_at: at,
    updated_at: at,
    synthetic_storage_size: 0,
    quota_reset_at: nextMonth(world),
    consumption_period_start: at,
    consumption_period_end: nextMonth(world),
    owner_id: organization,
    org_id: organization,
    cpu_used_sec: 0,
    active_time_seconds: 0,
    compute_time_seconds: 0,
    data_storage_bytes_hour: 0,
    data_transfer_bytes: 0,
    written_data_bytes: 0,
  }
}

/** Quotas are counted by calendar month, in UTC. */
function nextMonth(world: World): string {
  const today = new Date(now(world))
  return timestamp(world, Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1, 1))
}

export const projectCreateHandlers = { createProject }
