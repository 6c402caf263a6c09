/** How a connection is encrypted, in libpq's words (https://www.postgresql.org/docs/current/libpq-ssl.html). */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** What the parameters of a connection URL ask for, as far as one alone tells. */
export interface Wishes {
  sslmode?: SslMode
  sslrootcert?: string
  channelBinding?: string
  connectSeconds?: number
  applicationName?: string
  isPooler?: boolean
  /** Settings that go to the server with the login. */
  startup: Record<string, string>
  /** The same for libpq, by the names of its environment variables. */
  environment: Record<string, string>
}

/** A parameter that is honoured. */
interface Parameter {
  /** Which values it may have, and what to tell of others. */
  form: RegExp
  wrong: string
  take?(value: string, wishes: Wishes): void
  /** libpq's environment variable for it. */
  variable?: string
}

/**
 * The parameters that are honoured: libpq's (https://www.postgresql.org/docs/current/libpq-connect.html), and Prisma's
 * (https://www.prisma.io/docs/orm/overview/databases/postgresql) where they say something about a single connection.
 */
const HONOURED: Record<string, Parameter> = {
  sslmode: {
    form: /^(disable|allow|prefer|require|verify-ca|verify-full)$/,
    wrong: 'must be disable, allow, prefer, require, verify-ca or verify-full',
    take(value, wishes) {
      wishes.sslmode = value as SslMode
    },
  },
  // libpq reads this as sslmode=require, as JDBC's URLs have it.
  ssl: {
    form: /^true$/,
    wrong: 'can only be true: write sslmode instead',
    take(_, wishes) {
      wishes.sslmode = 'require'
    },
  },
  sslrootcert: {
    form: /./,
    wrong: "must be the path of a file with certificates, or 'system'",
    take(value, wishes) {
      wishes.sslrootcert = value
    },
    variable: 'PGSSLROOTCERT',
  },
  connect_timeout: {
    form: /^([1-9]\d?|[1-5]\d\d|600)$/,
    wrong: 'must be a number of seconds from 1 to 600',
    take(value, wishes) {
      wishes.connectSeconds = Number(value)
    },
    variable: 'PGCONNECT_TIMEOUT',
  },
  application_name: {
    form: /./,
    wrong: 'is empty',
    take(value, wishes) {
      wishes.applicationName = value
    },
    variable: 'PGAPPNAME',
  },
  options: {
    form: /./,
    wrong: 'is empty',
    take(value, { startup }) {
      startup.options = value
    },
    variable: 'PGOPTIONS',
  },
  channel_binding: {
    form: /^(disable|prefer|require)$/,
    wrong: 'must be disable, prefer or require',
    take(value, wishes) {
      wishes.channelBinding = value
    },
    variable: 'PGCHANNELBINDING',
  },
  // Prisma sets the search path to this schema.
  schema: {
    form: /./,
    wrong: 'is empty',
    take(value, { startup }) {
      startup.search_path = `"${value.replaceAll('"', '""')}"`
    },
  },
  // Of Prisma's pool: the host is PgBouncer.
  pgbouncer: {
    form: /^(true|false)$/,
    wrong: 'must be true or false',
    take(value, wishes) {
      wishes.isPooler = value === 'true'
    },
  },
  client_encoding: { form: /^(utf-?8|unicode|auto)$/i, wrong: 'must be UTF8, which SQL files are' },
  target_session_attrs: { form: /^any$/, wrong: 'must be any: give the host that takes writes, and leave this out' },
  gssencmode: { form: /^(disable|prefer)$/, wrong: 'must be disable or prefer: encryption is by TLS' },
  sslnegotiation: { form: /^postgres$/, wrong: 'must be postgres' },
}

/** What only says how a tool's pool behaves; a run opens its connections one by one. The tools get the URL whole. */
const OF_POOLS = ['connection_limit', 'pool_timeout', 'statement_cache_size', 'uselibpqcompat']

const IN_ITS_PLACE = 'write it in its own place: postgresql://user:password@host:5432/database'
const CLIENT_CERTIFICATE = 'logging in with a certificate is not supported; leave it out and log in with a password'
const IN_A_FILE = 'files of the machine are not asked; write everything into the URL'
const PROOF = 'write sslmode=verify-full instead, with sslrootcert for an authority of your own'

/** What libpq or Prisma know and we refuse, with what to do instead. */
const REFUSED: Record<string, string> = {
  ...Object.fromEntries(['host', 'port', 'user', 'password', 'dbname'].map((name) => [name, IN_ITS_PLACE])),
  hostaddr: 'write the address in place of the host',
  ...Object.fromEntries(['sslcert', 'sslkey', 'sslpassword'].map((name) => [name, CLIENT_CERTIFICATE])),
  ...Object.fromEntries(['passfile', 'service', 'servicefile'].map((name) => [name, IN_A_FILE])),
  ...Object.fromEntries(['sslaccept', 'sslidentity'].map((name) => [name, PROOF])),
}

/**
 * Reads the parameters of a URL, decoded, in their order, into wishes. Returns what is wrong, one predicate for each
 * (`has the parameter 'x', …`).
 */
export function takeParameters(parameters: [name: string, value: string][], wishes: Wishes): string[] {
  const seen = new Set<string>()
  return parameters.flatMap(([name, value]) => {
    const place = name === 'ssl' ? 'sslmode' : name
    if (seen.has(place)) return [`has the parameter ${shown(name)} twice: give it once.`]
    seen.add(place)
    const problem = take(name, value, wishes)
    return problem ? [problem] : []
  })
}

function take(name: string, value: string, wishes: Wishes): string | undefined {
  if (OF_POOLS.includes(name)) return undefined
  const parameter = Object.hasOwn(HONOURED, name) ? HONOURED[name] : undefined
  if (parameter) {
    if (!parameter.form.test(value)) return `has the parameter '${name}', which ${parameter.wrong}.`
    parameter.take?.(value, wishes)
    if (parameter.variable) wishes.environment[parameter.variable] = value
    return undefined
  }
  const advice = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined
  if (advice) return `has the parameter '${name}', which is not supported there: ${advice}.`
  return `has the parameter ${shown(name)}, which this action does not know: leave it out, or give a setting of the server in options (options=-c%20name%3Dvalue).`
}

/** A name for a message; what does not look like one could be a part of the password. */
function shown(name: string): string {
  return /^[A-Za-z][\w.-]{0,40}$/.test(name) ? `'${name}'` : 'with a name that is no word'
}
