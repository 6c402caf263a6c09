import { mkdir } from 'node:fs/promises'
import { createMasker, runAction } from '../../../sandbox/runner/index.ts'
import { type Contexts, evaluateCondition, evaluateText, type Status } from './expressions.ts'
import { foreignOutputs } from './foreign.ts'
import type { Conclusion, Job, PlayedJob, PlayedStep, Step } from './model.ts'
import { runOptions, type Stage, texts } from './stage.ts'

/** What our step has in place of the four: this action. */
export const OURS =
  /^(?:neondatabase\/(?:create|delete|reset)-branch-action|neondatabase\/schema-diff-action|[\w.-]+\/neon-postgres-setup)@/

/** One leg of a job. */
export interface Leg {
  id: string
  label: string
  job: Job
  contexts: Contexts
  token: string
}

/** What a job has come to while its steps run. */
interface JobState {
  steps: Record<string, { outputs: Record<string, string>; outcome: Conclusion; conclusion: Conclusion }>
  env: Record<string, string>
  /** Secrets that steps have masked, beside those of the workflow. */
  masks: string[]
  failed: boolean
  /** Whether the repository is there: `actions/checkout` has run. */
  checkedOut: boolean
}

/** Plays the steps of a leg, and hands its outputs on as GitHub does: without those that hold a secret. */
export async function playSteps(stage: Stage, leg: Leg): Promise<PlayedJob> {
  const { job, contexts, id, label } = leg
  const env = texts(stage.workflow.env, contexts)
  const state: JobState = {
    steps: {},
    env: { ...env, ...texts(job.env, { ...contexts, env }) },
    masks: [],
    failed: false,
    checkedOut: false,
  }
  const steps: PlayedStep[] = []
  for (const [index, step] of (job.steps ?? []).entries()) {
    const played = await playStep(stage, leg, { step, state, index })
    steps.push(played)
    if (played.conclusion === 'failure') state.failed = true
    if (step.id) {
      const { outputs, outcome, conclusion } = played
      state.steps[step.id] = { outputs, outcome, conclusion }
    }
  }
  const masker = createMasker()
  for (const secret of [...Object.values(stage.secrets), leg.token, ...state.masks]) masker.add(secret)
  const wanted = texts(job.outputs, { ...contexts, steps: state.steps, env: state.env })
  const handed = Object.entries(wanted).filter(([, value]) => masker.mask(value) === value)
  const dropped = Object.keys(wanted).filter((name) => !handed.some(([one]) => one === name))
  const hidden = evaluateText(job['continue-on-error'], contexts) === 'true'
  const result = state.failed && !hidden ? 'failure' : 'success'
  return { id, label, result, outputs: Object.fromEntries(handed), dropped, steps }
}

interface StepCall {
  step: Step
  state: JobState
  index: number
}

async function playStep(stage: Stage, leg: Leg, { step, state, index }: StepCall): Promise<PlayedStep> {
  const status: Status = { success: !state.failed, failure: state.failed, cancelled: false }
  const before: Contexts = {
    ...leg.contexts,
    steps: state.steps,
    env: state.env,
    job: { status: state.failed ? 'failure' : 'success' },
  }
  const env = { ...state.env, ...texts(step.env, before) }
  const contexts: Contexts = { ...before, env }
  const uses = step.uses ?? ''
  const played: PlayedStep = {
    job: leg.label,
    id: step.id ?? `${index + 1}`,
    name: evaluateText(step.name ?? (uses || 'run'), contexts),
    kind: step.run !== undefined ? 'run' : OURS.test(uses) ? 'ours' : 'foreign',
    uses,
    conclusion: 'skipped',
    outcome: 'skipped',
    inputs: {},
    outputs: {},
    annotations: [],
    log: '',
    summary: '',
    neon: [],
    github: [],
    branches: { before: [], after: [] },
  }
  if (!evaluateCondition(step.if, contexts, status)) return played
  played.inputs = texts(step.with, contexts)
  const outcome = await perform(stage, leg, { step, state, contexts, env, played })
  const hidden = outcome === 'failure' && evaluateText(step['continue-on-error'], contexts) === 'true'
  return { ...played, outcome, conclusion: hidden ? 'success' : outcome }
}

interface Performance {
  step: Step
  state: JobState
  contexts: Contexts
  env: Record<string, string>
  /** Filled in. */
  played: PlayedStep
}

async function perform(stage: Stage, leg: Leg, act: Performance): Promise<Conclusion> {
  const { step, state, contexts, played } = act
  const told = step.id ? stage.play.outputs?.[step.id] : undefined
  if (played.kind === 'ours') return await performOurs(stage, leg, act)
  if (played.kind === 'foreign') {
    if (played.uses.startsWith('actions/checkout@')) state.checkedOut = true
    played.outputs = told ?? foreignOutputs(played.uses, played.inputs, contexts)
    return 'success'
  }
  if (step.shell && !/^bash\b/.test(step.shell)) return 'success'
  const cwd = await workspaceOf(stage, state)
  const script = evaluateText(step.run, contexts)
  const result = await stage.scripts.run(script, { ...variablesOf(contexts), ...act.env }, cwd)
  Object.assign(state.env, result.environment)
  Object.assign(played, { log: result.log, summary: result.summary, outputs: { ...result.outputs, ...told } })
  return result.exitCode === 0 ? 'success' : 'failure'
}

async function workspaceOf({ play, empty }: Stage, { checkedOut }: JobState): Promise<string> {
  const folder = checkedOut ? play.world.workspace : empty
  await mkdir(folder, { recursive: true })
  return folder
}

function variablesOf({ github }: Contexts): Record<string, string> {
  const texts = Object.entries(github as Record<string, unknown>).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(texts.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value as string]))
}

async function performOurs(stage: Stage, leg: Leg, { state, played, env }: Performance): Promise<Conclusion> {
  const { world } = stage.play
  const from = { neon: world.neon.journal.length, github: world.github.journal.length }
  const snapshot = () => world.neon.projects().flatMap(({ id }) => structuredClone(world.neon.branches(id)))
  const before = snapshot()
  const options = runOptions(stage, leg.token)
  const result = await runAction({
    ...options,
    inputs: { ...played.inputs, api_host: world.neon.url },
    secrets: [...options.secrets, ...state.masks],
    workspace: await workspaceOf(stage, state),
    env,
  })
  state.masks.push(...result.masks)
  const { annotations, log, summary, outputs } = result
  Object.assign(played, { annotations, log, summary, outputs })
  played.neon = world.neon.journal.slice(from.neon)
  played.branches = { before, after: snapshot() }
  played.github = world.github.journal.slice(from.github)
  return result.conclusion === 'success' ? 'success' : 'failure'
}
