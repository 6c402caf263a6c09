import { appliesItself } from './change-step.ts'
import type { Remark } from './remark.ts'
import type { StepNode, WorkflowFile } from './workflow-file.ts'

const PULLS = ['pull_request', 'pull_request_target']

/** What is different on purpose (docs/migration.md), where it touches this file: the end of branches, SQL files, closing. */
export function lookAround(file: WorkflowFile): Remark[] {
  const onPulls = PULLS.some((name) => file.events.has(name))
  const creates = file.steps.filter(({ neon }) => neon?.verb === 'create')
  return [
    ...creates.flatMap((step) => (onPulls ? aboutExpiry(step) : [])),
    ...creates.flatMap((step) => aboutClosing(file, step)),
    ...aboutSchema(file),
    ...aboutCaller(file, creates),
  ]
}

function aboutExpiry({ inputs, offset }: StepNode): Remark[] {
  const text = inputs.has('expires_at')
    ? 'The end of the branch is set again by each run; before, it stayed as it was first.'
    : 'A branch of a pull request ends 14 days after the last push; before, it had no end. expires_in: never keeps it so.'
  return [{ topic: 'expiry', offset, text }]
}

function aboutClosing({ events }: WorkflowFile, { job, condition, offset }: StepNode): Remark[] {
  const closes = PULLS.some((name) => events.get(name)?.includes('closed'))
  const asks = /event\.action|merged/.test(`${condition} ${job.condition}`)
  const text = 'On a closed pull request this step deletes its branch; before, it made one again.'
  return closes && !asks ? [{ topic: 'mode', offset, text }] : []
}

/** Only a job that checks out the repository has files to apply. */
function aboutSchema(file: WorkflowFile): Remark[] {
  if (appliesItself(file)) return []
  const touched = file.steps.find(({ neon, job }) => {
    const writes = neon?.verb === 'create' || neon?.verb === 'reset'
    return writes && job.steps.some(({ uses }) => uses.startsWith('actions/checkout@'))
  })
  const text =
    'If the repository has a folder named sql, its files are applied to the branch. schema: none leaves that out.'
  return touched ? [{ topic: 'schema', offset: touched.offset, text }] : []
}

function aboutCaller({ events }: WorkflowFile, creates: StepNode[]): Remark[] {
  if (!events.has('workflow_call')) return []
  const text =
    'In a called workflow the event is that of the caller, and chooses the mode: set mode where it may be schedule, issue_comment and the like.'
  return creates.map(({ offset }) => ({ topic: 'mode', offset, text }))
}
