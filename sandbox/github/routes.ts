import { createHash } from 'node:crypto'
import type { Reply, Request } from '../http/serve.ts'
import { type Caller, identify, Refusal, refuse } from './access.ts'
import type { Call } from './call.ts'
import { createComment, deleteComment, getComment, listComments, updateComment } from './comments.ts'
import { answerGraphql } from './graphql.ts'
import { getPull, listPulls } from './pulls.ts'
import { rateHeaders, type Usage } from './rates.ts'
import { type ActiveRefusal, refuseGraphql, refuseRest } from './refusals.ts'
import { type Addresses, ownUserShape, REPOSITORY_DETAILS, repositoryShape } from './shapes.ts'
import { findRepository, type Repository, type World } from './world.ts'

interface Route {
  method: string
  pattern: RegExp
  operation: string
  answer(call: Call): Reply
}

const OWN = '(?:/repos/(?<owner>[^/]+)/(?<name>[^/]+)|/repositories/(?<repositoryId>\\d+))'
const route = (method: string, rest: string, operation: string, answer: (call: Call) => Reply): Route => ({
  method,
  pattern: new RegExp(`^${OWN}${rest}$`),
  operation,
  answer,
})

const ROUTES: Route[] = [
  route('GET', '', 'repos/get', getRepository),
  route('GET', '/issues/(?<number>\\d+)/comments', 'issues/list-comments', listComments),
  route('POST', '/issues/(?<number>\\d+)/comments', 'issues/create-comment', createComment),
  route('GET', '/issues/comments/(?<id>\\d+)', 'issues/get-comment', getComment),
  route('PATCH', '/issues/comments/(?<id>\\d+)', 'issues/update-comment', updateComment),
  route('DELETE', '/issues/comments/(?<id>\\d+)', 'issues/delete-comment', deleteComment),
  route('GET', '/pulls', 'pulls/list', listPulls),
  route('GET', '/pulls/(?<number>\\d+)', 'pulls/get', getPull),
]

/** Answers one request as api.github.com does, with the headers that all its replies carry. */
export function answerRequest(world: World, request: Request, at: Addresses, roots: Roots): Reply {
  const isGraphql = request.url.pathname === roots.graphql
  const common = {
    'cache-control': 'private, max-age=60, s-maxage=60',
    'x-github-api-version-selected': '2022-11-28',
    'x-github-media-type': isGraphql ? 'github.v4; format=json' : 'github.v3; format=json',
    'x-github-request-id': requestId(request),
  }
  const limits: { headers: Record<string, string> } = { headers: {} }
  const finish = (reply: Reply): Reply => ({ ...reply, headers: { ...common, ...limits.headers, ...reply.headers } })
  try {
    if (!request.headers['user-agent']) {
      throw refuse(
        403,
        'Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.',
      )
    }
    const caller = identify(world, request.headers)
    const resource = isGraphql ? 'graphql' : 'core'
    const refusal = takeRefusal(world, operationOf(request, roots))
    const usage =
      refusal?.name === 'primary limit' ? spent(world, caller, resource) : world.rates.usageOf(world, caller, resource)
    const isSpent = usage.used >= usage.limit
    world.rates.count(world, caller, resource)
    limits.headers = rateHeaders(usage, resource)
    const answered = isSpent || refusal ? undefined : withTag(request, dispatch(world, request, caller, at, roots))
    if (answered?.status === 304) {
      // An answer that says that nothing has changed is not counted (manual: Best practices for using the REST API).
      usage.used -= 1
      limits.headers = rateHeaders(usage, resource)
    }
    if (answered) return finish(answered)
    const { user, kind } = caller
    const told = { kind, id: user.id, owner: ownerOf(world, request), requestId: requestId(request) }
    const active = refusal ?? { name: 'primary limit' as const, status: 403 as const, times: 1 }
    return finish(isGraphql ? refuseGraphql(active, told) : refuseRest(active, told))
  } catch (error) {
    if (error instanceof Refusal) return finish(error.reply)
    throw error
  }
}

function spent(world: World, caller: Caller, resource: string): Usage {
  const usage = world.rates.usageOf(world, caller, resource)
  usage.used = usage.limit
  return usage
}

/** The refusal that meets an operation, if any; counts it. */
function takeRefusal(world: World, operation: string): ActiveRefusal | undefined {
  const found = world.refusals.find(
    ({ times, operations }) => times > 0 && (!operations || operations.includes(operation)),
  )
  if (found) found.times -= 1
  return found
}

function operationOf({ url, method }: Request, roots: Roots): string {
  if (url.pathname === roots.graphql) return 'graphql'
  const path = url.pathname.slice(roots.rest.length)
  if (path === '/user') return 'users/get-authenticated'
  return ROUTES.find((route) => route.method === method && route.pattern.test(path))?.operation ?? ''
}

function ownerOf({ repositories }: World, { url }: Request): string {
  return /\/repos\/([^/]+)\//.exec(url.pathname)?.[1] ?? repositories[0]?.owner ?? ''
}

/** The answer with its tag, or 304 where the client has it already. */
function withTag(request: Request, reply: Reply): Reply {
  if (request.method !== 'GET' || reply.status !== 200) return reply
  const digest = createHash('sha256').update(JSON.stringify(reply.body)).digest('hex')
  const headers = { ...reply.headers, etag: `W/"${digest}"` }
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return known.includes(`"${digest}"`) ? { status: 304, headers } : { ...reply, headers }
}

/** The paths below which the two APIs answer: `''` and `/graphql`, on a server of one's own `/api/v3` and `/api/graphql`. */
export interface Roots {
  rest: string
  graphql: string
}

function dispatch(world: World, request: Request, caller: Caller, at: Addresses, roots: Roots): Reply {
  const { pathname } = request.url
  if (pathname === roots.graphql && request.method === 'POST') {
    request.entry.operation = 'graphql'
    return answerGraphql(world, caller, readJson(request), at)
  }
  if (!pathname.startsWith(`${roots.rest}/`)) throw refuse(404, 'Not Found')
  const path = pathname.slice(roots.rest.length)
  if (path === '/user' && request.method === 'GET') {
    request.entry.operation = 'users/get-authenticated'
    return getUser(caller, at)
  }
  for (const { method, pattern, operation, answer } of ROUTES) {
    const match = method === request.method ? pattern.exec(path) : null
    if (!match) continue
    request.entry.operation = operation
    const parameters = Object.fromEntries(
      Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value ?? '')]),
    )
    const repository = findVisible(world, caller, parameters)
    const query = request.url.searchParams
    return answer({ world, caller, repository, parameters, query, at, readJson: () => readJson(request) })
  }
  throw refuse(404, 'Not Found')
}

/** A repository that the caller may not see is as good as none. */
function findVisible(world: World, caller: Caller, parameters: Record<string, string>): Repository {
  const { owner, name, repositoryId } = parameters
  const repository = owner
    ? findRepository(world, `${owner}/${name}`)
    : world.repositories.find((candidate) => candidate.id === Number(repositoryId))
  if (!repository || !caller.sees(repository)) {
    throw refuse(404, 'Not Found', { documentation: '/repos/repos#get-a-repository' })
  }
  return repository
}

function getRepository({ repository, caller, at }: Call): Reply {
  const push = caller.may(repository, 'write', ['contents'])
  const permissions = { admin: false, maintain: false, push, triage: push, pull: true }
  const known = caller.kind === 'anonymous' ? {} : { permissions }
  return { status: 200, body: { ...repositoryShape(repository, at), ...known, ...REPOSITORY_DETAILS } }
}

function getUser(caller: Caller, at: Addresses): Reply {
  const documentation = '/users/users#get-the-authenticated-user'
  if (caller.kind === 'anonymous') throw refuse(401, 'Requires authentication', { documentation })
  if (caller.kind === 'installation') {
    throw refuse(403, 'Resource not accessible by integration', { documentation })
  }
  return { status: 200, body: ownUserShape(caller.user, at) }
}

function readJson(request: Request): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(request.body || '{}')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    throw refuse(400, 'Body should be a JSON object')
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw refuse(400, 'Problems parsing JSON')
  }
}

function requestId(request: Request): string {
  return `${request.entry.at.toString(16).toUpperCase()}:SANDBOX`
}
