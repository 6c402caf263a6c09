import type { Scalar } from 'yaml'
import type { Edit } from './edits.ts'
import { modeOf } from './mode.ts'
import { inputsOf, type NeonAction } from './neon-actions.ts'
import { commentOut, expression, insertBefore, replaceScalar } from './place.ts'
import type { Remark } from './remark.ts'
import { offsetOf, pairOf, type StepNode, type WorkflowFile } from './workflow-file.ts'

/** Changes of a file, and what to look at. */
export interface Change {
  edits: Edit[]
  remarks: Remark[]
}

const RENAMED: Record<NeonAction['verb'], Record<string, string>> = {
  create: { username: 'role', parent: 'parent_branch' },
  delete: {},
  reset: {
    cs_username: 'role',
    cs_role_name: 'role',
    cs_database: 'database',
    cs_database_name: 'database',
    cs_prisma: 'prisma',
    cs_ssl: 'ssl',
  },
  diff: { 'github-token': 'github_token' },
}
const PASSWORD = 'Neon makes the password of a role; it is an output, not an input'
const MEANT: Record<string, string> = { role_name: 'role', parent_id: 'parent_branch' }
// Inputs of this action that a step may have although its old action ignored them: none of them chooses what is done.
const HARMLESS = [
  'branch_name',
  'role',
  'parent_branch',
  'database',
  'prisma',
  'ssl',
  'expires_at',
  'expires_in',
  'suspend_timeout',
  'branch_type',
  'github_token',
  'comment',
  'comment_id',
  'summary',
  'schema',
]

/** Swaps one of Neon's four actions for this one. */
export function changeStep(file: WorkflowFile, step: StepNode, uses: string): Change {
  const { neon } = step
  if (!neon) return { edits: [], remarks: [] }
  const swap = changeUses(file, step, uses)
  if (!step.with) return swap
  return together([swap, changeInputs(file, step, neon), addMissing(file, step, neon)])
}

function together(changes: Change[]): Change {
  return { edits: changes.flatMap(({ edits }) => edits), remarks: changes.flatMap(({ remarks }) => remarks) }
}

function changeUses({ text }: WorkflowFile, step: StepNode, uses: string): Change {
  const node = pairOf(step.map, 'uses')?.value as Scalar
  const comment = node.comment?.trim() ?? ''
  const stale = /\bv?\d+(?:\.\d+)+\b/.test(comment)
  const remark: Remark = {
    topic: 'version',
    offset: offsetOf(node),
    text: `The comment '# ${comment}' spoke of the action that was here before.`,
  }
  return { edits: [replaceScalar(text, node, uses)], remarks: stale ? [remark] : [] }
}

/** What becomes of an input: it stays, gets another name, or becomes a comment; and what there is to say of it. */
type Fate = { does: 'stay' | 'comment' | 'rename'; to?: string; why?: string }

function changeInputs({ text }: WorkflowFile, step: StepNode, neon: NeonAction): Change {
  const change: Change = { edits: [], remarks: [] }
  const fates = fatesOf(step, neon)
  for (const [name, { key, pair, offset }] of step.inputs) {
    const { does, to, why } = fates.get(name) ?? { does: 'stay' }
    const edit = does === 'comment' && step.with ? commentOut(text, step.with, pair) : undefined
    if (edit) change.edits.push(edit)
    if (does === 'rename' && to) change.edits.push(replaceScalar(text, key, to))
    const end = does !== 'comment' ? '' : edit ? ' It is a comment now.' : ' Take it out: the runner would warn of it.'
    if (why) change.remarks.push({ topic: 'input', offset, text: `${why}.${end}` })
  }
  return change
}

function fatesOf(step: StepNode, neon: NeonAction): Map<string, Fate> {
  const names = new Set(step.inputs.keys())
  return new Map([...step.inputs].map(([name, { text }]) => [name, fateOf(neon, { name, text, names })]))
}

/** @param names those that the step has by now; a new name is added. */
function fateOf(neon: NeonAction, { name, text, names }: { name: string; text: string; names: Set<string> }): Fate {
  const { verb, major } = neon
  const known = inputsOf(neon).includes(name)
  const to = RENAMED[verb][name]
  if (name === 'password') return { does: 'comment', why: PASSWORD }
  if (to) {
    if (names.has(to)) return { does: 'comment', why: `'${name}' is '${to}' here, which this step has already` }
    names.add(to)
    const why = `Version ${major} did not know '${name}' and ignored it; as ${to}: ${text} it counts from now on`
    return { does: 'rename', to, ...(known ? {} : { why }) }
  }
  if (known) return { does: 'stay' }
  if (HARMLESS.includes(name)) {
    return { does: 'stay', why: `Version ${major} did not know '${name}' and ignored it; it counts from now on` }
  }
  const hint = verb === 'create' ? MEANT[name] : undefined
  const meant = hint ? `; what you mean may be ${hint}` : ''
  return { does: 'comment', why: `'${name}' was no input of version ${major} and was ignored${meant}` }
}

/** Adds what decides where event and inputs would not: `mode`, and a name where Neon had chosen one. */
function addMissing(file: WorkflowFile, step: StepNode, neon: NeonAction): Change {
  const { with: map, inputs } = step
  const fates = fatesOf(step, neon)
  const first = [...inputs].find(([name]) => fates.get(name)?.does !== 'comment')?.[1]
  const change: Change = { edits: [], remarks: [] }
  if (!map || !first) return change
  const add = (key: string, value: string) => change.edits.push(insertBefore(file.text, map, first.pair, [key, value]))
  const mode = modeOf(file, step, neon)
  if (mode) {
    add('mode', mode.value)
    change.remarks.push({ topic: 'mode', offset: step.offset, text: mode.why })
  }
  if (neon.verb === 'create' && !inputs.has('branch_name')) {
    add('branch_name', `ci-${expression('github.run_id')}-${expression('github.run_attempt')}`)
    const text =
      "Neon chose a name before; this one gives each run a branch of its own, as before. Without branch_name a pull request has the branch pr-{number}, and other events the project's default branch."
    change.remarks.push({ topic: 'name', offset: step.offset, text })
  }
  if ((neon.verb === 'create' || neon.verb === 'reset') && appliesItself(file) && !inputs.has('schema')) {
    add('schema', 'none')
    const text =
      'A step of this file applies the SQL files itself, so this one must not. With schema: sql and without that step the action applies them, once each, and reports them.'
    change.remarks.push({ topic: 'schema', offset: step.offset, text })
  }
  return change
}

/** Whether a step of the file sends the SQL files of a folder to psql. */
export function appliesItself({ steps }: WorkflowFile): boolean {
  return steps.some(({ run }) => /\bpsql\b/.test(run) && /\.sql\b/.test(run))
}
