import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import type { Kubernetes } from '../../../sandbox/kubernetes/index.ts'
import type { Sent } from './requests.ts'

/** What a server answered, without what differs between two runs on the same server. */
export interface Told {
  status: number
  /** Of the content type, without its parameters. */
  type: string
  body: unknown
}

interface Login {
  server: string
  options: https.RequestOptions
  headers: Record<string, string>
}

const SETTLING = 700

/** Sends the requests one after another, and gives their answers by name. */
export async function sendAll(server: Kubernetes, requests: readonly Sent[]): Promise<Map<string, Told>> {
  const namespace = `diff-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  const login = readLogin(server)
  const forget = forgetter(namespace)
  const told = new Map<string, Told>()
  const agent = login.server.startsWith('http:')
    ? new http.Agent({ keepAlive: true })
    : new https.Agent({ keepAlive: true })
  try {
    for (const request of requests) {
      if (told.has(request.name)) throw new Error(`two requests are called ${request.name}`)
      if (request.settled && server.kind === 'kube-apiserver') await sleep(SETTLING)
      const { status, type, text } = await send({ ...login, options: { ...login.options, agent } }, request, namespace)
      told.set(request.name, { status, type, body: forget(parsed(text)) })
    }
  } finally {
    agent.destroy()
  }
  return told
}

function readLogin(server: Kubernetes): Login {
  const { clusters, users } = parse(server.kubeconfig)
  const { cluster } = clusters[0]
  const { user } = users[0]
  const pem = (value: string | undefined) => (value ? Buffer.from(value, 'base64') : undefined)
  return {
    server: cluster.server,
    options: {
      ca: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    },
    headers: user.token ? { authorization: `Bearer ${user.token}` } : {},
  }
}

function send(login: Login, request: Sent, namespace: string): Promise<{ status: number; type: string; text: string }> {
  const fill = (text: string) => text.replace(/(?:(?<=%3D)|\b)NS\b/g, namespace)
  const { as } = request
  const anonymous = as === 'nobody' || as === 'stranger'
  const { ca, cert, key, agent } = login.options
  const url = new URL(`${login.server}${fill(request.path)}`)
  const body = request.text ?? (request.body === undefined ? undefined : fill(JSON.stringify(request.body)))
  const type = request.type ?? (request.method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json')
  const headers: Record<string, string> = {
    accept: request.accept ?? 'application/json',
    'user-agent': 'differential/1.0',
    ...(body === undefined ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) }),
    ...(as === 'stranger' ? { authorization: 'Bearer nobody-knows-this-token' } : {}),
    ...(anonymous ? {} : login.headers),
    ...(as && !anonymous ? { 'impersonate-user': fill(as) } : {}),
  }
  const options = { method: request.method, headers, ca, ...(anonymous ? {} : { cert, key, agent }) }
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'http:' ? http : https).request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const [mime = ''] = (response.headers['content-type'] ?? '').split(';')
        resolve({ status: response.statusCode ?? 0, type: mime, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const UNLIKE: [pattern: RegExp, placeholder: string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<moment>'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'],
  [/\b127\.0\.0\.1:\d+/g, '<address>'],
  [/\b0xc[0-9a-f]{9}\b/g, '<pointer>'],
  [/(?<=in record \()\d+/g, '<version>'],
  [/(?<=\bUPPER-)[a-z0-9]{5}\b/g, '<made up>'],
  [/^\d+s$/, '<age>'],
]

/** Takes out what no two runs have in common. The versions of an object are numbered, so that it shows where one stays. */
function forgetter(namespace: string): (body: unknown) => unknown {
  const versions = new Map<string, string[]>()
  const numbered = (uid: string, version: string) => {
    const known = versions.get(uid) ?? []
    if (!known.includes(version)) known.push(version)
    versions.set(uid, known)
    return `<version ${known.indexOf(version) + 1}>`
  }
  const text = (value: string) =>
    UNLIKE.reduce((said, [pattern, placeholder]) => said.replace(pattern, placeholder), value).replaceAll(
      namespace,
      'NS',
    )
  const forget = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return sortedList(value.map(forget))
    if (typeof value !== 'object' || value === null) return value
    const { uid = '', resourceVersion } = value as { uid?: string; resourceVersion?: string }
    // That of a list is the server's own, which others move on too.
    const version = resourceVersion && uid ? numbered(uid, resourceVersion) : '<version>'
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) => [text(key), key === 'resourceVersion' ? version : forget(below)]),
    )
  }
  return forget
}

/** Managers and causes stand in an order of the second and of chance. */
function sortedList(items: unknown[]): unknown[] {
  const isLoose = items.every(
    (item) => typeof item === 'object' && item !== null && ('manager' in item || 'field' in item),
  )
  return isLoose ? items.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)) : items
}
