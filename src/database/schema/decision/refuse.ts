import { ActionError } from '../../../runtime/errors.ts'
import { plural } from '../../../runtime/plural.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { placeAt } from '../../sql/text-place.ts'
import { short } from '../files/checksum.ts'
import type { ApplyOptions } from '../policy.ts'
import type { Decision, EditedFile, OutOfOrderFile } from './decide.ts'
import type { Task } from './task.ts'

/**
 * A preview has files that were changed after it applied them, and the policy is to replay: reset the Neon branch to its
 * parent and apply again. Nothing was changed.
 */
export class NeedsReset extends ActionError {
  /** Paths of the changed files. */
  readonly files: string[]

  constructor(files: string[]) {
    super(`The preview branch must be reset: ${files.join(', ')} changed after being applied to it.`, {
      advice: 'Reset the branch to its parent and run the job again, or set on_edit to accept.',
    })
    this.files = files
  }
}

/**
 * Stops a run that the policy forbids, before anything is written: {@link NeedsReset}, or an {@link ActionError} with its
 * place for an edited file, a file out of order, or one that cannot be part of one transaction for all.
 */
export function refuseForbidden(decision: Decision, options: ApplyOptions): void {
  const failing = decision.edited.find(({ action }) => action === 'fail')
  if (failing) throw editedError(failing, options)
  const [outOfOrder] = decision.outOfOrder
  if (outOfOrder && options.policy.outOfOrder === 'fail') throw orderError(outOfOrder)
  const alone = options.policy.transaction === 'all' && decision.tasks.find(({ how }) => how === 'steps')
  if (alone && decision.tasks.length > 1) throw notTogether(alone)
  const reset = decision.edited.filter(({ action }) => action === 'reset')
  if (reset.length > 0) throw new NeedsReset(reset.map(({ file }) => file.path))
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

/** What is wrong with the order, one sentence, and what to do. */
export function orderText({ file, behind, onParent, freeName }: OutOfOrderFile): string {
  const where = onParent ? 'the parent branch already has' : 'is already applied'
  return `${file.path} is new but sorts before ${behind}, which ${where}: rename it to ${freeName}.`
}

function orderError(file: OutOfOrderFile): ActionError {
  return new ActionError(`Could not apply the schema: ${orderText(file)}`, {
    advice: 'Or set out_of_order to warn.',
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
  for (const file of decision.outOfOrder) tell(orderText(file), file.file.path)
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
  const missing = decision.missing.map(({ name }) => name)
  if (missing.length > 0) tell(missingText(missing, options))
  return warnings
}

function missingText(names: string[], { source }: ApplyOptions): string {
  const shown = names.slice(0, 5).join(', ')
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return `${plural(names.length, 'applied file is', 'applied files are')} not in ${source.description}: ${shown}${more}.`
}
