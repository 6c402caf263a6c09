import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openSqlGate, type SqlGate } from './sql-gate.ts'
import { createTurnstile, type Turnstile } from './turnstile.ts'

/** The ways of one run to every server of its world, with one turnstile for all of them. */
export interface MomentGate extends Turnstile {
  /** The address by which a server is reached through the gate. */
  through(url: string): string
  close(): Promise<void>
}

/** Servers behind a gate, by the name that events begin with. */
export type Servers = Record<string, string>

/**
 * Opens a gate on 127.0.0.1 to these servers. Addresses of databases in an answer of the server `Neon` are replaced, so that
 * SQL goes through the gate too.
 */
export async function openMomentGate(servers: Servers): Promise<MomentGate> {
  const turnstile = createTurnstile()
  const closers: (() => Promise<void>)[] = []
  const addresses = new Map<string, string>()
  const sqlGates = new Map<number, Promise<SqlGate>>()
  const sqlGate = (port: number) => {
    const gate = sqlGates.get(port) ?? openSqlGate(port, turnstile)
    sqlGates.set(port, gate)
    return gate
  }
  for (const [name, url] of Object.entries(servers)) {
    const { origin } = new URL(url)
    const rewrite = name === 'Neon' ? (text: string) => withGates(text, sqlGate) : undefined
    const way = await openHttpGate({ name, origin, turnstile, ...(rewrite ? { rewrite } : {}) })
    addresses.set(origin, way.origin)
    closers.push(way.close)
  }
  return {
    get events() {
      return turnstile.events
    },
    get isReached() {
      return turnstile.isReached
    },
    reset: turnstile.reset,
    enter: turnstile.enter,
    through(url) {
      const { origin } = new URL(url)
      const way = addresses.get(origin)
      if (!way) throw new Error(`the gate does not lead to ${origin}`)
      return url.replace(origin, way)
    },
    async close() {
      const gates = await Promise.all(sqlGates.values())
      await Promise.all([...closers.map((close) => close()), ...gates.map((gate) => gate.close())])
    },
  }
}

const DATABASE = /127\.0\.0\.1:(\d+)/g

async function withGates(text: string, sqlGate: (port: number) => Promise<SqlGate>): Promise<string> {
  const ports = [...new Set([...text.matchAll(DATABASE)].map(([, port]) => Number(port)))]
  const gates = new Map(await Promise.all(ports.map(async (port) => [port, (await sqlGate(port)).port] as const)))
  return text.replace(DATABASE, (_, port) => `127.0.0.1:${gates.get(Number(port))}`)
}

interface HttpGate {
  name: string
  origin: string
  turnstile: Turnstile
  rewrite?: (text: string) => Promise<string>
}

async function openHttpGate({ name, origin, turnstile, rewrite }: HttpGate) {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const { method = 'GET', url = '/', headers } = incoming
      const body = await whole(incoming)
      const { goesOn, back } = await turnstile.enter(`${name}: ${method} ${url.replace(/\?.*/, '')}`)
      if (!goesOn) return void outgoing.destroy()
      const answer = await ask(new URL(url, origin), { method, headers }, body)
      if (back && !(await back())) return void outgoing.destroy()
      const text = rewrite ? Buffer.from(await rewrite(answer.body.toString('utf8'))) : answer.body
      const { 'transfer-encoding': _, ...kept } = answer.headers
      outgoing.writeHead(answer.status, answer.status === 204 ? kept : { ...kept, 'content-length': text.length })
      outgoing.end(answer.status === 204 ? undefined : text)
    } catch {
      outgoing.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function ask(url: URL, { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const sent = request(url, { method: method ?? 'GET', headers, agent: false }, (answer) => {
      const { statusCode: status = 502, headers } = answer
      whole(answer).then((body) => resolve({ status, headers, body }), reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function whole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
