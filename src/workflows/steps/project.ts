import { consoleUrl, createNeon, ensureProject, type Neon, type Project } from '../../neon/index.ts'
import { phase, type Run } from '../../run.ts'
import { VERSION } from '../../version.ts'

/** Opens the Neon API for this run. */
export function openNeon(run: Run): Neon {
  const { apiKey, apiHost } = run.config.neon
  const userAgent = `neon-postgres-setup/${VERSION} (${run.event.repository})`
  return createNeon(run.runtime, { apiKey, apiHost, userAgent })
}

/** How a mode needs the project. */
interface ProjectNeed {
  /** Whether a name that no project has makes one. */
  create: boolean
  /** With `project_id`: whether its name is worth a request. */
  describe?: boolean
  /** Nothing may be sent but reads, whatever other inputs say; {@link isReadOnly} unless told. */
  readOnly?: boolean
  /** No project is made beside one of nearly the same name; on pull requests unless told. */
  refuseNearNames?: boolean
}

/** Whether this run only looks: then nothing is sent to Neon but reads, whatever other inputs say. */
export function isReadOnly({ plan, config }: Run): boolean {
  return plan.mode === 'plan' || plan.mode === 'diff' || (plan.mode === 'sweep' && config.sweep.dryRun)
}

/** The project, found or made, told to report and outputs. */
export async function projectOf(run: Run, neon: Neon, need: ProjectNeed): Promise<Project> {
  const { config } = run
  const wanted = config.neon
  const project = await phase(run, 'Neon project', () =>
    ensureProject(neon, {
      id: wanted.projectId || undefined,
      name: wanted.projectName || undefined,
      orgId: wanted.orgId || undefined,
      describe: need.describe ?? false,
      create: need.create,
      readOnly: need.readOnly ?? isReadOnly(run),
      refuseNearNames: need.refuseNearNames ?? run.plan.pullRequest !== null,
      regionId: wanted.region || undefined,
      pgVersion: wanted.pgVersion ?? undefined,
      database: wanted.database || undefined,
      role: wanted.role || undefined,
      ...computeOf(run),
      historyRetention: wanted.historyRetention === null ? undefined : Math.round(wanted.historyRetention / 1000),
      allowedIps: wanted.allowedIps.length > 0 ? wanted.allowedIps : undefined,
      blockPublicConnections: wanted.blockPublicConnections ?? undefined,
      protectDefaultBranch: wanted.protectDefaultBranch || undefined,
    }),
  )
  const url = consoleUrl(neon, project.id)
  const { id, name, created } = project
  run.report.project = { id, name, created, ...(url ? { consoleUrl: url } : {}) }
  run.outputs.set('project_id', id)
  run.outputs.set('project_created', String(created))
  return project
}

/** Settings of a compute that the inputs give, for a project or a branch. */
export function computeOf({ config: { neon } }: Run) {
  return {
    suspendTimeout: neon.suspendTimeout ?? undefined,
    minCu: neon.minCu ?? undefined,
    maxCu: neon.maxCu ?? undefined,
  }
}
