import { type Reply, serve } from '../../sandbox/http/serve.ts'
import type { NeonSandbox } from '../../sandbox/neon/index.ts'

/**
 * What is put into the true answers of an operation, by the path of the field: `branch.id`, `endpoints.0.host`,
 * `branches.@pr-7.id` for the item of that name. Undefined takes the field away; a function gets what was there.
 */
export type Lie = Record<string, unknown>

/** Lies by the operation of the API description that they are told about. */
export type Lies = Record<string, Lie>

/** A Neon API whose answers are true but for the lies. */
export interface LyingNeon {
  /** What the action takes for the API host. */
  readonly url: string
  lies: Lies
  /** How often a lie was told so far. */
  told: number
  close(): Promise<void>
}

/** Starts a server that hands every request on to a stand-in, and changes what comes back. */
export async function startLyingNeon(neon: NeonSandbox): Promise<LyingNeon> {
  const { origin } = new URL(neon.url)
  const state: Pick<LyingNeon, 'lies' | 'told'> = { lies: {}, told: 0 }
  const server = await serve(async ({ method, url, headers, body }): Promise<Reply> => {
    const id = String(headers['x-request-id'])
    const answer = await fetch(`${origin}${url.pathname}${url.search}`, {
      method,
      headers: { authorization: String(headers.authorization), 'content-type': 'application/json', 'x-request-id': id },
      ...(body === '' ? {} : { body }),
    })
    const text = await answer.text()
    const reply = { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
    const entry = neon.journal.findLast((candidate) => candidate.headers['x-request-id'] === id)
    const lie = state.lies[entry?.operation ?? '']
    if (!lie || !answer.ok) return reply
    for (const [path, value] of Object.entries(lie)) if (put(reply.body, path.split('.'), value)) state.told += 1
    return reply
  })
  return Object.assign(state, {
    url: neon.url.replace(origin, server.url),
    close: () => server.close(),
  })
}

/** Sets a field; false where what it belongs to is not there. */
function put(holder: unknown, [key = '', ...rest]: string[], value: unknown): boolean {
  if (typeof holder !== 'object' || holder === null) return false
  const name = key.startsWith('@') ? indexOf(holder, key.slice(1)) : key
  const there: unknown = Reflect.get(holder, name)
  if (rest.length > 0) return put(there, rest, value)
  if (value === undefined) return Reflect.deleteProperty(holder, name)
  return Reflect.set(holder, name, typeof value === 'function' ? value(there) : value)
}

function indexOf(list: object, name: string): string {
  return String(Object.values(list).findIndex((item: { name?: string }) => item.name === name))
}
