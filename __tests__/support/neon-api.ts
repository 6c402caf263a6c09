import type { NeonSandbox } from '../../sandbox/neon/index.ts'

/** An answer of the Neon stand-in, its JSON read; `body` is empty for 204. */
export interface ApiAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: an answer's shape is what the tests assert, and the API description checks it
  body: any
}

/** Sends one request as a client would, with the organization's key unless told. */
export type ApiCall = (
  method: string,
  path: string,
  options?: { body?: unknown; key?: string; headers?: Record<string, string> },
) => Promise<ApiAnswer>

/** A bare HTTP client for a Neon stand-in: no client library may soften what it answers. */
export function neonApi(neon: NeonSandbox): ApiCall {
  return async (method, path, { body, key = neon.organizationApiKey, headers = {} } = {}) => {
    const response = await fetch(`${neon.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined }
  }
}
