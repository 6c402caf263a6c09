import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on which every SQL text that a client sends is written down, for each connection in its order. */
export interface SqlRecorder {
  readonly port: number
  readonly connections: string[][]
  close(): Promise<void>
}

/** Starts a recorder in front of a port. Clients must come without TLS. */
export async function startSqlRecorder(targetPort: number): Promise<SqlRecorder> {
  const connections: string[][] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const texts: string[] = []
    connections.push(texts)
    const upstream = connect(targetPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    client.on('data', textsIn(texts))
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Reads what a client sends (https://www.postgresql.org/docs/current/protocol-message-formats.html): a startup message
 * without a type, then messages of a type and a length; Query holds a text, Parse a name and a text.
 */
function textsIn(texts: string[]): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  let started = false
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = started ? 1 : 0
      if (rest.length < head + 4) return
      const end = head + rest.readUInt32BE(head)
      if (rest.length < end) return
      const [type, body] = [started ? String.fromCharCode(rest[0] ?? 0) : '', rest.subarray(head + 4, end)]
      rest = rest.subarray(end)
      started = true
      if (type === 'Q') texts.push(body.subarray(0, -1).toString())
      if (type === 'P') texts.push(body.toString().split('\0')[1] ?? '')
    }
  }
}
