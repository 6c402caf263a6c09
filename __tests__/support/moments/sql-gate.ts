import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import { serverCertificate } from '../../../sandbox/postgres/certificate.ts'
import type { Passage, Turnstile } from './turnstile.ts'

/** A way to a PostgreSQL server on this machine on which one message can be held. */
export interface SqlGate {
  readonly port: number
  close(): Promise<void>
}

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const READY = 'Z'

/**
 * Opens the gate. It reads what goes through, so it speaks TLS on both sides, with the certificate of the sandbox's servers
 * (channel binding holds). What counts as an event is a login, a simple query, and the Sync that ends an extended one.
 */
export async function openSqlGate(targetPort: number, turnstile: Turnstile): Promise<SqlGate> {
  const sockets = new Set<Socket>()
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((client) => {
    track(client)
    const upstream = track(connect({ host: '127.0.0.1', port: targetPort }))
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroySoon())
    join(client, upstream, turnstile).catch(() => {
      client.destroy()
      upstream.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

async function join(client: Socket, upstream: Socket, turnstile: Turnstile): Promise<void> {
  const first = await firstBytes(client)
  if (!first.equals(SSL_REQUEST)) {
    // A request to cancel a statement: it has no answer.
    if ((await turnstile.enter('SQL: cancel')).goesOn) upstream.end(first)
    return
  }
  upstream.write(SSL_REQUEST)
  await firstBytes(upstream)
  client.write('S')
  const { certificate: cert, key } = await serverCertificate()
  const secureContext = createSecureContext({ cert, key })
  const inside = new TLSSocket(client, { isServer: true, secureContext, ALPNProtocols: ['postgresql'] })
  const outside = connectTls({ socket: upstream, rejectUnauthorized: false })
  inside.on('error', () => client.destroy())
  outside.on('error', () => upstream.destroy())
  inside.once('close', () => upstream.destroy())
  passMessages(inside, outside, turnstile)
}

/** Hands on the client's messages one after another, and the server's as they come, but for the answer that is held. */
function passMessages(client: Duplex, server: Duplex, turnstile: Turnstile): void {
  let asked = 0
  let answered = 0
  let held: { back: NonNullable<Passage['back']>; until: number } | undefined
  let kept: Buffer[] = []
  const lose = () => {
    client.destroy()
    server.destroy()
  }
  const giveBack = async (back: NonNullable<Passage['back']>) => {
    if (!(await back())) return lose()
    held = undefined
    for (const message of kept) client.write(message)
    kept = []
  }
  let latest = ''
  inOrder(client, { startup: true }, async (type, message) => {
    if (type === 'P') latest = textOf(message.subarray(message.indexOf(0, 5) + 1))
    const isAsked = type === 'Q' || type === 'S'
    if (isAsked || type === '') {
      const what = type === '' ? 'login' : type === 'Q' ? textOf(message.subarray(5)) : latest
      const { goesOn, back } = await turnstile.enter(`SQL: ${what}`)
      if (!goesOn) return lose()
      if (isAsked) asked += 1
      if (back) held = { back, until: isAsked ? asked : answered }
    }
    server.write(message)
  })
  inOrder(server, { startup: false }, async (type, message) => {
    if (type === READY) answered += 1
    if (!held) return void client.write(message)
    kept.push(message)
    // Behind the login's first word there is nothing to count; a query's answer is whole with the server's ReadyForQuery.
    if (answered >= held.until && (type === READY || held.until === 0)) await giveBack(held.back)
  })
  server.once('end', () => {
    if (!held) client.end()
  })
}

/** Reads messages one after another; a startup message has no type, which is told as an empty text. */
function inOrder(
  stream: Duplex,
  { startup }: { startup: boolean },
  take: (type: string, message: Buffer) => Promise<void>,
): void {
  let data = Buffer.alloc(0)
  let starts = startup
  let last = Promise.resolve()
  stream.on('data', (chunk: Buffer) => {
    data = Buffer.concat([data, chunk])
    for (;;) {
      const typed = starts ? 0 : 1
      if (data.length < typed + 4) return
      const end = typed + data.readInt32BE(typed)
      if (data.length < end) return
      const message = data.subarray(0, end)
      const type = starts ? '' : message.toString('latin1', 0, 1)
      starts = false
      data = data.subarray(end)
      last = last.then(() => (stream.destroyed ? undefined : take(type, message)))
    }
  })
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  const text = bytes.toString('utf8', 0, Math.min(end < 0 ? bytes.length : end, 400))
  return text.replace(/\s+/g, ' ').trim().slice(0, 60)
}

/** What a socket sends first. Throws when it ends before. */
async function firstBytes(socket: Socket): Promise<Buffer> {
  await Promise.race([once(socket, 'readable'), once(socket, 'close')])
  const chunk: unknown = socket.read()
  if (!Buffer.isBuffer(chunk)) throw new Error('the connection ended before anything was said')
  return chunk
}
