import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { buildEvent } from '../../sandbox/runner/index.ts'
import type { PlayedWorkflow, Workflow } from './workflow/model.ts'
import { playJobs } from './workflow/play-jobs.ts'
import { startScripts } from './workflow/run-script.ts'
import { isForeign, type Play, repositoryOf } from './workflow/stage.ts'
import { isStarted } from './workflow/triggers.ts'

export type { PlayedJob, PlayedStep, PlayedWorkflow, Workflow } from './workflow/model.ts'
export { OURS } from './workflow/play-steps.ts'
export type { Play } from './workflow/stage.ts'
export { eventsOf, PULL_NUMBER } from './workflow/triggers.ts'

/** The workflow of a file. */
export async function readWorkflow(file: string): Promise<Workflow> {
  return parse(await readFile(file, 'utf8')) as Workflow
}

/**
 * Plays a workflow for an event as GitHub would: triggers, jobs in the order of `needs`, matrices, conditions, expressions,
 * permissions, masks and outputs between jobs. Each of Neon's four actions is played by this action (`dist`), with its
 * inputs as they stand and the sandbox's address in `api_host`; `run:` steps are played by a shell that knows no tool but
 * those that make texts; other actions do nothing.
 */
export async function playWorkflow(play: Play): Promise<PlayedWorkflow> {
  const workflow = await readWorkflow(play.file)
  const event = buildEvent(play.event, repositoryOf(play.world))
  if (!isStarted(workflow, play.event, event)) return { started: false, jobs: [], steps: [], outputs: {} }
  const scripts = await startScripts()
  const empty = await mkdtemp(join(tmpdir(), 'workflow-empty-'))
  const secrets = isForeign(play) ? {} : (play.secrets ?? {})
  try {
    return await playJobs({ play, workflow, scripts, empty, secrets, call: playWorkflow })
  } finally {
    await Promise.all([scripts.close(), rm(empty, { recursive: true, force: true })])
  }
}
