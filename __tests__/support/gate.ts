import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A way to servers on this machine on which one request can be held until something else has happened. */
export interface Gate {
  /** The address by which a server is reached through the gate. */
  through(url: string): string
  /** Holds the request of this number, from 1, over all servers, while `meanwhile` runs; counts anew from here. */
  hold(number: number, meanwhile: () => Promise<unknown>): void
  /** How many requests came since {@link hold}. */
  readonly count: number
  close(): Promise<void>
}

/** Opens a gate on 127.0.0.1 that leads to the servers of these addresses. */
export async function openGate(urls: string[]): Promise<Gate> {
  const servers: ReturnType<typeof createServer>[] = []
  const addresses = new Map<string, string>()
  let count = 0
  let held = 0
  let meanwhile: () => Promise<unknown> = async () => undefined
  const open = async (target: URL) => {
    const server = createServer(async (incoming, outgoing) => {
      count += 1
      if (count === held) await meanwhile()
      const { method, headers, url = '/' } = incoming
      const sent = request(new URL(url, target.origin), { method, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      sent.on('error', () => outgoing.destroy())
      incoming.pipe(sent)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    servers.push(server)
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  for (const url of urls) addresses.set(new URL(url).origin, await open(new URL(url)))
  return {
    through(url: string): string {
      const target = new URL(url)
      const origin = addresses.get(target.origin)
      if (!origin) throw new Error(`the gate does not lead to ${target.origin}`)
      return url.replace(target.origin, origin)
    },
    hold(number: number, work: () => Promise<unknown>) {
      count = 0
      held = number
      meanwhile = work
    },
    get count() {
      return count
    },
    async close() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}
