import type { Event } from './event.ts'
import type { Config } from './inputs/index.ts'
import type { Mode } from './model.ts'
import { ActionError } from './runtime/errors.ts'

/** What a run is going to do, decided before any service is asked. */
export type Plan =
  | { kind: 'skip'; reason: string }
  | {
      kind: 'run'
      mode: Mode
      pullRequest: number | null
      /** Neon branch by name; empty means the project's default branch. */
      branchName: string
      /** Of a `delete` event: the Git branch that went. Its Neon branches are found by their annotation. */
      deletedHeadRef: string
    }

const DEFAULT_TEMPLATE = 'pr-{number}'

/**
 * Chooses mode and branch from the event and the inputs. Pure.
 * Throws an {@link ActionError} for a combination that would be dangerous or that means nothing.
 */
export function planRun(config: Config, event: Event): Plan {
  const mode = config.mode === 'auto' ? modeOf(config, event) : config.mode
  if (typeof mode === 'object') return { kind: 'skip', reason: mode.skip }
  return {
    kind: 'run',
    mode,
    pullRequest: event.pullRequest?.number ?? null,
    branchName: branchNameFor(mode, config, event),
    deletedHeadRef: event.deletedRef?.name ?? '',
  }
}

/**
 * Why a run has nothing to do although it was started: it comes from a fork or from Dependabot, which GitHub gives no
 * secrets. Judged before the inputs, which such a run may lack through no fault of its own. Empty when it is to go on.
 * Throws an {@link ActionError} for a fork's head on `pull_request_target`, secrets or not.
 */
export function reasonToSkip(hasSecrets: boolean, event: Event): string {
  const pull = event.pullRequest
  if (event.name === 'pull_request_target' && pull?.fromFork) {
    throw new ActionError(
      `Refusing to run for pull request #${pull.number} from a fork on pull_request_target: its code would run with this repository's secrets.`,
      { advice: 'Use the event pull_request; it runs without secrets for forks, and this action then skips.' },
    )
  }
  if (hasSecrets) return ''
  if (pull?.fromFork) return `Pull request #${pull.number} comes from a fork, and GitHub gives forks no secrets.`
  if (event.actor === 'dependabot[bot]' || pull?.author === 'dependabot[bot]') {
    return 'Dependabot runs see no Actions secrets; add NEON_API_KEY to the Dependabot secrets to get a branch.'
  }
  return ''
}

function modeOf(config: Config, event: Event): Mode | { skip: string } {
  if (config.compare.compareBranch !== '') return 'diff'
  if (config.neon.parent) return 'reset'
  if (config.neon.branch !== '') return 'cleanup'
  switch (event.name) {
    case 'pull_request':
    case 'pull_request_target':
      return event.action === 'closed' ? 'cleanup' : 'preview'
    case 'merge_group':
      return 'preview'
    case 'delete':
      return event.deletedRef?.isBranch
        ? 'cleanup'
        : { skip: `A tag was deleted (${event.deletedRef?.name}); tags have no branch.` }
    case 'schedule':
      return 'sweep'
    case 'push':
      return modeOfPush(config, event)
    case 'workflow_dispatch':
    case 'repository_dispatch':
    case 'release':
    case 'workflow_call':
      return 'provision'
    default:
      throw new ActionError(`Input mode is 'auto', and the event '${event.name}' says nothing about what to do.`, {
        advice: 'Set mode, for example mode: provision.',
      })
  }
}

/**
 * A push to another Git branch than the default one must not reach the default database: its migrations are not merged
 * yet. A user who deploys from another branch says so with `mode` or `branch_name`.
 */
function modeOfPush(config: Config, event: Event): Mode | { skip: string } {
  if (event.pushDeleted) return { skip: `The push deleted ${event.ref}.` }
  const branch = /^refs\/heads\/(.+)$/.exec(event.ref)?.[1]
  const foreign = branch !== undefined && event.defaultBranch !== '' && branch !== event.defaultBranch
  if (!foreign || config.neon.branchName !== '' || config.connectionString !== '') return 'provision'
  return {
    skip: `The push went to ${branch}, not to ${event.defaultBranch}. To provision from it, set mode: provision, or branch_name for a branch of its own.`,
  }
}

function branchNameFor(mode: Mode, config: Config, event: Event): string {
  const { branch, branchName } = config.neon
  if (mode === 'diff' || mode === 'sweep') return ''
  if (branch !== '' && (mode === 'cleanup' || mode === 'reset' || mode === 'rotate')) return branch
  const aboutPullRequest = event.pullRequest !== null && mode !== 'provision'
  if (event.mergeGroupRef !== '' && !branchName) return fillTemplate('queue-{sha}', event)
  if (mode === 'cleanup' && event.deletedRef && !branchName.includes('{head_ref}')) return ''
  if (branchName !== '') return fillTemplate(branchName, event)
  if (aboutPullRequest) return fillTemplate(DEFAULT_TEMPLATE, event)
  if (mode === 'preview' || mode === 'cleanup' || mode === 'reset') {
    throw new ActionError(`Mode '${mode}' on the event '${event.name}' has no pull request to name the branch after.`, {
      advice: 'Set branch_name.',
    })
  }
  return ''
}

function fillTemplate(template: string, event: Event): string {
  const pull = event.pullRequest
  const headRef = pull?.headRef ?? event.deletedRef?.name ?? event.ref.replace(/^refs\/(heads|tags)\//, '')
  const values: Record<string, string> = {
    number: pull ? String(pull.number) : '',
    head_ref: sanitise(headRef),
    sha: (pull?.headSha ?? event.sha).slice(0, 8),
  }
  return template.replace(/\{([^}]*)\}/g, (whole, word: string) => {
    const value = values[word] ?? whole
    if (value !== '') return value
    throw new ActionError(`Input branch_name is '${template}': the event '${event.name}' has no ${word}.`, {
      advice: 'Use a name without that placeholder, or run on pull_request.',
    })
  })
}

/** A Git branch name as part of a Neon branch name: no spaces, control characters or shell metacharacters. */
function sanitise(ref: string): string {
  return ref
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._/-]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 200)
}
