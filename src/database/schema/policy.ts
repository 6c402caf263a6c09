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
  /** What to do with a file that was changed after it was applied. */
  onEdit: 'reset' | 'fail' | 'accept'
  /** What to do with a new file that sorts before one the parent already has. */
  outOfOrder: 'warn' | 'fail'
  /** Keep DETAIL of errors, which can hold row values. */
  showDetail: boolean
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
}
