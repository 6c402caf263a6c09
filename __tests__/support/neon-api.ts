import { type NeonSandbox, type NeonSettings, startNeon } from '../../sandbox/neon/index.ts'

/** JSON of which only the tests say what is in it. */
export interface Loose {
  [key: string]: Loose
}

/** An answer of the Neon stand-in, its JSON read; `body` is empty for 204. */
export interface ApiAnswer {
  status: number
  headers: Headers
  body: Loose
}

/** What a request may carry beside method and path. */
export interface ApiOptions {
  key?: string
  headers?: Record<string, string>
}

/** A bare HTTP client for a Neon stand-in: no client library may soften what it answers. */
export interface NeonApi {
  readonly neon: NeonSandbox
  /** Sends one request, with the organization's key unless told. */
  call(method: string, path: string, body?: unknown, options?: ApiOptions): Promise<ApiAnswer>
  /** Sends a request that must succeed, and waits until its operations have ended. */
  done(method: string, path: string, body?: unknown): Promise<Loose>
  /** Makes a project and waits for it. */
  project(wanted?: object): Promise<{ id: string; path: string; mainId: string; uri: string }>
}

/** Starts a stand-in whose operations take a moment, on the paid plan unless told, with a client for it. */
export async function startNeonApi(settings: Partial<NeonSettings> = {}): Promise<NeonApi> {
  const neon = await startNeon({ operationMilliseconds: 5, plan: 'paid', ...settings })
  const call: NeonApi['call'] = async (method, path, body, { key = neon.organizationApiKey, headers = {} } = {}) => {
    const response = await fetch(`${neon.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} }
  }
  const done: NeonApi['done'] = async (method, path, body) => {
    const answer = await call(method, path, body)
    if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    await neon.settle()
    return answer.body
  }
  return {
    neon,
    call,
    done,
    async project(wanted = {}) {
      const { project, branch, connection_uris: uris } = await done('POST', '/projects', { project: wanted })
      const id = String(project?.id)
      return { id, path: `/projects/${id}`, mainId: String(branch?.id), uri: String(uris?.[0]?.connection_uri) }
    },
  }
}

/** The items of a JSON array. */
export function items(value: Loose | undefined): Loose[] {
  if (!Array.isArray(value)) throw new Error(`not an array: ${JSON.stringify(value)}`)
  return value
}

/** One field of each item of a JSON array. */
export function fields(value: Loose | undefined, name: string): string[] {
  return items(value).map((item) => String(item[name]))
}
