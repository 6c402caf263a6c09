import { once } from 'node:events'
import { isIP, Socket, type SocketConstructorOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { errorCode, errorMessage } from '../runtime/errors.ts'
import type { Encryption } from './tls.ts'

// One chain of messages may hold many megabytes. When a write reports a full buffer, postgres.js stops pipelining and sends
// one query per round trip until its queue is empty, so the buffer must never report that.
const UNLIMITED_BUFFER = 2 ** 31 - 1

// Of several addresses, Node gives each but the last a quarter of a second, which a far one may need for itself.
const EACH_ADDRESS = 2500

// SSLRequest of the frontend/backend protocol: its length and its code.
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const TAKES_TLS = 'S'.charCodeAt(0)
const HAS_NO_TLS = 'N'.charCodeAt(0)

/** Where to, in how much time, and how safe. */
export interface SocketOptions {
  host: string
  port: number
  /** For TCP and TLS together. */
  seconds: number
  encryption: Encryption
  /** Ends the attempt. */
  signal: AbortSignal
}

/**
 * Connects by TCP, without Nagle's delay, and agrees on TLS with the server; the driver then only logs in. Rejects with
 * the system's error, ETIMEDOUT, the signal's reason, CONNECTION_CLOSED when the server hangs up, TLS_NOT_OFFERED when it
 * has no TLS, or CERTIFICATE_REJECTED.
 */
export function connectSocket(options: SocketOptions): Promise<Socket> {
  const { host, port, seconds, signal } = options
  // Socket hands its options on to the stream it is, which its types do not say.
  const settings: SocketConstructorOpts & { writableHighWaterMark: number } = {
    writableHighWaterMark: UNLIMITED_BUFFER,
  }
  return new Promise((resolve, reject) => {
    const socket = new Socket(settings)
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
    const fail = (error: unknown) => {
      settle()
      socket.destroy()
      reject(error)
    }
    const stop = () => fail(signal.reason)
    const late = () => fail(withCode('ETIMEDOUT', `no connection to ${host}:${port} within ${seconds} s`))
    const timer = setTimeout(late, seconds * 1000)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) return stop()
    socket.setNoDelay(true)
    socket.connect({ host, port, autoSelectFamilyAttemptTimeout: EACH_ADDRESS })
    agree(socket, options).then((result) => {
      settle()
      // The driver tells them in its errors.
      resolve(Object.assign(result, { host, port }))
    }, fail)
  })
}

async function agree(socket: Socket, { host, encryption }: SocketOptions): Promise<Socket> {
  await once(socket, 'connect')
  if (encryption.use === 'never') return socket
  socket.write(TLS_REQUEST)
  const answer = await firstBytes(socket)
  // More than the one byte would be plaintext of somebody in between, taken for the server's (CVE-2021-23222).
  if (answer.length === 1 && answer[0] === TAKES_TLS) return await encrypt(socket, host, encryption.options)
  if (answer.length !== 1 || answer[0] !== HAS_NO_TLS) {
    throw withCode('CONNECTION_CLOSED', 'the server did not answer the question for TLS as PostgreSQL does')
  }
  if (encryption.use === 'if-offered') return socket
  throw withCode('TLS_NOT_OFFERED', 'the server has no TLS')
}

/** What the server says first. */
function firstBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const listeners = {
      data: (bytes: Buffer) => settle(() => resolve(bytes)),
      error: (error: Error) => settle(() => reject(error)),
      end: () => settle(() => reject(hungUp())),
    }
    const settle = (outcome: () => void) => {
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
      outcome()
    }
    for (const [event, listener] of Object.entries(listeners)) socket.once(event, listener)
  })
}

async function encrypt(socket: Socket, host: string, options: ConnectionOptions): Promise<Socket> {
  const secure = connectTls({
    ...options,
    ...{ socket, host, highWaterMark: UNLIMITED_BUFFER },
    // Neon finds the branch by it; an address is not allowed in it (RFC 6066).
    ...(isIP(host) === 0 ? { servername: host } : {}),
  })
  try {
    await once(secure, 'secureConnect')
    return secure
  } catch (error) {
    secure.destroy()
    if (!secure.authorizationError) throw error
    // Node adds what a user of the command line could do.
    const cause = errorMessage(error).replace(/; if the root CA .*$|\.$/, '')
    throw withCode('CERTIFICATE_REJECTED', `the server's certificate is not accepted: ${cause} (${errorCode(error)})`)
  }
}

/** The error of a server that ends a connection before anything came of it. */
export function hungUp(): Error {
  return withCode('CONNECTION_CLOSED', 'the server hung up before the login')
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
