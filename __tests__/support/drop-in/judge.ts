import { inputsOf, type NeonAction, outputsOf } from '../../../.github/scripts/migrate-workflow/neon-actions.ts'
import type { Branch } from '../../../sandbox/neon/index.ts'
import type { PlayedStep } from '../play-workflow.ts'
import { type Expected, expectOf } from './old-action.ts'
import type { PlayedFile } from './play-file.ts'

/** How a step, or a whole file, stands to what it was with Neon's own actions. */
export type Verdict = 'unchanged' | 'notice' | 'false statement' | 'broke'

/** What is said of a step. */
export interface Judgement {
  verdict: Verdict
  /** What is not as before, or not true; plain sentences, the worst first. */
  reasons: string[]
  /** The branch has an end that the file did not ask for. */
  unaskedEnd: boolean
  /** What happens now that did not happen before: a comment, SQL files. */
  besides: string[]
}

/** Judges one of our steps that has run. */
export function judgeStep(step: PlayedStep, file: PlayedFile, text: string): Judgement {
  const expected = expectOf(step, file)
  const broken = brokenBy(step, expected, text)
  const untrue = untrueOf(step)
  const notices = noticesOf(step, expected)
  const verdict =
    broken.length > 0 ? 'broke' : untrue.length > 0 ? 'false statement' : notices.length > 0 ? 'notice' : 'unchanged'
  return {
    verdict,
    reasons: [...broken, ...untrue, ...notices],
    unaskedEnd: hasUnaskedEnd(step, expected),
    besides: besidesOf(step, expected),
  }
}

function brokenBy(step: PlayedStep, expected: Expected, text: string): string[] {
  if (expected.fails) return []
  const { verb } = expected.action
  const errors = step.annotations
    .filter(({ type }) => type === 'error')
    .map(({ message }) => message.split('\n')[0] ?? '')
  if (step.outcome === 'failure') return [`${verb} fails: ${errors[0] ?? 'without a message'}`]
  const reasons = step.outputs.skipped === 'true' ? [`${verb} is skipped`] : effectOf(step, expected)
  const gone = step.branches.before.filter(({ id }) => id !== expected.target?.id && !has(step.branches.after, id))
  return [
    ...reasons,
    ...gone.map(({ name }) => `deletes the branch ${name}`),
    ...emptyOutputs(step, expected.action, text),
    ...twiceApplied(step, text),
  ]
}

/** What the old action would have done and this one has not. */
function effectOf(step: PlayedStep, expected: Expected): string[] {
  const { after } = step.branches
  const { action, target, name } = expected
  switch (action.verb) {
    case 'create':
      return createEffect(step, expected)
    case 'delete':
      return target && has(after, target.id) ? [`does not delete ${target.name}`] : []
    case 'reset': {
      const restored = step.neon.some(
        ({ path, status, method }) => method === 'POST' && status < 300 && path.includes(`${target?.id}/restore`),
      )
      return restored ? [] : [`does not reset ${target?.name ?? name}`]
    }
    case 'diff':
      return step.outputs.diff === undefined ? ['gives no diff'] : []
  }
}

function createEffect(step: PlayedStep, { name, target, parent, expiresAt, setsEnd }: Expected): string[] {
  const { before, after } = step.branches
  const given = after.find(({ id }) => id === step.outputs.branch_id)
  if (!given) return ['gives no branch']
  if (given.default && !target?.default) return ['gives the default branch in place of a new one']
  if (name !== '' && given.name !== name) return [`gives the branch ${given.name} in place of ${name}`]
  if (name === '' && has(before, given.id)) return [`gives the branch ${given.name} in place of a new one`]
  const reasons =
    !target && parent && given.parent_id !== parent.id ? [`copies another parent than ${parent.name}`] : []
  const end = Math.abs(Date.parse(given.expires_at ?? '') - Date.parse(expiresAt)) < 120_000
  return setsEnd && !end ? [...reasons, `ends at ${given.expires_at ?? 'no time'}, not at ${expiresAt}`] : reasons
}

/** Outputs that the old version set, that the file reads, and that are empty now. */
function emptyOutputs(step: PlayedStep, action: NeonAction, text: string): string[] {
  const read = [...text.matchAll(new RegExp(`steps\\.${step.id}\\.outputs\\.(\\w+)`, 'g'))].map(
    ([, name]) => name ?? '',
  )
  const wanted = [...new Set(read)].filter(
    (name) => outputsOf(action).includes(name) && !['diff', 'comment_url'].includes(name),
  )
  return wanted.filter((name) => !step.outputs[name]).map((name) => `the output ${name} is empty`)
}

/** The harness plays no psql; on GitHub the file's own loop fails over what is there already. */
function twiceApplied({ outputs }: PlayedStep, text: string): string[] {
  const own = /\bin sql\/\*\.sql\b[\s\S]*?\bpsql\b/.test(text)
  return own && Number(outputs.applied ?? '0') > 0
    ? ['applies the SQL files that a step of the file applies again']
    : []
}

function has(branches: Branch[], id: string): boolean {
  return branches.some((branch) => branch.id === id)
}

/** What outputs, log, summary and comment say against what Neon has. */
function untrueOf(step: PlayedStep): string[] {
  const said = [...outputClaims(step), ...textClaims(step)]
  return [...new Set(said.filter(([wrong]) => wrong).map(([, text]) => text))]
}

type Claim = [wrong: boolean, text: string]

function outputClaims({ outputs, neon, branches: { before, after } }: PlayedStep): Claim[] {
  const made = (path: string) => /\/branches(?:\?|$)|\/branch_anonymized/.test(path)
  const posted = neon.some(({ method, path, status }) => method === 'POST' && status < 300 && made(path))
  const deleted = before.some(({ id }) => !has(after, id))
  const alive = after.find(({ id }) => id === outputs.branch_id)
  const there = [...after, ...before].some(({ id }) => id === outputs.branch_id)
  const end = alive?.expires_at ?? ''
  const wrongEnd = outputs.expires_at !== undefined && Date.parse(end) !== Date.parse(outputs.expires_at)
  return [
    [outputs.created !== undefined && (outputs.created === 'true') !== posted, `says created=${outputs.created}`],
    [outputs.deleted !== undefined && (outputs.deleted === 'true') !== deleted, `says deleted=${outputs.deleted}`],
    [Boolean(outputs.branch_id) && !there, `names a branch ${outputs.branch_id} that is not there`],
    [alive !== undefined && alive.name !== outputs.branch_name, `calls ${alive?.name} ${outputs.branch_name}`],
    [alive !== undefined && wrongEnd, `says it ends at ${outputs.expires_at}, Neon says ${end || 'never'}`],
  ]
}

/** A sentence of log, summary or comment about a branch, linked or not. */
const SENTENCE = /branch \[?`?([^`\s\]]+)`?(?:\]\([^)]*\))? is (already gone|deleted|ready)\b/gi

function textClaims({ log, summary, github, inputs, branches: { before, after } }: PlayedStep): Claim[] {
  const ofProject = ({ project_id }: Branch) => project_id === inputs.project_id
  const was = (name: string) => before.some((one) => ofProject(one) && one.name === name)
  const is = (name: string) => after.some((one) => ofProject(one) && one.name === name)
  const told = `${log}\n${summary}\n${commentHeadings(github)}`
  return [...told.matchAll(SENTENCE)].map(([sentence, name = '', state = '']): Claim => {
    if (state === 'ready') return [!is(name), `says that ${name} is ready, and it is not there`]
    const wrong = is(name) || (state === 'deleted' && !was(name))
    return [wrong, `says '${sentence}', and it ${is(name) ? 'is there' : 'never was there'}`]
  })
}

/** The first lines of the comments written; below them may be the report of an earlier run. */
function commentHeadings(github: PlayedStep['github']): string {
  const writes = github.filter(
    ({ method, path, status }) => method !== 'GET' && path.includes('/comments') && status < 300,
  )
  const bodies = writes.map(({ body }) => (JSON.parse(body || '{}') as { body?: string }).body ?? '')
  return bodies.map((body) => /^###.*$/m.exec(body)?.[0] ?? '').join('\n')
}

/** Annotations that the old action would not have had: an input unknown to both is no news, nor is a failure of both. */
function noticesOf({ annotations, outcome }: PlayedStep, { action, fails }: Expected): string[] {
  return annotations.flatMap(({ type, message }) => {
    if (type === 'error' && (fails || outcome === 'failure')) return []
    const unexpected = /^Unexpected input\(s\) '(.*?)', valid/.exec(message)?.[1]?.split("', '")
    if (!unexpected) return [`${type}: ${message.split('\n')[0]}`]
    const news = unexpected.filter((name) => inputsOf(action).includes(name))
    return news.length > 0 ? [`warning: Unexpected input(s) '${news.join("', '")}'`] : []
  })
}

function hasUnaskedEnd(step: PlayedStep, { action, target, expiresAt, name }: Expected): boolean {
  if (action.verb !== 'create' || expiresAt !== '') return false
  const given = step.branches.after.find(({ id }) => id === step.outputs.branch_id)
  const before = target?.expires_at
  return Boolean(given?.expires_at) && (given?.name === name || name === '') && given?.expires_at !== before
}

function besidesOf({ outputs, github, outcome }: PlayedStep, { fails }: Expected): string[] {
  const comment = github.some(
    ({ method, path, status }) => method === 'POST' && path.endsWith('/comments') && status === 201,
  )
  const applied = Number(outputs.applied ?? '0')
  return [
    ...(comment ? ['writes a comment'] : []),
    ...(applied > 0 ? [`applies ${applied} SQL files`] : []),
    ...(fails && outcome === 'success' ? [`no longer fails (${fails})`] : []),
  ]
}

/** Outputs of jobs that other jobs read and that no longer come, because the action masks them; before, version 6 did not. */
export function lostOutputs({ played, workflow }: PlayedFile, text: string): string[] {
  return played.jobs.flatMap(({ id, dropped }) =>
    dropped.flatMap((name) => {
      const from = workflow.jobs[id]?.outputs?.[name] ?? ''
      const step = played.steps.find((one) => one.kind === 'ours' && from.includes(`steps.${one.id}.`))
      const masked = /create-branch-action@v[345]/.test(step?.uses ?? '')
      const read = text.includes(`needs.${id}.outputs.${name}`)
      return read && step && !masked
        ? [`the output ${name} of the job ${id} is dropped by GitHub, because it is masked`]
        : []
    }),
  )
}
