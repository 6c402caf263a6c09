import type { Remark } from './remark.ts'
import type { JobNode, StepNode, WorkflowFile } from './workflow-file.ts'

// Outputs that hold a secret, and so are masked (action.yml).
const MASKED = ['db_url', 'db_url_pooled', 'db_url_with_pooler', 'password']

/** Outputs of jobs that GitHub will not hand on, because a masked value is in them, and who reads them. */
export function lookAtOutputs(file: WorkflowFile, lineOf: (offset: number) => number): Remark[] {
  return file.jobs.flatMap((job) => {
    const ours = job.steps.filter(({ neon }) => neon)
    return [...job.outputs].flatMap(([name, { text, offset }]): Remark[] => {
      const source = maskedIn(text, ours, job)
      return source ? [{ topic: 'outputs', offset, text: sentence(file, job, name, lineOf) }] : []
    })
  })
}

/** Whether a text reads a masked output of one of our steps, or of a script that hands one on. */
function maskedIn(text: string, ours: StepNode[], job: JobNode): boolean {
  const reads = (from: string) =>
    ours.some(
      ({ id }) => id !== '' && MASKED.some((name) => new RegExp(`steps\\.${id}\\.outputs\\.${name}\\b`).test(from)),
    )
  const scripts = job.steps.filter(
    ({ id, run }) => id !== '' && text.includes(`steps.${id}.outputs.`) && run.includes('GITHUB_OUTPUT'),
  )
  return reads(text) || scripts.some(({ run }) => reads(run))
}

function sentence(file: WorkflowFile, job: JobNode, name: string, lineOf: (offset: number) => number): string {
  const readers = linesWith(file.text, new RegExp(`(?:needs|jobs)\\.${job.id}\\.outputs\\.${name}\\b`, 'g')).map(lineOf)
  const masked = 'The action masks this value, and GitHub hands no masked value to another job'
  if (readers.length === 0) return `${masked}. Nothing in this file reads it.`
  const places = readers.length === 1 ? `line ${readers[0]}` : `lines ${readers.join(', ')}`
  return `${masked}: it is empty in ${places}. Run the action again in that job with the same branch_name (the branch is reused), or write a Kubernetes Secret. branch_id and the hosts do come along.`
}

/** Offsets of all matches. */
export function linesWith(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(({ index }) => index)
}
