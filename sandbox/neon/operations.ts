import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { notFound, operationsRunning } from './recorded.ts'
import type { Operation, OperationAction, ProjectRecord } from './types.ts'
import { findProject, type Handler, now, timestamp, type World } from './world.ts'

/** One operation to come: its effect takes place when it ends. */
export interface Step {
  action: OperationAction
  branchId?: string
  endpointId?: string
  /** Other than `operationMilliseconds`. */
  milliseconds?: number
  work?(): Promise<void>
}

const UNFINISHED = new Set<Operation['status']>(['scheduling', 'running', 'cancelling'])

/** Whether an operation of the project has not ended. */
export function isLocked(project: ProjectRecord): boolean {
  return project.busy || project.operations.some(({ status }) => UNFINISHED.has(status))
}

/** Refuses a change while another one runs. Throws 423. */
export function assertUnlocked(project: ProjectRecord): void {
  if (!isLocked(project)) return
  throw operationsRunning()
}

/**
 * Writes down operations and lets them run one after the other, each for `operationMilliseconds`. When one fails, by
 * setting or because its work threw, those after it are cancelled. Returns them as they are now.
 */
export function schedule(world: World, project: ProjectRecord, steps: Step[]): Operation[] {
  const operations = steps.map((step, index) =>
    newOperation(world, project, step, index === 0 ? 'running' : 'scheduling'),
  )
  project.operations.push(...operations)
  const task = run(world, steps, operations).catch((error: unknown) => {
    if (!world.closing.signal.aborted) throw error
  })
  world.tasks.add(task)
  void task.finally(() => world.tasks.delete(task))
  return structuredClone(operations)
}

function newOperation(world: World, project: ProjectRecord, step: Step, status: Operation['status']): Operation {
  const at = timestamp(world)
  return {
    id: randomUUID(),
    project_id: project.project.id,
    ...(step.branchId ? { branch_id: step.branchId } : {}),
    ...(step.endpointId ? { endpoint_id: step.endpointId } : {}),
    action: step.action,
    status,
    failures_count: 0,
    created_at: at,
    updated_at: at,
    total_duration_ms: 0,
  }
}

async function run(world: World, steps: Step[], operations: Operation[]): Promise<void> {
  let failed = false
  for (const [index, operation] of operations.entries()) {
    if (failed) {
      finish(world, operation, 'cancelled')
      continue
    }
    operation.status = 'running'
    const started = now(world)
    const duration = steps[index]?.milliseconds ?? world.settings.operationMilliseconds
    await sleep(duration, undefined, { signal: world.closing.signal })
    const error = plannedFailure(world, operation) ?? (await failureOf(steps[index]))
    operation.total_duration_ms = now(world) - started
    failed = error !== undefined
    if (failed) Object.assign(operation, { error, failures_count: 1 })
    finish(world, operation, failed ? 'failed' : 'finished')
  }
}

async function failureOf(step: Step | undefined): Promise<string | undefined> {
  try {
    await step?.work?.()
    return undefined
  } catch (error) {
    return String(error)
  }
}

function plannedFailure(world: World, operation: Operation): string | undefined {
  const plans = world.settings.failOperations
  const index = plans.findIndex(({ action }) => action === operation.action)
  return index < 0 ? undefined : plans.splice(index, 1)[0]?.error
}

function finish(world: World, operation: Operation, status: Operation['status']): void {
  operation.status = status
  operation.updated_at = timestamp(world)
}

const listProjectOperations: Handler = (world, call) => {
  const project = findProject(world, call)
  const newestFirst = [...project.operations].reverse()
  const start = newestFirst.findIndex(({ id }) => id === call.query.cursor) + 1
  const operations = newestFirst.slice(start, start + Number(call.query.limit ?? 100))
  const cursor = operations.at(-1)?.id ?? call.query.cursor
  return { body: { operations, ...(cursor ? { pagination: { cursor: String(cursor) } } : {}) } }
}

const getProjectOperation: Handler = (world, call) => {
  const operation = findProject(world, call).operations.find(({ id }) => id === call.params.operation_id)
  if (!operation) throw notFound('operation')
  return { body: { operation } }
}

export const operationHandlers = { listProjectOperations, getProjectOperation }
