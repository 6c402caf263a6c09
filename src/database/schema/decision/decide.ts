import type { FileResult } from '../../../model.ts'
import type { Statement } from '../../sql/split.ts'
import { short, statementsChecksum } from '../files/checksum.ts'
import { compareNames } from '../files/order.ts'
import type { SchemaFile } from '../files/schema-file.ts'
import { didSomething, isComplete, type LedgerRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'
import { type AdoptedFile, adoptedFiles } from './adopt.ts'
import { type RenamedFile, renamesOf, withNewNames } from './renames.ts'
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

/** A new file that sorts before one that is applied already, or that the pull request's base has. */
export interface OutOfOrderFile {
  file: SchemaFile
  /** The last of those that sort behind it. */
  behind: string
  /** Who has that one, for people; empty outside a pull request, where the file runs now and keeps its name. */
  whose: string
  freeName: string
}

/** What a run has to do, found by comparing the files with the ledger. */
export interface Decision {
  /** Those of the pull request's base first. */
  tasks: Task[]
  /** Every file in order, then the missing and the ignored ones. Those of the tasks are shared with them. */
  results: FileResult[]
  edited: EditedFile[]
  outOfOrder: OutOfOrderFile[]
  /** How many files touch tables that were there and are not looked at all the same, as there are too many. */
  unobserved: number
  /** Names in the ledger without a file. */
  missing: LedgerRow[]
  renamed: RenamedFile[]
  /** Those of the missing that were applied to this preview alone, and that its base lacks as well. */
  gone: LedgerRow[]
  /** Files of the base with a change of this pull request, of which this copy does not tell whether the parent has applied them. */
  undecided: SchemaFile[]
  adopted: AdoptedFile[]
  /** How many files the ledger has. */
  ledgerRows: number
}

// A look costs 0.1 ms; who applies more files that alter tables reads no more than this many anyway.
const MOST_OBSERVED = 1000

/** Compares the files with the ledger; touches nothing. Throws an `ActionError` for a file that cannot be read as SQL. */
export function decide(before: LedgerRow[], options: ApplyOptions): Decision {
  const { source } = options
  const renamed = renamesOf(before, source.files)
  const ledger = withNewNames(before, renamed)
  const adopted = adoptedFiles(ledger, options)
  const rows = new Map(ledger.map((row) => [row.name, row]))
  const decision: Decision = {
    ...{ tasks: [], results: [], edited: [], outOfOrder: [], missing: [], unobserved: 0, gone: [], undecided: [] },
    ...{ renamed, adopted, ledgerRows: ledger.length },
  }
  const sequence = sequenceOf(ledger, options)
  const namesBefore = new Map(renamed.map(({ file, row }) => [file.name, row.name]))
  const statements = new Map(adopted.map((one) => [one.file, one.statements]))
  for (const file of source.files) {
    const taken = statements.get(file)
    if (taken === undefined) decideFile(file, { row: rows.get(file.name), sequence, options, decision, namesBefore })
    else decision.results.push(adoptedResult(file, taken))
  }
  decision.tasks.sort((a, b) => Number(b.ofBase) - Number(a.ofBase))
  const touching = decision.tasks.filter(({ how, traits }) => how === 'chain' && traits.touchesExisting)
  for (const task of touching.slice(0, MOST_OBSERVED)) task.observe = true
  decision.unobserved = Math.max(0, touching.length - MOST_OBSERVED)
  const names = new Set(source.files.map((file) => file.name))
  decision.missing = ledger.filter((row) => !names.has(row.name)).sort((a, b) => compareNames(a.name, b.name))
  decision.gone = decision.missing.filter((row) => isGone(row, options))
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
  namesBefore: ReadonlyMap<string, string>
}

function decideFile(file: SchemaFile, context: FileContext): void {
  const { row, options, decision } = context
  const inBase = options.base?.states.get(file.path)
  const mark = { ...(inBase === 'same' ? { ofBase: true as const } : {}) }
  const run = () => {
    const task = prepareTask(file, row, options)
    task.ofBase = inBase === 'same'
    if (task.ofBase) task.entry.commitSha = commitOf(file, options)
    Object.assign(task.result, mark)
    if (options.base && task.ofBase) task.result.notes.push(`a file of ${options.base.branch}`)
    decision.tasks.push(task)
    decision.results.push(task.result)
    return task.result
  }
  if (!row || !didSomething(row)) {
    const result = run()
    if (file.kind !== 'once') return
    noteOrder(file, result, context)
    if (inBase === 'changed' && options.isPreview && options.isUsed) decision.undecided.push(file)
  } else if (!isComplete(row)) {
    const task = prepareTask(file, row, options)
    if (file.checksum === row.checksum || startsAs(task.script.statements, row)) {
      run()
      resume(decision.tasks.at(-1), row)
    } else noteEdited(file, row, context)
  } else if (row.checksum === file.checksum) {
    const result: FileResult = { ...blankResult(file), ...mark, statements: row.statements }
    decision.results.push(result)
    noteRename(result, context)
    // On the pull request until it is merged, not only in the run that applies it.
    if (options.base && row.branch === options.branchId && file.kind === 'once') noteOrder(file, result, context)
  } else if (file.kind === 'repeatable') run()
  else noteEdited(file, row, context)
}

/** The commit that is known to have a file as it is: the pull request's head need not have what main got meanwhile. */
export function commitOf({ path }: SchemaFile, { base, commitSha }: ApplyOptions): string {
  return (base?.states.get(path) === 'same' && base.commit) || commitSha
}

function startsAs(statements: Statement[], row: LedgerRow): boolean {
  return statements.length >= row.done && statementsChecksum(statements.slice(0, row.done)) === row.doneChecksum
}

function resume(task: Task | undefined, row: LedgerRow): void {
  if (!task) return
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

function noteOrder(file: SchemaFile, result: FileResult, { sequence, options, decision }: FileContext): void {
  const { base, isPreview } = options
  if (base && (base.states.has(file.path) || file.bundled)) return
  const behind = sequence.behind(file)?.name
  if (behind === undefined) return
  const whose = base ? base.branch : isPreview ? 'the parent branch' : ''
  const freeName = sequence.freeName(file)
  decision.outOfOrder.push({ file, behind, whose, freeName })
  result.notes.push(
    whose === ''
      ? `out of order: sorts before ${behind}, which is applied already`
      : `out of order: sorts before ${behind}, which ${whose} has; free name: ${freeName}`,
  )
}

function noteRename(result: FileResult, { namesBefore }: FileContext): void {
  const before = namesBefore.get(result.name)
  if (before === undefined) return
  result.renamedFrom = before
  result.notes.push(`was ${before}: the text is the same, so it does not run again`)
}

function adoptedResult(file: SchemaFile, statements: number): FileResult {
  return { ...blankResult(file), state: 'accepted', statements, notes: ['in the database already, says baseline'] }
}

/** A row of this preview alone, of which something is in, and whose file is neither here nor in the base. */
function isGone(row: LedgerRow, { base, isPreview, branchId }: ApplyOptions): boolean {
  return base !== undefined && isPreview && row.branch === branchId && didSomething(row) && !base.names.has(row.name)
}

function missingResult(row: LedgerRow, options: ApplyOptions): FileResult {
  const { name, kind, statements } = row
  return {
    ...blankResult({ path: name, name, kind }),
    state: 'missing',
    statements,
    notes: [missingNote(row, options)],
  }
}

function missingNote(row: LedgerRow, { base, isPreview, branchId }: ApplyOptions): string {
  if (base?.names.has(row.name)) return `applied, and a file of ${base.branch}: restore it`
  if (!isPreview || row.branch === branchId) return 'applied, but there is no such file any more: restore it'
  if (base) return `applied on the parent branch, but no file of ${base.branch}`
  return 'applied on the parent branch, but not a file of this commit: merge the base branch, or restore the file'
}
