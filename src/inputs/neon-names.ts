import type { InputName } from './defaults.ts'

/**
 * Inputs that Neon's own four actions have (their action.yml: create-branch v3 to v6, delete-branch v3, reset-branch v1,
 * schema-diff v1): a step that gives nothing else may be one of theirs, of which only the `uses:` line was changed.
 */
const NEON_INPUTS: ReadonlySet<InputName> = new Set<InputName>([
  ...(['api_key', 'project_id', 'api_host', 'branch_name', 'parent_branch', 'branch_type', 'database'] as const),
  ...(['role', 'prisma', 'ssl', 'suspend_timeout', 'expires_at', 'masking_rules', 'get_auth_url'] as const),
  ...(['get_data_api_url', 'branch', 'branch_id', 'parent', 'compare_branch', 'base_branch', 'timestamp'] as const),
  ...(['lsn', 'username', 'password', 'cs_role_name', 'cs_database', 'cs_ssl', 'cs_prisma'] as const),
  ...(['github-token', 'compare_to'] as const),
])

/** What Neon's delete-branch-action takes. */
const DELETE_INPUTS: ReadonlySet<InputName> = new Set<InputName>([
  'api_key',
  'project_id',
  'api_host',
  'branch',
  'branch_id',
])

/** Inputs that only make sense where a database is to be set up. */
const PROVISION_INPUTS = [
  'schema',
  'baseline',
  'migrate_command',
  'roles',
  'kubeconfig',
  'project_name',
  'mode',
] as const

/** Whether a step could be one of Neon's actions with only its `uses:` line changed. */
export function looksSwapped(given: readonly InputName[]): boolean {
  return given.includes('project_id') && given.every((name) => NEON_INPUTS.has(name))
}

/** Those of the given inputs that Neon's delete action does not take. */
export function besidesDelete(given: readonly InputName[]): InputName[] {
  return given.filter((name) => !DELETE_INPUTS.has(name))
}

/** Whether something in a step asks for a database to be set up, so that the default branch may be meant. */
export function asksToProvision(given: readonly InputName[]): boolean {
  return PROVISION_INPUTS.some((name) => given.includes(name))
}

/** A source of inputs in which the value of an older or other name stands in for the input it became. */
export function withAliases(getInput: (name: InputName) => string): (name: InputName) => string {
  const others: Partial<Record<InputName, () => string[]>> = {
    role: () => [getInput('username'), getInput('cs_role_name')],
    database: () => [getInput('cs_database')],
    ssl: () => [getInput('cs_ssl')],
    prisma: () => [getInput('cs_prisma')],
    github_token: () => [getInput('github-token')],
    base_branch: () => [getInput('compare_to')],
  }
  return (name) => others[name]?.().find((value) => value.trim() !== '') ?? getInput(name)
}
