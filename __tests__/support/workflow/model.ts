import type { JournalEntry } from '../../../sandbox/http/serve.ts'
import type { Branch } from '../../../sandbox/neon/index.ts'
import type { Annotation } from '../../../sandbox/runner/index.ts'

/** A workflow file, as far as it is played. */
export interface Workflow {
  name?: string
  on: string | string[] | Record<string, Trigger | null>
  env?: Record<string, unknown>
  permissions?: Permissions
  jobs: Record<string, Job>
}

/** What stands below the name of an event. `schedule` has a list in its place. */
export interface Trigger {
  types?: string | string[]
  branches?: string | string[]
  'branches-ignore'?: string | string[]
  tags?: string | string[]
  'tags-ignore'?: string | string[]
  workflows?: string | string[]
  inputs?: Record<string, { default?: unknown; options?: string[]; type?: string } | null>
  outputs?: Record<string, { value?: string }>
}

/** `permissions:` of a workflow or a job. */
export type Permissions = string | Record<string, string>

/** A job of steps, or one that calls a workflow. */
export interface Job {
  name?: string
  needs?: string | string[]
  if?: unknown
  env?: Record<string, unknown>
  permissions?: Permissions
  outputs?: Record<string, string>
  strategy?: { matrix?: unknown }
  uses?: string
  with?: Record<string, unknown>
  secrets?: string | Record<string, unknown>
  steps?: Step[]
  'continue-on-error'?: unknown
}

/** A step of a job. */
export interface Step {
  id?: string
  name?: string
  if?: unknown
  uses?: string
  run?: string
  shell?: string
  with?: Record<string, unknown>
  env?: Record<string, unknown>
  'continue-on-error'?: unknown
}

/** How a job or a step ended. */
export type Conclusion = 'success' | 'failure' | 'skipped'

/** What became of a step. */
export interface PlayedStep {
  /** Id of the job, with the values of its matrix. */
  job: string
  id: string
  name: string
  /** `ours` stands where the file has one of Neon's actions, or this one. */
  kind: 'ours' | 'foreign' | 'run'
  /** As the file has it. */
  uses: string
  /** `continue-on-error` hides a failure from the conclusion, not from the outcome. */
  conclusion: Conclusion
  outcome: Conclusion
  /** What stood under `with:`, evaluated. */
  inputs: Record<string, string>
  outputs: Record<string, string>
  annotations: Annotation[]
  log: string
  summary: string
  /** Neon's requests while it ran. */
  neon: JournalEntry[]
  /** GitHub's requests while it ran. */
  github: JournalEntry[]
  /** Of our step: the branches of all projects before and after it. */
  branches: { before: Branch[]; after: Branch[] }
}

/** What became of a job, or of one leg of its matrix. */
export interface PlayedJob {
  id: string
  label: string
  result: Conclusion
  outputs: Record<string, string>
  /** Outputs that GitHub does not hand to other jobs, because a secret is in them. */
  dropped: string[]
  steps: PlayedStep[]
}

/** What became of a workflow. */
export interface PlayedWorkflow {
  /** Whether the event starts it at all. */
  started: boolean
  jobs: PlayedJob[]
  steps: PlayedStep[]
  outputs: Record<string, string>
}
