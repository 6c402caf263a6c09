import { ActionError } from '../../../runtime/errors.ts'
import { plural } from '../../../runtime/plural.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { placeAt } from '../../sql/text-place.ts'
import { short } from '../files/checksum.ts'
import type { LedgerRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'
import { baselineWarning } from './adopt.ts'
import type { Decision, EditedFile, OutOfOrderFile } from './decide.ts'
import { renamedText } from './renames.ts'
import type { Task } from './task.ts'

/** Why a preview has to be put back to its parent, by path or name. */
export interface ResetCause {
  /** Changed after they were applied. */
  edited?: string[]
  /** Applied to the preview alone, and no file any more. */
  gone?: string[]
  /** Files of the base that this pull request changes, and that this copy of the parent lacks. */
  undecided?: string[]
  /** What a file of the base failed with, on the state of this preview. */
  failed?: { files: string[]; branch: string; message: string }
}

/**
 * A preview is not what merging would give, and the policy is to replay: reset the Neon branch to its parent and apply again.
 * Nothing was changed, but for files of the base that ran.
 */
export class NeedsReset extends ActionError {
  /** Paths of the files that are the cause. */
  readonly files: string[]

  constructor({ edited = [], gone = [], undecided = [], failed }: ResetCause) {
    const causes = [
      edited.length > 0 ? `${edited.join(', ')} changed after being applied to it` : '',
      gone.length > 0
        ? `${gone.join(', ')} ${gone.length > 1 ? 'were' : 'was'} applied to it, and ${gone.length > 1 ? 'are no files' : 'is no file'} any more`
        : '',
      undecided.length > 0
        ? `${undecided.join(', ')} of the base ${undecided.length > 1 ? 'were' : 'was'} changed, and this copy may be older than what the parent has of it`
        : '',
      failed ? `${failed.files.join(', ')} of ${failed.branch} failed on what it holds: ${failed.message}` : '',
    ]
    super(`The preview branch must be reset: ${causes.filter(Boolean).join('; ')}.`, {
      advice: 'Reset the branch to its parent and run the job again, or set on_edit to accept.',
    })
    this.files = [...edited, ...gone, ...undecided, ...(failed?.files ?? [])]
  }
}

/**
 * Stops a run that the policy forbids, before anything is written: {@link NeedsReset}, or an {@link ActionError} with its
 * place for an edited file, a file out of order, or one that cannot be part of one transaction for all.
 */
export async function refuseForbidden(decision: Decision, options: ApplyOptions): Promise<void> {
  const failing = decision.edited.find(({ action }) => action === 'fail')
  if (failing) throw editedError(failing, options)
  const [outOfOrder] = decision.outOfOrder
  if (outOfOrder && options.policy.outOfOrder === 'fail') throw orderError(outOfOrder)
  const alone = options.policy.transaction === 'all' && decision.tasks.find(({ how }) => how === 'steps')
  if (alone && decision.tasks.length > 1) throw notTogether(alone)
  const cause = await resetCause(decision, options)
  if (!cause) return
  if (options.policy.onEdit === 'fail') throw goneError(cause)
  refuseHalfCheckout(options)
  throw new NeedsReset(cause)
}

/**
 * Why the preview has to be replayed, or nothing. Throws an {@link ActionError} where its files only seem to be edited or
 * gone, because this run looks into another folder than the one that they were applied from.
 */
async function resetCause(decision: Decision, options: ApplyOptions): Promise<ResetCause | undefined> {
  const { policy, base, source } = options
  if (policy.onEdit === 'accept') return undefined
  const edited = decision.edited.filter(({ action }) => action === 'reset')
  const asked = [
    ...edited.filter(({ file, row }) => !file.bundled && row.branch === options.branchId).map(({ row }) => row),
    ...decision.gone,
  ]
  const answers = base && asked.length > 0 ? await base.whereFrom(asked) : []
  const from = new Map(asked.map((row, index) => [row, answers[index] ?? 'unknown']))
  const elsewhere = edited.filter(({ row }) => from.get(row) === 'elsewhere').map(({ file }) => file.path)
  const gone = decision.gone.filter((row) => from.get(row) === 'here').map(({ name }) => name)
  const bundled = new Set(source.files.filter((file) => file.bundled).map(({ path }) => path))
  const known = decision.results.some(({ path, state, ofBase }) => {
    return !bundled.has(path) && (ofBase || state === 'unchanged' || state === 'edited')
  })
  // Another schema's files beside this one's are a warning; where they are all there is, the input names another folder now.
  const others = decision.gone.filter((row) => from.get(row) === 'elsewhere').map(({ name }) => name)
  if (elsewhere.length > 0 || (others.length > 0 && !known)) {
    throw otherFolder([...elsewhere, ...others], source.description)
  }
  const undecided = decision.undecided.map(({ path }) => path)
  if (edited.length + gone.length + undecided.length === 0) return undefined
  return { edited: edited.map(({ file }) => file.path), gone, undecided }
}

function otherFolder(names: string[], description: string): ActionError {
  return new ActionError(
    `Could not tell what to replay: ${listed(names)} of this preview came from another folder than ${description}.`,
    {
      advice:
        'Name all folders of one database in one input schema. If the folder was moved on purpose, reset the preview first: mode: reset.',
    },
  )
}

function goneError({ gone = [], undecided = [] }: ResetCause): ActionError {
  const [what, names] =
    gone.length > 0
      ? ['applied to this preview, but no file any more', gone]
      : ['a file of the base that this pull request changes', undecided]
  return new ActionError(`Could not apply the schema: ${listed(names)}: ${what}.`, {
    advice: 'Restore the file, or set on_edit to reset, which replays the preview.',
  })
}

/** A replay needs every file: one that is only not checked out would be missing afterwards. */
function refuseHalfCheckout({ base, source }: ApplyOptions): void {
  if (!base || base.lacking.length === 0) return
  throw new ActionError(
    `Could not reset the preview for a replay: the checkout lacks ${listed([...base.lacking])}, which the commit has in ${source.description}.`,
    { advice: 'Check out these files as well, before this step: a sparse checkout must hold the whole schema.' },
  )
}

function listed(names: string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return `${names.slice(0, 5).join(', ')}${more}`
}

function editedError({ file, row, inParent, freeName }: EditedFile, { isPreview, policy }: ApplyOptions): ActionError {
  const where = inParent && isPreview ? ' to the parent branch' : ''
  const canReset = isPreview && !inParent && policy.onEdit === 'fail'
  const undo = `Undo the change (git log -p -- ${file.path} shows it) and put it into a new file, for example ${freeName}`
  return new ActionError(
    `Could not apply ${file.path}: it was changed after it was applied${where} (checksum ${row.checksum} then, ${file.checksum} now).`,
    {
      advice: canReset ? `${undo}; or set on_edit to reset, which replays the preview.` : `${undo}.`,
      location: { file: file.path, line: 1 },
      title: 'Edited after it was applied',
      outputs: { failed_file: file.path },
    },
  )
}

/** What is wrong with the order, one sentence, and on a pull request what to do. Elsewhere the file runs now, as it is called. */
export function orderText({ file, behind, whose, freeName }: OutOfOrderFile): string {
  if (whose === '')
    return `${file.path} is new and sorts before ${behind}, which is already applied: it runs behind it.`
  return `${file.path} is new but sorts before ${behind}, which ${whose} already has: rename it to ${freeName}.`
}

function orderError(file: OutOfOrderFile): ActionError {
  const { whose, behind } = file
  const cause =
    whose === '' ? `${file.file.path} is new and sorts before ${behind}, which is already applied.` : orderText(file)
  return new ActionError(`Could not apply the schema: ${cause}`, {
    advice: whose === '' ? 'Set out_of_order to warn: it then runs behind it.' : 'Or set out_of_order to warn.',
    location: { file: file.file.path, line: 1 },
    title: 'Out of order',
    outputs: { failed_file: file.file.path },
  })
}

function notTogether({ file, script, traits, resumeAt }: Task): ActionError {
  const [statement] = [...traits.nonTransactional, ...traits.transactionControl]
  const place = statement ? placeAt(script.file.text, statement.start) : { line: 1, column: 1 }
  const cause =
    resumeAt > 0
      ? 'an earlier run applied half of it'
      : statement
        ? `its statement in line ${place.line} (${statement.words.slice(0, 4).join(' ').toUpperCase()}) cannot be part of one`
        : 'it says that it runs outside a transaction'
  return new ActionError(`Could not apply all files in one transaction because of ${file.path}: ${cause}.`, {
    advice: 'Set transaction to file, or apply this file alone.',
    location: { file: file.path, ...place },
    outputs: { failed_file: file.path },
  })
}

/** Tells what the policy lets pass with a warning; returns the texts for the report. */
export function warn(runtime: Runtime, decision: Decision, options: ApplyOptions): string[] {
  const warnings: string[] = []
  const tell = (text: string, file?: string) => {
    warnings.push(text)
    runtime.log.warning(text, file ? { location: { file, line: 1 } } : {})
  }
  for (const order of decision.outOfOrder) {
    if (order.whose !== '') tell(orderText(order), order.file.path)
    else runtime.log.notice(orderText(order), { location: { file: order.file.path, line: 1 } })
  }
  for (const renamed of decision.renamed) {
    runtime.log.notice(renamedText(renamed), { location: { file: renamed.file.path, line: 1 } })
  }
  tellBaseline(runtime, decision, options)
  const baseline = baselineWarning(decision, options)
  if (baseline !== '') tell(baseline)
  for (const { file, row, action } of decision.edited) {
    if (action !== 'accept') continue
    tell(
      `${file.path} changed after it was applied (${short(row.checksum)} then); its checksum is taken over.`,
      file.path,
    )
  }
  if (decision.unobserved > 0) {
    tell(
      `Locks and rows of the last ${plural(decision.unobserved, 'file')} that touch tables are not told: there are too many.`,
    )
  }
  const missing = decision.missing.filter((row) => isOfThisRun(row, options)).map(({ name }) => name)
  if (missing.length > 0) tell(missingText(missing, options))
  return warnings
}

/** Of a pull request whose base is known: not what was applied on the parent and is gone from the base as well. */
function isOfThisRun(row: LedgerRow, { base, isPreview, branchId }: ApplyOptions): boolean {
  return !base || !isPreview || row.branch === branchId || base.names.has(row.name)
}

function tellBaseline(
  { log }: Runtime,
  { adopted, ledgerRows }: Decision,
  { baseline = '', source }: ApplyOptions,
): void {
  if (baseline === '') return
  const counted = (count: number) => `${count} ${count === 1 ? 'file' : 'files'}`
  log.notice(
    adopted.length > 0
      ? `Input baseline: ${counted(adopted.length)} of ${source.description} ${adopted.length === 1 ? 'counts' : 'count'} as applied to this database, up to ${adopted.at(-1)?.file.name}, and did not run.`
      : `Input baseline '${baseline}' did nothing: the ledger of this database has ${counted(ledgerRows)} already. Take the input out.`,
  )
}

function missingText(names: string[], { source }: ApplyOptions): string {
  const shown = names.slice(0, 5).join(', ')
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return `${plural(names.length, 'applied file is', 'applied files are')} not in ${source.description}: ${shown}${more}.`
}
