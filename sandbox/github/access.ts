import type { IncomingHttpHeaders } from 'node:http'
import type { Reply } from '../http/serve.ts'
import { ACTIONS_APP, ACTIONS_BOT, type App, type Repository, type Scope, type User, type World } from './world.ts'

/** Who asks, and what they may do; the reply of a refused request is thrown as {@link Refusal}. */
export interface Caller {
  kind: 'anonymous' | 'installation' | 'user'
  user: User
  app: App | null
  /** True when the caller knows that the repository exists. */
  sees(repository: Repository): boolean
  may(repository: Repository, level: 'read' | 'write', scopes: readonly Scope[]): boolean
}

/** Thrown to answer a request with an error. */
export class Refusal extends Error {
  readonly reply: Reply
  constructor(reply: Reply) {
    super(`refused with ${reply.status}`)
    this.reply = reply
  }
}

const DOCUMENTATION = 'https://docs.github.com/rest'

/** An error body as api.github.com writes it. */
export function refuse(
  status: number,
  message: string,
  more: { errors?: unknown; documentation?: string; headers?: Record<string, string> } = {},
): Refusal {
  const body = {
    message,
    ...(more.errors ? { errors: more.errors } : {}),
    documentation_url: `${DOCUMENTATION}${more.documentation ?? ''}`,
    status: String(status),
  }
  return new Refusal({ status, body, ...(more.headers ? { headers: more.headers } : {}) })
}

/**
 * Reads the `authorization` header (`token …`, `bearer …`, or basic with the token as password).
 * An unknown token is refused with 401; no token at all is a caller who may read public repositories.
 */
export function identify(world: World, headers: IncomingHttpHeaders): Caller {
  const token = readToken(headers.authorization)
  if (token === undefined) {
    return {
      kind: 'anonymous',
      user: { login: '', id: 0, type: 'User' },
      app: null,
      sees: (repository) => !repository.private,
      may: (repository, level) => !repository.private && level === 'read',
    }
  }
  const settings = world.tokens.get(token)
  if (!settings) throw refuse(401, 'Bad credentials')
  const user = settings.user ?? ACTIONS_BOT
  if (settings.kind === 'user') {
    const access = settings.access ?? 'write'
    return {
      kind: 'user',
      user,
      app: settings.app ?? null,
      sees: (repository) => !repository.private || access !== 'none',
      may: (repository, level) => (level === 'write' ? access === 'write' : !repository.private || access !== 'none'),
    }
  }
  const reaches = (repository: Repository) =>
    settings.repository === undefined ||
    settings.repository.toLowerCase() === `${repository.owner}/${repository.name}`.toLowerCase()
  return {
    kind: 'installation',
    user,
    app: settings.app ?? ACTIONS_APP,
    sees: (repository) => !repository.private || reaches(repository),
    may(repository, level, scopes) {
      if (level === 'read' && !repository.private) return true
      if (!reaches(repository)) return false
      return scopes.some((scope) => {
        const granted = settings.permissions?.[scope]
        return granted === 'write' || (granted === 'read' && level === 'read')
      })
    },
  }
}

function readToken(authorization: string | undefined): string | undefined {
  if (!authorization) return undefined
  const [scheme = '', value = ''] = authorization.split(/\s+/, 2)
  if (scheme.toLowerCase() !== 'basic') return value
  return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':')
}

/**
 * Lets the caller through or refuses as api.github.com does: 401 without a token where one is needed, GitHub's sentence
 * and the header naming the missing permissions for an app, 403 for a user, and 403 on an archived repository.
 */
export function demand(
  caller: Caller,
  repository: Repository,
  level: 'read' | 'write',
  scopes: readonly Scope[],
  documentation: string,
): void {
  if (!caller.may(repository, level, scopes)) {
    if (caller.kind === 'anonymous') throw refuse(401, 'Requires authentication', { documentation })
    if (caller.kind === 'user') throw refuse(403, 'Must have admin rights to Repository.', { documentation })
    const accepted = scopes.map((scope) => `${scope.replaceAll('-', '_')}=${level}`).join('; ')
    throw refuse(403, 'Resource not accessible by integration', {
      documentation,
      headers: { 'x-accepted-github-permissions': accepted },
    })
  }
  if (level === 'write' && repository.archived) {
    throw refuse(403, 'Repository was archived so is read-only.', { documentation })
  }
}
