/** Least-privilege roles. */
export { ensureRoles, type RoleResult, type RolesOptions } from './ensure-roles.ts'
export { logsIn } from './login.ts'
export { parseRoles, type RoleLevel, type RoleRequest } from './parse.ts'
