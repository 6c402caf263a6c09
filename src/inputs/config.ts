import type { RoleRequest } from '../database/roles/index.ts'
import type { SecretKey } from '../kubernetes/index.ts'
import type { Mode } from '../model.ts'
import type { MaskingRule } from '../neon/index.ts'

/** What the user asked for, checked; every field is named after its input in action.yml. */
export interface Config {
  mode: Mode | 'auto'
  /** Milliseconds. */
  timeout: number
  connectionString: string
  /** Something in the step asks for a database to be set up, so that the default branch may be meant. */
  asksToProvision: boolean
  /** The step could be one of Neon's own actions with only its `uses:` line changed. */
  looksSwapped: boolean
  onMissingKey: 'fail' | 'skip'
  /** What the user should know about the inputs, although nothing is wrong. */
  notices: string[]
  neon: NeonConfig
  schema: SchemaConfig
  kubernetes: KubernetesConfig | null
  roles: RoleRequest[]
  report: ReportConfig
  sweep: SweepConfig
  compare: CompareConfig
}

/** Everything about project, branch and connection. Null or empty means that the user said nothing. */
export interface NeonConfig {
  apiKey: string
  apiHost: string
  projectId: string
  projectName: string
  orgId: string
  region: string
  pgVersion: number | null
  /** Template or plain name. */
  branchName: string
  parentBranch: string
  branchType: 'default' | 'schema-only'
  database: string
  role: string
  expiresIn: string
  expiresAt: string
  suspendTimeout: number | null
  minCu: number | null
  maxCu: number | null
  /** Milliseconds. */
  historyRetention: number | null
  allowedIps: string[]
  blockPublicConnections: boolean | null
  protectDefaultBranch: boolean
  maskingRules: MaskingRule[] | null
  prisma: boolean
  ssl: 'require' | 'verify-ca' | 'verify-full' | 'omit'
  getAuthUrl: boolean
  getDataApiUrl: boolean
  /** A branch the user named for cleanup or reset, by name or id. */
  branch: string
  /** Reset to the parent was asked for. */
  parent: boolean
  /** Each push of a preview resets it. */
  fresh: boolean
}

/** What to apply, and how. */
export interface SchemaConfig {
  /** Entries of the input `schema`; null when the user said nothing. */
  entries: string[] | null
  migrateCommand: string
  /** Tables named as ledgers, `schema.table` or `table`. */
  migrateLedgers: string[]
  /** The last file that a database without a ledger has already, or `all`; empty for none. */
  baseline: string
  transaction: 'file' | 'all' | 'none'
  onEdit: 'reset' | 'fail' | 'accept'
  outOfOrder: 'warn' | 'fail'
  /** Milliseconds. */
  lockWait: number
  lockTimeout: number
  statementTimeout: number
  showDetail: boolean
}

/** Where the Secret goes; templates are not filled in yet. */
export interface KubernetesConfig {
  kubeconfig: string
  context: string
  namespace: string
  createNamespace: boolean
  secretName: string
  secretKeys: SecretKey[]
  secretLabels: Record<string, string>
  secretForce: boolean
  daprComponent: string
}

/** What to tell, and where. */
export interface ReportConfig {
  githubToken: string
  /** `auto`: where the token may write one, without a warning where it may not. */
  comment: 'auto' | 'true' | 'false'
  commentId: string
  summary: boolean
  diagram: boolean
  diff: boolean
  counts: 'exact' | 'estimate' | 'off'
  requireTables: 'auto' | 'true' | 'false'
}

/** What a sweep may delete. */
export interface SweepConfig {
  /** Milliseconds; null means that age alone deletes nothing. */
  maxAge: number | null
  keep: string[]
  dryRun: boolean
  /** Names of branches that others made and that may go too; empty for none. */
  pattern: string
}

/** Whose schemas to compare in mode `diff`. */
export interface CompareConfig {
  compareBranch: string
  baseBranch: string
  timestamp: string
  lsn: string
}
