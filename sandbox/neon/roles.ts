import { createRole, dropConnections, identifier, runningCluster, setPassword } from './compute.ts'
import { roles } from './guesses.ts'
import { ids } from './ids.ts'
import { type Step, schedule } from './operations.ts'
import { notFound, passwordsNotStored } from './recorded.ts'
import type { BranchRecord, ProjectRecord, Role, RoleCreate, RoleRecord } from './types.ts'
import { type Call, endpointsOf, findBranch, type Handler, timestamp, type World } from './world.ts'

const RESERVED = /^(?:pg_.*|neon_superuser|cloud_admin|zenith_admin|public|none)$/i
const LONGEST_NAME = 63

/** Writes a role down; roles that cannot log in have no password. */
export function newRole(world: World, record: BranchRecord, name: string, login = true): RoleRecord {
  const at = timestamp(world)
  const role: Role = { branch_id: record.branch.id, name, protected: false, created_at: at, updated_at: at }
  const made = { role, password: login ? ids.password() : '' }
  record.roles.set(name, made)
  return made
}

/** A change of a branch's roles or databases: takes effect, and drops connections, when its operation ends. */
export function applyConfig(project: ProjectRecord, record: BranchRecord, work: () => Promise<void>): Step {
  const endpoint = endpointsOf(project, record.branch.id).find(({ type }) => type === 'read_write')
  return {
    action: 'apply_config',
    branchId: record.branch.id,
    ...(endpoint ? { endpointId: endpoint.id } : {}),
    work,
  }
}

function findRole(world: World, call: Call) {
  const found = findBranch(world, call)
  const role = found.record.roles.get(call.params.role_name ?? '')
  if (!role) throw notFound('role')
  return { ...found, role }
}

const listProjectBranchRoles: Handler = (world, call) => ({
  body: { roles: [...findBranch(world, call).record.roles.values()].map(({ role }) => role) },
})

const getProjectBranchRole: Handler = (world, call) => ({ body: { role: findRole(world, call).role.role } })

const createProjectBranchRole: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const { name, no_login: noLogin } = (call.body as RoleCreate).role
  if (RESERVED.test(name)) throw roles.reserved(name)
  if (name === '' || Buffer.byteLength(name) > LONGEST_NAME) throw roles.length()
  if (record.roles.has(name)) throw roles.taken(name)
  const cluster = await runningCluster(project, record)
  const made = newRole(world, record, name, !noLogin)
  const operations = schedule(world, project, [applyConfig(project, record, () => createRole(cluster, made))])
  return { status: 201, body: { role: { ...made.role, password: made.password }, operations } }
}

const deleteProjectBranchRole: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const name = call.params.role_name ?? ''
  const found = record.roles.get(name)
  if (!found) return { status: 204 }
  const owned = [...record.databases.values()].find(({ owner_name: owner }) => owner === name)
  if (owned) throw roles.owner(name, owned.name)
  const cluster = await runningCluster(project, record)
  const work = async () => {
    // What the role owns goes to the databases' owners, as Neon's control plane does it.
    for (const database of record.databases.values()) {
      await cluster.query(
        `reassign owned by ${identifier(name)} to ${identifier(database.owner_name)}; drop owned by ${identifier(name)}`,
        database.name,
      )
    }
    await cluster.query(`drop role ${identifier(name)}`)
    record.roles.delete(name)
  }
  return { body: { role: found.role, operations: schedule(world, project, [applyConfig(project, record, work)]) } }
}

const getProjectBranchRolePassword: Handler = (world, call) => {
  const { project, role } = findRole(world, call)
  if (!project.project.store_passwords) throw passwordsNotStored()
  return { body: { password: role.password } }
}

const resetProjectBranchRolePassword: Handler = async (world, call) => {
  const { project, record, role } = findRole(world, call)
  const cluster = await runningCluster(project, record)
  const renewed: RoleRecord = { role: { ...role.role, updated_at: timestamp(world) }, password: ids.password() }
  const work = async () => {
    await setPassword(cluster, renewed)
    await dropConnections(cluster)
    record.roles.set(role.role.name, renewed)
  }
  const operations = schedule(world, project, [applyConfig(project, record, work)])
  return { body: { role: { ...renewed.role, password: renewed.password }, operations } }
}

export const roleHandlers = {
  createProjectBranchRole,
  deleteProjectBranchRole,
  getProjectBranchRole,
  getProjectBranchRolePassword,
  listProjectBranchRoles,
  resetProjectBranchRolePassword,
}
