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
import { passGates } from './gates.ts'
import { limitsOfTheStandIn, requests } from './guesses.ts'
import { integrationHandlers } from './integrations.ts'
import { operationHandlers } from './operations.ts'
import { usedUp } from './plan.ts'
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
    const failure = ({ status, code, message, withRequestId }: ApiError): Reply => ({
      status,
      headers,
      body: { ...(withRequestId ? { request_id: requestId } : {}), code, message },
    })
    try {
      expireBranches(world)
      assertLoginsRefused(world)
      const account = authenticate(world, request.headers.authorization)
      const operationId = description.operationOf(incoming(request))
      request.entry.operation = operationId
      const call: Call = { account, ...description.check(incoming(request), operationId) }
      const { status = 200, body } = await answer(world, call, request.method, operationId)
      description.checkAnswer(operationId, status, body)
      return { status, headers, body }
    } catch (error) {
      if (error instanceof ApiError) return failure(error)
      violations.push(`${request.method} ${request.url.pathname}: ${String(error)}`)
      return failure(new ApiError(500, `sandbox: ${String(error)}`))
    }
  }
}

/** A used-up quota refuses logins too, and only a proxy can: without one the stand-in would be kinder than Neon. */
function assertLoginsRefused(world: World): void {
  if (!usedUp(world)) return
  const bare = [...world.projects.values()].some(({ endpoints, loginProxies }) => endpoints.size > loginProxies.size)
  if (bare) throw new Error('a quota is used up, but a compute was made while the setting loginProxy was off')
}

function incoming({ method, url, headers, body }: Request): Incoming {
  if (!url.pathname.startsWith(`${ROOT}/`)) throw requests.unknownPath()
  return { method, path: url.pathname.slice(ROOT.length), query: url.searchParams, headers, body }
}

async function answer(world: World, call: Call, method: string, operationId: string): Promise<Answer> {
  const handler = handlers[operationId]
  if (!handler) throw limitsOfTheStandIn.notImplemented(operationId)
  const changes = method !== 'GET' && operationId !== 'deleteProject'
  if (!changes || call.params.project_id === undefined) return handler(world, call)
  const project = findProject(world, call)
  passGates(world, project, call, operationId)
  project.busy = true
  try {
    return await handler(world, call)
  } finally {
    project.busy = false
  }
}
