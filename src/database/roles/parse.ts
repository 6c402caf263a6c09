import { ActionError } from '../../runtime/errors.ts'
import { firstOf, namedTwice, oneLine, quoted } from '../../runtime/shown.ts'

/** What a role may do: read, or read and write rows. Neither changes the schema: that is the owner's. */
export type RoleLevel = 'readonly' | 'readwrite'

/** A role that the user asked for. */
export interface RoleRequest {
  name: string
  level: RoleLevel
}

const LEVELS: readonly string[] = ['readonly', 'readwrite']

// Names that PostgreSQL or Neon use themselves, or that SQL reads as something else than a role.
const RESERVED = new Set([
  'anonymous',
  'anon',
  'authenticated',
  'authenticator',
  'cloud_admin',
  'current_role',
  'current_user',
  'neondb_owner',
  'none',
  'postgres',
  'public',
  'session_user',
  'user',
  'web_access',
  'zenith_admin',
])

/**
 * Reads the input `roles`: `api=readwrite, reports=readonly`, separated by commas or lines; `#` starts a comment line.
 * Throws one ActionError that lists every problem.
 */
export function parseRoles(text: string): RoleRequest[] {
  const lines = text.split('\n').filter((line) => !line.trim().startsWith('#'))
  const entries = lines
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const problems: string[] = []
  const roles = entries.flatMap((entry) => {
    const [name = '', level = '', ...rest] = entry.split('=').map((part) => part.trim())
    const found = rest.length > 0 ? [`${quoted(entry)} has more than one '='`] : problemsOf(name, level)
    problems.push(...found)
    return isLevel(level) ? [{ name, level }] : []
  })
  const twice = namedTwice(roles.map(({ name }) => name))
  problems.push(...twice.map((name) => `role ${oneLine(name)} stands there twice`))
  if (problems.length === 0) return roles
  throw new ActionError(`Input roles is wrong: ${firstOf(problems, '; ')}.`, {
    advice: 'Write it as api=readwrite, reports=readonly.',
  })
}

function isLevel(text: string): text is RoleLevel {
  return LEVELS.includes(text)
}

function problemsOf(name: string, level: string): string[] {
  const problems: string[] = []
  if (!/^[a-z_][a-z0-9_-]{0,62}$/.test(name)) {
    problems.push(
      `${quoted(name)} is no role name (lower-case letters, digits, '_' and '-', not a digit first, at most 63 characters)`,
    )
  } else if (RESERVED.has(name) || /^(pg|neon)_/.test(name)) {
    problems.push(`'${name}' is a name that PostgreSQL or Neon keeps for itself`)
  }
  if (level === '') problems.push(`role ${oneLine(name)} has no level: ${LEVELS.join(' or ')}`)
  else if (!isLevel(level))
    problems.push(`role ${oneLine(name)} has the level ${quoted(level)}, not ${LEVELS.join(' or ')}`)
  return problems
}
