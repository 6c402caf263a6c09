import { createDatabase, identifier, runningCluster } from './compute.ts'
import { roles } from './guesses.ts'
import { schedule } from './operations.ts'
import { notFound } from './recorded.ts'
import { applyConfig } from './roles.ts'
import type { BranchRecord, Database, DatabaseCreate, DatabaseUpdate } from './types.ts'
import { type Call, findBranch, type Handler, timestamp, type World } from './world.ts'

let lastId = 1000

/** Writes a database down. */
export function newDatabase(world: World, record: BranchRecord, name: string, owner: string): Database {
  const at = timestamp(world)
  lastId += 1
  const database = { id: lastId, branch_id: record.branch.id, name, owner_name: owner, created_at: at, updated_at: at }
  record.databases.set(name, database)
  return database
}

function findDatabase(world: World, call: Call) {
  const found = findBranch(world, call)
  const database = found.record.databases.get(call.params.database_name ?? '')
  if (!database) throw notFound('database')
  return { ...found, database }
}

function assertFree(record: BranchRecord, name: string): void {
  if (record.databases.has(name)) throw roles.databaseTaken(name)
}

function assertRole(record: BranchRecord, name: string): void {
  if (!record.roles.has(name)) throw roles.missingOwner(name)
}

const listProjectBranchDatabases: Handler = (world, call) => ({
  body: { databases: [...findBranch(world, call).record.databases.values()] },
})

const getProjectBranchDatabase: Handler = (world, call) => ({ body: { database: findDatabase(world, call).database } })

const createProjectBranchDatabase: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const { name, owner_name: owner } = (call.body as DatabaseCreate).database
  assertFree(record, name)
  assertRole(record, owner)
  const cluster = await runningCluster(project, record)
  const database = newDatabase(world, record, name, owner)
  const step = applyConfig(project, record, () => createDatabase(cluster, name, owner))
  return { status: 201, body: { database, operations: schedule(world, project, [step]) } }
}

const updateProjectBranchDatabase: Handler = async (world, call) => {
  const { project, record, database } = findDatabase(world, call)
  const { name = database.name, owner_name: owner = database.owner_name } = (call.body as DatabaseUpdate).database
  if (name !== database.name) assertFree(record, name)
  assertRole(record, owner)
  const cluster = await runningCluster(project, record)
  const before = database.name
  record.databases.delete(before)
  record.databases.set(name, Object.assign(database, { name, owner_name: owner, updated_at: timestamp(world) }))
  const work = async () => {
    if (name !== before) {
      await dropSessions(cluster, before)
      await cluster.query(`alter database ${identifier(before)} rename to ${identifier(name)}`)
    }
    await cluster.query(`alter database ${identifier(name)} owner to ${identifier(owner)}`)
  }
  return { body: { database, operations: schedule(world, project, [applyConfig(project, record, work)]) } }
}

async function dropSessions(cluster: { query(text: string): Promise<unknown> }, database: string): Promise<void> {
  const name = database.replaceAll("'", "''")
  await cluster.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
}

const deleteProjectBranchDatabase: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const database = record.databases.get(call.params.database_name ?? '')
  if (!database) return { status: 204 }
  const cluster = await runningCluster(project, record)
  const work = async () => {
    await cluster.query(`drop database ${identifier(database.name)} with (force)`)
    record.databases.delete(database.name)
  }
  return { body: { database, operations: schedule(world, project, [applyConfig(project, record, work)]) } }
}

export const databaseHandlers = {
  createProjectBranchDatabase,
  deleteProjectBranchDatabase,
  getProjectBranchDatabase,
  listProjectBranchDatabases,
  updateProjectBranchDatabase,
}
