import { ActionError } from '../runtime/errors.ts'
import { type Branch, findBranch, getBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import { explaining } from './explain.ts'

/** What schema-diff-action takes: the schema of `compare` (perhaps at a moment of its past) against that of `base` now. */
export interface CompareRequest {
  projectId: string
  /** Name or id. */
  compareBranch: string
  /** Name or id; the parent of the compared branch unless told. */
  baseBranch?: string
  database: string
  /** RFC 3339; at most one of `timestamp` and `lsn`. */
  timestamp?: string
  lsn?: string
}

/** Both branches, and how the schema of one differs from the other's. */
export interface SchemaComparison {
  compare: Branch
  base: Branch
  /** The schema of each as SQL, as `pg_dump --schema-only` writes it. */
  baseSql: string
  compareSql: string
}

/**
 * Reads the schemas of two branches (`getProjectBranchSchema`, as Neon's own schema-diff-action and command line do), without
 * logging in to either. Throws {@link ActionError} for a branch that is not there, or one without a parent and no base named.
 */
export async function compareSchemas(neon: Neon, request: CompareRequest): Promise<SchemaComparison> {
  const { projectId, compareBranch, database, timestamp, lsn } = request
  const task = { what: `compare the schema of ${compareBranch} in database ${database}`, projectId }
  if (timestamp && lsn) {
    throw new ActionError('Both timestamp and lsn are set.', { advice: 'Set at most one of both inputs.' })
  }
  return await explaining(neon, task, async () => {
    const compare = await need(neon, projectId, compareBranch)
    const base = await baseOf(neon, compare, request)
    const query = { projectId, db_name: database }
    const moment = { ...(timestamp ? { timestamp } : {}), ...(lsn ? { lsn } : {}) }
    const read = async (branch: Branch, more: typeof moment) => {
      const { sql } = await neon.read('getProjectBranchSchema', (api, params) =>
        api.getProjectBranchSchema({ ...query, branchId: branch.id, ...more }, params),
      )
      if (sql) return sql
      // A dump has a head even where there is nothing else; an empty one would be told as everything dropped.
      throw new ActionError(`Neon gave no schema of the branch ${branch.name}: its answer is empty.`, {
        advice: 'Run the job again.',
      })
    }
    const compareSql = await read(compare, moment)
    return { compare, base, baseSql: await read(base, {}), compareSql }
  })
}

async function baseOf(neon: Neon, compare: Branch, { projectId, baseBranch }: CompareRequest): Promise<Branch> {
  if (baseBranch) return await need(neon, projectId, baseBranch)
  const parent = compare.parentId ? await getBranch(neon, projectId, compare.parentId) : undefined
  if (parent) return parent
  throw new ActionError(`The branch ${compare.name} has no parent to compare with.`, {
    advice: 'Set the input base_branch.',
  })
}

async function need(neon: Neon, projectId: string, nameOrId: string): Promise<Branch> {
  const found = await findBranch(neon, projectId, nameOrId)
  if (found) return found
  throw new ActionError(`The project ${projectId} has no branch ${nameOrId}.`, {
    advice: 'Correct the inputs compare_branch and base_branch.',
  })
}
