import { randomUUID } from 'node:crypto'
import { basename, join } from 'node:path'
import type { RepositoryContext, RunEvent } from './event-settings.ts'

/** Where the runner keeps a step's files. */
export interface Folders {
  workspace: string
  /** RUNNER_TEMP. */
  temp: string
  /** The event and the file commands. */
  commands: string
}

/** The file commands of a step, by the name of their property in the `github` context. */
export function commandFiles(folders: Folders): Record<'output' | 'state' | 'env' | 'path' | 'step_summary', string> {
  const file = (prefix: string) => join(folders.commands, `${prefix}_${randomUUID()}`)
  return {
    output: file('set_output'),
    state: file('save_state'),
    env: file('set_env'),
    path: file('add_path'),
    step_summary: file('step_summary'),
  }
}

/** What the `github` context and so the GITHUB_* variables are made of. */
export interface GitHubSettings {
  repository: RepositoryContext
  event: RunEvent
  apiUrl: string
  graphqlUrl: string
  runId: number
  runAttempt: number
  actionPath: string
  folders: Folders
  files: ReturnType<typeof commandFiles>
  eventPath: string
}

/**
 * The `github` context without `token` and `event`: all values are text, and each becomes a GITHUB_* variable
 * (GitHubContext.cs; documentation, "Default environment variables").
 */
export function githubContext(settings: GitHubSettings): Record<string, string> {
  const { repository, event, files } = settings
  const { ref } = event
  // Without a ref (a deployment of a commit) there is no type of one: a guess.
  const type = ref === '' ? '' : ref.startsWith('refs/tags/') ? 'tag' : 'branch'
  const workflowRef = `${repository.fullName}/.github/workflows/neon.yml@${ref}`
  return {
    action: '__self',
    action_path: settings.actionPath,
    action_ref: '',
    action_repository: '',
    actor: event.actor,
    actor_id: '1001',
    api_url: settings.apiUrl,
    base_ref: event.baseRef,
    env: files.env,
    event_name: event.name,
    event_path: settings.eventPath,
    graphql_url: settings.graphqlUrl,
    head_ref: event.headRef,
    job: 'database',
    output: files.output,
    path: files.path,
    ref,
    ref_name: ref.replace(/^refs\/(?:heads|tags|pull)\//, ''),
    ref_protected: 'false',
    ref_type: type,
    repository: repository.fullName,
    repository_id: String(repository.id),
    repository_owner: repository.fullName.split('/')[0] ?? '',
    repository_owner_id: '1000',
    retention_days: '90',
    run_attempt: String(settings.runAttempt),
    run_id: String(settings.runId),
    run_number: '1',
    server_url: repository.serverUrl,
    sha: event.sha,
    state: files.state,
    step_summary: files.step_summary,
    triggering_actor: event.actor,
    workflow: 'database',
    workflow_ref: workflowRef,
    workflow_sha: event.sha,
    workspace: settings.folders.workspace,
  }
}

/** The whole environment of a step: of the tester's own variables only PATH and HOME pass. */
export function stepEnvironment(
  github: Record<string, string>,
  folders: Folders,
  options: { inputs: Record<string, string>; extra: Record<string, string>; trackingId: string; debug: boolean },
): Record<string, string> {
  const fromGithub = Object.entries(github).map(([key, value]) => [`GITHUB_${key.toUpperCase()}`, value])
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? folders.temp,
    // Not set on a real runner: here it keeps what a step leaves in the system's temporary folder in sight.
    TMPDIR: folders.temp,
    ...Object.fromEntries(fromGithub),
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_NAME: 'sandbox',
    RUNNER_OS: process.platform === 'darwin' ? 'macOS' : 'Linux',
    RUNNER_TEMP: folders.temp,
    RUNNER_TOOL_CACHE: join(folders.temp, '_tool'),
    RUNNER_TRACKING_ID: options.trackingId,
    RUNNER_WORKSPACE: basename(folders.workspace),
    ...(options.debug ? { RUNNER_DEBUG: '1' } : {}),
    ...options.extra,
    ...options.inputs,
  }
}
