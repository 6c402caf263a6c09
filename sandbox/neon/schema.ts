import { checkPointInTime } from './branch-create.ts'
import { runningCluster } from './compute.ts'
import { notFound } from './recorded.ts'
import { OBJECTS, TABLES_JSON } from './schema-sql.ts'
import type { BranchRecord, ProjectRecord } from './types.ts'
import { unifiedDiff } from './unified-diff.ts'
import { branchById, type Call, findBranch, type Handler, type World } from './world.ts'

const HEADER =
  "--\n-- PostgreSQL database schema\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"

/** The SQL of a database's objects, read from the catalog: no pg_dump comes with the servers. Throws 404. */
async function schemaOf(project: ProjectRecord, record: BranchRecord, database: string): Promise<string> {
  if (!record.databases.has(database)) throw notFound('database')
  const cluster = await runningCluster(project, record)
  // Without a search path every name is written with its schema.
  const rows = await cluster.query(`set search_path to ''; ${OBJECTS}`, database)
  return [HEADER, ...rows.map(({ text }) => `${String(text)}\n`)].join('\n')
}

function checkMoment(world: World, project: ProjectRecord, record: BranchRecord, [at, lsn]: unknown[]): void {
  const moment = {
    project,
    ...(at === undefined ? {} : { parent_timestamp: String(at) }),
    ...(lsn === undefined ? {} : { parent_lsn: String(lsn) }),
  }
  checkPointInTime(world, moment, record)
}

const getProjectBranchSchema: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const { db_name: database, timestamp, lsn, format } = call.query
  checkMoment(world, project, record, [timestamp, lsn])
  if (format !== 'json') return { body: { sql: await schemaOf(project, record, String(database)) } }
  if (!record.databases.has(String(database))) throw notFound('database')
  const tables = await (await runningCluster(project, record)).query(TABLES_JSON, String(database))
  return { body: { json: { tables } } }
}

const getProjectBranchSchemaComparison: Handler = async (world, call) => {
  const { project, record } = findBranch(world, call)
  const base = baseOf(project, record, call)
  const { db_name: database, timestamp, lsn, base_timestamp: baseTimestamp, base_lsn: baseLsn } = call.query
  checkMoment(world, project, record, [timestamp, lsn])
  checkMoment(world, project, base, [baseTimestamp, baseLsn])
  const [before, after] = await Promise.all([
    schemaOf(project, base, String(database)),
    schemaOf(project, record, String(database)),
  ])
  return { body: { diff: unifiedDiff(before, after) } }
}

/** What to compare with: the parent unless told. Throws 404. */
function baseOf(project: ProjectRecord, record: BranchRecord, call: Call): BranchRecord {
  const id = call.query.base_branch_id ?? record.branch.parent_id
  if (id === undefined) throw notFound('base branch')
  return branchById(project, String(id))
}

export const schemaHandlers = { getProjectBranchSchema, getProjectBranchSchemaComparison }
