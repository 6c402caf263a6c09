import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inputVariables, readActionFile } from './action-file.ts'
import { commandFiles, type Folders, githubContext, stepEnvironment } from './environment.ts'
import type { EventSettings, RepositoryContext } from './event-settings.ts'
import { buildEvent } from './events.ts'
import { collectResult, type RunResult } from './result.ts'
import { createStepLog } from './step-log.ts'
import { type Cancel, runStepProcess } from './step-process.ts'

export { readActionFile } from './action-file.ts'
export type { EventSettings, OwnEvent, PullRequestSettings, RepositoryContext, RunEvent } from './event-settings.ts'
export { buildEvent } from './events.ts'
export { compareInputNames, listInputNames } from './input-names.ts'
export { findLeaks, type Leak } from './leaks.ts'
export { createMasker } from './masker.ts'
export type { RunResult } from './result.ts'
export type { Annotation, Group } from './step-log.ts'
export type { Cancel } from './step-process.ts'

/** One step to run. */
export interface RunOptions {
  /** The folder of action.yml; this repository unless told. */
  action?: string
  /** What stands under `with:`. */
  inputs?: Record<string, string>
  event: EventSettings
  /** `owner/name`; `octo/demo` unless told. */
  repository?: string | Partial<RepositoryContext>
  /** The checked-out repository; an empty folder for this run unless told. */
  workspace?: string
  /** `github.token`; the runner masks it from the start. */
  token?: string
  apiUrl?: string
  graphqlUrl?: string
  serverUrl?: string
  runId?: number
  runAttempt?: number
  /** Values that come from `secrets.*`; the runner masks them from the start. */
  secrets?: string[]
  /** What stands under `env:`. */
  env?: Record<string, string>
  debug?: boolean
  cancel?: Cancel
  /** Milliseconds after which the step is killed; 120,000 unless told. */
  timeout?: number
  /** Each line of the masked log as it comes. */
  onLine?(line: string, stream: 'stdout' | 'stderr'): void
}

/**
 * Runs an action as a GitHub runner runs a step: inputs from action.yml, event and command files, the environment of a real
 * run and nothing else, masks and limits applied to what comes back, and no process left behind.
 * @throws for an action that does not run on node24.
 */
export async function runAction(options: RunOptions): Promise<RunResult> {
  const directory = resolve(options.action ?? fileURLToPath(new URL('../..', import.meta.url)))
  const action = await readActionFile(directory)
  const root = await mkdtemp(join(tmpdir(), 'runner-'))
  try {
    const folders = await makeFolders(root, options.workspace)
    const files = commandFiles(folders)
    await Promise.all(Object.values(files).map((file) => writeFile(file, '')))
    const repository = describeRepository(options)
    const event = buildEvent(options.event, repository)
    const eventPath = join(folders.commands, 'event.json')
    await writeFile(eventPath, JSON.stringify(event.payload, null, 2))
    const github = githubOf(options, { event, repository, actionPath: directory, folders, files, eventPath })
    const context = { ...github, token: options.token ?? '', event: event.payload }
    const inputs = inputVariables(action, options.inputs ?? {}, context)
    const log = createStepLog(options.debug ?? false)
    for (const secret of [options.token ?? '', ...(options.secrets ?? [])]) log.masker.add(secret)
    for (const warning of inputs.warnings) log.annotate({ type: 'warning', message: warning })
    const trackingId = `github_${randomUUID()}`
    const started = performance.now()
    const end = await runStepProcess({
      node: await findNode24(),
      script: join(directory, action.main),
      cwd: folders.workspace,
      environment: stepEnvironment(github, folders, {
        inputs: inputs.variables,
        extra: options.env ?? {},
        trackingId,
        debug: options.debug ?? false,
      }),
      trackingId,
      cancel: options.cancel ?? {},
      timeout: options.timeout ?? 120_000,
      onLine(line, stream) {
        const shown = log.take(line)
        if (shown !== undefined) options.onLine?.(shown, stream)
      },
    })
    const milliseconds = performance.now() - started
    return await collectResult({ log, end, files, folders, milliseconds, declared: action.outputs })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** What a workflow's expressions read of a run: the whole `github` context, without the paths of a machine. */
export function describeRun(options: Omit<RunOptions, 'inputs'>): Record<string, unknown> {
  const repository = describeRepository(options)
  const event = buildEvent(options.event, repository)
  const folders = { workspace: '/github/workspace', temp: '/github/temp', commands: '/github/commands' }
  const place = { actionPath: '', folders, files: commandFiles(folders), eventPath: '/github/event.json' }
  const github = githubOf(options, { event, repository, ...place })
  return { ...github, token: options.token ?? '', event: event.payload }
}

type Place = Pick<
  Parameters<typeof githubContext>[0],
  'event' | 'repository' | 'actionPath' | 'folders' | 'files' | 'eventPath'
>

function githubOf(options: Omit<RunOptions, 'inputs'>, place: Place): Record<string, string> {
  const apiUrl = options.apiUrl ?? 'https://api.github.com'
  return githubContext({
    ...place,
    apiUrl,
    graphqlUrl: options.graphqlUrl ?? `${apiUrl}/graphql`,
    runId: options.runId ?? 9_000_000_001,
    runAttempt: options.runAttempt ?? 1,
  })
}

async function makeFolders(root: string, workspace: string | undefined): Promise<Folders> {
  const folders = {
    workspace: workspace ? resolve(workspace) : join(root, 'workspace'),
    temp: join(root, '_temp'),
    commands: join(root, '_commands'),
  }
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { recursive: true })))
  return folders
}

function describeRepository(options: RunOptions): RepositoryContext {
  const given = typeof options.repository === 'string' ? { fullName: options.repository } : options.repository
  const fullName = given?.fullName ?? 'octo/demo'
  return {
    fullName,
    id: repositoryId(fullName),
    defaultBranch: 'main',
    private: false,
    serverUrl: options.serverUrl ?? 'https://github.com',
    ...given,
  }
}

/** A number for a repository as GitHub gives one: always the same for a name, another one for another. */
function repositoryId(fullName: string): number {
  return 700_000_000 + (createHash('sha256').update(fullName.toLowerCase()).digest().readUInt32BE() % 100_000_000)
}

/** The path of a Node 24: the one that runs this, or the one installed beside the sources. */
async function findNode24(): Promise<string> {
  if (process.versions.node.startsWith('24.')) return process.execPath
  const installed = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
  await stat(installed).catch(() => {
    throw new Error(`the harness runs actions in Node 24; this is ${process.version}, and ${installed} is missing`)
  })
  return installed
}
