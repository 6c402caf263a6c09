import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { asking, type GitHubAccess, gitHubClient, UnreadableAnswer } from './client.ts'
import { knownReason, whyFailed } from './failure.ts'

/** What GitHub says of a pull request; `unknown` when there is none of that number. */
export type PullRequestState = 'open' | 'closed' | 'unknown'

/** A pull request as far as a clean-up looks at it. */
export interface PullRequestFacts {
  state: PullRequestState
  /** Its head is in another repository. */
  fromFork: boolean
}

/** Where to ask. */
export interface RepositoryQuery extends GitHubAccess {
  /** `owner/name` */
  repository: string
  /** The longest that a rate limit may ask to wait, in milliseconds; until it ends unless told. */
  patience?: number
}

// Well below GitHub's limit of 500,000 nodes a query; one request then answers for a hundred branches.
const THINGS_PER_REQUEST = 100

type Pull = { state: 'OPEN' | 'CLOSED' | 'MERGED'; isCrossRepository: boolean }

/**
 * Facts of many pull requests, a hundred a request, by GitHub's GraphQL API.
 * Throws an {@link ActionError} when GitHub cannot be read: a sweep that does not know must not delete.
 */
export async function pullRequestFacts(
  runtime: Runtime,
  query: RepositoryQuery & { numbers: readonly number[] },
): Promise<Map<number, PullRequestFacts>> {
  const pulls = await askOfEach<number, Pull>(runtime, query, query.numbers, {
    field: (number) => `pullRequest(number: ${number}) { state isCrossRepository }`,
    what: `the pull requests of ${query.repository}`,
    permission: 'pull-requests: read',
  })
  return new Map([...pulls].map(([number, pull]) => [number, factsOf(pull)]))
}

function factsOf(pull: Pull | null): PullRequestFacts {
  if (!pull) return { state: 'unknown', fromFork: false }
  return { state: pull.state === 'OPEN' ? 'open' : 'closed', fromFork: pull.isCrossRepository }
}

/**
 * Which of these Git branches the repository has, a hundred a request.
 * Throws an {@link ActionError} when GitHub cannot be read.
 */
export async function existingGitBranches(
  runtime: Runtime,
  query: RepositoryQuery & { names: readonly string[] },
): Promise<Set<string>> {
  const refs = await askOfEach<string, object>(runtime, query, query.names, {
    field: (name) => `ref(qualifiedName: ${JSON.stringify(`refs/heads/${name}`)}) { name }`,
    what: `the Git branches of ${query.repository}`,
    permission: 'contents: read',
  })
  return new Set([...refs].flatMap(([name, ref]) => (ref ? [name] : [])))
}

/** A question about each of many things; null where the repository has none such. */
async function askOfEach<K, V>(
  runtime: Runtime,
  query: RepositoryQuery,
  things: readonly K[],
  { field, ...about }: Omit<Question, 'fields'> & { field(thing: K): string },
): Promise<Map<K, V | null>> {
  const answers = new Map<K, V | null>()
  const all = [...new Set(things)]
  for (let start = 0; start < all.length; start += THINGS_PER_REQUEST) {
    const some = all.slice(start, start + THINGS_PER_REQUEST)
    const fields = some.map((thing, index) => `a${index}: ${field(thing)}`).join('\n')
    const found = await askRepository<Record<string, V | null>>(runtime, query, { fields, ...about })
    for (const [index, thing] of some.entries()) answers.set(thing, found[`a${index}`] ?? null)
  }
  return answers
}

/** What {@link askRepository} asks. */
export interface Question {
  /** Fields of `repository` in GraphQL. */
  fields: string
  /** For the error: `the pull requests of a/b`. */
  what: string
  permission: string
}

// GitHub counts its limits by the hour (manual: Rate limits for the GraphQL API); the input timeout ends the wait before.
const PATIENCE = 3_660_000

/**
 * Fields of one repository. Throws an {@link ActionError} when GitHub cannot be read; its message says what could not.
 */
export async function askRepository<T>(runtime: Runtime, query: RepositoryQuery, question: Question): Promise<T> {
  runtime.signal.throwIfAborted()
  const [owner, name] = query.repository.split('/')
  const text = `query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {\n${question.fields}\n} }`
  try {
    const { octokit, request } = gitHubClient(runtime, query)
    return await asking(runtime, { patience: query.patience ?? PATIENCE }, async () => {
      try {
        const answer = await octokit.graphql<Answer<T>>(text, { owner, name, request: request() })
        if (answer?.repository) return answer.repository
        if (answer?.repository === null) throw new Unknown('it knows no such repository')
        throw new UnreadableAnswer('repository')
      } catch (error) {
        const partial = partialAnswer<T>(error)
        if (partial) return partial
        throw error
      }
    })
  } catch (error) {
    runtime.signal.throwIfAborted()
    const advice =
      knownReason(error)?.advice ?? `Give the job permissions: { ${question.permission} }, and check github_token.`
    throw new ActionError(`Could not read ${question.what}: ${whyFailed(runtime, error)}.`, {
      advice: `Nothing was deleted. ${advice}`,
    })
  }
}

/** What GitHub answers, where it answers. */
type Answer<T> = { repository?: T | null } | undefined

/** An answer that no other try would change. */
class Unknown extends Error {
  readonly errors = [{ type: 'NOT_FOUND' }]
}

/** GitHub answers unknown numbers with an error beside the data; any other error makes the whole answer worthless. */
function partialAnswer<T>(error: unknown): T | null {
  if (typeof error !== 'object' || error === null || !('errors' in error) || !('data' in error)) return null
  const errors = Array.isArray(error.errors) ? (error.errors as { type?: string }[]) : []
  const harmless = errors.length > 0 && errors.every(({ type }) => type === 'NOT_FOUND')
  const data = error.data as { repository: T | null } | null | undefined
  return harmless ? (data?.repository ?? null) : null
}
