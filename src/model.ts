/** The vocabulary of a run's result: plain data that the workflows fill and the report renders. It knows no room. */

/** What the action can be asked to do (input `mode`, without `auto`). */
export type Mode = 'provision' | 'preview' | 'cleanup' | 'sweep' | 'reset' | 'rotate' | 'plan' | 'diff'

/** How a run ended, for the output `outcome`. */
export type Outcome =
  | 'provisioned'
  | 'created'
  | 'reused'
  | 'reset'
  | 'rotated'
  | 'deleted'
  | 'gone'
  | 'kept'
  | 'swept'
  | 'planned'
  | 'compared'
  | 'skipped'
  | 'failed'

/** A lock that a file held on a table that was there before it, just before COMMIT. */
export interface TableLock {
  /** Qualified name, quoted where SQL needs it. */
  table: string
  /** Postgres' name in words, for example `ACCESS EXCLUSIVE`. */
  mode: string
}

/** A table (or index) whose storage a file wrote anew. */
export interface TableRewrite {
  table: string
  kind: 'table' | 'index'
  /** Size before the file ran. */
  bytes: number
}

/** Rows that a file wrote to one table. */
export interface RowsWritten {
  table: string
  inserted: number
  updated: number
  deleted: number
}

/** What became of one file of the schema. */
export type FileState =
  | 'applied'
  | 'unchanged'
  | 'pending'
  | 'failed'
  | 'partial'
  | 'edited'
  | 'accepted'
  | 'missing'
  | 'ignored'

/** One file of the schema, as it went. */
export interface FileResult {
  /** Path below the workspace with `/`, as annotations need it. */
  path: string
  /** Name in the ledger: path below the schema folder. */
  name: string
  kind: 'once' | 'repeatable' | 'command'
  state: FileState
  /** False when the file had to run outside a transaction. */
  transactional: boolean
  statements: number
  /** Server-side milliseconds; only of files that ran. */
  milliseconds?: number
  rows: RowsWritten[]
  locks: TableLock[]
  rewrites: TableRewrite[]
  /** Remarks for the reader: out of order, destructive statements, why ignored. */
  notes: string[]
  /** Of a pull request: a file of its base, so that what it does is no work of the pull request. */
  ofBase?: true
  /** The name in the ledger that it had before, when only its name was changed. */
  renamedFrom?: string
}

/** A failed SQL statement, located in the repository. */
export interface SqlFailure {
  file: string
  /** From 1, in code points. */
  line: number
  column: number
  sqlstate: string
  message: string
  hint?: string
  /** DETAIL; kept when it names objects alone, or the input `show_detail` allows row values. */
  detail?: string
  /** There is a DETAIL that may hold row values, so that it is not told. */
  detailHidden?: true
  where?: string
  /** The lines around the place with a caret below it. */
  excerpt: string
  /** What stands and what was undone, one sentence. */
  consequence: string
  /** What to do now, by SQLSTATE and kind of statement. */
  next: string
}

/** A migration command of the user's that failed. */
export interface CommandFailure {
  /** How it ended: `ended with exit code 3`. */
  how: string
  /** The lines of its output that tell why, the first is the one that counts; none where it said nothing. */
  told: string[]
  /** The migration that failed, as the tool names it. */
  file?: string
  /** From 1, where the tool says it. */
  line?: number
  sqlstate?: string
  /** The end of its output, line by line. */
  output: string
}

/** What the schema step did. */
export interface SchemaResult {
  /** Where the files came from, for people: `sql/`, `learnflow (bundled)`, a command. */
  source: string
  files: FileResult[]
  /** Of a pull request without those of its base. */
  applied: number
  unchanged: number
  pending: number
  /** Of a pull request whose base could be read: how many files of it ran, or are pending, before its own. */
  base?: { branch: string; applied: number; pending: number }
  milliseconds: number
  warnings: string[]
  failure?: SqlFailure
  /** In place of `failure` where a command was to do it. */
  commandFailure?: CommandFailure
  /** No ledger tells how many migrations a command applied: `applied` says nothing then. */
  isUncounted?: boolean
}

/** How far a row count can be trusted. */
export type Precision = 'exact' | 'estimate' | 'at-least' | 'unknown'

/** Rows of one table. */
export interface TableCount {
  /** What the catalog knows it by, whatever its name; absent in what version 1.0.0 kept. */
  oid?: number
  schema: string
  name: string
  kind: 'table' | 'partitioned' | 'materialized-view' | 'foreign'
  /** Null when they could not be counted; then `reason` says why. */
  rows: number | null
  precision: Precision
  /** True when row-level security may hide rows from this role. */
  visibleOnly: boolean
  reason?: string
  /** Size of the rows on disk without indexes and TOAST; of a partitioned table, of all its partitions. */
  bytes: number
  /** Rows now minus rows of the same table on the parent; only between exact numbers. */
  change?: number
}

/** The kinds of object that a schema comparison tells apart. */
export type FactKind =
  | 'schema'
  | 'extension'
  | 'table'
  | 'column'
  | 'constraint'
  | 'index'
  | 'view'
  | 'materialized view'
  | 'function'
  | 'trigger'
  | 'policy'
  | 'enum'
  | 'domain'
  | 'type'
  | 'sequence'
  | 'rule'
  | 'statistics'
  | 'event trigger'
  | 'privilege'
  | 'comment'
  | 'language'
  | 'access method'
  | 'collation'
  | 'conversion'
  | 'cast'
  | 'operator'
  | 'operator class'
  | 'operator family'
  | 'transform'
  | 'text search configuration'
  | 'text search dictionary'
  | 'text search parser'
  | 'text search template'
  | 'foreign data wrapper'
  | 'server'
  | 'user mapping'
  | 'publication'
  | 'subscription'
  | 'large objects'
  | 'setting'
  | 'security label'
  /** Of a dump: anything that only its SQL tells. */
  | 'object'

/** One thing a schema consists of, as the catalog describes it. */
export interface Fact {
  kind: FactKind
  /** Identity within its kind: qualified and quoted, `public.users.email`. */
  id: string
  /** The table it belongs to, or null. */
  table: string | null
  /** Everything that makes it what it is; equal texts mean no change. */
  definition: string
  /** What the catalog knows it by, whatever its name: catalog, oid and attnum. Absent in what version 1.0.0 kept. */
  identity?: string
  /** A digest of what makes it what it is and must not be shown; compared, never told. */
  secret?: string
  /** Of a foreign key: the table it points to. */
  references?: string
  /** Of a column: its place among the columns (from 1), its type, its part in keys. */
  column?: { name: string; position: number; type: string; key: '' | 'PK' | 'FK' | 'UK' }
}

/** A schema at one moment. */
export interface SchemaSnapshot {
  /** Which kinds of fact it knows and how they are written; absent in what version 1.0.0 kept. */
  form?: number
  /** Server-side hash over all facts: equal hashes mean that all are called and defined alike. */
  hash: string
  facts: Fact[]
  /** Identities of what is there and no fact of its own, since a parent table or a column has it. */
  partsOfOthers?: string[]
  /** What was not looked at, as phrases. */
  unread?: string[]
}

/** One difference between two schemas. */
export interface SchemaChange {
  action: 'added' | 'removed' | 'changed'
  kind: FactKind
  id: string
  table: string | null
  before?: string
  after?: string
  /** Its identity before, where it was renamed or moved to another schema. */
  from?: string
  /** It was dropped and made anew under its name: what it held is gone, or was copied. */
  replaced?: true
  /** What happened, in words, where before and after alone would mislead: `attached to public.ev as a partition`. */
  note?: string
}

/** Rows or values that are gone since before. */
export interface DataLoss {
  /** `dropped` and `replaced` say it of the table or column itself, `deleted` and `gone` (TRUNCATE and the like) of its rows. */
  how: 'deleted' | 'gone' | 'dropped' | 'replaced'
  /** The table, qualified and quoted; by its name before where it is no more. */
  table: string
  /** Of a column that was dropped or replaced: its name, quoted. */
  column?: string
  /** How many rows are gone; of a dropped or replaced table or column, how many it had. Null when nobody counted. */
  rows: number | null
  precision: Precision
  /** Of a replaced table: its rows now, null when unknown. */
  rowsNow?: number | null
}

/** Everything that differs between two schemas. */
export interface SchemaDiff {
  changes: SchemaChange[]
  /** Unified diff of both schemas as SQL-like text; empty when equal. */
  unified: string
}

/** What happened to the Kubernetes Secret or another object we wrote there. */
export interface KubernetesResult {
  kind: 'Secret' | 'Component' | 'Namespace'
  namespace: string
  name: string
  action: 'created' | 'updated' | 'unchanged' | 'deleted' | 'gone'
  keys: string[]
}

/** One branch that a sweep looked at. */
export interface SweepRow {
  branchId: string
  branchName: string
  pullRequest: number | null
  ageDays: number
  action: 'deleted' | 'would delete' | 'kept' | 'failed'
  reason: string
}

/** The branch a run worked on. */
export interface BranchResult {
  id: string
  name: string
  created: boolean
  parentName?: string
  consoleUrl?: string
  expiresAt?: string
  /** Milliseconds from the request until the first `select 1` was answered. */
  readyMilliseconds?: number
}

/** One run, whole: the only thing the report knows. It holds no secret. */
export interface Report {
  mode: Mode
  outcome: Outcome
  /** One comment per project, database and this id. */
  commentId: string
  repository: string
  sha: string
  runUrl: string
  pullRequest: number | null
  project?: { id: string; name: string; created: boolean; consoleUrl?: string }
  branch?: BranchResult
  database?: { name: string; role: string; host: string }
  schema?: SchemaResult
  diff?: SchemaDiff
  /** Rows and values that are gone; absent where nothing was counted. */
  losses?: DataLoss[]
  /** Schema after the run; the ER diagram is drawn from it. */
  snapshot?: SchemaSnapshot
  tables?: TableCount[]
  kubernetes: KubernetesResult[]
  sweep?: SweepRow[]
  /** Why nothing was done. */
  skipReason?: string
  warnings: string[]
  error?: { message: string; advice: string }
  phases: { name: string; milliseconds: number }[]
}
