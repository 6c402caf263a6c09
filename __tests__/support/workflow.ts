import { buildEvent } from '../../sandbox/runner/events.ts'
import type { RunOptions } from '../../sandbox/runner/index.ts'
import { readEvent } from '../../src/event.ts'
import type { Report } from '../../src/model.ts'
import { planRun } from '../../src/plan.ts'
import { emptyReport, type Run } from '../../src/run.ts'
import { ActionError, errorMessage } from '../../src/runtime/errors.ts'
import { workflows } from '../../src/workflows/index.ts'
import { configOf } from './inputs.ts'
import { type TestRuntime, testRuntime } from './runtime.ts'
import type { World } from './world.ts'

/** How a workflow went that ran in this process. */
export interface WorkflowResult {
  /** The sentence that it failed with; empty when it did not. */
  failure: string
  outputs: Record<string, string>
  report: Report
  runtime: TestRuntime
}

/**
 * Runs the workflow that the event and the inputs ask for in this process, from configuration to outputs, without comment
 * and summary: for tables of many runs. What is wrong with the inputs is thrown.
 */
export async function runWorkflow(
  world: World,
  event: RunOptions['event'],
  inputs: Record<string, string>,
): Promise<WorkflowResult> {
  const runtime = testRuntime()
  const config = await configOf({
    ...{ api_key: world.neon.organizationApiKey, api_host: world.neon.url, project_id: '' },
    ...{ github_token: world.token, ...inputs },
  })
  const read = eventOf(world, event)
  const plan = planRun(config, read)
  if (plan.kind === 'skip') throw new Error(`nothing to do: ${plan.reason}`)
  const runner = {
    workspace: world.workspace,
    bundledSchema: 'sql',
    serverUrl: world.github.serverUrl,
    apiUrl: world.github.apiUrl,
    runId: '1',
    job: '1 1 test',
  }
  const report = emptyReport({ config, event: read, plan, runner })
  const run: Run = { runtime, config, event: read, plan, runner, report, outputs: new Map() }
  const failure = await workflows[plan.mode](run).then(
    () => '',
    (error: unknown) => {
      // As main.ts does.
      if (error instanceof ActionError)
        for (const [name, value] of Object.entries(error.outputs)) run.outputs.set(name, value)
      return errorMessage(error)
    },
  )
  const outputs = Object.fromEntries([...run.outputs].filter(([, value]) => value !== ''))
  return { failure, outputs, report, runtime }
}

function eventOf(world: World, settings: RunOptions['event']) {
  const repository = {
    fullName: world.repository,
    id: 1,
    defaultBranch: 'main',
    private: false,
    serverUrl: world.github.serverUrl,
  }
  const { name, payload, ref, sha, actor } = buildEvent(settings, repository)
  const env = { GITHUB_EVENT_NAME: name, GITHUB_REPOSITORY: world.repository, GITHUB_REF: ref, GITHUB_SHA: sha }
  return readEvent({ ...env, GITHUB_ACTOR: actor, GITHUB_REPOSITORY_ID: '1' }, payload)
}
