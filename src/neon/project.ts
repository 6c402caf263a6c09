import type { Project as ApiProject, Operation, ProjectListItem } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import { wrongBranch } from '../runtime/wrong-branch.ts'
import { defaultBranch, protectBranch } from './branch-ensure.ts'
import { assertEndpoint, assertInProject } from './branch-guard.ts'
import { type Branch, toNewBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { explaining } from './explain.ts'
import { waitForOperations, waitForProject } from './operations.ts'
import { organizationOf } from './organization.ts'
import { findProject, findProjects, refuseNearNames } from './project-lookup.ts'
import { assertRegion, type ProjectSettings, projectBody } from './project-settings.ts'

/** Which project, by `id` or by `name`, and what it shall be like where it must be made. */
export interface ProjectRequest extends ProjectSettings {
  id?: string | undefined
  name?: string | undefined
  orgId?: string | undefined
  /**
   * With `id`: false saves the request that tells name, region and version; a wrong id then shows at the next call, and
   * `name` is the id.
   */
  describe?: boolean
  /** False: a name that no project has is an error, and nothing is made. */
  create?: boolean
  /** True: no project is made where one of nearly this name is there; see near-name.ts. */
  refuseNearNames?: boolean
  /** True: nothing is sent but reads; nothing is made, and nothing protected. */
  readOnly?: boolean
}

/** A Neon project. */
export interface Project {
  id: string
  name: string
  /** True when this run made it. */
  created: boolean
  regionId?: string
  pgVersion?: number
  orgId?: string
  /** Where it became known on the way; with its login where this run made the project. */
  defaultBranch?: Branch
}

/**
 * The project: by id (one request at most, projects are never listed), or by exact name, made where there is none. Two
 * runs that make it at once end with one: both look again after creating, the older project stays, the run that made the
 * younger one deletes it and uses the older. Throws {@link ActionError}.
 */
export async function ensureProject(neon: Neon, request: ProjectRequest): Promise<Project> {
  const { id, name } = request
  if (id) return request.describe === false ? { id, name: id, created: false } : await describeProject(neon, id)
  if (!name) {
    throw new ActionError('No Neon project was named.', { advice: 'Set the input project_id or project_name.' })
  }
  return await explaining(neon, { what: `create or reuse the project ${name}` }, async () => {
    const orgId = await organizationOf(neon, request.orgId)
    const found = await findProject(neon, { name, orgId })
    if (!found && (request.create === false || request.readOnly)) {
      throw new ActionError(`No Neon project is named ${name}.`, {
        advice: 'Check project_name and org_id; only the modes provision and preview make a project.',
      })
    }
    if (!found && request.refuseNearNames) await refuseNearNames(neon, { name, orgId })
    if (!found) return await createProject(neon, { ...request, name, orgId })
    noteDifferences(neon, found, request)
    return await withProtection(neon, toProject(found), request)
  })
}

/** Name, region and version of a project (`getProject`). Throws {@link ActionError}. */
export async function describeProject(neon: Neon, id: string): Promise<Project> {
  return await explaining(neon, { what: `find the project ${id}`, projectId: id }, async () => {
    const { project } = await neon.read('getProject', (api, params) => api.getProject(id, params))
    return toProject(project)
  })
}

type CreateRequest = ProjectRequest & { name: string; orgId: string | undefined }

interface Made {
  project: Project
  createdAt: string
  /** Undefined when the reply was lost. */
  operations: Operation[] | undefined
}

async function createProject(neon: Neon, request: CreateRequest): Promise<Project> {
  if (request.regionId) await assertRegion(neon, request.regionId, request.orgId)
  const { project, createdAt, operations } = await send(neon, request)
  if (project.defaultBranch) assertFirstBranch(project.defaultBranch, project.id)
  neon.runtime.log.info(`Made the Neon project ${project.name} (${project.id}).`)
  const older = (await findProjects(neon, request)).find(
    (other) => other.id !== project.id && compareAge(other, { id: project.id, created_at: createdAt }) < 0,
  )
  if (older) return await yieldTo(neon, project, older)
  await (operations ? waitForOperations(neon, project.id, operations) : waitForProject(neon, project.id))
  return await withProtection(neon, project, request)
}

/** Throws {@link ActionError} unless a new project was answered with its own default branch, and that with its own compute. */
function assertFirstBranch(branch: Branch, projectId: string): void {
  assertInProject(branch, projectId)
  if (!branch.default) throw wrongBranch(branch.name, `Neon says that ${branch.id} is not the default branch`)
  if (branch.endpoint) assertEndpoint(branch.endpoint, branch)
}

async function send(neon: Neon, request: CreateRequest): Promise<Made> {
  const before = neon.runtime.clock.now()
  const body = { project: projectBody(request.name, request.orgId, request) }
  return await neon.write<Made>(
    'createProject',
    async (api, params) => {
      const { data } = await api.createProject(body, params)
      const defaultBranch = toNewBranch(data, {})
      const project = { ...toProject(data.project), created: true, defaultBranch }
      return { data: { project, createdAt: data.project.created_at, operations: data.operations } }
    },
    {
      // Project names are not unique: a second request could make a second project.
      repeatable: false,
      async readBack() {
        const found = (await findProjects(neon, request)).filter(
          (project) => Date.parse(project.created_at) >= before - CLOCK_SKEW,
        )
        const [only] = found
        return (
          only && { project: { ...toProject(only), created: true }, createdAt: only.created_at, operations: undefined }
        )
      },
    },
  )
}

// How far the clocks of the runner and of Neon may differ, in milliseconds.
const CLOCK_SKEW = 60_000

interface Aged {
  id: string
  created_at: string
}

function compareAge(a: Aged, b: Aged): number {
  return Date.parse(a.created_at) - Date.parse(b.created_at) || a.id.localeCompare(b.id)
}

/** Another run made the project a moment earlier: ours, in which nothing has been done, goes. */
async function yieldTo(neon: Neon, ours: Project, older: ProjectListItem): Promise<Project> {
  neon.runtime.log.warning(
    `Another run made the project ${older.name} (${older.id}) at the same time; it stays, ours (${ours.id}) is deleted.`,
  )
  await neon.write(
    'deleteProject',
    async (api, params) => {
      await api.deleteProject(ours.id, params)
      return { data: true }
    },
    {
      repeatable: true,
      readBack: async () => {
        const left = await findProjects(neon, { name: older.name, orgId: older.org_id })
        return left.some(({ id }) => id === ours.id) ? undefined : true
      },
    },
  )
  await waitForProject(neon, older.id)
  return toProject(older)
}

/** Protects the default branch where that is asked for; also of a project that an earlier, broken run made. */
async function withProtection(neon: Neon, project: Project, request: ProjectRequest): Promise<Project> {
  if (!request.protectDefaultBranch || request.readOnly) return project
  const branch = project.defaultBranch ?? (await defaultBranch(neon, project.id))
  return { ...project, defaultBranch: await protectBranch(neon, branch) }
}

function toProject(project: ApiProject | ProjectListItem): Project {
  return {
    id: project.id,
    name: project.name,
    created: false,
    regionId: project.region_id,
    pgVersion: project.pg_version,
    ...(project.org_id ? { orgId: project.org_id } : {}),
  }
}

/** Neither region nor version of a project can be changed: a wish that differs is told, and nothing more. */
function noteDifferences(neon: Neon, found: ProjectListItem, { regionId, pgVersion }: ProjectSettings): void {
  const differences = [
    ...(regionId && regionId !== found.region_id ? [`its region is ${found.region_id}, not ${regionId}`] : []),
    ...(pgVersion && pgVersion !== found.pg_version ? [`its Postgres is ${found.pg_version}, not ${pgVersion}`] : []),
  ]
  if (differences.length === 0) return
  neon.runtime.log.warning(`The project ${found.name} (${found.id}) is used as it is: ${differences.join(', ')}.`)
}
