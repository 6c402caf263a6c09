import type { BranchCreateRequestEndpointOptions, Operation } from '@neondatabase/api-client'
import { EndpointType } from '@neondatabase/api-client'
import { type Branch, type BranchEndpoint, readWrite } from './branch-lookup.ts'
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
 * The read_write compute of a branch, made if it is missing (a branch has at most one), with its operations awaited.
 * Throws NeonError.
 */
export async function ensureCompute(
  neon: Neon,
  branch: Branch,
  settings: ComputeSettings = {},
): Promise<BranchEndpoint> {
  const { projectId, id } = branch
  const list = async () => {
    const reply = await neon.read('listProjectBranchEndpoints', (api, params) =>
      api.listProjectBranchEndpoints(projectId, id, params),
    )
    return readWrite(reply.endpoints)
  }
  const found = await list()
  if (found) return found
  neon.runtime.log.info(`The branch ${branch.name} has no read_write compute, making one.`)
  const endpoint = { branch_id: id, type: EndpointType.ReadWrite, ...computeSettings(settings) }
  const none: Operation[] = []
  const made = await neon
    .write(
      'createProjectEndpoint',
      async (api, params) => {
        const { data } = await api.createProjectEndpoint(projectId, { endpoint }, params)
        return { data: { endpoint: { id: data.endpoint.id, host: data.endpoint.host }, operations: data.operations } }
      },
      {
        repeatable: true,
        async readBack() {
          const there = await list()
          return there && { endpoint: there, operations: none }
        },
      },
    )
    .catch(async (error: unknown) => {
      // Another run was faster.
      const there = error instanceof NeonError && error.status === 409 ? await list() : undefined
      if (!there) throw error
      return { endpoint: there, operations: none }
    })
  await waitForOperations(neon, projectId, made.operations)
  return made.endpoint
}
