import { type AddressInfo, connect, createServer } from 'node:net'

/** A proxy without TLS that keeps what the client asks the server. */
export interface Wiretap {
  readonly port: number
  /** Texts of the simple queries, in order. */
  queries(): string[]
  /** Types of all messages of the client after its startup message. */
  types(): string[]
  close(): Promise<void>
}

/** Listens in on a PostgreSQL server: https://www.postgresql.org/docs/current/protocol-message-formats.html. */
export async function startWiretap(targetPort: number): Promise<Wiretap> {
  const messages: { type: string; body: Buffer }[] = []
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: targetPort })
    let data = Buffer.alloc(0)
    let started = false
    client.on('data', (chunk) => {
      data = Buffer.concat([data, chunk])
      for (;;) {
        const typed = started ? 1 : 0
        if (data.length < typed + 4) break
        const end = typed + data.readInt32BE(typed)
        if (data.length < end) break
        if (started) messages.push({ type: data.toString('latin1', 0, 1), body: data.subarray(5, end) })
        started = true
        data = data.subarray(end)
      }
    })
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    queries: () =>
      messages.filter(({ type }) => type === 'Q').map(({ body }) => body.toString('utf8', 0, body.length - 1)),
    types: () => [...new Set(messages.map(({ type }) => type))],
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
