import { rmSync, writeFileSync } from 'node:fs'
import { parseCommand } from '../../../sandbox/runner/commands.ts'
import { findLeaks } from '../../../sandbox/runner/index.ts'
import { readEvent } from '../../../src/event.ts'
import { readPayload } from '../../../src/event-file.ts'
import { judgeInputs } from '../../../src/inputs/index.ts'
import { registerSecrets } from '../../../src/masks.ts'
import { planRun, reasonToSkip } from '../../../src/plan.ts'
import { cleanLine } from '../../../src/runtime/door.ts'
import { ActionError } from '../../../src/runtime/errors.ts'
import { createSecrets } from '../../../src/runtime/secrets.ts'
import { inputReader } from '../inputs.ts'
import { FUZZ_SECRETS, type InputCase } from './input-case.ts'

/** What became of a case, and what is wrong with that; nothing as a rule. */
export interface Verdict {
  end: 'run' | 'skip' | 'error'
  told: string
  faults: string[]
  milliseconds: number
}

/** The words of a runtime's own errors. None of them stands in what the fuzz writes. */
export const RUNTIME_TEXT =
  /\[object |is not (?:a function|iterable|defined|an object|of type)|cannot read|of undefined|of null|unexpected (?:token|end)|maximum call stack|invalid (?:url|time value|array length|string length|regular expression|code point)|URI malformed|must be of type|ERR_[A-Z]{3}|^\s+at .+:\d+:\d+\)?$/im
const MODES = ['provision', 'preview', 'cleanup', 'sweep', 'reset', 'rotate', 'plan', 'diff']
/** More than this many characters of one problem nobody reads. */
const LONGEST_PROBLEM = 2_000
/** Milliseconds for one case; everything in it is reading. The machine may be busy. */
const LONGEST_CASE = 5_000

/** Judges the inputs and the event of a case as main.ts does, up to the decision what to do. */
export async function judgeCase(given: InputCase, eventPath: string): Promise<Verdict> {
  const secrets = createSecrets(() => undefined)
  const reader = inputReader(given.values)
  const getInput = (name: string) => reader(name).trim()
  const env = { ...given.env, GITHUB_EVENT_PATH: eventPath }
  writeFileSync(eventPath, given.payload)
  const started = performance.now()
  let verdict: Pick<Verdict, 'end' | 'told' | 'faults'>
  try {
    await registerSecrets(secrets, { getInput, env })
    const event = readEvent(env, readPayload(env))
    const skip = reasonToSkip(
      { given: getInput('api_key') !== '' || getInput('connection_string') !== '', onMissing: 'fail' },
      event,
    )
    if (skip) verdict = { end: 'skip', told: skip, faults: [] }
    else {
      const config = await judgeInputs(getInput, secrets)
      const plan = planRun(config, event)
      verdict =
        plan.kind === 'skip'
          ? { end: 'skip', told: plan.reason, faults: [] }
          : { end: 'run', told: config.notices.join('\n'), faults: faultsOfPlan(plan) }
      if (given.planted.length > 0)
        verdict.faults.push(`passed with wrong inputs: ${given.planted.map(([input]) => input)}`)
    }
  } catch (error) {
    verdict = { end: 'error', told: '', faults: [] }
    if (error instanceof ActionError) verdict.told = error.sentence
    else verdict.faults.push(`threw what is no ActionError: ${String((error as Error)?.stack ?? error)}`)
    if (/^(?:Inputs? |\d+ inputs are wrong)/.test(verdict.told)) verdict.faults.push(...unnamed(given, verdict.told))
  } finally {
    rmSync(eventPath, { force: true })
  }
  const milliseconds = performance.now() - started
  verdict.faults.push(...faultsOfText(verdict.told, cleanLine(secrets, verdict.told)))
  if (milliseconds > LONGEST_CASE) verdict.faults.push(`took ${Math.round(milliseconds)} ms`)
  return { ...verdict, milliseconds }
}

/** Which of the inputs that are wrong for sure the error does not name. */
function unnamed({ planted }: InputCase, told: string): string[] {
  return planted.filter(([, said]) => !told.includes(said)).map(([input]) => `does not name the wrong input ${input}`)
}

function faultsOfText(told: string, shown: string): string[] {
  const faults: string[] = []
  const runtime = RUNTIME_TEXT.exec(told)
  if (runtime) faults.push(`has the text of a runtime: ${runtime[0]}`)
  const leaks = findLeaks([{ where: 'told', text: shown }], Object.values(FUZZ_SECRETS))
  for (const { secret, form } of leaks) faults.push(`shows the secret ${Object.keys(FUZZ_SECRETS)[secret]} (${form})`)
  if (shown.split(/[\r\n]/).some((line) => parseCommand(line))) faults.push('has a workflow command')
  for (const line of told.split('\n')) {
    if (/[\p{Cc}\u2028\u2029]/u.test(line))
      faults.push(`has a control character: ${JSON.stringify(line.slice(0, 200))}`)
    if (line.length > LONGEST_PROBLEM) faults.push(`has a line of ${line.length} characters: ${line.slice(0, 120)}`)
  }
  return faults
}

function faultsOfPlan(plan: { mode: string; branchName: string; pullRequest: number | null }): string[] {
  const faults: string[] = []
  if (!MODES.includes(plan.mode)) faults.push(`has the mode ${plan.mode}`)
  if (/[\p{Cc}\u2028\u2029]/u.test(plan.branchName)) faults.push('has a branch name with a control character')
  if (!plan.branchName.isWellFormed()) faults.push('has a branch name with half a character')
  if (plan.branchName.length > 256) faults.push(`has a branch name of ${plan.branchName.length} characters`)
  const { pullRequest } = plan
  if (pullRequest !== null && !(Number.isSafeInteger(pullRequest) && pullRequest > 0))
    faults.push(`has pull request ${pullRequest}`)
  return faults
}
