/**
 * What an answer must hold for the verbs of this room, by the operations of Neon's API description. An answer without it
 * is none: an empty body, `{}`, or what a proxy made of it.
 */
const REQUIRED: Readonly<Record<string, string>> = {
  getActiveRegions: 'regions',
  getConnectionURI: 'uri',
  getCurrentUserOrganizations: 'organizations',
  getProject: 'project',
  getProjectBranch: 'branch',
  getProjectBranchRolePassword: 'password',
  getProjectBranchSchema: 'sql',
  getProjectOperation: 'operation',
  listProjectBranchDatabases: 'databases',
  listProjectBranchEndpoints: 'endpoints',
  listProjectBranchRoles: 'roles',
  listProjectBranches: 'branches',
  listProjectOperations: 'operations',
  listProjects: 'projects',
}

/** The field that the answer to an operation lacks; an empty string where it is whole. */
export function missingField(operation: string, data: unknown): string {
  const field = REQUIRED[operation]
  if (typeof data !== 'object' || data === null) return field ?? ''
  if (field !== undefined) return isThere(data, field) ? '' : field
  // The writes tell their operations, as their callers wait for them.
  return 'operations' in data && !isThere(data, 'operations') ? 'operations' : ''
}

function isThere(data: object, field: string): boolean {
  const value: unknown = Reflect.get(data, field)
  return value !== undefined && value !== null
}
