import type { BranchCreateRequestEndpointOptions, Operation } from '@neondatabase/api-client'
import { EndpointType } from '@neondatabase/api-client'
import { assertEndpoint } from './branch-guard.ts'
import { type Branch, type BranchEndpoint, readWrite, toEndpoint } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { NeonError } from './error.ts'
import { waitForOperations } from './operations.ts'

/** Settings of a compute; only what is given is sent, because the free plan refuses even its own defaults. */
export interface ComputeSettings {
  /** Seconds of idleness until it suspends: 0 means Neon's default, -1 never. */
  suspendTimeout?: number | undefined
  /** Compute units, from 0.25. */
  minCu?: number | undefined
  maxCu?: number | undefined
}

/** The settings as the API takes them. */
export function computeSettings({ suspendTimeout, minCu, maxCu }: ComputeSettings): {
  suspend_timeout_seconds?: number
  autoscaling_limit_min_cu?: number
  autoscaling_limit_max_cu?: number
} {
  return {
    ...(suspendTimeout === undefined ? {} : { suspend_timeout_seconds: suspendTimeout }),
    ...(minCu === undefined ? {} : { autoscaling_limit_min_cu: minCu }),
    ...(maxCu === undefined ? {} : { autoscaling_limit_max_cu: maxCu }),
  }
}

/** A read_write compute for the create request of a branch: without it the branch would have none. */
export function newCompute(settings: ComputeSettings): BranchCreateRequestEndpointOptions {
  return { type: EndpointType.ReadWrite, ...computeSettings(settings) }
}

/**
 * The read_write compute of a branch (`listProjectBranchEndpoints`), or undefined where it has none.
 * Throws NeonError, and ActionError for the compute of another branch.
 */
export async function findCompute(neon: Neon, branch: Branch): Promise<BranchEndpoint | undefined> {
  const { projectId, id } = branch
  const { endpoints } = await neon.read('listProjectBranchEndpoints', (api, params) =>
    api.listProjectBranchEndpoints(projectId, id, params),
  )
  const found = readWrite(endpoints)
  if (found) assertEndpoint(found, branch)
  return found
}

interface Made {
  endpoint: BranchEndpoint
  operations: Operation[]
}

/**
 * Makes the read_write compute of a branch that has none (a branch has at most one), and waits for its operations
 * (`createProjectEndpoint`). Throws NeonError, and ActionError for the compute of another branch.
 */
export async function makeCompute(neon: Neon, branch: Branch): Promise<BranchEndpoint> {
  const { projectId, id } = branch
  neon.runtime.log.info(`The branch ${branch.name} has no read_write compute, making one.`)
  const body = { endpoint: { branch_id: id, type: EndpointType.ReadWrite } }
  const readBack = async (): Promise<Made | undefined> => {
    const endpoint = await findCompute(neon, branch)
    return endpoint && { endpoint, operations: [] }
  }
  const { endpoint, operations } = await neon
    .write<Made>(
      'createProjectEndpoint',
      async (api, params) => {
        const { data } = await api.createProjectEndpoint(projectId, body, params)
        return { data: { endpoint: toEndpoint(data.endpoint), operations: data.operations } }
      },
      { repeatable: true, readBack },
    )
    .catch(async (error: unknown) => {
      // Another run was faster.
      const there = error instanceof NeonError && error.status === 409 ? await readBack() : undefined
      if (!there) throw error
      return there
    })
  assertEndpoint(endpoint, branch)
  await waitForOperations(neon, projectId, operations)
  return endpoint
}
