import { ActionError } from '../runtime/errors.ts'
import { isNeonHost } from '../runtime/neon-hosts.ts'
import { type SslMode, takeParameters, type Wishes } from './connection-parameters.ts'

/** A connection URL, read: everything decoded. */
export interface ConnectionUrl {
  /** A name or an address; an IPv6 address without its brackets. */
  host: string
  port: number
  /** Host and port as the URL has them, for people: `db.example.com`, `[::1]:6543`. */
  address: string
  /** User, password and database are empty where the URL names none. */
  user: string
  password: string
  database: string
  /** Whether the host's name is one of Neon's. */
  isNeon: boolean
  /** What we do: on Neon's hosts always `verify-full`; `verify-ca` for `require` with a file of certificates, as libpq. */
  sslMode: SslMode
  /** Path of a file with certificates, or `system`. */
  sslRootCertificate: string | undefined
  connectSeconds: number | undefined
  applicationName: string | undefined
  /** Settings that go to the server with the login: `options`, `search_path`. */
  startup: Record<string, string>
  /** The parameters as libpq's environment variables, `PGSSLMODE` among them. */
  environment: Record<string, string>
}

/** A URL that was read, or everything that is wrong with it: predicates such as `has a '#': write %23 for it.` */
export type Reading = { url: ConnectionUrl; problems: [] } | { url: null; problems: string[] }

/**
 * Reads a connection URL. Problems never repeat a value of it, since a password that is not percent-encoded can end up in
 * any part.
 */
export function readConnectionUrl(text: string): Reading {
  const wrong = (problem: string): Reading => ({ url: null, problems: [problem] })
  if (!/^postgres(ql)?:\/\//i.test(text)) return wrong("is not a URL that starts with 'postgresql://'.")
  // URL drops them without a word.
  if (/[\t\r\n]/.test(text)) return wrong('has a line break or a tab: write it in one line.')
  const [, authority = '', rest = ''] = /^[^/]*\/\/([^/?#]*)(.*)$/s.exec(text) ?? []
  if (rest.includes('@')) {
    return wrong(
      "has an '@' behind the host: in user and password write %2F for '/', %3F for '?' and %23 for '#', elsewhere %40 for '@'.",
    )
  }
  const hosts = authority.slice(authority.lastIndexOf('@') + 1)
  if (/^(%2f|:|$)/i.test(hosts)) {
    return wrong('names no host that can be reached by network: sockets of the file system are not supported.')
  }
  if (hosts.includes(',')) return wrong('names several hosts: give the one that takes writes.')
  const url = URL.parse(text)
  if (!url) return wrong('is no valid URL: check its host and its port.')
  return readParts(url)
}

/** The same where the URL is known to be right. Throws an {@link ActionError} with its problems when it is not. */
export function connectionUrl(text: string): ConnectionUrl {
  const { url, problems } = readConnectionUrl(text)
  if (url) return url
  throw new ActionError(`Could not read the connection URL: it ${problems.join(' It ')}`, {
    advice: 'Write it as postgresql://user:password@host:5432/database.',
  })
}

function readParts(url: URL): Reading {
  const problems: string[] = []
  const decode = (part: string, text: string): string => {
    const { value, problem } = decoded(text)
    if (problem) problems.push(`has ${problem.replace('{part}', part)}`)
    return value
  }
  const user = decode('user', url.username)
  const password = decode('password', url.password)
  const database = decode('database', url.pathname.slice(1))
  const host = decode('host', url.hostname.replace(/^\[(.*)\]$/, '$1'))
  const wishes: Wishes = { startup: {}, environment: {} }
  if (url.hash !== '') problems.push("has a '#': write %23 for it.")
  if (url.port === '0') problems.push('has the port 0: give the port of the server, 5432 in most cases.')
  const pairs = url.search.slice(1).split('&')
  const readable = pairs.filter((pair) => decode('parameters', pair) !== '')
  problems.push(...takeParameters(readable.map(parameterOf), wishes))
  const isNeon = isNeonHost(host)
  const sslMode = modeOf(wishes, isNeon)
  problems.push(...contradictions(wishes, { isNeon, sslMode }))
  if (problems.length > 0) return { url: null, problems }
  const { sslrootcert: sslRootCertificate, connectSeconds, applicationName, startup } = wishes
  const environment = { ...wishes.environment, PGSSLMODE: toolMode(wishes, { isNeon, sslMode }) }
  const address = `${host.includes(':') ? `[${host}]` : host}${url.port ? `:${url.port}` : ''}`
  const place = { host, port: Number(url.port || 5432), address, user, password, database, isNeon }
  return {
    url: { ...place, sslMode, sslRootCertificate, connectSeconds, applicationName, startup, environment },
    problems: [],
  }
}

/** The value, empty where something is wrong with it; `{part}` stands for the name of the part. */
function decoded(text: string): { value: string; problem?: string } {
  const wrong = (problem: string) => ({ value: '', problem })
  if (/%(?![0-9a-f]{2})/i.test(text)) return wrong("a '%' in its {part} that begins no escape: write %25 for it.")
  try {
    const value = decodeURIComponent(text)
    return value.includes('\0') ? wrong('a NUL character in its {part}: take it out.') : { value }
  } catch {
    return wrong('an escape in its {part} that is not UTF-8: write %25 for each % that is meant as such.')
  }
}

/** As libpq decodes them: a '+' is a '+'. */
function parameterOf(pair: string): [name: string, value: string] {
  const at = pair.includes('=') ? pair.indexOf('=') : pair.length
  return [decodeURIComponent(pair.slice(0, at)), decodeURIComponent(pair.slice(at + 1))]
}

interface Decided {
  isNeon: boolean
  sslMode: SslMode
}

function modeOf({ sslmode, sslrootcert }: Wishes, isNeon: boolean): SslMode {
  // Neon's certificates are public, so there is nothing to weigh.
  if (isNeon) return 'verify-full'
  if (sslrootcert === 'system') return sslmode ?? 'verify-full'
  if (sslrootcert !== undefined && sslmode === 'require') return 'verify-ca'
  return sslmode ?? 'prefer'
}

function contradictions({ sslrootcert, channelBinding, isPooler }: Wishes, { isNeon, sslMode }: Decided): string[] {
  const problems: string[] = []
  if (sslrootcert === 'system' && sslMode !== 'verify-full') {
    problems.push("has the parameter 'sslrootcert' with the value system, which goes with sslmode=verify-full alone.")
  } else if (sslrootcert !== undefined && ['disable', 'allow', 'prefer'].includes(sslMode)) {
    problems.push("has the parameter 'sslrootcert', which nothing would look at: write sslmode=verify-full.")
  }
  if (channelBinding === 'require' && sslMode !== 'verify-full') {
    problems.push(
      "has the parameter 'channel_binding' with the value require, which is not supported there: leave it out, and write sslmode=verify-full to be sure of the server.",
    )
  }
  if (isPooler && !isNeon) {
    problems.push(
      "has the parameter 'pgbouncer', so its host is a connection pooler: give the direct host, as locks and settings do not hold on a pooled connection.",
    )
  }
  return problems
}

/**
 * PGSSLMODE for a tool. libpq finds no certificates by itself, so that a tool cannot verify what nobody told it how to; but
 * it shall not go without TLS where we do not.
 */
function toolMode({ sslmode }: Wishes, { isNeon, sslMode }: Decided): SslMode {
  if (!isNeon) return sslMode
  return sslmode === 'verify-ca' || sslmode === 'verify-full' ? sslmode : 'require'
}
