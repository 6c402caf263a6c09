import { isSameRepository, type Owner } from '../ownership.ts'
import { type Annotations, isMarked, markOf } from './annotations.ts'
import { allBranches, type Branch } from './branch-lookup.ts'
import type { Neon } from './client.ts'
import type { NeonError, Task } from './error.ts'

/** Limits by Neon's error code: what is limited, and how to get on. */
const LIMITS: Record<string, string> = {
  PROJECTS_LIMIT_EXCEEDED:
    'The limit of projects is reached: delete one you no longer need, give project_id of an existing one, or change the plan.',
  BRANCHES_LIMIT_EXCEEDED:
    'The limit of branches in a project is reached: run this action with mode sweep, delete branches you no longer need, or change the plan.',
  ROOT_BRANCHES_LIMIT_EXCEEDED:
    'The limit of root branches is reached, and each schema-only branch is one: delete one, or use branch_type default.',
  BRANCHES_PROTECTED_LIMIT_EXCEEDED:
    'The limit of protected branches is reached: take the protection off another, take the input protect_default_branch out (the Free plan has no protected branches), or change the plan.',
  ENDPOINTS_LIMIT_EXCEEDED: 'The limit of computes is reached: delete branches or computes you no longer need.',
  ACTIVE_ENDPOINTS_LIMIT_EXCEEDED:
    'The limit of computes that are active at once is reached: wait until one suspends, suspend one, or change the plan.',
  ROLES_LIMIT_EXCEEDED: 'The limit of roles on a branch is reached: delete one.',
  DATABASES_LIMIT_EXCEEDED: 'The limit of databases on a branch is reached: delete one.',
  COMPUTE_TIME_EXCEEDED:
    'The compute time of the plan is used up: wait for the next billing period or change the plan.',
  NON_PRIMARY_BRANCH_COMPUTE_TIME_EXCEEDED:
    'The compute time of branches other than the default one is used up: wait for the next billing period or change the plan.',
  DATA_TRANSFER_LIMIT_EXCEEDED:
    'The data transfer of the plan is used up: wait for the next billing period or change the plan.',
  BRANCH_SIZE_LIMIT_EXCEEDED_THRESHOLD: 'The branch is larger than the plan allows: delete data or change the plan.',
}
const ABOUT_BRANCHES = /^(ROOT_)?BRANCHES_|^ENDPOINTS_/
const OLDEST = 3

/** Whether a failure says that a limit of the plan is reached: by code, by status 402, or by its text. */
export function isLimit(error: NeonError): boolean {
  return (
    codeOf(error) !== '' ||
    error.status === 402 ||
    /limit (is |was )?(exceeded|reached)|exceeded the limit/i.test(error.message)
  )
}

/**
 * Which limit, how many branches there are, our oldest three, and the fix. The look at the branches is a courtesy: when
 * it fails, the advice goes without.
 */
export async function limitAdvice(neon: Neon, task: Task, error: NeonError): Promise<string> {
  const code = codeOf(error)
  const fix = LIMITS[code] ?? 'A limit of the Neon plan is reached: free what you no longer need, or change the plan.'
  if (!task.projectId || !ABOUT_BRANCHES.test(code)) return fix
  const branches = await allBranches(neon, task.projectId).catch(() => undefined)
  neon.runtime.signal.throwIfAborted()
  return branches ? `${fix} ${countSentence(branches, code, task.owner)}` : fix
}

/** Neon's code, also where only the text tells. */
function codeOf(error: NeonError): string {
  if (error.code in LIMITS) return error.code
  if (/concurrently active endpoints/i.test(error.message)) return 'ACTIVE_ENDPOINTS_LIMIT_EXCEEDED'
  return Object.keys(LIMITS).find((code) => error.message.includes(code)) ?? ''
}

function countSentence(branches: Branch[], code: string, owner: Owner | undefined): string {
  const counted = code.startsWith('ROOT_') ? branches.filter(({ parentId }) => !parentId) : branches
  const kind = code.startsWith('ROOT_') ? 'root branches' : 'branches'
  const ours = branches
    .filter(({ annotations }) => isMarked(annotations) && (!owner || isOwn(annotations, owner)))
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt))
  const oldest = ours.slice(0, OLDEST).map(({ name, createdAt }) => `${name} (${createdAt.slice(0, 10)})`)
  const which =
    oldest.length > 0 ? `; ours are ${ours.length}, the oldest: ${oldest.join(', ')}` : '; none of them is ours'
  return `The project has ${counted.length} ${kind}${which}.`
}

function isOwn(annotations: Annotations, owner: Owner): boolean {
  const mark = markOf(annotations)
  return mark !== null && isSameRepository(mark, owner)
}
