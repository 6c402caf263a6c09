import type { FileResult } from '../../../model.ts'
import type { Statement } from '../../sql/split.ts'
import { placeAt } from '../../sql/text-place.ts'
import { controlsTransaction } from '../../sql/transactions.ts'
import type { SchemaFile } from '../files/schema-file.ts'
import { parseScript, type Script } from '../files/script.ts'
import { isComplete, type LedgerEntry, type LedgerRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'
import { type Classification, classify } from './classify.ts'

/** One file that has to run. */
export interface Task {
  file: SchemaFile
  script: Script
  traits: Classification
  /** In a transaction as a link of a chain, or statement by statement. */
  how: 'chain' | 'steps'
  /** Whether to look at its locks, rewrites and rows. */
  observe: boolean
  /** Statements that are in already, of a file that stopped half-way. */
  resumeAt: number
  /** How an earlier run left the statement at `resumeAt`: it failed, or the run may have been cut off in it. */
  interrupted: 'failed' | 'cut off' | undefined
  /** Whether a comment or the policy says that the file runs outside a transaction. */
  wantsNone: boolean
  /** A file of the pull request's base that this copy lacks. */
  ofBase: boolean
  /** Whether the ledger has a row of the file. */
  replace: boolean
  entry: LedgerEntry
  result: FileResult
}

/** Reads a file that has to run and says how. Throws an `ActionError` for text that cannot be sent. */
export function prepareTask(file: SchemaFile, row: LedgerRow | undefined, options: ApplyOptions): Task {
  const whole = parseScript(file)
  const script = { file, statements: withoutOwnTransaction(whole) }
  const traits = classify(script)
  const wantsNone = options.policy.transaction === 'none' || traits.transaction === 'none'
  const refuses = traits.nonTransactional.length > 0 || traits.transactionControl.length > 0
  const how = wantsNone || refuses ? 'steps' : 'chain'
  const { name, checksum, kind } = file
  const { branchId: branch, runId, commitSha } = options
  const statements = script.statements.length
  return {
    file,
    script,
    traits,
    how,
    observe: false,
    resumeAt: row && !isComplete(row) ? row.done : 0,
    interrupted: row && !isComplete(row) ? (row.hasFailed ? 'failed' : 'cut off') : undefined,
    wantsNone,
    ofBase: false,
    replace: row !== undefined,
    entry: { name, checksum, kind, statements, branch, runId, commitSha },
    result: {
      ...blankResult(file),
      state: 'pending',
      transactional: how === 'chain',
      statements,
      notes: notesOf(script, traits),
    },
  }
}

/** A file's result before anything is known about it. */
export function blankResult(file: Pick<SchemaFile, 'path' | 'name' | 'kind'>): FileResult {
  const { path, name, kind } = file
  const nothing = { statements: 0, rows: [], locks: [], rewrites: [], notes: [] }
  return { path, name, kind, state: 'unchanged', transactional: true, ...nothing }
}

/**
 * The statements without a BEGIN at the beginning and a COMMIT at the end, when these are the file's only ones: our own
 * transaction does the same, and the ledger's row can be in it.
 */
function withoutOwnTransaction(script: Script): Statement[] {
  const { statements } = script
  const own = statements.filter(controlsTransaction)
  const [first, last] = [statements.at(0), statements.at(-1)]
  const wraps = own.length === 2 && own[0] === first && own[1] === last
  if (!wraps || !first || !last) return statements
  return isPlain(first, ['begin', 'start']) && isPlain(last, ['commit', 'end']) ? statements.slice(1, -1) : statements
}

function isPlain({ text, words: [first = '', ...rest] }: Statement, verbs: string[]): boolean {
  const noise = rest.every((word) => word === 'work' || word === 'transaction')
  // Words leave numbers and commas out, so the text has to be as short as they are.
  return verbs.includes(first) && noise && /^[a-z\s]+$/i.test(text)
}

// Nobody reads a list of thousands, and each line is looked up.
const MOST_NOTES = 100

function notesOf(script: Script, traits: Classification): string[] {
  const at = (statement: Statement) => `line ${placeAt(script.file.text, statement.start).line}`
  const shown = traits.destructive.slice(0, MOST_NOTES)
  const notes = shown.map(({ statement, what }) => `destroys data: ${what} (${at(statement)})`)
  const more = traits.destructive.length - shown.length
  if (more > 0) notes.push(`destroys data: ${more} more statements that drop or empty something`)
  const [refusing] = traits.nonTransactional
  const [control] = traits.transactionControl
  if (refusing) notes.push(`runs outside a transaction, statement by statement, because of ${at(refusing)}`)
  else if (control) notes.push(`runs statement by statement, because it controls transactions itself (${at(control)})`)
  return notes
}
