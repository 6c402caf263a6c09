import { dirname, join } from 'node:path'
import { describeRun } from '../../../sandbox/runner/index.ts'
import { type Contexts, evaluate, evaluateCondition, evaluateText, type Status } from './expressions.ts'
import { matrixLegs } from './matrix.ts'
import type { Job, PlayedJob, PlayedWorkflow, Workflow } from './model.ts'
import { playSteps } from './play-steps.ts'
import { ownEvent, permissionsOf, runOptions, type Stage, texts, tokenOf } from './stage.ts'
import { inputsOf, triggersOf } from './triggers.ts'

/** Plays all jobs of a workflow that an event has started, in the order of `needs`. */
export async function playJobs(stage: Stage): Promise<PlayedWorkflow> {
  const { workflow } = stage
  const done = new Map<string, PlayedJob>()
  const played: PlayedJob[] = []
  const waiting = Object.entries(workflow.jobs)
  while (waiting.length > 0) {
    const next = waiting.findIndex(([, job]) => needsOf(job).every((need) => done.has(need)))
    const [id, job] = waiting.splice(next, 1)[0] ?? []
    if (!id || !job) throw new Error('jobs that need each other in a circle, or one that is not there')
    const legs = await playJob(stage, { id, job, done })
    played.push(...legs)
    done.set(id, merge(id, legs))
  }
  const jobs = Object.fromEntries([...done].map(([id, { result, outputs }]) => [id, { result, outputs }]))
  const declared = triggersOf(workflow).get('workflow_call')?.outputs ?? {}
  const outputs = Object.fromEntries(
    Object.entries(declared).map(([name, { value }]) => [name, evaluateText(value, { jobs })]),
  )
  return { started: true, jobs: played, steps: played.flatMap(({ steps }) => steps), outputs }
}

function needsOf({ needs = [] }: Job): string[] {
  return Array.isArray(needs) ? needs : [needs]
}

/** A job of several legs fails when one of them does; of an output the last leg that set it counts. */
function merge(id: string, legs: PlayedJob[]): PlayedJob {
  const results = legs.map(({ result }) => result)
  const result = results.includes('failure')
    ? 'failure'
    : results.every((one) => one === 'skipped')
      ? 'skipped'
      : 'success'
  const outputs = Object.assign(
    {},
    ...legs.map((leg) => Object.fromEntries(Object.entries(leg.outputs).filter(([, value]) => value !== ''))),
  )
  return { id, label: id, result, outputs, dropped: legs.flatMap(({ dropped }) => dropped), steps: [] }
}

interface JobCall {
  id: string
  job: Job
  done: Map<string, PlayedJob>
}

async function playJob(stage: Stage, call: JobCall): Promise<PlayedJob[]> {
  const { id, job, done } = call
  const needs = needsOf(job).flatMap((need) => done.get(need) ?? [])
  const status: Status = {
    success: needs.every(({ result }) => result === 'success'),
    failure: ancestors(stage.workflow, id).some((name) => done.get(name)?.result === 'failure'),
    cancelled: false,
  }
  const token = tokenOf(stage, id, job)
  const contexts: Contexts = {
    github: { ...describeRun(runOptions(stage, token)), job: id, workflow: stage.workflow.name ?? '' },
    vars: stage.play.vars ?? {},
    inputs: inputsFor(stage),
    secrets: { ...stage.secrets, GITHUB_TOKEN: token },
    needs: Object.fromEntries(needs.map((need) => [need.id, { result: need.result, outputs: need.outputs }])),
    runner: { os: 'Linux', arch: 'X64', temp: '/tmp', name: 'sandbox' },
  }
  const skipped: PlayedJob = { id, label: id, result: 'skipped', outputs: {}, dropped: [], steps: [] }
  if (!evaluateCondition(job.if, contexts, status)) return [skipped]
  const { matrix } = job.strategy ?? {}
  const legs = matrixLegs(evaluateDeep(matrix, contexts))
  const played: PlayedJob[] = []
  for (const leg of legs) {
    const values = Object.values(leg).map((value) =>
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    )
    const label = values.length > 0 ? `${id} (${values.join(', ')})` : id
    const own = { ...contexts, matrix: leg }
    played.push(
      job.uses
        ? await playCall(stage, { ...call, label, contexts: own })
        : await playSteps(stage, { id, label, job, contexts: own, token }),
    )
  }
  return played
}

function ancestors(workflow: Workflow, id: string): string[] {
  const needs = needsOf(workflow.jobs[id] ?? {})
  return [...needs, ...needs.flatMap((need) => ancestors(workflow, need))]
}

function inputsFor({ play, workflow }: Stage): Record<string, unknown> {
  const event = ownEvent(play.event)
  if (play.event.name === 'workflow_call') {
    const trigger = triggersOf(workflow).get('workflow_call') ?? {}
    return { ...inputsOf(trigger), ...play.inputs }
  }
  return event.name === 'workflow_dispatch' ? (event.inputs ?? {}) : {}
}

function evaluateDeep(value: unknown, contexts: Contexts): unknown {
  if (typeof value === 'string') return evaluate(value, contexts)
  if (Array.isArray(value)) return value.map((entry) => evaluateDeep(entry, contexts))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, evaluateDeep(entry, contexts)]))
}

interface CallOfWorkflow extends JobCall {
  label: string
  contexts: Contexts
}

/** A job that calls a workflow of the repository: played with the caller's event. */
async function playCall(stage: Stage, { id, label, job, contexts }: CallOfWorkflow): Promise<PlayedJob> {
  const { play } = stage
  const file = join(dirname(play.file), (job.uses ?? '').replace(/^.*\//, ''))
  const given = typeof job.secrets === 'object' ? texts(job.secrets, contexts) : {}
  const called = await stage.call({
    ...play,
    file,
    event: { name: 'workflow_call', caller: ownEvent(play.event) },
    inputs: texts(job.with, contexts),
    permissions: permissionsOf(stage, job),
    secrets: job.secrets === 'inherit' ? (play.secrets ?? {}) : given,
  })
  const result = called.jobs.some((one) => one.result === 'failure') ? 'failure' : 'success'
  const dropped = called.jobs.flatMap((one) => one.dropped)
  const steps = called.steps.map((step) => ({ ...step, job: `${label} / ${step.job}` }))
  return { id, label, result, outputs: called.outputs, dropped, steps }
}
