import { randomUUID } from 'node:crypto'
import type { Operation } from '@neondatabase/api-client'
import { annotationsFor, madeBy, type Origin } from './annotations.ts'
import { assertBranch, assertEndpoint } from './branch-guard.ts'
import { type Branch, findBranchByName, toNewBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { type ComputeSettings, newCompute } from './compute.ts'
import { NeonError } from './error.ts'
import type { MaskingRule } from './masking.ts'
import { waitForBranch, waitForOperations } from './operations.ts'
import { findParent } from './parent.ts'

/** A branch that shall exist. Settings are sent only when given. */
export interface BranchRequest extends ComputeSettings {
  projectId: string
  name: string
  origin: Origin
  /** Name, id, `name@timestamp` or `name@lsn`; the project's default branch unless told. */
  parent?: string | undefined
  /** Only the tables, none of the rows: makes a root branch. */
  schemaOnly?: boolean
  /** Makes an anonymised branch: see masking.ts. */
  maskingRules?: readonly MaskingRule[] | undefined
  /** The inputs, where the user gave them; see {@link rememberedNames}. */
  database?: string | undefined
  role?: string | undefined
}

interface Made {
  branch: Branch
  /** Undefined when the reply was lost. */
  operations: Operation[] | undefined
}

/**
 * Creates a branch with a read_write compute and waits for its operations (`createProjectBranch`). A name that is taken
 * (409), now or by a request whose answer was lost, gives that branch; `created` tells whether this request made it.
 * @param expiresAt RFC 3339; left out, with a warning, where the API refuses an expiry.
 * @throws NeonError, and ActionError for an unknown parent, a failed operation, or an answer about another branch.
 */
export async function createBranch(neon: Neon, request: BranchRequest, expiresAt: string | undefined): Promise<Branch> {
  const parent = request.parent ? await findParent(neon, request.projectId, request.parent) : undefined
  const { branch, operations } = await send(neon, request, { expiresAt, parent: parent?.fields })
  assertBranch(branch, request)
  if (branch.endpoint) assertEndpoint(branch.endpoint, branch)
  await (operations
    ? waitForOperations(neon, request.projectId, operations)
    : waitForBranch(neon, request.projectId, branch.id))
  return parent && branch.created ? { ...branch, parentName: parent.name } : branch
}

interface Details {
  expiresAt: string | undefined
  parent: object | undefined
}

async function send(neon: Neon, request: BranchRequest, details: Details): Promise<Made> {
  const { projectId, name } = request
  const requestId = randomUUID()
  const annotations = annotationsFor({ ...request, request: requestId })
  const readBack = async (): Promise<Made | undefined> => {
    const found = await findBranchByName(neon, projectId, name)
    return found && { branch: { ...found, created: madeBy(found.annotations, requestId) }, operations: undefined }
  }
  try {
    return await neon.write(
      request.maskingRules ? 'createProjectBranchAnonymized' : 'createProjectBranch',
      async (api, params) => {
        const body = createBody(request, details)
        const { data } = request.maskingRules
          ? await api.createProjectBranchAnonymized(
              projectId,
              {
                branch_create: body,
                masking_rules: [...request.maskingRules],
                start_anonymization: true,
                annotation_value: annotations,
              },
              params,
            )
          : await api.createProjectBranch(projectId, { ...body, annotation_value: annotations }, params)
        return { data: { branch: toNewBranch(data, annotations), operations: data.operations } }
      },
      { repeatable: true, readBack },
    )
  } catch (error) {
    if (!(error instanceof NeonError)) throw error
    const taken = error.status === 409 ? await readBack() : undefined
    if (taken) return taken
    if (!details.expiresAt || !refusesExpiry(error)) throw error
    neon.runtime.log.warning(
      `Neon does not let the branch ${name} expire (${error.message}), so it is made without expiry.`,
    )
    return await send(neon, request, { ...details, expiresAt: undefined })
  }
}

function createBody(request: BranchRequest, { expiresAt, parent }: Details) {
  return {
    branch: {
      name: request.name,
      ...parent,
      ...(request.schemaOnly ? { init_source: 'schema-only' } : {}),
      ...(expiresAt ? { expires_at: expiresAt } : {}),
    },
    endpoints: [newCompute(request)],
  }
}

/** Whether the API refused because of the expiry: the branch, the plan or a feature forbids it. */
export function refusesExpiry(error: NeonError): boolean {
  return error.kind === 'refused' && error.status !== 401 && /expir|\bttl\b/i.test(error.message)
}
