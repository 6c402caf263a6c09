import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { createFaultPlan, type Fault, type FaultPlan } from './faults.ts'

/** One request as a server saw it, and what it answered; status 0 means the socket was dropped. */
export interface JournalEntry {
  method: string
  /** Path and query. */
  path: string
  headers: IncomingMessage['headers']
  body: string
  status: number
  /** The operation of the API description it was routed to, where there is one. */
  operation?: string
  /** Milliseconds since the epoch, when the request had arrived whole. */
  at: number
}

/** A request, read whole. */
export interface Request {
  method: string
  url: URL
  headers: IncomingMessage['headers']
  body: string
  /** The body as it came. */
  bytes: Buffer
  /** With TLS: whether the client showed a certificate, which nobody has judged. */
  hasCertificate: boolean
  entry: JournalEntry
}

/** What a server with TLS shows, as PEM. */
export interface Certificate {
  cert: string
  key: string
}

/** What to answer; a body that is no string is sent as JSON. */
export interface Reply {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

/** A server on a free port of 127.0.0.1. */
export interface HttpServer {
  readonly url: string
  readonly port: number
  readonly journal: JournalEntry[]
  readonly faults: FaultPlan
  /** Milliseconds that every answer is held back. */
  latency: number
  close(): Promise<void>
}

/**
 * Serves `handle` on 127.0.0.1 with a journal, faults and latency. An exception in `handle` becomes a 500 with its text,
 * so that a mistake of the stand-in is seen as one. With a certificate it speaks TLS.
 */
export async function serve(
  handle: (request: Request) => Promise<Reply>,
  port = 0,
  certificate?: Certificate,
): Promise<HttpServer> {
  const sockets = new Set<Socket>()
  const journal: JournalEntry[] = []
  const faults = createFaultPlan()
  const state = { latency: 0 }
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    answer({ incoming, response, handle, journal, faults, latency: state.latency }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  }
  const server = certificate
    ? createSecureServer({ ...certificate, requestCert: true, rejectUnauthorized: false }, listener)
    : createServer(listener)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${bound}`,
    port: bound,
    journal,
    faults,
    get latency() {
      return state.latency
    },
    set latency(milliseconds) {
      state.latency = milliseconds
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

interface Exchange {
  incoming: IncomingMessage
  response: ServerResponse
  handle: (request: Request) => Promise<Reply>
  journal: JournalEntry[]
  faults: FaultPlan
  latency: number
}

async function answer(exchange: Exchange): Promise<void> {
  const { incoming, response, journal, faults } = exchange
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const method = incoming.method ?? 'GET'
  const path = incoming.url ?? '/'
  const bytes = Buffer.concat(chunks)
  const body = bytes.toString('utf8')
  const entry: JournalEntry = { method, path, headers: incoming.headers, body, status: 0, at: Date.now() }
  journal.push(entry)
  const fault = faults.meet(method, path)
  if (exchange.latency > 0) await sleep(exchange.latency)
  // The connection keeps the process for as long as anybody waits.
  if (fault?.kind === 'slow') await sleep(fault.milliseconds ?? 0, undefined, { ref: false })
  if (fault?.kind === 'drop') return void incoming.socket.destroy()
  if (fault?.kind === 'answer') return send(response, entry, faultReply(fault))
  const url = new URL(path, `http://${incoming.headers.host ?? '127.0.0.1'}`)
  const reply = await exchange
    .handle({ method, url, headers: incoming.headers, body, bytes, hasCertificate: showsCertificate(incoming), entry })
    .catch((error: unknown) => ({ status: 500, body: { message: `sandbox: ${String(error)}`, code: '' } }))
  if (fault?.kind === 'drop-after') return void incoming.socket.destroy()
  send(response, entry, fault?.kind === 'answer-after' ? faultReply(fault) : reply)
}

function showsCertificate({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && Object.keys(socket.getPeerCertificate()).length > 0
}

function faultReply(fault: Fault): Reply {
  return {
    status: fault.status ?? 500,
    ...(fault.headers ? { headers: fault.headers } : {}),
    body: fault.body ?? { message: `injected ${fault.status ?? 500}`, code: '' },
  }
}

function send(response: ServerResponse, entry: JournalEntry, reply: Reply): void {
  entry.status = reply.status
  const text = reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
  const type = typeof reply.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'
  response.writeHead(reply.status, { ...(text ? { 'content-type': type } : {}), ...reply.headers })
  response.end(reply.status === 204 ? undefined : text)
}
