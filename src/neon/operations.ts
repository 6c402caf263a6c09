import type { Operation } from '@neondatabase/api-client'
import { seconds } from '../runtime/clock.ts'
import { ActionError } from '../runtime/errors.ts'
import { backoff } from '../runtime/retry.ts'
import type { Neon } from './client.ts'
import { isProjectMissing, NeonError } from './error.ts'

const LONGEST_WAIT = 300_000
// With more than this many, one list request is cheaper than one request for each.
const MOST_SINGLE = 3
const PAGE = 100

/**
 * Waits until every operation is finished or skipped (terminal states: `OperationStatus` of the API description).
 * Throws {@link ActionError} with the operation's own text when one failed or was cancelled, or after five minutes.
 */
export async function waitForOperations(
  neon: Neon,
  projectId: string,
  operations: readonly Operation[],
): Promise<void> {
  const { clock, signal, log } = neon.runtime
  const started = clock.now()
  let open = stillOpen(projectId, operations)
  for (let poll = 1; open.length > 0; poll += 1) {
    const waited = clock.now() - started
    if (waited > LONGEST_WAIT) {
      throw new ActionError(`Neon did not finish ${names(open)} of project ${projectId} within ${seconds(waited)}.`, {
        advice: 'Look at the operations of the project in the Neon console, then run the job again.',
      })
    }
    log.progress(`Waiting for Neon: ${names(open)} (${seconds(waited)})`)
    await clock.sleep(backoff(poll, 200, 2000), signal)
    open = stillOpen(projectId, await readOperations(neon, projectId, open))
  }
}

/** Waits for whatever is under way on one branch; for a branch that another run, or a lost answer, left initialising. */
export async function waitForBranch(neon: Neon, projectId: string, branchId: string): Promise<void> {
  const recent = await listOperations(neon, projectId)
  const under = recent.filter((operation) => operation.branch_id === branchId && isOpen(operation))
  await waitForOperations(neon, projectId, under)
}

/** Waits for whatever is under way anywhere in the project. */
export async function waitForProject(neon: Neon, projectId: string): Promise<void> {
  await waitForOperations(neon, projectId, (await listOperations(neon, projectId)).filter(isOpen))
}

/** The newest 100 operations of a project. */
export async function listOperations(neon: Neon, projectId: string): Promise<Operation[]> {
  const page = await neon.read('listProjectOperations', (api, params) =>
    api.listProjectOperations({ projectId, limit: PAGE }, params),
  )
  return page.operations
}

async function readOperations(neon: Neon, projectId: string, wanted: Operation[]): Promise<Operation[]> {
  const listed = wanted.length > MOST_SINGLE ? await listOperations(neon, projectId) : []
  const byId = new Map(listed.map((operation) => [operation.id, operation]))
  return await Promise.all(
    wanted.map(async (operation) => {
      const { id } = operation
      const known = byId.get(id)
      if (known) return known
      const reading = neon.read('getProjectOperation', (api, params) => api.getProjectOperation(projectId, id, params))
      // What a reply has just named may not be found for a moment; it is asked for again until the time is up.
      const single = await reading.catch((error: unknown) => {
        if (error instanceof NeonError && error.status === 404 && !isProjectMissing(error)) return undefined
        throw error
      })
      return single?.operation ?? operation
    }),
  )
}

function isOpen({ status }: Operation): boolean {
  return !['finished', 'skipped', 'failed', 'error', 'cancelled'].includes(status)
}

function stillOpen(projectId: string, operations: readonly Operation[]): Operation[] {
  for (const { action, status, error } of operations) {
    if (!['failed', 'error', 'cancelled'].includes(status)) continue
    throw new ActionError(
      `Neon operation ${action} of project ${projectId} ended as ${status}: ${error || 'no reason given'}.`,
      {
        advice: 'Run the job again; if it fails the same way, look at the operation in the Neon console.',
      },
    )
  }
  return operations.filter(isOpen)
}

function names(operations: Operation[]): string {
  return [...new Set(operations.map(({ action }) => action))].join(', ')
}
