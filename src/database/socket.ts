import { isIP, Socket, type SocketConstructorOpts } from 'node:net'

// One chain of messages may hold many megabytes. When a write reports a full buffer, postgres.js stops pipelining and sends
// one query per round trip until its queue is empty, so the buffer must never report that.
export const UNLIMITED_BUFFER = 2 ** 31 - 1

/** What postgres.js hands to its `socket` option. */
export interface SocketTarget {
  host: string[]
  port: number[]
}

/** Connects by TCP, without Nagle's delay, within `seconds`. Rejects with the system's error, or ETIMEDOUT. */
export function connectSocket(
  { host: [host = '127.0.0.1'], port: [port = 5432] }: SocketTarget,
  seconds: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Socket hands its options on to the stream it is, which its types do not say.
    const settings: SocketConstructorOpts & { writableHighWaterMark: number } = {
      writableHighWaterMark: UNLIMITED_BUFFER,
    }
    const socket = new Socket(settings)
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => {
      const late = new Error(`no connection to ${host}:${port} within ${seconds} s`)
      fail(Object.assign(late, { code: 'ETIMEDOUT' }))
    }, seconds * 1000)
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      // The driver reads the TLS server name from here.
      if (isIP(host) === 0) Object.assign(socket, { host })
      resolve(socket)
    })
    socket.setNoDelay(true)
    socket.connect(port, host)
  })
}
