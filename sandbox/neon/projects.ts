import { organizationOf } from './accounts.ts'
import { tearDown } from './compute.ts'
import { projectKeys, projects as refusals } from './guesses.ts'
import { checkAllowedIps, checkComputeSettings, checkRetention, planOf } from './plan.ts'
import type { Project, ProjectListItem, ProjectRecord, ProjectUpdate } from './types.ts'
import { findProject, type Handler, opens, refuseProjectKey, timestamp } from './world.ts'

const listProjects: Handler = (world, call) => {
  const { search, cursor, limit, org_id: organizationId } = call.query
  refuseProjectKey(call.account)
  const organization = organizationOf(call, organizationId as string | undefined)
  const text = String(search ?? '').toLowerCase()
  const found = [...world.projects.values()]
    .map(({ project }) => project)
    .filter((project) => project.org_id === organization)
    .filter(({ name, id }) => name.toLowerCase().includes(text) || id.includes(text))
  const start = found.findIndex(({ id }) => id === cursor) + 1
  const projects = found.slice(start, start + Number(limit ?? 10)).map(asListItem)
  return {
    body: {
      projects,
      ...pagination(projects.at(-1)?.id ?? cursor),
      applications: {},
      integrations: {},
    },
  }
}

/** The cursor comes with the last page too, as on Neon: a client has to stop at a short or empty page. */
function pagination(cursor: unknown): object {
  return cursor ? { pagination: { cursor: String(cursor) } } : {}
}

function asListItem(project: Project): ProjectListItem {
  const {
    consumption_period_end: _end,
    consumption_period_start: _start,
    data_storage_bytes_hour: _storage,
    ...rest
  } = project
  const { data_transfer_bytes: _out, written_data_bytes: _in, compute_time_seconds: _compute, ...listed } = rest
  const { active_time_seconds: active, ...item } = listed
  return { ...item, active_time: active }
}

const listSharedProjects: Handler = (_world, call) => {
  refuseProjectKey(call.account)
  return { body: { projects: [], ...pagination(call.query.cursor) } }
}

/** The owner comes with one project only, not in lists; of an organization it has no name. */
const getProject: Handler = (world, call) => {
  const { project } = findProject(world, call)
  const { branchLimit: branches_limit } = world.settings
  const owner = { email: 'owner@example.com', name: '', branches_limit, subscription_type: planOf(world) }
  return { body: { project: { ...project, owner } } }
}

const updateProject: Handler = (world, call) => {
  const { project } = findProject(world, call)
  const { settings, default_endpoint_settings: computes, ...wanted } = (call.body as ProjectUpdate).project
  checkRetention(world, wanted.history_retention_seconds)
  checkAllowedIps(world, settings?.allowed_ips?.ips)
  checkComputeSettings(world, computes)
  Object.assign(project, wanted, { updated_at: timestamp(world) })
  Object.assign(project, {
    settings: { ...project.settings, ...settings },
    default_endpoint_settings: { ...project.default_endpoint_settings, ...computes },
  })
  return { body: { project, operations: [] } }
}

/** Ends a project's servers and what stands before them. */
export async function removeEverything({ branches, loginProxies }: ProjectRecord): Promise<void> {
  await Promise.all([...loginProxies.values()].map((proxy) => proxy.close()))
  await Promise.all([...branches.values()].map(tearDown))
}

const deleteProject: Handler = async (world, call) => {
  refuseProjectKey(call.account, call.params.project_id)
  const gone = world.deletedProjects.get(call.params.project_id ?? '')
  if (gone && opens(call.account, gone)) return { body: { project: gone } }
  const record = findProject(world, call)
  if (call.account.kind === 'project') throw projectKeys.deleteProject(record.project.id)
  const guarded = [...record.branches.values()].find(({ branch }) => branch.protected)
  if (guarded) throw refusals.hasProtectedBranch(guarded.branch.id)
  world.projects.delete(record.project.id)
  world.deletedProjects.set(record.project.id, record.project)
  await removeEverything(record)
  return { body: { project: record.project } }
}

export const projectHandlers = {
  deleteProject,
  getProject,
  listProjects,
  listSharedProjects,
  updateProject,
}
