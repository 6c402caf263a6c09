import type { Event } from './event.ts'
import type { RepositoryQuery } from './github/index.ts'
import type { Config } from './inputs/index.ts'
import type { Report } from './model.ts'
import type { Owner } from './ownership.ts'
import { phaseWords } from './phase-words.ts'
import type { Plan } from './plan.ts'
import { seconds } from './runtime/clock.ts'
import { OutOfTime } from './runtime/lifetime.ts'
import { plural, whole } from './runtime/plural.ts'
import type { Runtime } from './runtime/runtime.ts'

/** One run of the action: what it was asked, what it works with, and what it has found out so far. */
export interface Run {
  runtime: Runtime
  config: Config
  event: Event
  plan: Extract<Plan, { kind: 'run' }>
  runner: RunnerContext
  /** Filled by the workflow, step by step, so that a failure still reports what is known. */
  report: Report
  /** Action outputs by name, as far as they are known. */
  outputs: Map<string, string>
  /** Whether the log says by now which outputs do not reach other jobs. */
  toldOfMasks?: boolean
}

/** Where the run finds files and addresses. */
export interface RunnerContext {
  /** The checked-out repository. */
  workspace: string
  /** The schema that ships with the action. */
  bundledSchema: string
  serverUrl: string
  apiUrl: string
  runId: string
  /** The attempt of the job that this step belongs to. */
  job: string
}

/**
 * Runs one phase in a folded group of the log and notes its duration in the report.
 */
export async function phase<T>(run: Run, name: string, work: () => Promise<T>): Promise<T> {
  const { clock, log } = run.runtime
  const started = clock.now()
  try {
    return await log.group(name, async () => {
      const words = phaseWords(run, name)
      if (words) log.info(words)
      return await work()
    })
  } catch (error) {
    const { aborted, reason } = run.runtime.signal
    if (aborted && reason instanceof OutOfTime) reason.during(name)
    throw error
  } finally {
    run.report.phases.push({ name, milliseconds: clock.now() - started })
  }
}

/** A warning of the run: an annotation now, and a line of the report later. */
export function warn(run: Run, text: string): void {
  run.runtime.log.warning(text)
  run.report.warnings.push(run.runtime.secrets.redact(text))
}

/**
 * On whose behalf this run acts. An entry of the merge queue counts as its pull request: the number stands last in its ref,
 * behind the base branch, which may itself be called `release/pr-12-x`.
 */
export function ownerOf({ event, plan }: Pick<Run, 'event' | 'plan'>): Owner {
  const queued = /^.*\/pr-(\d+)-/.exec(event.mergeGroupRef)?.[1]
  return {
    repository: event.repository,
    repositoryId: event.repositoryId,
    pullRequest: plan.pullRequest ?? (queued ? Number(queued) : null),
  }
}

/** Where this run asks GitHub. */
export function repositoryQuery({ config, event, runner }: Run): RepositoryQuery {
  return { token: config.report.githubToken, apiUrl: runner.apiUrl, repository: event.repository }
}

/** The empty report of a run that is about to start. */
export function emptyReport(options: {
  config: Config
  event: Event
  plan: Run['plan']
  runner: RunnerContext
}): Report {
  const { config, event, plan, runner } = options
  return {
    mode: plan.mode,
    outcome: 'failed',
    commentId: config.report.commentId,
    repository: event.repository,
    sha: event.pullRequest?.headSha || event.sha,
    runUrl: `${runner.serverUrl}/${event.repository}/actions/runs/${runner.runId}`,
    pullRequest: plan.pullRequest,
    kubernetes: [],
    warnings: [],
    phases: [],
  }
}

/** The last line of the log: how it ended, on which branch, in how much time. */
export function lastLine(report: Report): string {
  const total = report.phases.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const branch = report.branch
    ? ` · branch ${report.branch.name}${report.branch.id ? ` (${report.branch.id})` : ''}`
    : ''
  const { schema } = report
  const files =
    schema && !schema.isUncounted
      ? ` · ${plural(schema.applied, 'file')} applied, ${whole(schema.unchanged)} unchanged`
      : ''
  const tables = report.tables ? ` · ${plural(report.tables.length, 'table')}` : ''
  return `neon-postgres-setup: ${report.outcome}${branch}${files}${tables} · ${seconds(total)}`
}
