import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { errorBody, type HttpFault, type Server } from './faults.ts'

/** A call as a cell of the matrix names it: what was asked, with ids left out, and the how many-th time. */
export interface HttpCall {
  server: Server
  /** `GET /projects/{project}/branches`. */
  what: string
  /** From 1. */
  turn: number
}

/** A way to one HTTP server on which calls are told and faults are made. */
export interface HttpGate {
  readonly url: string
  /** The calls since {@link arm}, in order. */
  readonly calls: HttpCall[]
  /** Requests that followed a redirect to where no API is, since {@link arm}. */
  readonly strays: string[]
  /** Begins to count anew, and makes this fault at its call, once or from then on; none ends it and what it held. */
  arm(plan?: { call: HttpCall; fault: HttpFault; lasting: boolean }): void
  /** How often the fault was met since {@link arm}. */
  readonly met: number
  /** Everything sent, for the search for leaks. */
  readonly bodies: { where: string; text: string }[]
  close(): Promise<void>
}

/** Where a gate leads, with what it needs to be let in there. */
export interface HttpTarget {
  server: Server
  origin: string
  tls?: { ca?: string; cert?: string; key?: string }
  /** Headers in place of those of the run: what stands behind knows another login. */
  headers?: Record<string, string | undefined>
}

/** Opens a gate on a free port of 127.0.0.1. */
export async function openHttpGate(target: HttpTarget): Promise<HttpGate> {
  const state = new GateState(target)
  const server = http.createServer((incoming, outgoing) => {
    state.take(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return state.calls
    },
    get strays() {
      return state.strays
    },
    get met() {
      return state.met
    },
    get bodies() {
      return state.bodies
    },
    arm: (plan) => state.arm(plan),
    async close() {
      state.arm()
      state.agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Plan = Parameters<HttpGate['arm']>[0]

class GateState {
  calls: HttpCall[] = []
  strays: string[] = []
  bodies: { where: string; text: string }[] = []
  met = 0
  readonly agent: http.Agent
  private plan: Plan
  private readonly held = new Set<ServerResponse>()
  private readonly target: HttpTarget

  constructor(target: HttpTarget) {
    this.target = target
    this.agent = target.tls ? new https.Agent({ keepAlive: true, ...target.tls }) : new http.Agent({ keepAlive: true })
  }

  arm(plan?: Plan): void {
    this.plan = plan
    this.calls = []
    this.strays = []
    this.bodies = []
    this.met = 0
    for (const response of this.held) response.destroy()
    this.held.clear()
  }

  async take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { method = 'GET', url = '/' } = incoming
    if (url.startsWith('/sign-in')) {
      this.strays.push(`${method} ${url}`)
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Sign in</title></html>')
      return
    }
    this.bodies.push({ where: `${this.target.server} ${method} ${url}`, text: body.toString('utf8') })
    const fault = this.faultOf(this.note(describeCall(method, url, body.toString('utf8'))))
    const { server } = this.target
    if (fault?.act === 'hang') return void this.held.add(outgoing)
    if (fault?.act === 'drop') return void incoming.socket.destroy()
    if (fault?.act === 'answer') return reply(server, outgoing, fault)
    const answer = await this.forward(incoming, body)
    if (fault?.act === 'drop-after') return void incoming.socket.destroy()
    if (fault?.act === 'answer-after') return reply(server, outgoing, fault)
    outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length })
    if (fault?.act !== 'truncate') return void outgoing.end(answer.body)
    outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => incoming.socket.destroy())
    if (answer.body.length < 2) incoming.socket.destroy()
  }

  private note(what: string): HttpCall {
    const turn = this.calls.filter((call) => call.what === what).length + 1
    const call = { server: this.target.server, what, turn }
    this.calls.push(call)
    return call
  }

  private faultOf(call: HttpCall): HttpFault | undefined {
    if (!this.plan || this.plan.call.what !== call.what) return undefined
    const { turn } = this.plan.call
    if (this.plan.lasting ? call.turn < turn : call.turn !== turn) return undefined
    this.met += 1
    return this.plan.fault
  }

  private forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, headers, url = '/' } = incoming
    const own: Record<string, unknown> = { ...headers, ...this.target.headers, host: new URL(this.target.origin).host }
    const sent = Object.fromEntries(
      Object.entries(own).filter(([, value]) => value !== undefined),
    ) as http.OutgoingHttpHeaders
    const { request } = this.target.tls ? https : http
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(url, this.target.origin),
        { method, headers: sent, agent: this.agent },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('error', reject)
          answer.on('end', () => {
            const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers
            resolve({ status: answer.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) })
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

function reply(server: Server, outgoing: ServerResponse, fault: HttpFault): void {
  const status = fault.status ?? 500
  const headers = { 'content-type': 'application/json; charset=utf-8', ...fault.headers }
  outgoing.writeHead(status, headers).end(fault.body ?? errorBody(server, status))
}

/** Ids and names that differ from run to run, by what stands for them. */
const IDS: [RegExp, string][] = [
  [/^\/api\/v2(?=\/)/, ''],
  [/\?.*$/, ''],
  [/(?<=\/projects\/)[^/]+/, '{project}'],
  [/(?<=\/branches\/)br-[^/]+/, '{branch}'],
  [/(?<=\/operations\/)[^/]+/, '{operation}'],
  [/(?<=\/endpoints\/)[^/]+/, '{endpoint}'],
  [/(?<=\/roles\/)[^/]+/, '{role}'],
  [/(?<=\/(?:issues|pulls|comments)\/)\d+/, '{number}'],
  [/(?<=\/repos\/)[^/]+\/[^/]+/, '{repository}'],
  [/(?<=\/namespaces\/)[^/]+/, '{namespace}'],
]

function describeCall(method: string, url: string, body: string): string {
  const path = IDS.reduce((text, [pattern, name]) => text.replace(pattern, name), url)
  const asked = path.endsWith('/graphql') ? ` ${/viewer|pullRequest|ref\(/.exec(body)?.[0].replace('(', '') ?? ''}` : ''
  return `${method} ${path}${asked}`
}
