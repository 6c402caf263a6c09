import type { Reply } from '../http/serve.ts'
import { type Caller, refuse } from './access.ts'
import { objectNode } from './git-objects.ts'
import { countFields, execute, type GraphqlError, type Node, type Outcome, type Plain } from './graphql-execute.ts'
import { parseGraphql, SyntaxProblem } from './graphql-parse.ts'
import type { Addresses } from './shapes.ts'
import { findRepository, type Issue, type Repository, type User, type World } from './world.ts'

// GitHub gives up on queries that cost too much; a hundred aliases are a safe page, some thousands are not.
const MOST_FIELDS = 5000

/**
 * Answers `POST /graphql` for the reads of the action: `repository { pullRequest, pullRequests, ref, object }` and `viewer`.
 * As on GitHub, everything but authentication is status 200: unknown numbers are null with an entry in `errors`.
 */
export function answerGraphql(world: World, caller: Caller, body: Record<string, unknown>, at: Addresses): Reply {
  if (caller.kind === 'anonymous') {
    throw refuse(401, 'This endpoint requires you to be authenticated.', { documentation: '/graphql' })
  }
  if (typeof body.query !== 'string')
    return failed([{ locations: [], message: 'A query attribute must be specified and must be a string.' }])
  try {
    const document = parseGraphql(body.query)
    if (document.operation !== 'query')
      return failed([{ locations: [], message: 'The stand-in answers queries only.' }])
    if (countFields(document.selections) > MOST_FIELDS) {
      return failed([{ locations: [], message: 'Resource limits for this query exceeded.' }])
    }
    const variables = body.variables as Record<string, Plain> | undefined
    const { data, errors } = execute({ root: queryNode(world, caller, at), document, variables })
    // GitHub checks a query as a whole before it runs it: one unknown field, and there is no data at all.
    const invalid = errors.filter((error) => error.extensions?.code === 'undefinedField')
    if (invalid.length > 0) return failed(invalid)
    return { status: 200, body: { data, ...(errors.length > 0 ? { errors } : {}) } }
  } catch (error) {
    if (error instanceof SyntaxProblem) return failed([{ locations: [error.at], message: error.message }])
    throw error
  }
}

function failed(errors: GraphqlError[]): Reply {
  return { status: 200, body: { errors } }
}

function queryNode(world: World, caller: Caller, at: Addresses): Node {
  return {
    type: 'Query',
    fields: {
      viewer: () => userNode(caller.user),
      repository: ({ owner, name }) => {
        const repository = findRepository(world, `${owner}/${name}`)
        if (repository && caller.sees(repository)) return repositoryNode(repository, caller, at)
        return notFound(`Could not resolve to a Repository with the name '${owner}/${name}'.`)
      },
    },
  }
}

function repositoryNode(repository: Repository, caller: Caller, at: Addresses): Node {
  const forbidden = () =>
    caller.may(repository, 'read', ['pull-requests'])
      ? undefined
      : { failure: { type: 'FORBIDDEN', message: 'Resource not accessible by integration' } }
  return {
    type: 'Repository',
    fields: {
      id: () => `R_${repository.id}`,
      name: () => repository.name,
      nameWithOwner: () => `${repository.owner}/${repository.name}`,
      isPrivate: () => repository.private,
      pullRequest: ({ number }) => {
        const issue = repository.issues.get(Number(number))
        const refusal = forbidden()
        if (refusal) return refusal
        if (issue?.pull) return pullNode(repository, issue, at)
        return notFound(`Could not resolve to a PullRequest with the number of ${number}.`)
      },
      pullRequests: (given) => forbidden() ?? connectionNode(repository, given, at),
      object: (given) =>
        caller.may(repository, 'read', ['contents'])
          ? objectNode(repository.commits, given)
          : { failure: { type: 'FORBIDDEN', message: 'Resource not accessible by integration' } },
      // A name without refs/heads/ is looked for as a branch and then as a tag (GraphQL reference, Repository.ref).
      ref: ({ qualifiedName }) => {
        if (!caller.may(repository, 'read', ['contents'])) {
          return { failure: { type: 'FORBIDDEN', message: 'Resource not accessible by integration' } }
        }
        const name = String(qualifiedName).replace(/^refs\/heads\//, '')
        return repository.branches.has(name) ? { type: 'Ref', fields: { name: () => name } } : null
      },
    },
  }
}

function pullNode(repository: Repository, issue: Issue, at: Addresses): Node {
  const { pull } = issue
  return {
    type: 'PullRequest',
    fields: {
      number: () => issue.number,
      state: () => stateOf(issue),
      merged: () => pull?.mergedAt != null,
      closed: () => issue.state === 'closed',
      closedAt: () => issue.closedAt,
      mergedAt: () => pull?.mergedAt ?? null,
      createdAt: () => issue.createdAt,
      updatedAt: () => issue.updatedAt,
      title: () => issue.title,
      isDraft: () => pull?.draft ?? false,
      headRefName: () => pull?.headRef ?? '',
      baseRefName: () => pull?.baseRef ?? '',
      isCrossRepository: () =>
        pull?.headRepository?.toLowerCase() !== `${repository.owner}/${repository.name}`.toLowerCase(),
      url: () => `${at.server}/${repository.owner}/${repository.name}/pull/${issue.number}`,
      author: () => userNode(issue.user),
    },
  }
}

function connectionNode(repository: Repository, given: Record<string, Plain>, at: Addresses): Outcome {
  const states = Array.isArray(given.states) ? given.states : given.states ? [given.states] : undefined
  const size = Number(given.first ?? 0)
  if (size < 1 || size > 100) {
    const message =
      'You must provide a `first` value between 1 and 100 to properly paginate the `pullRequests` connection.'
    return { failure: { type: 'MISSING_PAGINATION_BOUNDARIES', message } }
  }
  const all = [...repository.issues.values()].filter(
    (issue) => issue.pull && (!states || states.includes(stateOf(issue))),
  )
  const start = given.after ? Number(Buffer.from(String(given.after), 'base64').toString('utf8')) : 0
  const end = start + size
  return {
    type: 'PullRequestConnection',
    fields: {
      totalCount: () => all.length,
      nodes: () => all.slice(start, end).map((issue) => pullNode(repository, issue, at)),
      pageInfo: () => ({
        type: 'PageInfo',
        fields: {
          hasNextPage: () => end < all.length,
          endCursor: () => Buffer.from(String(Math.min(end, all.length))).toString('base64'),
        },
      }),
    },
  }
}

function userNode(user: User): Node {
  return { type: user.type, fields: { login: () => user.login } }
}

function stateOf(issue: Issue): 'OPEN' | 'CLOSED' | 'MERGED' {
  if (issue.state === 'open') return 'OPEN'
  return issue.pull?.mergedAt ? 'MERGED' : 'CLOSED'
}

function notFound(message: string): Outcome {
  return { failure: { type: 'NOT_FOUND', message } }
}
