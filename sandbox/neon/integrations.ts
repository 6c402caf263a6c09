import { notFound } from './recorded.ts'
import { findBranch, type Handler } from './world.ts'

const getNeonAuth: Handler = (world, call) => {
  const { record } = findBranch(world, call)
  const { integrationsUrl } = world.settings
  const [database] = record.databases.keys()
  if (!integrationsUrl || database === undefined) throw notFound('auth integration')
  const base = `${integrationsUrl}/${record.branch.id}/${database}/auth`
  return {
    body: {
      auth_provider: 'better_auth',
      auth_provider_project_id: record.branch.project_id,
      branch_id: record.branch.id,
      db_name: database,
      created_at: record.branch.created_at,
      owned_by: 'neon',
      jwks_url: `${base}/.well-known/jwks.json`,
      base_url: base,
    },
  }
}

const getProjectBranchDataAPI: Handler = (world, call) => {
  const { record } = findBranch(world, call)
  const { integrationsUrl } = world.settings
  const database = call.params.database_name ?? ''
  if (!integrationsUrl || !record.databases.has(database)) throw notFound('data API')
  return { body: { url: `${integrationsUrl}/${record.branch.id}/${database}/rest/v1`, status: 'active' } }
}

export const integrationHandlers = { getNeonAuth, getProjectBranchDataAPI }
