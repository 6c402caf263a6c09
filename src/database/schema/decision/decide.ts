import type { FileResult } from '../../../model.ts'
import type { Statement } from '../../sql/split.ts'
import { short, statementsChecksum } from '../files/checksum.ts'
import { compareNames } from '../files/order.ts'
import type { SchemaFile } from '../files/schema-file.ts'
import { isComplete, type LedgerRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'
import { type Sequence, sequenceOf } from './sequence.ts'
import { blankResult, prepareTask, type Task } from './task.ts'

/** A file that was changed after it was applied. */
export interface EditedFile {
  file: SchemaFile
  row: LedgerRow
  /** The parent has it too, as it was before the change. */
  inParent: boolean
  /** What the policy makes of it. */
  action: 'reset' | 'fail' | 'accept'
  /** A name for a new file with the change. */
  freeName: string
}

/** A new file that sorts before one that is applied already. */
export interface OutOfOrderFile {
  file: SchemaFile
  /** The last of the applied files that sort behind it. */
  behind: string
  onParent: boolean
  freeName: string
}

/** What a run has to do, found by comparing the files with the ledger. */
export interface Decision {
  tasks: Task[]
  /** Every file in order, then the missing and the ignored ones. Those of the tasks are shared with them. */
  results: FileResult[]
  edited: EditedFile[]
  outOfOrder: OutOfOrderFile[]
  /** How many files touch tables that were there and are not looked at all the same, as there are too many. */
  unobserved: number
  /** Names in the ledger without a file. */
  missing: LedgerRow[]
}

// A look costs 0.1 ms; who applies more files that alter tables reads no more than this many anyway.
const MOST_OBSERVED = 1000

/** Compares the files with the ledger; touches nothing. Throws an `ActionError` for a file that cannot be read as SQL. */
export function decide(ledger: LedgerRow[], options: ApplyOptions): Decision {
  const { source } = options
  const rows = new Map(ledger.map((row) => [row.name, row]))
  const decision: Decision = { tasks: [], results: [], edited: [], outOfOrder: [], missing: [], unobserved: 0 }
  const sequence = sequenceOf(ledger, options)
  for (const file of source.files) decideFile(file, { row: rows.get(file.name), sequence, options, decision })
  const touching = decision.tasks.filter(({ how, traits }) => how === 'chain' && traits.touchesExisting)
  for (const task of touching.slice(0, MOST_OBSERVED)) task.observe = true
  decision.unobserved = Math.max(0, touching.length - MOST_OBSERVED)
  const names = new Set(source.files.map((file) => file.name))
  decision.missing = ledger.filter((row) => !names.has(row.name)).sort((a, b) => compareNames(a.name, b.name))
  decision.results.push(
    ...decision.missing.map((row) => missingResult(row, options)),
    ...source.skipped.map(({ path, reason }) => ({
      ...blankResult({ path, name: path, kind: 'once' }),
      state: 'ignored' as const,
      notes: [reason],
    })),
  )
  return decision
}

interface FileContext {
  row: LedgerRow | undefined
  sequence: Sequence
  options: ApplyOptions
  decision: Decision
}

function decideFile(file: SchemaFile, context: FileContext): void {
  const { row, options, decision } = context
  const run = () => {
    const task = prepareTask(file, row, options)
    decision.tasks.push(task)
    decision.results.push(task.result)
    return task
  }
  if (!row || row.done < Math.min(1, row.statements)) {
    const task = run()
    if (file.kind === 'once') noteOrder(task, context)
  } else if (!isComplete(row)) {
    const task = prepareTask(file, row, options)
    if (file.checksum === row.checksum || startsAs(task.script.statements, row)) resume(run(), row)
    else noteEdited(file, row, context)
  } else if (row.checksum === file.checksum) {
    decision.results.push({ ...blankResult(file), statements: row.statements })
  } else if (file.kind === 'repeatable') run()
  else noteEdited(file, row, context)
}

function startsAs(statements: Statement[], row: LedgerRow): boolean {
  return statements.length >= row.done && statementsChecksum(statements.slice(0, row.done)) === row.doneChecksum
}

function resume(task: Task, row: LedgerRow): void {
  task.how = 'steps'
  task.result.transactional = false
  task.result.notes.push(`goes on at statement ${row.done + 1} of ${task.entry.statements}, where it stopped before`)
}

function noteEdited(file: SchemaFile, row: LedgerRow, { options, decision, sequence }: FileContext): void {
  const { policy, isPreview } = options
  const parent = sequence.parentRow(file)
  // The parent may have taken the change over by now; then a reset brings it.
  const inParent = parent !== undefined && parent.checksum !== file.checksum
  const resets = policy.onEdit === 'reset' && isPreview && !inParent
  const action = policy.onEdit === 'accept' ? 'accept' : resets ? 'reset' : 'fail'
  decision.edited.push({ file, row, inParent, action, freeName: sequence.freeName(file) })
  const was = isComplete(row) ? 'applied' : `applied up to statement ${row.done}`
  const notes = [`${was} with checksum ${short(row.checksum)}, now ${short(file.checksum)}`]
  const state = action === 'accept' ? 'accepted' : 'edited'
  decision.results.push({ ...blankResult(file), state, statements: row.statements, notes })
}

function noteOrder({ file, result }: Task, { sequence, options, decision }: FileContext): void {
  const behind = sequence.behind(file)?.name
  if (behind === undefined) return
  const freeName = sequence.freeName(file)
  decision.outOfOrder.push({ file, behind, onParent: options.isPreview, freeName })
  result.notes.push(`out of order: sorts before ${behind}, which is applied already; free name: ${freeName}`)
}

function missingResult(row: LedgerRow, options: ApplyOptions): FileResult {
  const cameWithParent = options.isPreview && row.branch !== options.branchId
  const note = cameWithParent
    ? 'applied on the parent branch, but not a file of this commit: merge the base branch, or restore the file'
    : 'applied, but there is no such file any more: restore it'
  const { name, kind, statements } = row
  return { ...blankResult({ path: name, name, kind }), state: 'missing', statements, notes: [note] }
}
