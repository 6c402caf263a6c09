import { randomUUID } from 'node:crypto'
import type { Reply, Request } from '../http/serve.ts'
import { accountHandlers, authenticate } from './accounts.ts'
import { anonymizeHandlers } from './anonymize.ts'
import { branchCreateHandlers } from './branch-create.ts'
import { branchListHandlers } from './branch-list.ts'
import { branchHandlers, expireBranches } from './branches.ts'
import { connectionHandlers } from './connection.ts'
import { databaseHandlers } from './databases.ts'
import { endpointHandlers } from './endpoints.ts'
import { ApiError } from './errors.ts'
import { integrationHandlers } from './integrations.ts'
import { assertUnlocked, operationHandlers } from './operations.ts'
import { projectCreateHandlers } from './project-create.ts'
import { projectHandlers } from './projects.ts'
import { restoreHandlers } from './restore.ts'
import { roleHandlers } from './roles.ts'
import { schemaHandlers } from './schema.ts'
import type { Description, Incoming } from './validation.ts'
import { type Answer, type Call, findProject, type Handler, type World } from './world.ts'

/** Where the API is mounted, as on Neon's server. */
export const ROOT = '/api/v2'

const handlers: Record<string, Handler | undefined> = {
  ...accountHandlers,
  ...anonymizeHandlers,
  ...branchCreateHandlers,
  ...branchHandlers,
  ...branchListHandlers,
  ...connectionHandlers,
  ...databaseHandlers,
  ...endpointHandlers,
  ...integrationHandlers,
  ...operationHandlers,
  ...projectCreateHandlers,
  ...projectHandlers,
  ...restoreHandlers,
  ...roleHandlers,
  ...schemaHandlers,
}

/** The API as one function: routes, authenticates, validates, answers, and validates the answer. */
export function createApi(world: World, description: Description, violations: string[]) {
  return async (request: Request): Promise<Reply> => {
    const requestId = String(request.headers['x-request-id'] ?? randomUUID())
    const headers = { 'x-neon-ret-request-id': requestId }
    const failure = (status: number, code: string, message: string): Reply => ({
      status,
      headers,
      body: { request_id: requestId, code, message },
    })
    try {
      expireBranches(world)
      const operationId = description.operationOf(incoming(request))
      request.entry.operation = operationId
      const { status = 200, body } = await answer(world, description, request, operationId)
      description.checkAnswer(operationId, status, body)
      return { status, headers, body }
    } catch (error) {
      if (error instanceof ApiError) return failure(error.status, error.code, error.message)
      violations.push(`${request.method} ${request.url.pathname}: ${String(error)}`)
      return failure(500, '', `sandbox: ${String(error)}`)
    }
  }
}

function incoming({ method, url, headers, body }: Request): Incoming {
  if (!url.pathname.startsWith(`${ROOT}/`)) throw new ApiError(404, 'this path does not exist')
  return { method, path: url.pathname.slice(ROOT.length), query: url.searchParams, headers, body }
}

async function answer(world: World, description: Description, request: Request, operationId: string): Promise<Answer> {
  const account = authenticate(world, request.headers.authorization)
  const call: Call = { account, ...description.check(incoming(request), operationId) }
  const handler = handlers[operationId]
  if (!handler) throw new ApiError(501, `the sandbox does not implement ${operationId}`)
  const changes = request.method !== 'GET' && operationId !== 'deleteProject'
  if (!changes || call.params.project_id === undefined) return handler(world, call)
  const project = findProject(world, call)
  assertUnlocked(project)
  project.busy = true
  try {
    return await handler(world, call)
  } finally {
    project.busy = false
  }
}
