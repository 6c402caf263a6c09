import { ActionError } from '../runtime/errors.ts'
import type { BranchDatabase } from './branch-lookup.ts'

/** Database and role to log in with. */
export interface Names {
  database: string
  role: string
}

/** What the user asked for, and what the branch has. */
export interface NameChoice {
  database?: string | undefined
  role?: string | undefined
  databases: readonly BranchDatabase[]
  roles: readonly string[]
  branchName: string
}

/**
 * The database: the wanted one, or the only one. The role: the wanted one, or the database's owner.
 * Throws {@link ActionError} that lists the choices when there is none or more than one.
 */
export function chooseNames(choice: NameChoice): Names {
  const { branchName, databases, roles } = choice
  const names = databases.map(({ name }) => name)
  const database = choice.database ?? (names.length === 1 ? names[0] : undefined)
  const found = databases.find(({ name }) => name === database)
  if (!found) throw noSuch({ kind: 'database', wanted: choice.database, there: names, branchName })
  const role = choice.role ?? found.owner
  if (!roles.includes(role)) throw noSuch({ kind: 'role', wanted: role, there: roles, branchName })
  return { database: found.name, role }
}

interface Missing {
  kind: 'database' | 'role'
  wanted: string | undefined
  there: readonly string[]
  branchName: string
}

function noSuch({ kind, wanted, there, branchName }: Missing): ActionError {
  const list = there.length > 0 ? there.join(', ') : `no ${kind} at all`
  const what = wanted
    ? `The branch ${branchName} has no ${kind} ${wanted}: it has ${list}.`
    : `The branch ${branchName} has ${there.length} ${kind}s, so one must be chosen: ${list}.`
  return new ActionError(what, {
    advice: there.length > 0 ? `Set the input ${kind} to one of them.` : `Make a ${kind} in the Neon console first.`,
  })
}
