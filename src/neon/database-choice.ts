import { ActionError } from '../runtime/errors.ts'
import type { BranchDatabase } from './branch-lookup.ts'

/** Database and role to log in with. */
export interface Names {
  database: string
  role: string
  /** All databases of the branch, where one was chosen among several without a word from the user. */
  amongSeveral?: readonly string[]
}

// What Neon calls the first database and role of a project, and its own actions take where none is named.
const USUAL_DATABASE = 'neondb'
const USUAL_ROLE = 'neondb_owner'

/** What the user asked for, and what the branch has. */
export interface NameChoice {
  database?: string | undefined
  role?: string | undefined
  databases: readonly BranchDatabase[]
  roles: readonly string[]
  branchName: string
}

/**
 * The database: the wanted one, the only one, or `neondb` among several, as Neon's own actions have it. The role: the wanted
 * one, or the database's owner (`neondb_owner` where `neondb` was chosen).
 * Throws {@link ActionError} that lists the choices when there is none or more than one.
 */
export function chooseNames(choice: NameChoice): Names {
  const { branchName, databases, roles } = choice
  const names = databases.map(({ name }) => name)
  const usual = choice.database === undefined && names.length > 1 && names.includes(USUAL_DATABASE)
  const database = choice.database ?? (usual ? USUAL_DATABASE : names.length === 1 ? names[0] : undefined)
  const found = databases.find(({ name }) => name === database)
  if (!found) throw noSuch({ kind: 'database', wanted: choice.database, there: names, branchName })
  const role = choice.role ?? (usual && roles.includes(USUAL_ROLE) ? USUAL_ROLE : found.owner)
  if (!roles.includes(role)) throw noSuch({ kind: 'role', wanted: role, there: roles, branchName })
  return { database: found.name, role, ...(usual ? { amongSeveral: names } : {}) }
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
