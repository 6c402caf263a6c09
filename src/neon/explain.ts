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
  const advice = isLimit(error) ? await limitAdvice(neon, task, error) : adviceFor(error, task)
  return new ActionError(`Could not ${task.what}: ${describe(error)}.`, { advice, title })
}

/** Status, code, text and request id of a failure, one line without a final full stop. */
export function describe(error: NeonError): string {
  const text = error.message.replace(/[\s.]+$/, '')
  if (error.status === 0) return `no answer from the Neon API (${[error.code, text].filter(Boolean).join(': ')})`
  const code = error.code ? ` ${error.code}` : ''
  return `Neon answered ${error.status}${code}: ${text} (request ${error.requestId})`
}

/** The next step for a failure that is no limit. */
export function adviceFor(error: NeonError, task: Task): string {
  const { status, message } = error
  if (/org_id is required/i.test(message)) {
    return 'Set the input org_id; you find it on the settings page of the organization in the Neon console.'
  }
  if (status === 200) return 'Check the input api_host; its default is https://console.neon.tech/api/v2.'
  if (status === 401) {
    return 'Check the input api_key: it is wrong or revoked, or belongs to another host. Keys are made in the Neon console under Settings, API keys.'
  }
  if (status === 403) {
    return 'The API key may not do this: a key of one project can neither create nor delete projects. Use a key of the organization.'
  }
  if (status === 404 && task.projectId) {
    return `Check project_id ${task.projectId} (Neon console, Settings of the project), and that the key belongs to the same organization.`
  }
  if (status === 412)
    return 'The project does not store passwords: give the connection yourself with the input connection_string.'
  if (status === 423)
    return 'Another operation holds the project; see its operations in the Neon console, then run the job again.'
  if (status === 429) return 'The account sends too many requests; wait a minute, then run the job again.'
  if (status === 0)
    return 'Check the input api_host and the network of the runner (HTTPS_PROXY, NO_PROXY), then run the job again.'
  if (error.kind === 'unknown' || status >= 500) return 'Run the job again: it goes on where it stopped.'
  return 'Correct the input that the message names, then run the job again.'
}
