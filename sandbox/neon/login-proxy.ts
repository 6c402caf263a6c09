import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import { serverCertificate } from '../postgres/certificate.ts'
import { LOGIN_INSECURE, LOGIN_SQLSTATE } from './recorded.ts'

/** What stands before a compute and decides who may log in. */
export interface LoginProxy {
  readonly port: number
  close(): Promise<void>
}

/** What {@link startLoginProxy} needs. */
export interface LoginProxyOptions {
  /** The server's port; it may change. */
  target(): number
  /** Asked once for each connection: undefined lets it in, a text is what the login is told. */
  admit(): string | undefined
}

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
const TLS_HANDSHAKE = 0x16
const AUTHENTICATION = 'R'

/**
 * Starts the proxy on a free port of 127.0.0.1. Who is admitted talks to the server itself, byte for byte. Who is not
 * meets what Neon's proxy does: TLS, then the login (a wrong password is told first, by the server), and in the place of
 * its success the refusal.
 */
export async function startLoginProxy(options: LoginProxyOptions): Promise<LoginProxy> {
  const sockets = new Set<Socket>()
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    track(client)
    const refusal = options.admit()
    const upstream = track(connect({ host: '127.0.0.1', port: options.target(), allowHalfOpen: true }))
    if (refusal === undefined) return join(client, upstream)
    refuse(client, upstream, refusal).catch(() => {
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

function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream)
  upstream.pipe(client)
  client.once('close', () => upstream.destroy())
  upstream.once('close', () => client.destroy())
}

async function refuse(client: Socket, upstream: Socket, text: string): Promise<void> {
  const secured = await secureClient(client)
  if (!secured) {
    upstream.destroy()
    return void client.end(errorResponse(LOGIN_INSECURE))
  }
  const server = await secureServer(upstream)
  secured.on('error', () => client.destroy())
  server.on('error', () => upstream.destroy())
  server.once('close', () => secured.end())
  secured.once('close', () => upstream.destroy())
  secured.pipe(server)
  replaceSuccess(server, secured, text)
}

/** The client's side after TLS; undefined where it wants none. */
async function secureClient(client: Socket): Promise<Duplex | undefined> {
  for (;;) {
    const first = await firstBytes(client)
    const code = first.length >= 8 ? first.readUInt32BE(4) : 0
    const direct = first[0] === TLS_HANDSHAKE
    if (!direct && code !== SSL_REQUEST && code !== GSS_REQUEST) return undefined
    if (direct) client.unshift(first)
    else client.write(code === SSL_REQUEST ? 'S' : 'N')
    if (code === GSS_REQUEST) continue
    const { certificate: cert, key } = await serverCertificate()
    const context = createSecureContext({ cert, key })
    return new TLSSocket(client, { isServer: true, secureContext: context, ALPNProtocols: ['postgresql'] })
  }
}

async function secureServer(upstream: Socket): Promise<Duplex> {
  const request = Buffer.alloc(8)
  request.writeUInt32BE(8, 0)
  request.writeUInt32BE(SSL_REQUEST, 4)
  upstream.write(request)
  await firstBytes(upstream)
  return connectTls({ socket: upstream, rejectUnauthorized: false })
}

/** What a socket sends first. Throws when it ends before. */
async function firstBytes(socket: Socket): Promise<Buffer> {
  await Promise.race([once(socket, 'readable'), once(socket, 'close')])
  const chunk: unknown = socket.read()
  if (!Buffer.isBuffer(chunk)) throw new Error('the connection ended before anything was said')
  return chunk
}

/** Hands on the server's messages until it lets the login in. */
function replaceSuccess(server: Duplex, client: Duplex, text: string): void {
  let pending = Buffer.alloc(0)
  const read = (chunk: Buffer): void => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 5) {
      const length = 1 + pending.readUInt32BE(1)
      if (pending.length < length) return
      const message = pending.subarray(0, length)
      pending = pending.subarray(length)
      if (String.fromCharCode(message[0] ?? 0) !== AUTHENTICATION || message.readUInt32BE(5) !== 0) {
        client.write(message)
        continue
      }
      server.off('data', read)
      server.destroy()
      return void client.end(errorResponse(text))
    }
  }
  server.on('data', read)
}

function errorResponse(text: string): Buffer {
  const fields = Buffer.from(`SERROR\0C${LOGIN_SQLSTATE}\0M${text}\0\0`)
  const head = Buffer.from('E....')
  head.writeUInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
