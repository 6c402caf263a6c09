import { dirname, join } from 'node:path'
import * as core from '@actions/core'
import { type Event, readEvent } from './event.ts'
import { readPayload } from './event-file.ts'
import { type Config, judgeInputs, unknownParents } from './inputs/index.ts'
import { registerSecrets } from './masks.ts'
import { planRun, reasonToSkip, type SecretsGiven } from './plan.ts'
import { tellJob, tellPullRequest } from './publish.ts'
import { emptyReport, lastLine, type Run, type RunnerContext } from './run.ts'
import { systemClock } from './runtime/clock.ts'
import { byContract } from './runtime/door.ts'
import { ActionError, errorMessage } from './runtime/errors.ts'
import { closeOtherExits, mask, setOutput } from './runtime/exits.ts'
import { wasCancelled, watchLifetime } from './runtime/lifetime.ts'
import { createLog, type Log } from './runtime/log.ts'
import type { Runtime } from './runtime/runtime.ts'
import { createSecrets } from './runtime/secrets.ts'
import { workflows } from './workflows/index.ts'

/** Reads an input as action.yml names it. */
const getInput = (name: string) => core.getInput(name)

/**
 * One whole run of the action, from the runner's environment to outputs and report.
 * @returns the exit code: 0 when it did what it should or had nothing to do, 1 when it failed. Never throws.
 */
export async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const secrets = createSecrets(mask)
  const log = createLog(secrets, systemClock)
  closeOtherExits({ line: log.debug, fatal: (thrown) => log.error(errorMessage(thrown)) })
  await registerSecrets(secrets, { getInput, env })
  try {
    const event = readEvent(env, readPayload(env))
    const skip = reasonToSkip(secretsGiven(), event)
    if (skip) return reportSkip(log, skip)
    const config = await judgeInputs(getInput, secrets)
    for (const notice of [...unknownParents(env), ...config.notices]) log.notice(notice)
    const lifetime = watchLifetime(config.timeout)
    const end = config.timeout > 0 ? { endsAt: systemClock.now() + config.timeout } : {}
    const runtime: Runtime = { log, clock: systemClock, secrets, signal: lifetime.signal, ...end }
    try {
      return await runPlan({ runtime, config, event, runner: runnerContext(env) })
    } finally {
      lifetime.dispose()
    }
  } catch (error) {
    setOutput('outcome', byContract('failed'))
    setOutput('skipped', byContract('false'))
    log.error(errorMessage(error))
    return 1
  }
}

interface Start {
  runtime: Runtime
  config: Config
  event: Event
  runner: RunnerContext
}

async function runPlan(start: Start): Promise<number> {
  const { runtime, config, event } = start
  const plan = planRun(config, event)
  if (plan.kind === 'skip') return reportSkip(runtime.log, plan.reason)
  const run: Run = { ...start, plan, report: emptyReport({ ...start, plan }), outputs: new Map() }
  runtime.log.info(
    `Mode ${plan.mode} on ${event.name}${event.action ? ` (${event.action})` : ''} of ${event.repository}.`,
  )
  const failed = await attempt(run, async () => {
    run.report.outcome = await workflows[plan.mode](run)
  })
  // A cancel that comes as late as the comment is being written makes no success of the run either.
  const late = await attempt(run, () => tellPullRequest(run))
  const failure = failed ?? late
  tellJob(run)
  runtime.log.info(lastLine(run.report))
  // A failed statement has its annotation already, on its line.
  if (failure && !run.report.schema?.failure) runtime.log.error(failure.sentence, annotation(failure))
  return failure ? 1 : 0
}

/** Which secrets the run was given, and whether their absence was foreseen. */
function secretsGiven(): SecretsGiven {
  const given = getInput('api_key') !== '' || getInput('connection_string') !== ''
  return { given, onMissing: getInput('on_missing_key').trim() === 'skip' ? 'skip' : 'fail' }
}

function reportSkip(log: Log, reason: string): number {
  log.notice(
    `Skipped: ${reason} The outputs of this step are empty: give steps that use them if: steps.<id>.outputs.skipped == 'false'.`,
  )
  setOutput('skipped', byContract('true'))
  setOutput('outcome', byContract('skipped'))
  return 0
}

/** Does a part of the run; what it throws, or the cancel that came meanwhile, becomes part of the report. */
async function attempt(run: Run, part: () => Promise<void>): Promise<ActionError | undefined> {
  const { signal } = run.runtime
  try {
    await part()
    if (wasCancelled(signal)) throw signal.reason
    return undefined
  } catch (error) {
    const cause = signal.aborted ? signal.reason : error
    const failure = cause instanceof ActionError ? cause : new ActionError(errorMessage(cause))
    const { redact } = run.runtime.secrets
    run.report.outcome = 'failed'
    run.report.error ??= { message: redact(failure.message), advice: redact(failure.advice) }
    for (const [name, value] of Object.entries(failure.outputs)) run.outputs.set(name, value)
    return failure
  }
}

function annotation(failure: ActionError) {
  return {
    ...(failure.location ? { location: failure.location } : {}),
    ...(failure.title ? { title: failure.title } : {}),
  }
}

function runnerContext(env: NodeJS.ProcessEnv): RunnerContext {
  return {
    workspace: env.GITHUB_WORKSPACE ?? process.cwd(),
    // Beside the folder of the running script, both for dist/index.js and for src/index.ts.
    bundledSchema: join(dirname(process.argv[1] ?? ''), '..', 'sql'),
    serverUrl: env.GITHUB_SERVER_URL ?? 'https://github.com',
    apiUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
    runId: env.GITHUB_RUN_ID ?? '',
    job: [env.GITHUB_RUN_ID, env.GITHUB_RUN_ATTEMPT, env.GITHUB_JOB, env.RUNNER_NAME].join(' '),
  }
}
