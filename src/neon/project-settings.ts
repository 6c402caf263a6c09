import type { ProjectCreateRequest, ProjectSettingsData } from '@neondatabase/api-client'
import { ActionError } from '../runtime/errors.ts'
import type { Neon } from './client.ts'
import { type ComputeSettings, computeSettings } from './compute.ts'
import { NeonError } from './error.ts'

/** What a new project shall be like. Only what is given is sent: the free plan refuses even its own defaults. */
export interface ProjectSettings extends ComputeSettings {
  regionId?: string | undefined
  /** Major version of Postgres; Neon's default is 17. */
  pgVersion?: number | undefined
  database?: string | undefined
  role?: string | undefined
  /** Seconds of history to keep. */
  historyRetention?: number | undefined
  /** Addresses, ranges or CIDR blocks that may connect. */
  allowedIps?: readonly string[] | undefined
  blockPublicConnections?: boolean | undefined
  protectDefaultBranch?: boolean | undefined
}

/** The body of `createProject`. */
export function projectBody(
  name: string,
  orgId: string | undefined,
  settings: ProjectSettings,
): ProjectCreateRequest['project'] {
  const compute = computeSettings(settings)
  const rules: ProjectSettingsData = {
    ...(settings.allowedIps ? { allowed_ips: { ips: [...settings.allowedIps] } } : {}),
    ...(settings.blockPublicConnections === undefined
      ? {}
      : { block_public_connections: settings.blockPublicConnections }),
  }
  const branch = {
    ...(settings.database ? { database_name: settings.database } : {}),
    ...(settings.role ? { role_name: settings.role } : {}),
  }
  return {
    name,
    ...(orgId ? { org_id: orgId } : {}),
    ...(settings.regionId ? { region_id: settings.regionId } : {}),
    ...(settings.pgVersion === undefined ? {} : { pg_version: settings.pgVersion }),
    ...(settings.historyRetention === undefined ? {} : { history_retention_seconds: settings.historyRetention }),
    ...(Object.keys(compute).length > 0 ? { default_endpoint_settings: compute } : {}),
    ...(Object.keys(rules).length > 0 ? { settings: rules } : {}),
    ...(Object.keys(branch).length > 0 ? { branch } : {}),
  }
}

/**
 * That Neon has this region (`getActiveRegions`), where the key may ask: a key of an organization may not (404 or 403),
 * and the region is sent as it is. Throws {@link ActionError} that lists the regions there are; NeonError.
 */
export async function assertRegion(neon: Neon, regionId: string, orgId: string | undefined): Promise<void> {
  const query = orgId ? { org_id: orgId } : {}
  const asking = neon.read('getActiveRegions', (api, params) => api.getActiveRegions(query, params))
  const reply = await asking.catch((error: unknown) => {
    if (error instanceof NeonError && [403, 404].includes(error.status)) return undefined
    throw error
  })
  if (!reply) return
  const ids = reply.regions.map(({ region_id }) => region_id)
  if (ids.includes(regionId)) return
  throw new ActionError(`Neon has no region ${regionId}.`, {
    advice: `Set the input region to one of ${ids.join(', ')}.`,
  })
}
