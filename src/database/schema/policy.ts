import type { SchemaSource } from './files/schema-file.ts'
import type { LedgerRow } from './ledger/ledger.ts'

/** How the files of a schema are applied. */
export interface SchemaPolicy {
  /** One transaction per file, one for all pending files, or none (statement by statement, resumable). */
  transaction: 'file' | 'all' | 'none'
  /** How long to wait for another run that holds the ledger's lock. */
  lockWaitMilliseconds: number
  /** Postgres' `lock_timeout` for every statement, for example `10s`; `0` is no limit. */
  lockTimeout: string
  /** Postgres' `statement_timeout`, for example `10min`; `0` is no limit. */
  statementTimeout: string
  /** What to do with a file of a preview that was changed, renamed with a change, or deleted after it was applied. */
  onEdit: 'reset' | 'fail' | 'accept'
  /** What to do with a new file that sorts before one the parent already has. */
  outOfOrder: 'warn' | 'fail'
  /** Keep DETAIL of errors, which can hold row values. */
  showDetail: boolean
}

/** What a pull request is merged into, as far as this schema goes. Files that the base lacks are the pull request's own. */
export interface BaseFiles {
  /** Its Git branch, for people. */
  branch: string
  /** Its commit, which the ledger keeps for files of the base. */
  commit?: string
  /** By path: the files of this run that the base has, with the same text or another. */
  states: ReadonlyMap<string, 'same' | 'changed'>
  /** Ledger names of its files, those that the pull request takes away included. */
  names: ReadonlySet<string>
  /** Paths that the checked-out commit has and the checkout does not, as after a sparse one. */
  lacking: readonly string[]
  /** Whether the commits that applied these rows had their files in the folders of this run; asks GitHub. */
  whereFrom(rows: readonly LedgerRow[]): Promise<('here' | 'elsewhere' | 'unknown')[]>
}

/** What to apply, where and as whom. */
export interface ApplyOptions {
  /** Connection URL of the direct host; Neon's pooled host is swapped for it. */
  url: string
  source: SchemaSource
  policy: SchemaPolicy
  /** Kept in each ledger row, so that rows of another branch are known to have come with the copy of the parent. */
  branchId: string
  /** Whether the branch belongs to a pull request and may be reset to its parent. */
  isPreview: boolean
  runId: string
  commitSha: string
  /** The parent's ledger now; without it, the rows that came with the copy stand for it. */
  parentLedger?: LedgerRow[]
  /** What the pull request is merged into; without it, the ledger that came with the copy stands for it. */
  base?: BaseFiles
  /** Called with the running of the base's files, so that what was there before and is there after them can be looked at. */
  aroundBase?(work: () => Promise<void>): Promise<void>
  /** A preview on which an earlier run has been, so that it may hold more than its parent does. */
  isUsed?: boolean
  /** The last file that a database without a ledger has already, or `all`. */
  baseline?: string
}
