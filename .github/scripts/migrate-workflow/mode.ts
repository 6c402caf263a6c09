import type { NeonAction } from './neon-actions.ts'
import { expression } from './place.ts'
import type { StepNode, WorkflowFile } from './workflow-file.ts'

/** A mode to write down, and why. */
export interface Mode {
  value: string
  why: string
}

// Events of which mode auto makes something else than a branch, or nothing.
const OTHERWISE = [
  'schedule',
  'issue_comment',
  'deployment',
  'deployment_status',
  'create',
  'delete',
  'workflow_run',
  'pull_request_review',
  'pull_request_review_comment',
  'issues',
  'registry_package',
  'check_run',
  'check_suite',
  'status',
]

/** The mode that a step needs in words, because its event or its inputs would not say it; else undefined. */
export function modeOf(file: WorkflowFile, step: StepNode, neon: NeonAction): Mode | undefined {
  switch (neon.verb) {
    case 'create':
      return modeOfCreate(file)
    case 'delete':
      return mayBeEmpty(step, ['branch', 'branch_id'])
        ? {
            value: 'cleanup',
            why: 'Where the name of the branch comes out empty, the event alone would choose what to do; mode: cleanup never makes a branch.',
          }
        : undefined
    case 'reset': {
      const parent = step.inputs.get('parent')?.text.trim() ?? ''
      return parent === 'true'
        ? undefined
        : {
            value: 'reset',
            why: `With a branch and without parent: true (here it is '${parent}') the branch would be deleted; mode: reset says what is meant.`,
          }
    }
    case 'diff':
      return mayBeEmpty(step, ['compare_branch'])
        ? {
            value: 'diff',
            why: 'Where compare_branch comes out empty, the event alone would choose what to do; mode: diff fails then.',
          }
        : undefined
  }
}

function modeOfCreate({ events }: WorkflowFile): Mode | undefined {
  const names = [...events.keys()]
  const other = names.filter((name) => OTHERWISE.includes(name))
  if (other.length === 0) return undefined
  const list = other.join(', ')
  const why = `On ${list} mode auto would not make this branch${other.includes('schedule') ? ' (on schedule it sweeps old ones)' : ''}; mode: provision makes it.`
  if (other.length === names.length) return { value: 'provision', why }
  const is = other.map((name) => `github.event_name == '${name}'`).join(' || ')
  const condition = other.length > 1 ? `(${is})` : is
  return { value: expression(`${condition} && 'provision' || 'auto'`), why }
}

/** Whether an input can come out empty: all of it is one expression. */
function mayBeEmpty(step: StepNode, names: string[]): boolean {
  const given = names.flatMap((name) => step.inputs.get(name)?.text ?? [])
  return given.every((text) => /^\s*(?:\$\{\{[^}]*\}\}\s*)*$/.test(text))
}
