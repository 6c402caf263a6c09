import { createHash } from 'node:crypto'
import type { Event } from './event.ts'
import { type Config, fillNumber } from './inputs/index.ts'
import { namespaceProblem, objectNameProblem } from './kubernetes/index.ts'
import type { Mode } from './model.ts'
import { ActionError } from './runtime/errors.ts'
import { oneLine, quoted, withoutTail } from './runtime/shown.ts'

/** What a run is going to do, decided before any service is asked. */
export type Plan =
  | { kind: 'skip'; reason: string }
  | {
      kind: 'run'
      mode: Mode
      pullRequest: number | null
      /** Neon branch by name (with `named` by name or id); empty means the project's default branch. */
      branchName: string
      naming: Naming
      /** Of a `delete` event: the Git branch that went. Its Neon branches are found by their annotation. */
      deletedHeadRef: string
    }

/**
 * Where the branch's name comes from: `none` (the default branch), `template` (the default template, or a `branch_name`
 * with placeholders), `plain` (a `branch_name` without any), or `named` (the inputs `branch` and `branch_id`, which mean
 * one branch that the user knows to be there).
 */
export type Naming = 'none' | 'template' | 'plain' | 'named'

const DEFAULT_TEMPLATE = 'pr-{number}'

/**
 * Chooses mode and branch from the event and the inputs. Pure.
 * Throws an {@link ActionError} for a combination that would be dangerous or that means nothing.
 */
export function planRun(config: Config, event: Event): Plan {
  const mode = config.mode === 'auto' ? modeOf(config, event) : config.mode
  if (typeof mode === 'object') return { kind: 'skip', reason: mode.skip }
  refuseUnfilledNames(mode, config, event)
  return {
    kind: 'run',
    mode,
    pullRequest: event.pullRequest?.number ?? null,
    ...branchFor(mode, config, event),
    deletedHeadRef: event.deletedRef?.name ?? '',
  }
}

/** Whether the run has a key or a connection string, and what the user wants where it has none. */
export interface SecretsGiven {
  given: boolean
  onMissing: 'fail' | 'skip'
}

/**
 * Why a run has nothing to do although it was started: it comes from a fork or from Dependabot, which GitHub gives no
 * secrets. Judged before the inputs, which such a run may lack through no fault of its own. Empty when it is to go on.
 * Throws an {@link ActionError} for a fork's head on `pull_request_target`, secrets or not.
 */
export function reasonToSkip({ given, onMissing }: SecretsGiven, event: Event): string {
  const pull = event.pullRequest
  // On close nothing of the pull request's runs: what it had is taken away.
  if (event.name === 'pull_request_target' && pull?.fromFork && event.action !== 'closed') {
    throw new ActionError(
      `Refusing to run for pull request #${pull.number} from a fork on pull_request_target: its code would run with this repository's secrets.`,
      { advice: 'Use the event pull_request; it runs without secrets for forks, and this action then skips.' },
    )
  }
  if (given) return ''
  if (pull?.fromFork) return `Pull request #${pull.number} comes from a fork, and GitHub gives forks no secrets.`
  if (event.actor === 'dependabot[bot]' || pull?.author === 'dependabot[bot]') {
    return 'Dependabot runs see no Actions secrets; add NEON_API_KEY to the Dependabot secrets to get a branch.'
  }
  if (onMissing === 'skip') return 'Input api_key is empty: this repository has no Neon key yet (on_missing_key: skip).'
  return ''
}

function modeOf(config: Config, event: Event): Mode | { skip: string } {
  if (config.compare.compareBranch !== '') return 'diff'
  if (config.neon.parent) return 'reset'
  if (config.neon.branch !== '') return 'cleanup'
  switch (event.name) {
    case 'pull_request':
    case 'pull_request_target':
      return modeOfPullRequest(config, event)
    case 'merge_group':
      return 'preview'
    case 'delete':
      return event.deletedRef?.isBranch
        ? 'cleanup'
        : { skip: `A tag was deleted (${oneLine(event.deletedRef?.name ?? '')}); tags have no branch.` }
    case 'schedule':
      return config.neon.branchName === '' ? 'sweep' : 'provision'
    case 'release':
      // One release causes up to five events; only this one says that it is out. A branch of its own harms nobody.
      return event.action === 'published' || config.neon.branchName !== ''
        ? 'provision'
        : {
            skip: `The release was ${oneLine(event.action) || 'changed'}, not published. Only a published release provisions.`,
          }
    case 'push':
    case 'workflow_dispatch':
    case 'repository_dispatch':
    case 'workflow_call':
      return modeOfGitBranch(config, event)
    default:
      if (config.neon.branchName !== '') return 'provision'
      throw new ActionError(
        `Input mode is 'auto', and the event ${quoted(event.name)} says nothing about what to do.`,
        {
          advice: 'Set mode, for example mode: provision, or branch_name for the branch to make or reuse.',
        },
      )
  }
}

function modeOfPullRequest(config: Config, event: Event): Mode | { skip: string } {
  if (event.action === 'closed') return 'cleanup'
  if (event.pullRequest?.isClosed) {
    return {
      skip: `Pull request #${event.pullRequest.number} is closed; ${quoted(event.action)} does not bring it back.`,
    }
  }
  if (config.connectionString === '') return 'preview'
  // Nothing separates this database from the pull request: its files are not merged yet.
  if (config.schema.migrateCommand === '') return 'plan'
  return {
    skip: 'With connection_string, a pull request changes nothing: migrate_command would change that database. Set mode: provision if it may.',
  }
}

/**
 * A run for another Git branch than the default one must not reach the default database, whoever started it: its migrations
 * are not merged yet. A user who deploys from another branch says so with `mode` or `branch_name`.
 */
function modeOfGitBranch(config: Config, event: Event): Mode | { skip: string } {
  if (event.pushDeleted) return { skip: `The push deleted ${oneLine(event.ref)}.` }
  const branch = /^refs\/heads\/(.+)$/s.exec(event.ref)?.[1]
  const foreign = branch !== undefined && event.defaultBranch !== '' && branch !== event.defaultBranch
  if (!foreign) return 'provision'
  const own = config.neon.branchName !== '' && config.connectionString === ''
  if (own) return 'provision'
  const what = event.name === 'push' ? 'The push went to' : `The event ${quoted(event.name)} is for`
  const way =
    config.connectionString === ''
      ? 'set mode: provision, or branch_name for a branch of its own'
      : 'set mode: provision'
  return {
    skip: `${what} ${oneLine(branch)}, not ${event.name === 'push' ? 'to ' : ''}${oneLine(event.defaultBranch)}. To provision from it, ${way}.`,
  }
}

const DELIVERING: readonly Mode[] = ['provision', 'preview', 'reset', 'rotate']

/** Outside pull requests `{number}` stands for nothing, and what is left may be no name that a cluster takes. */
function refuseUnfilledNames(mode: Mode, { kubernetes }: Config, event: Event): void {
  if (!kubernetes || event.pullRequest !== null || event.mergeGroupRef !== '' || !DELIVERING.includes(mode)) return
  const named = [
    ['secret_name', kubernetes.secretName, objectNameProblem],
    ['namespace', kubernetes.namespace, namespaceProblem],
  ] as const
  for (const [input, template, problemOf] of named) {
    if (!template.includes('{number}')) continue
    const filled = fillNumber(template, null)
    const problem = problemOf(filled)
    if (!problem) continue
    throw new ActionError(
      `Input ${input} is ${quoted(template)}: the event ${quoted(event.name)} has no number, and ${quoted(filled)} is left: ${problem}.`,
      { advice: `Give ${input} without {number} here, or run on pull_request.` },
    )
  }
}

/** The branch of a run, and where its name comes from. */
interface PlannedBranch {
  branchName: string
  naming: Naming
}

function branchFor(mode: Mode, config: Config, event: Event): PlannedBranch {
  const { branch, branchName } = config.neon
  const template = (text: string): PlannedBranch => ({ branchName: fillTemplate(text, event), naming: 'template' })
  if (mode === 'diff' || mode === 'sweep') return { branchName: '', naming: 'none' }
  if (branch !== '' && (mode === 'cleanup' || mode === 'reset' || mode === 'rotate')) {
    return { branchName: branch, naming: 'named' }
  }
  if (mode === 'cleanup' && event.deletedRef) return { branchName: '', naming: 'none' }
  if (event.mergeGroupRef !== '' && branchName === '') return template('queue-{sha}')
  if (branchName !== '') {
    return isTemplate(branchName) ? template(branchName) : { branchName, naming: 'plain' }
  }
  if (event.pullRequest !== null && mode !== 'provision') return template(DEFAULT_TEMPLATE)
  if (mode === 'provision') refuseSilentDefault(config, event)
  if (mode === 'preview' || mode === 'cleanup' || mode === 'reset') {
    throw new ActionError(
      `Mode '${mode}' on the event ${quoted(event.name)} has no pull request to name the branch after.`,
      {
        advice: 'Set branch_name.',
      },
    )
  }
  return { branchName: '', naming: 'none' }
}

/**
 * A step without a name that asks for nothing to be set up is most likely one that makes a branch and lost its name; it must
 * not get SQL into the default branch, or hand that out.
 */
function refuseSilentDefault(config: Config, event: Event): void {
  if (config.asksToProvision || config.connectionString !== '') return
  throw new ActionError(
    `This step names no branch, and on the event ${quoted(event.name)} that would be the default branch of project ${config.neon.projectId}.`,
    {
      advice:
        'Set branch_name to make or reuse a branch, or mode: provision (or schema, roles, kubeconfig) if the default branch is meant.',
    },
  )
}

const PLACEHOLDER = /\{(number|head_ref|slug|sha|repository)\}/g

function isTemplate(name: string): boolean {
  return name.search(PLACEHOLDER) >= 0
}

function fillTemplate(template: string, event: Event): string {
  const pull = event.pullRequest
  const headRef = pull?.headRef ?? event.deletedRef?.name ?? event.ref.replace(/^refs\/(heads|tags)\//, '')
  const values: Record<string, string> = {
    number: pull ? String(pull.number) : '',
    head_ref: sanitise(headRef),
    slug: slugOf(headRef),
    sha: sanitise((pull?.headSha ?? event.sha).slice(0, 8)),
    repository: sanitise(event.repository),
  }
  const filled = template.replace(PLACEHOLDER, (_, word: string) => {
    const value = values[word] ?? ''
    if (value !== '') return value
    throw new ActionError(`Input branch_name is ${quoted(template)}: the event ${quoted(event.name)} has no ${word}.`, {
      advice: 'Use a name without that placeholder, or run on pull_request.',
    })
  })
  if (filled.length <= LONGEST_BRANCH_NAME) return filled
  throw new ActionError(
    `Input branch_name is ${quoted(template)}: filled in, it has ${filled.length} characters, and Neon allows ${LONGEST_BRANCH_NAME}.`,
    { advice: 'Use fewer words in it, for example pr-{number} alone.' },
  )
}

const LONGEST_HEAD_REF = 200
const LONGEST_BRANCH_NAME = 256
const HASH = 8

/** A Git branch name in small letters and without slashes, for tools that take no others. */
function slugOf(ref: string): string {
  const slug = sanitise(ref).toLowerCase().replaceAll('/', '-')
  return slug === ref || sanitise(ref) !== ref ? slug : `${slug}-${hashOf(ref)}`
}

function hashOf(ref: string): string {
  return createHash('sha256').update(ref).digest('hex').slice(0, HASH)
}

/**
 * A Git branch name as part of a Neon branch name: no spaces, control characters or shell metacharacters. Where something
 * was replaced or cut, a short hash of the whole keeps it apart from other names that look the same then.
 */
function sanitise(ref: string): string {
  const clean = withoutTail(
    ref
      .normalize('NFC')
      .replace(/[^\p{L}\p{N}._/-]+/gu, '-')
      .replace(/^-+/, ''),
    '-',
  )
  if (clean === ref && clean.length <= LONGEST_HEAD_REF) return clean
  const hash = hashOf(ref)
  // By code points, so that no character is cut in half.
  const kept = [...clean].slice(0, LONGEST_HEAD_REF - HASH - 1).join('')
  return kept === '' ? hash : `${kept}-${hash}`
}
