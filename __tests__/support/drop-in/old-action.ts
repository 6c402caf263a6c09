import { inputsOf, type NeonAction, neonAction } from '../../../.github/scripts/migrate-workflow/neon-actions.ts'
import type { Branch } from '../../../sandbox/neon/index.ts'
import { buildEvent } from '../../../sandbox/runner/index.ts'
import type { PlayedStep } from '../play-workflow.ts'
import { repositoryOf } from '../workflow/stage.ts'
import type { PlayedFile } from './play-file.ts'

/** What Neon's own action would have done for a step, after its action.yml and source. */
export interface Expected {
  action: NeonAction
  /** Why it would have failed; empty when it would not. */
  fails: string
  /** Id of the branch it would have acted on; of a new branch undefined. */
  target: Branch | undefined
  /** Of create: the name, empty when Neon chooses one. */
  name: string
  /** Of create, for a new branch with its parent's rows. */
  parent: Branch | undefined
  /** Of create: the end that the file gives, and whether it holds for this branch: one that is there keeps its own. */
  expiresAt: string
  setsEnd: boolean
}

/** The inputs that the old version had; it never saw the others. */
function seen(step: PlayedStep, action: NeonAction): (name: string) => string {
  const known = inputsOf(action)
  return (name) => (known.includes(name) ? (step.inputs[name] ?? '').trim() : '')
}

/** What the action that the file names would have done. @throws for a step that has none of the four. */
export function expectOf(step: PlayedStep, file: PlayedFile): Expected {
  const action = neonAction(step.uses)
  if (!action) throw new Error(`${step.uses} is none of Neon's actions`)
  const input = seen(step, action)
  const project = input('project_id')
  const ofProject = step.branches.before.filter((branch) => branch.project_id === project)
  const find = (nameOrId: string) =>
    ofProject.find(({ id, name }) => nameOrId !== '' && (id === nameOrId || name === nameOrId))
  const common = { action, name: '', parent: undefined, expiresAt: '', setsEnd: false }
  const missing = missingInput(input, ofProject)
  if (missing) return { ...common, fails: missing, target: undefined }
  switch (action.verb) {
    case 'create':
      return { ...common, ...expectCreate(input, action, ofProject) }
    case 'delete': {
      const wanted = input('branch') || input('branch_id')
      const target = find(wanted)
      const children = target && ofProject.some(({ parent_id }) => parent_id === target.id)
      const obstacle = target?.default ? 'the default branch' : children ? 'it has children' : ''
      return { ...common, target, fails: target ? obstacle : `no branch '${wanted}'` }
    }
    case 'reset': {
      const target = find(input('branch'))
      const parent = input('parent') !== '' && input('parent') !== 'false'
      const fails = !parent
        ? 'parent is not set'
        : !target
          ? 'no such branch'
          : target.parent_id
            ? ''
            : 'it has no parent'
      return { ...common, target, fails }
    }
    case 'diff': {
      const target = find(input('compare_branch'))
      const { payload } = buildEvent(file.event, repositoryOf(file.world))
      const fails = !target ? 'no such branch' : payload.pull_request ? '' : 'not a pull request, nothing to comment on'
      return { ...common, target, fails: fails || commentFails(file, step) }
    }
  }
}

function missingInput(input: (name: string) => string, ofProject: Branch[]): string {
  if (input('api_key') === '') return 'no api_key'
  return ofProject.length === 0 ? 'no such project' : ''
}

/** schema-diff-action fails when its token may not comment. */
function commentFails({ workflow }: PlayedFile, step: PlayedStep): string {
  const job = workflow.jobs[step.job.replace(/ .*/, '')]
  const permissions = job?.permissions ?? workflow.permissions
  const may =
    permissions === 'write-all' || (typeof permissions === 'object' && permissions['pull-requests'] === 'write')
  return may ? '' : 'the token may not comment'
}

function expectCreate(input: (name: string) => string, { major }: NeonAction, ofProject: Branch[]) {
  const name = input('branch_name')
  const target = ofProject.find((branch) => branch.name === name)
  const wanted = input(major < 6 ? 'parent' : 'parent_branch')
  const parent = ofProject.find((branch) =>
    wanted === '' ? branch.default : branch.id === wanted || branch.name === wanted,
  )
  const database = input('database') || 'neondb'
  const role = input(major < 6 ? 'username' : 'role') || 'neondb_owner'
  const unknown = database !== 'neondb' ? `no database ${database}` : role !== 'neondb_owner' ? `no role ${role}` : ''
  const expiresAt = input('expires_at')
  return {
    name,
    target,
    // A branch without rows is a root of its own.
    parent: input('branch_type') === 'schema-only' ? undefined : parent,
    expiresAt,
    setsEnd: !target && expiresAt !== '',
    fails: !target && !parent ? `no parent '${wanted}'` : unknown,
  }
}
