import { type Cluster, type PostgresVersion, prepareCluster } from '../postgres/index.ts'
import { NEWEST_VERSION } from './guesses.ts'
import type { BranchRecord, ProjectRecord, RoleRecord } from './types.ts'
import { branchById, endpointsOf } from './world.ts'

/** Quotes a name for SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Quotes a text for SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Lays out a branch's server: empty, or with the data of another that runs. Its port is known, it is not started. */
export async function layOut(
  project: ProjectRecord,
  record: BranchRecord,
  options: { copyOf?: Cluster; port?: number } = {},
): Promise<void> {
  record.prepared = await prepareCluster({
    version: versionOf(project),
    requireTls: true,
    ...options,
  })
}

function versionOf({ project }: ProjectRecord): PostgresVersion {
  const { called, runs } = NEWEST_VERSION
  return (project.pg_version === called ? runs : project.pg_version) as PostgresVersion
}

/** Starts a branch's server that was laid out; whatever its data was copied from, it carries the ids of the branch itself. */
export async function startUp(project: ProjectRecord, record: BranchRecord): Promise<Cluster> {
  if (!record.prepared) throw new Error(`branch ${record.branch.id} has no data`)
  record.cluster = await record.prepared.start(project.showsIdentity() ? identityOf(project, record) : {})
  return record.cluster
}

/** The settings by which a server tells where it belongs; the endpoint is not known when a server starts before it. */
function identityOf(project: ProjectRecord, { branch }: BranchRecord): Record<string, string> {
  const endpoint = endpointsOf(project, branch.id).find(({ type }) => type === 'read_write')
  return {
    'neon.project_id': project.project.id,
    'neon.branch_id': branch.id,
    ...(endpoint ? { 'neon.endpoint_id': endpoint.id } : {}),
  }
}

/** The running server of a branch. One that was only written down (see seedBranches) gets its parent's data now. */
export async function runningCluster(project: ProjectRecord, record: BranchRecord): Promise<Cluster> {
  if (record.cluster) return record.cluster
  if (!record.prepared) {
    const { parent_id: parent } = record.branch
    await layOut(project, record, parent ? { copyOf: await runningCluster(project, branchById(project, parent)) } : {})
  }
  return startUp(project, record)
}

/** Ends a branch's server, if it has one, and removes its data. */
export async function tearDown(record: BranchRecord): Promise<void> {
  const { prepared, replacement } = record
  Object.assign(record, { prepared: undefined, replacement: undefined, cluster: undefined })
  await Promise.all([prepared?.discard(), replacement?.discard()])
}

/**
 * Neon's group role: roles made through the API are its members, roles made in SQL are not
 * (https://neon.com/docs/manage/roles#the-neonsuperuser-role).
 */
export async function createGroupRole(cluster: Cluster): Promise<void> {
  await cluster.query(
    `create role neon_superuser nologin createdb createrole bypassrls replication;
     grant pg_read_all_data, pg_write_all_data, pg_monitor to neon_superuser with admin option`,
  )
}

/** Creates a role of the API. */
export async function createRole(cluster: Cluster, { role, password }: RoleRecord): Promise<void> {
  const login = password ? `login password ${literal(password)}` : 'nologin'
  await cluster.query(
    `create role ${identifier(role.name)} ${login} createdb createrole bypassrls replication in role neon_superuser`,
  )
}

/** Gives a role another password. */
export async function setPassword(cluster: Cluster, { role, password }: RoleRecord): Promise<void> {
  await cluster.query(`alter role ${identifier(role.name)} password ${literal(password)}`)
}

/** Creates a database that belongs to a role. */
export async function createDatabase(cluster: Cluster, name: string, owner: string): Promise<void> {
  await cluster.query(`create database ${identifier(name)} owner ${identifier(owner)}`)
  await cluster.query(`grant all privileges on database ${identifier(name)} to neon_superuser`)
  // Before version 15 everybody may create in public; from then on Neon grants it to its group role.
  await cluster.query('grant create on schema public to neon_superuser', name)
}

/** Drops every client's connection, as Neon does when a compute is suspended or its configuration changes. */
export async function dropConnections(cluster: Cluster): Promise<void> {
  await cluster.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  )
}
