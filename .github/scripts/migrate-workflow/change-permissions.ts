import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml'
import type { Change } from './change-step.ts'
import { insertBefore, insertMapBefore, replaceScalar } from './place.ts'
import { type JobNode, pairOf, textOf, type WorkflowFile } from './workflow-file.ts'

const NEEDED: Record<string, string> = { contents: 'read', 'pull-requests': 'write' }
const WITH_COMMENT = ['pull_request', 'pull_request_target', 'pull_request_review']
const LEVELS = ['none', 'read', 'write']

/** Gives the jobs with our steps the permissions for the comment on the pull request, and tells what that means. */
export function changePermissions(file: WorkflowFile): Change {
  const change: Change = { edits: [], remarks: [] }
  const called = file.events.has('workflow_call')
  const commenting = [...file.events.keys()].some((name) => WITH_COMMENT.includes(name))
  for (const job of file.jobs) {
    if (job.uses.startsWith('./')) tellCaller(change, job)
    const ours = job.steps.filter(({ neon, inputs }) => neon && inputs.get('comment')?.text !== 'false')
    if (ours.length === 0) continue
    if (called) tellCalled(change, job)
    else if (commenting) giveJob(file, job, change)
  }
  return change
}

function tellCaller({ remarks }: Change, { map, offset }: JobNode): void {
  const granted = pairOf(map, 'permissions') ? 'look whether it does' : 'it has none of its own'
  const text = `This job calls a workflow. If that uses the action, this job has to give it contents: read and pull-requests: write (${granted}).`
  remarks.push({ topic: 'permissions', offset, text })
}

function tellCalled({ remarks }: Change, { offset }: JobNode): void {
  const text =
    'A called workflow has at most the permissions of the job that calls it; GitHub does not start one that asks for more. Give contents: read and pull-requests: write there, or set comment: false here.'
  remarks.push({ topic: 'permissions', offset, text })
}

function giveJob(file: WorkflowFile, job: JobNode, change: Change): void {
  const own = pairOf(job.map, 'permissions')
  const whole = pairOf(file.document.contents as YAMLMap, 'permissions')
  const remark = (text: string) => change.remarks.push({ topic: 'permissions', offset: job.offset, text })
  const inForce = own ?? whole
  if (inForce && isScalar(inForce.value) && typeof inForce.value.value === 'string') {
    if (inForce.value.value === 'write-all') return
    return void remark(
      `permissions: ${inForce.value.value} does not let the job write its comment: list them, with pull-requests: write.`,
    )
  }
  if (own && isMap(own.value) && own.value.items.length > 0) {
    const added = completeMap(file.text, own.value, change)
    if (added.length > 0) remark(`The job may now also ${added.join(' and ')}, for the comment on the pull request.`)
    return
  }
  const inherited = whole && isMap(whole.value) ? levelsOf(whole.value) : {}
  if (!own && satisfied(inherited)) return
  const wanted = { ...inherited, ...raised(inherited) }
  if (own) {
    const entries = Object.entries(wanted).map(([name, level]) => `${name}: ${level}`)
    change.edits.push({ ...replaceScalar(file.text, own.value, ''), text: `{ ${entries.join(', ')} }` })
  } else {
    const before = pairOf(job.map, 'runs-on') ?? pairOf(job.map, 'steps')
    if (before) change.edits.push(insertMapBefore(file.text, job.map, before as Pair, ['permissions', wanted]))
  }
  remark(
    whole || own
      ? 'The job has permissions of its own now: those of the workflow, and pull-requests: write for the comment.'
      : "The job had the repository's default permissions; it has these two now, for the comment and for checking out. Add what its other steps need, such as deployments: write or id-token: write.",
  )
}

function completeMap(text: string, map: YAMLMap, { edits }: Change): string[] {
  const [first] = map.items
  const added: string[] = []
  for (const [scope, level] of Object.entries(NEEDED)) {
    const pair = pairOf(map, scope)
    if (pair && atLeast(textOf(map, scope), level)) continue
    if (pair) edits.push(replaceScalar(text, pair.value, level))
    else if (first) edits.push(insertBefore(text, map, first as Pair, [scope, level]))
    added.push(scope === 'contents' ? 'read the contents' : 'write pull requests')
  }
  return added
}

function levelsOf(map: YAMLMap): Record<string, string> {
  return Object.fromEntries(
    map.items.map(({ key }) => [
      String(isScalar(key) ? key.value : ''),
      textOf(map, String(isScalar(key) ? key.value : '')),
    ]),
  )
}

function raised(levels: Record<string, string>): Record<string, string> {
  const short = Object.entries(NEEDED).filter(([scope, level]) => !atLeast(levels[scope] ?? '', level))
  return Object.fromEntries(short)
}

function satisfied(levels: Record<string, string>): boolean {
  return Object.keys(raised(levels)).length === 0
}

function atLeast(given: string, wanted: string): boolean {
  return LEVELS.indexOf(given) >= LEVELS.indexOf(wanted)
}
