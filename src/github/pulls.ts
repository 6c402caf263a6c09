import { getOctokit } from '@actions/github'
import { ActionError, errorMessage } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** What GitHub says of a pull request; `unknown` when there is none of that number. */
export type PullRequestState = 'open' | 'closed' | 'unknown'

/** Which pull requests to ask for. */
export interface PullRequestQuery {
  token: string
  /** REST root, for example `https://api.github.com`; the GraphQL root follows from it. */
  apiUrl: string
  /** `owner/name` */
  repository: string
  numbers: readonly number[]
}

// Well below GitHub's limit of 500,000 nodes a query; one request then answers for a hundred branches.
const NUMBERS_PER_REQUEST = 100

interface Answer {
  repository: Record<string, { state: 'OPEN' | 'CLOSED' | 'MERGED' } | null> | null
}

/**
 * States of many pull requests, a hundred a request, by GitHub's GraphQL API.
 * Throws an {@link ActionError} when GitHub cannot be read: a sweep that does not know must not delete.
 */
export async function pullRequestStates(
  runtime: Runtime,
  query: PullRequestQuery,
): Promise<Map<number, PullRequestState>> {
  const states = new Map<number, PullRequestState>()
  const numbers = [...new Set(query.numbers)]
  for (let start = 0; start < numbers.length; start += NUMBERS_PER_REQUEST) {
    runtime.signal.throwIfAborted()
    const some = numbers.slice(start, start + NUMBERS_PER_REQUEST)
    const pulls = await askFor(query, some)
    for (const number of some) states.set(number, stateOf(pulls[`p${number}`]))
  }
  return states
}

function stateOf(pull: { state: string } | null | undefined): PullRequestState {
  if (!pull) return 'unknown'
  return pull.state === 'OPEN' ? 'open' : 'closed'
}

async function askFor(query: PullRequestQuery, numbers: number[]): Promise<NonNullable<Answer['repository']>> {
  const [owner, name] = query.repository.split('/')
  const fields = numbers.map((number) => `p${number}: pullRequest(number: ${number}) { state }`).join('\n')
  const text = `query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {\n${fields}\n} }`
  try {
    const octokit = getOctokit(query.token, { baseUrl: query.apiUrl })
    const answer = await octokit.graphql<Answer>(text, { owner, name })
    if (answer.repository) return answer.repository
    throw new Error('it knows no such repository')
  } catch (error) {
    const partial = partialAnswer(error)
    if (partial) return partial
    throw new ActionError(`Could not read the pull requests of ${query.repository}: ${reasonOf(error)}.`, {
      advice: 'Nothing was deleted. Give the job permissions: { pull-requests: read }, and check github_token.',
    })
  }
}

/** GitHub answers unknown numbers with an error beside the data; any other error makes the whole answer worthless. */
function partialAnswer(error: unknown): Answer['repository'] {
  if (typeof error !== 'object' || error === null || !('errors' in error) || !('data' in error)) return null
  const errors = Array.isArray(error.errors) ? (error.errors as { type?: string }[]) : []
  const harmless = errors.length > 0 && errors.every(({ type }) => type === 'NOT_FOUND')
  const data = error.data as Answer | null | undefined
  return harmless ? (data?.repository ?? null) : null
}

function reasonOf(error: unknown): string {
  return errorMessage(error).split('\n', 1).join('').replace(/\.$/, '')
}
