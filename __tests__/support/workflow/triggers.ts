import type { EventSettings, OwnEvent, RunEvent } from '../../../sandbox/runner/index.ts'
import type { Trigger, Workflow } from './model.ts'

const PULL_DEFAULTS = ['opened', 'synchronize', 'reopened']
const FEATURE = 'feature/login'
export const PULL_NUMBER = 7

/** The triggers of a workflow by event, whichever way `on:` is written; schedules as one entry with their crons. */
export function triggersOf({ on }: Workflow): Map<string, Trigger & { crons?: string[] }> {
  if (typeof on === 'string') return new Map([[on, {}]])
  if (Array.isArray(on)) return new Map(on.map((name) => [name, {}]))
  return new Map(
    Object.entries(on).map(([name, value]) => {
      const crons = Array.isArray(value) ? value.map(({ cron }: { cron: string }) => cron) : undefined
      return [name, crons ? { crons } : (value ?? {})]
    }),
  )
}

/** Whether the event starts the workflow. Path filters count as met: the stories have no commits to look into. */
export function isStarted(workflow: Workflow, settings: EventSettings, event: RunEvent): boolean {
  const trigger = triggersOf(workflow).get(settings.name)
  if (!trigger) return false
  const action = typeof event.payload.action === 'string' ? event.payload.action : ''
  const isPull = settings.name === 'pull_request' || settings.name === 'pull_request_target'
  const types = list(trigger.types ?? (isPull ? PULL_DEFAULTS : []))
  if (types.length > 0 && settings.name !== 'workflow_call' && !types.includes(action)) return false
  if (isPull) return matches(event.baseRef, trigger.branches, trigger['branches-ignore'])
  if (settings.name === 'push') return isPushWanted(trigger, String(event.payload.ref))
  if (settings.name === 'workflow_run') {
    const run = event.payload.workflow_run as { name: string }
    return list(trigger.workflows).includes(run.name)
  }
  return true
}

function isPushWanted(trigger: Trigger, ref: string): boolean {
  const tag = /^refs\/tags\/(.*)$/.exec(ref)?.[1]
  const ofBranches = trigger.branches ?? trigger['branches-ignore']
  const ofTags = trigger.tags ?? trigger['tags-ignore']
  if (tag !== undefined) {
    return ofTags === undefined ? ofBranches === undefined : matches(tag, trigger.tags, trigger['tags-ignore'])
  }
  const branch = ref.replace('refs/heads/', '')
  if (ofBranches === undefined) return ofTags === undefined
  return matches(branch, trigger.branches, trigger['branches-ignore'])
}

function matches(
  name: string,
  wanted: string | string[] | undefined,
  unwanted: string | string[] | undefined,
): boolean {
  if (unwanted !== undefined) return !list(unwanted).some((pattern) => glob(pattern).test(name))
  if (wanted === undefined) return true
  return list(wanted).reduce((met, pattern) => {
    if (pattern.startsWith('!')) return met && !glob(pattern.slice(1)).test(name)
    return met || glob(pattern).test(name)
  }, false)
}

function glob(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*|\?)/).map((part) => {
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    return part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** Every event that a workflow waits for, in the order of a pull request's life. */
export function eventsOf(workflow: Workflow): EventSettings[] {
  return [...triggersOf(workflow)].flatMap(([name, trigger]) => eventsOfTrigger(name, trigger))
}

const LIFE = [
  'opened',
  'labeled',
  'ready_for_review',
  'synchronize',
  'unlabeled',
  'converted_to_draft',
  'closed',
  'reopened',
]

function eventsOfTrigger(name: string, trigger: Trigger & { crons?: string[] }): EventSettings[] {
  switch (name) {
    case 'pull_request':
    case 'pull_request_target': {
      const types = trigger.types ? list(trigger.types) : PULL_DEFAULTS
      const order = (type: string) => (LIFE.includes(type) ? LIFE.indexOf(type) : LIFE.indexOf('synchronize'))
      const pull = { number: PULL_NUMBER, headRef: FEATURE, baseRef: concrete(trigger.branches)[0] ?? 'main' }
      return types
        .sort((a, b) => order(a) - order(b))
        .map((action) => ({ name, action, ...pull, merged: action === 'closed' }) as OwnEvent)
    }
    case 'push': {
      const branches = trigger.branches === undefined && trigger.tags !== undefined ? [] : concrete(trigger.branches)
      const any = trigger.branches !== undefined && list(trigger.branches).some((pattern) => /[*?]/.test(pattern))
      const elsewhere = any || trigger['branches-ignore'] !== undefined ? [FEATURE] : []
      const whole =
        trigger.branches === undefined && trigger['branches-ignore'] === undefined && trigger.tags === undefined
      const tags = trigger.tags === undefined ? [] : ['v1.2.3']
      return [
        ...[...branches, ...elsewhere, ...(whole ? ['main', FEATURE] : [])].map((branch) => ({
          name: 'push' as const,
          branch,
        })),
        ...tags.map((tag) => ({ name: 'push' as const, tag })),
      ]
    }
    case 'schedule':
      return (trigger.crons ?? []).map((cron) => ({ name, cron }))
    case 'workflow_dispatch':
      return [{ name, inputs: inputsOf(trigger) }]
    case 'workflow_call':
      return [{ name, caller: { name: 'pull_request', action: 'opened', number: PULL_NUMBER, headRef: FEATURE } }]
    case 'workflow_run':
      return [{ name, workflow: list(trigger.workflows)[0] ?? '', headBranch: FEATURE, pullRequests: [PULL_NUMBER] }]
    case 'release':
      return (trigger.types ? list(trigger.types) : ['published']).map((action) => ({ name, tag: 'v1.2.3', action }))
    case 'create':
    case 'delete':
      return [{ name, ref: FEATURE }]
    case 'repository_dispatch':
      return (trigger.types ? list(trigger.types) : ['any']).map((type) => ({ name, type }))
    case 'pull_request_review':
      return [{ name, number: PULL_NUMBER, headRef: FEATURE }]
    case 'merge_group':
    case 'issue_comment':
      return [{ name, number: PULL_NUMBER }]
    case 'deployment':
    case 'deployment_status':
      return [{ name }]
    default:
      throw new Error(`the event ${name} is not played here`)
  }
}

function concrete(patterns: string | string[] | undefined): string[] {
  return list(patterns).filter((pattern) => !/[*?!]/.test(pattern))
}

/** A value for each input of a dispatch or a call: its default, its first option, or a word. */
export function inputsOf({ inputs = {} }: Trigger): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, String(input?.default ?? input?.options?.[0] ?? 'demo')]),
  )
}
