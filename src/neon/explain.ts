import { ActionError } from '../runtime/errors.ts'
import type { Neon } from './client.ts'
import { NeonError, type Task } from './error.ts'
import { isLimit, limitAdvice } from './limits.ts'

/** Runs `work`; a {@link NeonError} leaves it as an {@link ActionError} with the next step. */
export async function explaining<T>(neon: Neon, task: Task, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof NeonError)) throw error
    throw await explain(neon, task, error)
  }
}

async function explain(neon: Neon, task: Task, error: NeonError): Promise<ActionError> {
  const title = `Neon ${[error.status || '', error.code].filter(Boolean).join(' ')}`.trim()
  const quota = quotaAdvice(error)
  const advice = quota || (isLimit(error) ? await limitAdvice(neon, task, error) : adviceFor(error, task))
  return new ActionError(`Could not ${task.what}: ${describe(error)}.`, { advice, title })
}

/** Status, code, text and request id of a failure, one line without a final full stop. */
export function describe(error: NeonError): string {
  const text = error.message.replace(/[\s.]+$/, '')
  if (error.status === 0) return `no answer from the Neon API (${[error.code, text].filter(Boolean).join(': ')})`
  const code = error.code ? ` ${error.code}` : ''
  return `Neon answered ${error.status}${code}: ${text} (request ${error.requestId})`
}

/** What a refusal says, and the next step; the first that fits counts. */
const BY_TEXT: [text: RegExp, advice: (found: RegExpExecArray, task: Task) => string][] = [
  [
    /org_id is required/i,
    () => 'Set the input org_id; you find it on the settings page of the organization in the Neon console.',
  ],
  [
    /project this key is scoped to(?:.*subject_project_id:"([^"]+)")?/is,
    ([, id], { projectId }) => {
      const wanted = id ? `set project_id: ${id}` : 'set project_id to that project'
      const instead = projectId ? ` in place of ${projectId}` : ' in place of project_name'
      return `The API key is for one project alone: ${wanted}${instead}, or use a key of the organization.`
    },
  ],
  [
    /not allowed for organization API keys/i,
    () => "The API key is an organization's, and Neon answers this to a person only: use a personal API key.",
  ],
  [
    /suspend interval/i,
    () => 'Take the input suspend_timeout out: the plan of this account does not let you choose it.',
  ],
  [
    /history retention.*?max:"(\d+)"/is,
    ([, most]) =>
      `Take the input history_retention out, or set it to ${seconds(most)} at most: the plan keeps no more history.`,
  ],
  [
    /allowed.?ips?\b|max:"0"/i,
    () => 'The plan does not allow this setting: take the input that the message names out, allowed_ips for example.',
  ],
  [
    /before retention window(?:.*retention_window:"([^"]+)")?/is,
    ([, window]) =>
      `Choose a later moment: the project keeps ${window ? `${window.replace(/(?<=[hm])0[ms]/g, '')} of history` : 'no longer history'}. A project can keep more where its plan allows it.`,
  ],
  [
    /no read-write endpoint for branch/i,
    () => 'The branch has no compute that writes: add one in the Neon console, then run the job again.',
  ],
  [
    /passwords is disabled/i,
    () => 'The project does not store passwords: give the connection yourself with the input connection_string.',
  ],
  [
    /\bregion\b/i,
    () =>
      'Set the input region to one of https://neon.com/docs/introduction/regions, written like aws-eu-central-1; a personal API key with org_id gets them listed here.',
  ],
  [
    /decode (request|application\/json)/i,
    () => 'Neon did not understand the request: use the newest version of this action.',
  ],
]

/** The next step for a failure that is neither a quota nor a limit. */
export function adviceFor(error: NeonError, task: Task): string {
  for (const [text, advice] of BY_TEXT) {
    const found = error.kind === 'refused' ? text.exec(error.message) : null
    if (found) return advice(found, task)
  }
  return adviceByStatus(error, task)
}

function adviceByStatus(error: NeonError, task: Task): string {
  const { status } = error
  // No answer of the API, or of something that sends its callers on.
  if (status < 400 && status > 0) return 'Check the input api_host; its default is https://console.neon.tech/api/v2.'
  if (status === 401) {
    return 'Check the input api_key: it is wrong or revoked, or belongs to another host. Keys are made in the Neon console under Settings, API keys.'
  }
  if (status === 403) {
    return 'The API key may not do this: a key of one project can neither create nor delete projects. Use a key of the organization.'
  }
  if (status === 404 && task.projectId && /branch|endpoint|role|database|operation/i.test(error.message)) {
    return 'Run the job again: what was made a moment ago may not be found yet. If it stays so, check the inputs that name it.'
  }
  // Something else of the project than what is named above, a snapshot for example.
  if (status === 404 && /\b(?!project\b)\w+ not found/i.test(error.message)) {
    return 'Check the inputs that name what the message says is missing, then run the job again.'
  }
  if (status === 404 && task.projectId) {
    return `Check project_id ${task.projectId} (Neon console, Settings of the project), and that the key belongs to the same organization.`
  }
  if (status === 412)
    return /branch|endpoint|compute/i.test(error.message)
      ? 'The branch is in a state that forbids this: see it in the Neon console.'
      : 'The project is in a state, or on a plan, that forbids this: see it in the Neon console.'
  if (status === 423)
    return 'Another operation holds the project; see its operations in the Neon console, then run the job again.'
  if (status === 429) return 'The account sends too many requests; wait a minute, then run the job again.'
  if (status === 0)
    return 'Check the input api_host and the network of the runner (HTTPS_PROXY, NO_PROXY), then run the job again.'
  if (error.kind === 'unknown' || status >= 500) return 'Run the job again: it goes on where it stopped.'
  return 'Correct the input that the message names, then run the job again.'
}

/**
 * The next step when a quota of the project is used up, which Neon answers with 402, 412 or 423 and the same text; the
 * empty string for anything else.
 */
export function quotaAdvice({ code, message }: NeonError): string {
  const name =
    /(compute time|active time|data transfer|written data|logical size) quota/i.exec(message)?.[1] ??
    /^(COMPUTE_TIME|ACTIVE_TIME|DATA_TRANSFER|WRITTEN_DATA|LOGICAL_SIZE)_QUOTA_EXCEEDED$/.exec(code)?.[1]
  if (!name) return ''
  const quota = name.toLowerCase().replace('_', ' ')
  const wait = quota === 'logical size' ? 'delete data' : 'wait for the next billing period'
  return `The project has used up its ${quota}: ${wait}, or change the plan. Until then Neon starts no compute for it and refuses logins.`
}

function seconds(text: string | undefined): string {
  const count = Number(text)
  return count % 3600 === 0 ? `${count / 3600}h` : `${count}s`
}
