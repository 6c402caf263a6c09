import { notFound, passwordsNotStored } from './recorded.ts'
import type { ConnectionDetails, Endpoint, RoleRecord } from './types.ts'
import { branchById, defaultBranch, endpointsOf, findProject, type Handler } from './world.ts'

/** What a client needs to log in. There is no pooler here: the pooled host is the direct one. */
export function connectionDetails(
  endpoint: Endpoint,
  { database, role, password }: RoleRecord & { database: string },
): ConnectionDetails {
  const url = new URL(`postgresql://${endpoint.host}`)
  url.username = encodeURIComponent(role.name)
  url.password = encodeURIComponent(password)
  url.pathname = `/${encodeURIComponent(database)}`
  url.search = '?sslmode=require&channel_binding=require'
  return {
    connection_uri: url.href,
    connection_parameters: {
      database,
      password,
      role: role.name,
      host: endpoint.host,
      pooler_host: pooledHost(endpoint),
    },
  }
}

/** `ep-…-pooler` in place of the endpoint's id; an address, as here, has no id in it and stays. */
export function pooledHost(endpoint: Endpoint): string {
  return endpoint.host.replace(endpoint.id, `${endpoint.id}-pooler`)
}

const getConnectionURI: Handler = (world, call) => {
  const project = findProject(world, call)
  const {
    branch_id: branchId,
    endpoint_id: endpointId,
    database_name: database,
    role_name: roleName,
    pooled,
  } = call.query
  const named = endpointId ? project.endpoints.get(String(endpointId)) : undefined
  if (endpointId && !named) throw notFound('endpoint')
  const wanted = branchId ?? named?.branch_id
  const record = wanted ? branchById(project, String(wanted)) : defaultBranch(project)
  const endpoint = named ?? endpointsOf(project, record.branch.id).find(({ type }) => type === 'read_write')
  if (!endpoint) throw notFound('read_write endpoint')
  const role = record.roles.get(String(roleName))
  if (!role) throw notFound('role')
  if (!record.databases.has(String(database))) throw notFound('database')
  if (!project.project.store_passwords) throw passwordsNotStored()
  const host = pooled ? pooledHost(endpoint) : endpoint.host
  const details = connectionDetails({ ...endpoint, host }, { ...role, database: String(database) })
  return { body: { uri: details.connection_uri } }
}

export const connectionHandlers = { getConnectionURI }
