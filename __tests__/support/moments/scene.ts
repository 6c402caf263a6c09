import type { EventSettings, RunResult } from '../../../sandbox/runner/index.ts'
import type { Expected } from './invariant.ts'
import type { Stage } from './stage.ts'

/** What one run of a story is about. */
export interface Scene {
  /** The name of its project. */
  project: string
  event: EventSettings
  inputs: Record<string, string>
  /** Where the world is not as it has to be when the run without has ended. */
  look(result: RunResult): Promise<string[]>
  /** Takes away what the scene made. */
  end(): Promise<void>
}

/** A mode in one of its situations. `open` is called once, and gives what begins each run of it. */
export interface Story {
  name: string
  open(stage: Stage): Promise<(turn: number) => Promise<Scene>>
}

/** Nothing to take away. */
export const nothing = async () => undefined

/** An event of a pull request. */
export const pull = (number: number, action: 'opened' | 'synchronize' | 'closed' = 'synchronize') =>
  ({ name: 'pull_request', action, number }) as const
/** Inputs for a namespace that is made. */
export const namespace = (name: string) => ({ namespace: name, create_namespace: 'true' })

/** The result of a run that has to succeed for a story to begin. */
export async function must(result: RunResult): Promise<RunResult> {
  if (result.conclusion !== 'success') throw new Error(`a story could not begin:\n${result.log}`)
  return result
}

/** A project with the base's files, as a push to main leaves it. */
export async function makeProject(stage: Stage, name: string): Promise<string> {
  const made = await must(await stage.run({ name: 'push' }, { project_name: name, schema: 'base' }))
  return made.outputs.project_id ?? ''
}

/** The inputs of a pull request's runs, with its Secret in a namespace of its own. */
export function pullInputs(stage: Stage, projectId: string, more: Record<string, string> = {}) {
  const { kubeconfig } = stage.kubernetes
  return { project_id: projectId, schema: 'base', kubeconfig, ...namespace('life-{number}'), ...more }
}

/** What an open pull request has. */
export const ofPull = (project: string, number: number, files: readonly string[]): Expected => ({
  project,
  branch: { name: `pr-${number}`, isThere: true },
  pullRequest: number,
  secret: { namespace: `life-${number}`, isThere: true },
  files,
})
/** What is left of one that is closed: its comment. */
export const ofClosed = (project: string, number: number): Expected => ({
  project,
  branch: { name: `pr-${number}`, isThere: false },
  pullRequest: number,
  secret: { namespace: `life-${number}`, isThere: false },
})

/** Takes a branch away, so that its server costs nothing. */
export async function removeBranch(stage: Stage, projectId: string, name: string): Promise<void> {
  const branch = stage.world.neon.branches(projectId).find((one) => one.name === name)
  if (branch) await stage.discard(`/projects/${projectId}/branches/${branch.id}`)
}
