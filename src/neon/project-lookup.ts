import type { ProjectListItem } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import type { Neon } from './client.ts'
import { isNearName } from './near-name.ts'

/** Where to look for a project, and for which. */
export interface ProjectQuery {
  /** Exact name. */
  name: string
  orgId: string | undefined
}

const PAGE = 100
// Two runs that start at once may both make the project; the younger one is deleted within this many milliseconds.
const RACE_WINDOW = 60_000
const RACE_LOOKS = 6
const RACE_PAUSE = 5000

/** Every project of exactly this name, oldest first (`listProjects`; its search is a partial match). */
export async function findProjects(neon: Neon, { name, orgId }: ProjectQuery): Promise<ProjectListItem[]> {
  const listed = await listProjects(neon, { search: name, orgId })
  return listed
    .filter((project) => project.name === name)
    .sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id))
}

/** 100 a page. The API gives a cursor even on the last page, so a short page ends the list. */
async function listProjects(
  neon: Neon,
  { search, orgId }: { search?: string; orgId: string | undefined },
): Promise<ProjectListItem[]> {
  const found: ProjectListItem[] = []
  let cursor: string | undefined
  for (;;) {
    const query = {
      limit: PAGE,
      ...(search ? { search } : {}),
      ...(orgId ? { org_id: orgId } : {}),
      ...(cursor ? { cursor } : {}),
    }
    const page = await neon.read('listProjects', (api, params) => api.listProjects(query, params))
    found.push(...page.projects)
    const next = page.pagination?.cursor
    if (page.projects.length < PAGE || !next || next === cursor) return found
    cursor = next
  }
}

/**
 * That no project has nearly this name (see {@link isNearName}): a pull request that corrects or mistypes `project_name`
 * must not make a project of its own. Reads the list of all projects. Throws {@link ActionError} that names the one meant.
 */
export async function refuseNearNames(neon: Neon, { name, orgId }: ProjectQuery): Promise<void> {
  const near = (await listProjects(neon, { orgId })).filter((project) => isNearName(project.name, name))
  if (near.length === 0) return
  const list = near.map((project) => `${project.name} (${project.id})`).join(' and ')
  throw new ActionError(`No Neon project is named ${name}, but there is ${list}.`, {
    advice:
      'Correct the input project_name; or, where a new project is meant, make it first by a run with mode: provision.',
  })
}

/**
 * The one project of this name, or undefined. Where two are seen of which the younger is brand new, another run is just
 * taking it away again: it is waited for. Throws {@link ActionError} with both ids when there are two for good.
 */
export async function findProject(neon: Neon, query: ProjectQuery): Promise<ProjectListItem | undefined> {
  const { clock, signal, log } = neon.runtime
  for (let look = 1; ; look += 1) {
    const found = await findProjects(neon, query)
    if (found.length <= 1) return found[0]
    const youngest = Date.parse(found.at(-1)?.created_at ?? '')
    if (look >= RACE_LOOKS || clock.now() - youngest > RACE_WINDOW) throw ambiguous(query.name, found)
    log.info(`Two projects are named ${query.name}, one of them just made by another run; waiting for it to settle.`)
    await clock.sleep(RACE_PAUSE, signal)
  }
}

function ambiguous(name: string, found: ProjectListItem[]): ActionError {
  const ids = found.map(({ id }) => id).join(', ')
  return new ActionError(`${found.length} projects are named ${name}: ${ids}.`, {
    advice: 'Set the input project_id to the one that is meant, in place of project_name.',
  })
}
