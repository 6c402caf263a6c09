import { buildEvent, type EventSettings, type OwnEvent, type RepositoryContext } from '../../../sandbox/runner/index.ts'
import type { World } from '../world.ts'
import { type Contexts, evaluateText } from './expressions.ts'
import type { Job, Permissions, PlayedWorkflow, Workflow } from './model.ts'
import type { ScriptRunner } from './run-script.ts'

/** A workflow file and what happens. */
export interface Play {
  /** Path of the file. Files that it calls are looked for beside it. */
  file: string
  event: EventSettings
  world: World
  /** `secrets.*`; without the token, which is always there. Runs of forks and of Dependabot get none. */
  secrets?: Record<string, string>
  vars?: Record<string, string>
  /** `inputs.*` of a called workflow; those of a dispatch are in its event. */
  inputs?: Record<string, string>
  /** Outputs of steps that are not ours, by the step's id. */
  outputs?: Record<string, Record<string, string>>
  /** Distinguishes runs; `github.run_id`. */
  runId?: number
  /** Of a called workflow: what the calling job may do; it may do no more. */
  permissions?: Permissions
}

/** A workflow that is being played. */
export interface Stage {
  play: Play
  workflow: Workflow
  scripts: ScriptRunner
  /** A folder of a job that has not checked out anything. */
  empty: string
  secrets: Record<string, string>
  /** Plays a workflow that a job calls. */
  call(play: Play): Promise<PlayedWorkflow>
}

/** The repository of the stories, as the runner describes it. */
export function repositoryOf(world: World): RepositoryContext {
  const serverUrl = 'https://github.com'
  return { fullName: world.repository, id: 700_000_000, defaultBranch: 'main', private: false, serverUrl }
}

/** The event itself, or that of the caller. */
export function ownEvent(event: EventSettings): OwnEvent {
  return event.name === 'workflow_call' ? event.caller : event
}

/** Whether GitHub holds back the secrets: a fork's pull request, or Dependabot's ("Dependabot on GitHub Actions"). */
export function isForeign({ world, event }: Play): boolean {
  const { name, payload, actor } = buildEvent(event, repositoryOf(world))
  const head = (payload.pull_request as { head: { repo: { full_name: string } | null } } | undefined)?.head
  const fork = name === 'pull_request' && head !== undefined && head.repo?.full_name !== world.repository
  return fork || actor === 'dependabot[bot]'
}

// Without `permissions:` a token reads the contents and nothing else, the setting of new repositories; the sandbox must
// not be kinder.
const DEFAULT: Permissions = { contents: 'read' }
const SCOPES = ['contents', 'issues', 'pull-requests'] as const
const LEVELS = ['none', 'read', 'write'] as const

/** What `permissions:` of a job come to; those of the workflow where it has none, and of the caller where that has none. */
export function permissionsOf({ play, workflow }: Stage, job: Job): Permissions {
  return job.permissions ?? workflow.permissions ?? play.permissions ?? DEFAULT
}

/**
 * The job's token, known to the sandbox with the job's permissions.
 * @throws where a called workflow asks for more than its caller may: GitHub does not start that.
 */
export function tokenOf(stage: Stage, id: string, job: Job): string {
  const { play } = stage
  const token = `ghs_${id.replace(/\W/g, '').padEnd(36, '0').slice(0, 36)}`
  const wanted = permissionsOf(stage, job)
  const foreign = isForeign(play)
  const levels = SCOPES.flatMap((scope) => {
    const level = levelOf(wanted, scope)
    const most = play.permissions === undefined ? 'write' : levelOf(play.permissions, scope)
    if (LEVELS.indexOf(level) > LEVELS.indexOf(most)) {
      throw new Error(`the job ${id} asks for ${scope}: ${level}, and its caller has ${most}`)
    }
    return level === 'none' ? [] : [[scope, foreign ? 'read' : level] as const]
  })
  const permissions = Object.fromEntries(levels)
  play.world.github.setToken(token, { kind: 'installation', repository: play.world.repository, permissions })
  return token
}

function levelOf(permissions: Permissions, scope: string): 'read' | 'write' | 'none' {
  if (permissions === 'write-all') return 'write'
  if (permissions === 'read-all') return 'read'
  const level = typeof permissions === 'string' ? undefined : permissions[scope]
  return level === 'read' || level === 'write' ? level : 'none'
}

/** What every run of a step needs. */
export function runOptions({ play, secrets }: Stage, token: string) {
  const { world } = play
  return {
    event: play.event,
    repository: repositoryOf(world),
    token,
    apiUrl: world.github.apiUrl,
    graphqlUrl: world.github.graphqlUrl,
    secrets: Object.values(secrets),
    runId: play.runId ?? 9_000_000_001,
  }
}

/** A mapping of texts with expressions, evaluated. */
export function texts(values: Record<string, unknown> | undefined, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, evaluateText(value, contexts)]))
}
