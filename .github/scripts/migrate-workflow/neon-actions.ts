/** What one of Neon's four actions does. */
export type Verb = 'create' | 'delete' | 'reset' | 'diff'

/** One of the four, in a version. */
export interface NeonAction {
  verb: Verb
  /** Major version; of create-branch-action 6 for a commit or a branch, since 6 is the present one. */
  major: number
}

const VERBS: Record<string, Verb> = {
  'create-branch-action': 'create',
  'delete-branch-action': 'delete',
  'reset-branch-action': 'reset',
  'schema-diff-action': 'diff',
}
const PRESENT: Record<Verb, number> = { create: 6, delete: 3, reset: 1, diff: 1 }
const COMMON = ['api_key', 'project_id', 'api_host']

/** Which of the four a `uses:` names, or undefined. A version in the comment behind a commit counts as its version. */
export function neonAction(uses: string, comment = ''): NeonAction | undefined {
  const [, name = '', ref = ''] = /^neondatabase\/([a-z-]+)@(.+)$/.exec(uses) ?? []
  const verb = VERBS[name]
  if (!verb) return undefined
  const version = /^v?(\d+)(?:\.|$)/.exec(ref)?.[1] ?? /\bv?(\d+)(?:\.\d+)*\b/.exec(comment)?.[1]
  return { verb, major: Number(version ?? PRESENT[verb]) }
}

/** The inputs that a version declares (its action.yml): of others the runner warns, and the action never saw them. */
export function inputsOf({ verb, major }: NeonAction): string[] {
  switch (verb) {
    case 'create':
      return [...COMMON, 'branch_name', 'database', 'prisma', 'suspend_timeout', ...createInputs(major)]
    case 'delete':
      return [...COMMON, 'branch', 'branch_id']
    case 'reset':
      return [...COMMON, 'branch', 'parent', 'cs_username', 'cs_database', 'cs_prisma', 'cs_ssl']
    case 'diff':
      return [...COMMON, 'compare_branch', 'base_branch', 'database', 'timestamp', 'lsn', 'github-token']
  }
}

function createInputs(major: number): string[] {
  if (major < 6) return ['username', 'password', 'parent', 'ssl']
  const newer = ['expires_at', 'masking_rules', 'get_auth_url', 'get_data_api_url']
  return ['role', 'parent_branch', 'branch_type', 'ssl', ...newer]
}

/** The outputs that a version sets. */
export function outputsOf({ verb, major }: NeonAction): string[] {
  const older = ['db_url', 'db_url_with_pooler', 'host', 'host_with_pooler', 'branch_id', 'password']
  switch (verb) {
    case 'create':
      return major < 6
        ? older
        : ['db_url', 'db_url_pooled', 'db_host', 'db_host_pooled', 'password', 'branch_id', 'created']
    case 'delete':
      return []
    case 'reset':
      return older
    case 'diff':
      return ['diff', 'comment_url']
  }
}
