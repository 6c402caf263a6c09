import { changePermissions } from './change-permissions.ts'
import { changeStep } from './change-step.ts'
import { applyEdits, type Edit, lineAt, movedOffset } from './edits.ts'
import { lookAround } from './look-around.ts'
import { lookAtNames } from './look-names.ts'
import { lookForNeedless } from './look-needless.ts'
import { lookAtOutputs } from './look-outputs.ts'
import type { Remark, Topic } from './remark.ts'
import { readWorkflowFile } from './workflow-file.ts'

/** A workflow with this action in place of Neon's four. */
export interface Migration {
  text: string
  changed: boolean
  /** What to look at, by line of the changed file. */
  remarks: { line: number; topic: Topic; text: string }[]
}

const COMMENTED_OUT =
  /^[ \t]*#.*\buses:[ \t]*(neondatabase\/(?:create|delete|reset)-branch-action|neondatabase\/schema-diff-action)@[^\s#]+/gm

/**
 * Puts this action in the place of Neon's four in a workflow file. Everything else stays as it is written, comments
 * included; a file without the four stays whole.
 * @param uses what stands behind `uses:` from now on.
 * @throws an Error for what is no workflow.
 */
export function migrateWorkflow(text: string, uses: string): Migration {
  const file = readWorkflowFile(text)
  const comments = changeComments(text, uses)
  if (!file.steps.some(({ neon }) => neon)) {
    return {
      text: applyEdits(text, comments.edits),
      changed: comments.edits.length > 0,
      remarks: place(text, comments),
    }
  }
  const changes = [...file.steps.map((step) => changeStep(file, step, uses)), changePermissions(file), comments]
  const edits = changes.flatMap((change) => change.edits)
  const result = applyEdits(text, edits)
  readWorkflowFile(result)
  const lineOf = (offset: number) => lineAt(result, movedOffset(offset, edits))
  const looks = [lookAtNames(file, lineOf), lookAtOutputs(file, lineOf), lookForNeedless(file), lookAround(file)]
  const remarks = [...changes.flatMap((change) => change.remarks), ...looks.flat()]
  return { text: result, changed: true, remarks: place(text, { edits, remarks }) }
}

/** Steps that are commented out get the new name too: who takes the comment away must not meet the old action again. */
function changeComments(text: string, uses: string): { edits: Edit[]; remarks: Remark[] } {
  const edits: Edit[] = []
  const remarks: Remark[] = []
  for (const { 0: whole, 1: name = '', index } of text.matchAll(COMMENTED_OUT)) {
    const start = index + whole.indexOf(name)
    edits.push({ start, end: index + whole.length, text: uses })
    const hint = name.endsWith('schema-diff-action') ? '; github-token is github_token' : ''
    remarks.push({
      topic: 'input',
      offset: start,
      text: `A step in a comment: look at its inputs when you take the comment away${hint}.`,
    })
  }
  return { edits, remarks }
}

function place(text: string, { edits, remarks }: { edits: Edit[]; remarks: Remark[] }): Migration['remarks'] {
  const result = applyEdits(text, edits)
  return remarks
    .map(({ offset, topic, text: said }) => ({ line: lineAt(result, movedOffset(offset, edits)), topic, text: said }))
    .sort((a, b) => a.line - b.line)
}
