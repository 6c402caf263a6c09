import { randomBytes } from 'node:crypto'
import { ActionError, errorCode, errorMessage } from '../../runtime/errors.ts'
import { plural } from '../../runtime/plural.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Database } from '../connect.ts'
import { OUR_SEARCH_PATH } from '../sql/ours.ts'
import { logsIn, proveLogin } from './login.ts'
import type { RoleRequest } from './parse.ts'
import { DIFFERENCES, differenceParameters } from './privileges.ts'

/** A role that is as it was asked for. */
export interface RoleResult extends RoleRequest {
  password: string
  created: boolean
  /** False when the known password still logs in. */
  passwordChanged: boolean
  /** GRANT and REVOKE statements that were needed; none when its privileges were right. */
  changes: string[]
}

/** What {@link ensureRoles} works on. */
export interface RolesOptions {
  /** A connection as the owner of the tables, who may create roles. */
  database: Database
  /** The URL of that connection; logins of roles are tried at its server and database. */
  url: string
  roles: readonly RoleRequest[]
  /** Passwords that earlier runs gave, by role name; one that still logs in is kept. */
  known: ReadonlyMap<string, string>
}

/** The comment that marks a role as ours. A branch has it from its parent, as it has the role. */
const MARK = 'Made by neon-postgres-setup'
// Any number of our own; it keeps two runs from granting at the same time, which PostgreSQL answers with XX000.
const LOCK = 7_305_811_946_201
// 192 bits: Neon asks for 60 (https://neon.com/docs/manage/roles). base64url needs no encoding in a URL.
const PASSWORD_BYTES = 24

/**
 * Makes each role with the least privileges for its level, now and by default privileges for tables that the owner makes
 * later in the schemas there are; takes away what a former level gave. A known password that logs in is kept, otherwise
 * the role gets a new one, which is tried before this returns. All changes are one transaction.
 *
 * The roles are made in SQL: one made by Neon's API would be a member of neon_superuser and could read everything
 * (https://neon.com/docs/manage/roles).
 *
 * Throws an ActionError when a role of that name is not ours, is the owner, or the owner may not create roles.
 */
export async function ensureRoles(runtime: Runtime, options: RolesOptions): Promise<RoleResult[]> {
  const { database, roles } = options
  const kept = await workingPasswords(runtime, options)
  const passwords = new Map(
    roles.map(({ name }) => [name, kept.get(name) ?? randomBytes(PASSWORD_BYTES).toString('base64url')]),
  )
  for (const password of passwords.values()) runtime.secrets.add(password)
  const results = await inTransaction(runtime, database, async () => {
    const done: RoleResult[] = []
    for (const role of roles) {
      const password = passwords.get(role.name) ?? ''
      done.push(await ensureRole(runtime, database, { role, password, keep: kept.has(role.name) }))
    }
    return done
  })
  for (const { name, password, passwordChanged } of results) {
    if (passwordChanged) await proveLogin(runtime, options.url, { name, password })
  }
  for (const result of results) runtime.log.info(sentence(result))
  return results
}

interface Wish {
  role: RoleRequest
  password: string
  keep: boolean
}

async function ensureRole(runtime: Runtime, { sql }: Database, { role, password, keep }: Wish): Promise<RoleResult> {
  const name = `"${role.name}"`
  const [state] = await sql.unsafe<{ exists: boolean; mark: string | null; owner: boolean }[]>(
    `select r.oid is not null as exists, shobj_description(r.oid, 'pg_authid') as mark, current_user = $1 as owner
     from (select 1) one left join pg_roles r on r.rolname = $1`,
    [role.name],
  )
  if (state?.owner) {
    throw new ActionError(`Will not change role '${role.name}': it is the role that this run logs in with.`, {
      advice: 'Choose another name in the input roles.',
    })
  }
  if (state?.exists && state.mark !== MARK) {
    throw new ActionError(`Will not change role '${role.name}': it exists, and this action did not make it.`, {
      advice: `Choose another name in the input roles, or hand the role over: comment on role ${name} is '${MARK}'`,
    })
  }
  const created = !state?.exists
  if (created) await sql.unsafe(`create role ${name} login`)
  if (created) await sql.unsafe(`comment on role ${name} is '${MARK}'`)
  // The password has only letters, digits, '-' and '_'; a statement like this takes no parameters.
  if (!keep) await sql.unsafe(`alter role ${name} login password '${password}'`)
  const changes = await grant(runtime, { sql }, role)
  return { ...role, password, created, passwordChanged: !keep, changes }
}

async function grant(runtime: Runtime, { sql }: Pick<Database, 'sql'>, role: RoleRequest): Promise<string[]> {
  const rows = await sql.unsafe<{ statement: string | null; foreign_name: string | null }[]>(
    DIFFERENCES,
    differenceParameters(role),
  )
  const statements = rows.flatMap(({ statement }) => statement ?? [])
  for (const statement of statements) await sql.unsafe(statement)
  const foreign = rows.flatMap(({ foreign_name: name }) => name ?? [])
  if (foreign.length > 0) {
    runtime.log.warning(
      `Role '${role.name}' gets no privileges on ${foreign.slice(0, 10).join(', ')}${foreign.length > 10 ? ` and ${foreign.length - 10} more` : ''}: another role owns ${foreign.length === 1 ? 'it' : 'them'}.`,
    )
  }
  const open = await sql.unsafe<{ name: string }[]>(
    `select quote_ident(nspname) as name from pg_namespace
     where nspname !~ '^pg_' and has_schema_privilege($1, oid, 'CREATE')`,
    [role.name],
  )
  for (const { name } of open) {
    runtime.log.warning(
      `Role '${role.name}' can create objects in schema ${name}, because every role can. Take that back: revoke create on schema ${name} from public`,
    )
  }
  return statements
}

async function inTransaction<T>(runtime: Runtime, { sql }: Database, work: () => Promise<T>): Promise<T> {
  try {
    await sql.unsafe('begin')
    await sql.unsafe(OUR_SEARCH_PATH)
    await sql.unsafe('select pg_advisory_xact_lock($1::bigint)', [String(LOCK)])
    const result = await work()
    await sql.unsafe('commit')
    return result
  } catch (error) {
    await sql.unsafe('rollback').catch(() => undefined)
    runtime.signal.throwIfAborted()
    if (error instanceof ActionError) throw error
    throw new ActionError(`Could not make the roles: ${runtime.secrets.redact(errorMessage(error))}.`, {
      title: errorCode(error),
      advice:
        errorCode(error) === '42501'
          ? 'Log in as a role that may create roles and owns the tables: in most cases the one that came with the database.'
          : 'Nothing was changed. Correct the cause and run the job again.',
    })
  }
}

async function workingPasswords(runtime: Runtime, options: RolesOptions): Promise<Map<string, string>> {
  const working = new Map<string, string>()
  for (const { name } of options.roles) {
    const password = options.known.get(name)
    if (!password) continue
    runtime.secrets.add(password)
    if (await logsIn(runtime, options.url, { name, password })) working.set(name, password)
  }
  return working
}

function sentence({ name, level, created, passwordChanged, changes }: RoleResult): string {
  const password = passwordChanged ? 'new password' : 'same password'
  return `Role ${name} (${level}) ${created ? 'created' : 'kept'}, ${password}, ${plural(changes.length, 'change')} of privileges.`
}
