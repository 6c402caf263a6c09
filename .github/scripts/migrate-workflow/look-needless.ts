import { nameOf, sourceOf } from './look-names.ts'
import type { Remark } from './remark.ts'
import type { StepNode, WorkflowFile } from './workflow-file.ts'

const COMMENTING =
  /^(?:marocchino\/sticky-pull-request-comment|thollander\/actions-comment-pull-request|peter-evans\/create-or-update-comment|mshick\/add-pr-comment|actions\/github-script)@/

/** Steps and conditions that the action makes needless. Nothing of it is taken out. */
export function lookForNeedless(file: WorkflowFile): Remark[] {
  const needless = (offset: number, text: string): Remark => ({ topic: 'needless', offset, text })
  const creates = file.steps.filter(({ neon }) => neon?.verb === 'create')
  const fromSteps = file.steps.flatMap((step) =>
    aboutStep(file, step, creates).map((text) => needless(step.offset, text)),
  )
  const fromJobs = file.jobs.flatMap((job) => {
    const ours = job.steps.some(({ neon }) => neon)
    return ours && guardsForks(job.condition) ? [needless(job.offset, FORKS)] : []
  })
  return [...fromSteps, ...fromJobs]
}

const FORKS =
  'The guard against forks and Dependabot: where GitHub gives no secrets, the action says so, skips and succeeds.'

function aboutStep(file: WorkflowFile, step: StepNode, creates: StepNode[]): string[] {
  const { neon, run, uses } = step
  if (neon?.verb === 'delete') return aboutDelete(step)
  if (neon?.verb === 'diff') return aboutDiff(step, creates)
  if (neon) return guardsForks(step.condition) ? [FORKS] : []
  if (uses.startsWith('tj-actions/branch-names@')) return [aboutBranchNames(file, step)]
  if (COMMENTING.test(uses) && speaksOfDatabase(step, creates)) {
    return [
      'The action keeps one comment of its own on the pull request, with branch, schema changes and tables. One of the two may go: this step, or ours with comment: false.',
    ]
  }
  const life = lifeOf(run)
  if (life && creates.some(({ inputs }) => inputs.has('expires_at'))) {
    return [`expires_in: ${life} says the same without this step, and is counted anew from each push.`]
  }
  if (/\bpsql\b/.test(run) && /\.sql\b/.test(run)) {
    return [
      'The action applies SQL files itself (schema: with the folder), each once, and reports errors with file and line. Then this step may go, and schema: none with it.',
    ]
  }
  return []
}

function aboutDelete(step: StepNode): string[] {
  const { condition, map } = step
  const said: string[] = []
  if (/outputs\.branch_id\s*!=\s*''/.test(condition)) {
    said.push(
      'The question for an empty branch_id: a branch that is not there is a success. Leave always(), so that it runs after a failure too.',
    )
  } else if (/\balways\(\)|!\s*cancelled\(\)|\bfailure\(\)/.test(`${condition} ${step.job.condition}`)) {
    said.push('always() may stay: after a create that failed there is nothing to delete, and that is a success.')
  }
  if (String(map.get('continue-on-error') ?? '') === 'true') {
    said.push('continue-on-error: a branch that is gone is a success here; it hides only errors that you want to see.')
  }
  if (guardsForks(condition)) said.push(FORKS)
  return said
}

function aboutDiff(step: StepNode, creates: StepNode[]): string[] {
  const source = sourceOf(nameOf(step), creates)
  return source
    ? [
        'The report of the step that makes the branch shows the schema changes already, if the migrations ran before it or by it. After migrations of your own, keep this step.',
      ]
    : []
}

function aboutBranchNames(file: WorkflowFile, step: StepNode): string {
  const names = [...step.job.outputs].filter(([, { text }]) => step.id !== '' && text.includes(`steps.${step.id}.`))
  const reads = [`steps.${step.id}.outputs`, ...names.map(([name]) => `needs.${step.job.id}.outputs.${name}`)]
  const others = file.steps.filter(
    ({ neon, run, map }) => !neon && (reads.some((read) => run.includes(read)) || usesAny(map.toJSON(), reads)),
  )
  const rest = others.length > 0 ? ' Other steps read it too.' : ''
  return `Only for the name of the Git branch: a template such as branch_name: pr-{number}-{head_ref} has it without this step, and pr-{number} needs neither.${rest}`
}

function usesAny(value: unknown, reads: string[]): boolean {
  const text = JSON.stringify(value)
  return reads.some((read) => text.includes(read))
}

function speaksOfDatabase({ map }: StepNode, creates: StepNode[]): boolean {
  const text = JSON.stringify(map.toJSON())
  return /\bneon\b/i.test(text) || creates.some(({ id }) => id !== '' && text.includes(`steps.${id}.outputs`))
}

function guardsForks(condition: string): boolean {
  return /head\.repo\.(?:full_name|fork)|dependabot\[bot\]/.test(condition)
}

/** `14d` of a script that computes a date so far ahead; a variable number of days is `Nd`. */
function lifeOf(run: string): string | undefined {
  const [, count, unit] = /\bdate\b[^\n]*\+\s*(\d+|\$\{\{[^}]*\}\}|\$\w+)\s*(minute|hour|day|week)s?\b/.exec(run) ?? []
  return count && unit ? `${/^\d+$/.test(count) ? count : 'N'}${unit === 'minute' ? 'm' : unit[0]}` : undefined
}
