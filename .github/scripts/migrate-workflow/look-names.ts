import type { Remark } from './remark.ts'
import type { StepNode, WorkflowFile } from './workflow-file.ts'

/** Which input names the branch, for each of the four. */
const NAMING = { create: ['branch_name'], delete: ['branch', 'branch_id'], reset: ['branch'], diff: ['compare_branch'] }

/** Whether create, delete, reset and diff mean the same branch, and where the file cannot say it. */
export function lookAtNames(file: WorkflowFile, lineOf: (offset: number) => number): Remark[] {
  const neon = file.steps.filter(({ neon }) => neon)
  const creates = neon.filter(({ neon }) => neon?.verb === 'create')
  return neon.flatMap((step): Remark[] => {
    const verb = step.neon?.verb ?? 'create'
    const name = nameOf(step)
    if (verb === 'create' || verb === 'diff' || name === '') return []
    const does = verb === 'delete' ? 'deletes' : 'resets'
    const offset = step.offset
    const source = sourceOf(name, creates)
    if (source) {
      const text = `This ${does} the branch of line ${lineOf(source.offset)}. Whoever changes one name has to change the other.`
      return [{ topic: 'name', offset, text }]
    }
    const text =
      creates.length === 0
        ? `No step of this file makes the branch that this one ${does}: the name has to be the one it was made with.`
        : `No step of this file makes a branch named ${name}: look whether this one ${does} what you mean.`
    return [{ topic: 'name', offset, text }]
  })
}

/** The name or id that a step works on, as text of the file. */
export function nameOf(step: StepNode): string {
  const names = NAMING[step.neon?.verb ?? 'create']
  return names.map((name) => step.inputs.get(name)?.text ?? '').find((text) => text !== '') ?? ''
}

/** The create whose branch a name or an expression means; of names in a matrix nobody can tell. */
export function sourceOf(name: string, creates: StepNode[]): StepNode | undefined {
  return creates.find((create) => {
    const byId = create.id !== '' && name.includes(`steps.${create.id}.outputs.branch_id`)
    return byId || handsOn(name, create) || normal(nameOf(create)) === normal(name)
  })
}

/** Whether an expression reads an output of the create's job that is the branch's id. */
function handsOn(name: string, create: StepNode): boolean {
  const [, job, output] = /needs\.([\w-]+)\.outputs\.([\w-]+)/.exec(name) ?? []
  const from = job === create.job.id ? (create.job.outputs.get(output ?? '')?.text ?? '') : ''
  return create.id !== '' && from.includes(`steps.${create.id}.outputs.branch_id`)
}

/** Two ways to write the same: blanks in expressions, and the two places of a pull request's number. */
function normal(name: string): string {
  return name
    .replace(/\s+/g, '')
    .replaceAll('github.event.pull_request.number', 'github.event.number')
    .replaceAll('github.event.issue.number', 'github.event.number')
    .toLowerCase()
}
