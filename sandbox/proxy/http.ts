import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** What a forward proxy was asked for. */
export interface ProxyEntry {
  /** CONNECT for a tunnel, else the method of the request. */
  method: string
  host: string
  port: number
  /** Path of a plain request; empty for a tunnel, whose content a proxy does not see. */
  path: string
  /** What the proxy answered: of a tunnel 200, 407 or 502, of a request what the server said. */
  status: number
}

/** Settings of a forward proxy. */
export interface HttpProxyOptions {
  /** Refuses everybody else with 407. */
  credentials?: { user: string; password: string }
  /** Host names that lead elsewhere than DNS says, `name:port` or `name` to `host:port`. */
  routes?: Record<string, string>
}

/** A forward proxy on 127.0.0.1. */
export interface HttpProxy {
  /** For HTTPS_PROXY and HTTP_PROXY, with the credentials where there are any. */
  readonly url: string
  readonly port: number
  readonly journal: ProxyEntry[]
  /** `host:port` of every request, each once, in order. */
  hosts(): string[]
  close(): Promise<void>
}

interface State {
  options: HttpProxyOptions
  journal: ProxyEntry[]
  sockets: Set<Socket>
}

const HOP_BY_HOP = ['connection', 'proxy-authorization', 'proxy-connection', 'keep-alive', 'te', 'trailer', 'upgrade']

/**
 * Starts a forward proxy on a free port: CONNECT makes a tunnel, a request in absolute form is passed on (RFC 9110, sections
 * 9.3.6 and 7.6; RFC 9112, section 3.2.2).
 */
export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const state: State = { options, journal: [], sockets: new Set() }
  const server = createServer((incoming, response) => forward(state, incoming, response))
  server.on('connect', (incoming: IncomingMessage, client: Socket, head: Buffer) =>
    tunnel(state, incoming, client, head),
  )
  server.on('connection', (socket) => track(state, socket))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const { credentials } = options
  const login = credentials
    ? `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.password)}@`
    : ''
  return {
    url: `http://${login}127.0.0.1:${port}`,
    port,
    journal: state.journal,
    hosts: () => [...new Set(state.journal.map((entry) => `${entry.host}:${entry.port}`))],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of state.sockets) socket.destroy()
      }),
  }
}

function tunnel(state: State, incoming: IncomingMessage, client: Socket, head: Buffer): void {
  const [, host = '', port = '443'] = /^(.*?)(?::(\d+))?$/.exec(incoming.url ?? '') ?? []
  const entry = note(state, { method: 'CONNECT', host, port: Number(port), path: '', status: 0 })
  client.on('error', () => client.destroy())
  if (!authorized(state, incoming)) {
    entry.status = 407
    client.end(
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="sandbox"\r\nContent-Length: 0\r\n\r\n',
    )
    return
  }
  const upstream = track(state, connect(routeOf(state, entry)))
  upstream.once('connect', () => {
    entry.status = 200
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    upstream.write(head)
    upstream.pipe(client)
    client.pipe(upstream)
  })
  upstream.once('error', () => {
    if (entry.status === 200) return void client.destroy()
    entry.status = 502
    client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
  })
  client.once('close', () => upstream.destroy())
  upstream.once('close', () => client.end())
}

function forward(state: State, incoming: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url: target = '' } = incoming
  if (!/^http:\/\//i.test(target)) {
    response.writeHead(400).end('a forward proxy takes http:// addresses and CONNECT only')
    return
  }
  const url = new URL(target)
  const path = `${url.pathname}${url.search}`
  const entry = note(state, { method, host: url.hostname, port: Number(url.port || 80), path, status: 0 })
  const answer = (status: number, headers: IncomingMessage['headers']) => {
    entry.status = status
    response.writeHead(status, headers)
  }
  if (!authorized(state, incoming)) {
    incoming.resume()
    answer(407, { 'proxy-authenticate': 'Basic realm="sandbox"' })
    response.end()
    return
  }
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
  const upstream = request({ ...routeOf(state, entry), method, path, headers, agent: false }, (reply) => {
    answer(reply.statusCode ?? 502, reply.headers)
    reply.pipe(response)
  })
  upstream.once('socket', (socket) => track(state, socket))
  upstream.once('error', () => {
    if (response.headersSent) return void response.destroy()
    answer(502, {})
    response.end()
  })
  incoming.pipe(upstream)
}

function routeOf(state: State, { host, port }: ProxyEntry): { host: string; port: number } {
  const routes = state.options.routes ?? {}
  const route = routes[`${host}:${port}`] ?? routes[host]
  if (!route) return { host, port }
  const [name = '', number] = route.split(':')
  return { host: name, port: Number(number ?? port) }
}

function authorized(state: State, incoming: IncomingMessage): boolean {
  const { credentials } = state.options
  if (!credentials) return true
  const expected = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')
  return incoming.headers['proxy-authorization'] === `Basic ${expected}`
}

function note(state: State, entry: ProxyEntry): ProxyEntry {
  state.journal.push(entry)
  return entry
}

function track(state: State, socket: Socket): Socket {
  state.sockets.add(socket)
  socket.once('close', () => state.sockets.delete(socket))
  return socket
}
