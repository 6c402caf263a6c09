import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import { serverCertificate } from '../../../sandbox/postgres/certificate.ts'
import type { Moment } from './faults.ts'

/** A connection of a run, as a fault sees it. */
export interface Wire {
  /** Which connection of the run, from 1. */
  connection: number
  /** Port of the server itself. */
  port: number
  /** Process of the session in the server, once it has told it. */
  pid: number | undefined
  /** Nothing passes any more in either direction, and nobody is told. */
  freeze(): void
  /** Runs when either side is gone. */
  whenGone(work: () => void): void
}

/** What a fault does on the way: called before the bytes go on, and waited for. */
export interface WireFault {
  at(wire: Wire, moment: { kind: 'login' } | { kind: 'query'; turn: number }): Promise<void>
  /** Told each SQLSTATE of an error that the server sends. */
  onError?(code: string): void
}

/** Ways to PostgreSQL servers on which queries are counted and faults are made. */
export interface SqlGate {
  /** In the shape of the Neon stand-in's setting `wayIn`. */
  wayIn(options: { target(): number }): Promise<{ port: number; close(): Promise<void> }>
  /** Queries of each connection since {@link arm}, in the order of the connections. */
  readonly queries: number[]
  /** Begins to count anew, with this fault; none ends it. Connections that are still there are closed. */
  arm(fault?: WireFault): void
  close(): Promise<void>
}

/** One of a run's connections to the database, and the moment in it, as a cell of the matrix names it. */
export interface SqlCall {
  server: 'sql'
  /** From 1. */
  connection: number
  moment: Moment
  /** The query's number; 0 at the login. */
  query: number
}

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const SSL_REQUEST = 80_877_103

/** Opens a gate; it speaks TLS with the servers' own certificate on both sides. */
export function openSqlGate(): SqlGate {
  const servers = new Set<Server>()
  let round: Round = { queries: [], fault: undefined, sockets: new Set() }
  return {
    async wayIn({ target }) {
      const server = createServer((client) => {
        // It may come with the end of the run.
        pass(client, target(), round).catch(() => client.destroy())
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      server.unref()
      servers.add(server)
      return {
        port: (server.address() as AddressInfo).port,
        async close() {
          servers.delete(server)
          server.close()
        },
      }
    },
    get queries() {
      return round.queries
    },
    arm(fault) {
      for (const socket of round.sockets) socket.destroy()
      round = { queries: [], fault, sockets: new Set() }
    },
    async close() {
      this.arm()
      for (const server of servers) server.close()
    },
  }
}

interface Round {
  queries: number[]
  fault: WireFault | undefined
  sockets: Set<Socket>
}

async function pass(client: Socket, port: number, round: Round): Promise<void> {
  const { fault } = round
  const connection = round.queries.push(0)
  let frozen = false
  const ends: (() => void)[] = []
  const track = (socket: Socket): Socket => {
    round.sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      round.sockets.delete(socket)
      for (const end of ends.splice(0)) end()
    })
    return socket
  }
  track(client)
  const wire: Wire = {
    connection,
    port,
    pid: undefined,
    freeze: () => {
      frozen = true
    },
    whenGone: (work) => void ends.push(work),
  }
  await fault?.at(wire, { kind: 'login' })
  if (frozen) return
  const inside = await secureClient(client)
  const upstream = track(connect({ host: '127.0.0.1', port }))
  const outside = await secureServer(upstream)
  inside.on('error', () => client.destroy())
  outside.on('error', () => upstream.destroy())
  inside.once('close', () => upstream.destroy())
  outside.once('close', () => client.destroy())
  const fromServer = framer(true, (type, message) => {
    if (type === 'K') wire.pid = message.readUInt32BE(5)
    if (type === 'E') fault?.onError?.(/\0C([0-9A-Z]{5})\0/.exec(message.toString('latin1', 4))?.[1] ?? '')
  })
  outside.on('data', (chunk: Buffer) => {
    if (frozen) return
    for (const message of fromServer(chunk)) inside.write(message)
  })
  let turn = Promise.resolve()
  const fromClient = framer(false, () => undefined)
  inside.on('data', (chunk: Buffer) => {
    for (const message of fromClient(chunk)) {
      turn = turn.then(async () => {
        if (frozen) return
        if (['Q', 'P'].includes(String.fromCharCode(message[0] ?? 0))) {
          round.queries[connection - 1] = (round.queries[connection - 1] ?? 0) + 1
          await fault?.at(wire, { kind: 'query', turn: round.queries[connection - 1] ?? 0 })
        }
        if (!frozen && !outside.destroyed) outside.write(message)
      })
      turn.catch(() => client.destroy())
    }
  })
}

/** Cuts a stream into messages; the client's first has no type. */
function framer(typed: boolean, look: (type: string, message: Buffer) => void): (chunk: Buffer) => Buffer[] {
  let pending: Buffer = Buffer.alloc(0)
  let hasType = typed
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const messages: Buffer[] = []
    for (;;) {
      const head = hasType ? 1 : 0
      if (pending.length < head + 4) break
      const length = head + pending.readUInt32BE(head)
      if (pending.length < length) break
      const message = pending.subarray(0, length)
      pending = pending.subarray(length)
      if (hasType) look(String.fromCharCode(message[0] ?? 0), message)
      hasType = true
      messages.push(message)
    }
    return messages
  }
}

async function secureClient(client: Socket): Promise<Duplex> {
  const first = await firstBytes(client)
  if (first.length < 8 || first.readUInt32BE(4) !== SSL_REQUEST) throw new Error('the client asked for no TLS')
  const { certificate: cert, key } = await serverCertificate()
  client.write('S')
  return new TLSSocket(client, { isServer: true, secureContext: createSecureContext({ cert, key }) })
}

async function secureServer(upstream: Socket): Promise<Duplex> {
  await once(upstream, 'connect')
  const request = Buffer.alloc(8)
  request.writeUInt32BE(8, 0)
  request.writeUInt32BE(SSL_REQUEST, 4)
  upstream.write(request)
  const answer = await firstBytes(upstream)
  // A server that has no room left may say so before TLS.
  if (answer[0] !== 'S'.charCodeAt(0)) throw new Error('the server took no TLS')
  const secured = connectTls({ socket: upstream, rejectUnauthorized: false })
  await once(secured, 'secureConnect')
  return secured
}

async function firstBytes(socket: Socket): Promise<Buffer> {
  for (;;) {
    const chunk: unknown = socket.read()
    if (Buffer.isBuffer(chunk)) return chunk
    if (socket.destroyed || socket.readableEnded) throw new Error('the connection ended before anything was said')
    await Promise.race([once(socket, 'readable'), once(socket, 'close'), once(socket, 'end')])
  }
}
