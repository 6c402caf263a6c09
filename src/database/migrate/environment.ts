import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connectionUrl } from '../connection-url.ts'

/** Connection URLs that a migration tool is given. */
export interface ToolUrls {
  /** Direct host. */
  url: string
  urlPooled: string
}

/** What a tool's environment is made from, beside the URLs. */
export interface ToolWishes {
  /** The step's own environment: what the user set there wins. */
  given: Readonly<Record<string, string | undefined>>
  /** `application_name` that is this run's alone; without spaces, which would part `options`. */
  mark: string
  /** Whether the server takes {@link CHECK} with the login. */
  checksClient: boolean
  /** Whether the URL may have parameters more than the user's: see {@link keepsParameters}. */
  keepsParameters: boolean
  /** Certificates for libpq; undefined where it needs none, or the user has told it. */
  rootCertificate?: string | undefined
}

/** How often, in milliseconds, a server looks whether the client of a running query is still there. PostgreSQL 14. */
export const CHECK = { name: 'client_connection_check_interval', milliseconds: 500 }

/**
 * The variables by which migration tools find a database: `DATABASE_URL` (direct host; also as `DIRECT_URL` and
 * `DATABASE_URL_UNPOOLED`), `DATABASE_URL_POOLED`, and libpq's own, those for the URL's parameters too
 * (https://www.postgresql.org/docs/current/libpq-envars.html). On the direct host the server ends a query whose client is
 * gone, and sessions have the run's mark as their name, where the user did not name them. Without wishes, the URLs and what
 * they say, and nothing of ours.
 * Throws an `ActionError` for a URL that cannot be read.
 */
export function toolEnvironment(urls: ToolUrls, wishes?: ToolWishes): Record<string, string> {
  const { host, port, user, password, database, environment } = connectionUrl(urls.url)
  const { url, urlPooled, variables } = wishes ? adapted(urls, environment, wishes) : { ...urls, variables: {} }
  return {
    DATABASE_URL: url,
    DIRECT_URL: url,
    DATABASE_URL_UNPOOLED: url,
    DATABASE_URL_POOLED: urlPooled,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    ...environment,
    ...variables,
  }
}

interface Adapted extends ToolUrls {
  /** Those of libpq that are ours. */
  variables: Record<string, string>
}

function adapted(urls: ToolUrls, own: Record<string, string>, wishes: ToolWishes): Adapted {
  const theirs = own.PGOPTIONS ?? wishes.given.PGOPTIONS ?? ''
  const options = wishes.checksClient ? withCheck(theirs) : theirs
  const isNamed = Boolean(own.PGAPPNAME || wishes.given.PGAPPNAME)
  const added = {
    ...(options === '' ? {} : { options }),
    ...(isNamed ? {} : { application_name: wishes.mark }),
  }
  return {
    url: withParameters(urls.url, wishes.keepsParameters ? added : {}),
    urlPooled: pooled(urls, wishes),
    variables: {
      ...(isNamed ? {} : { PGAPPNAME: wishes.mark }),
      ...(options === '' ? {} : { PGOPTIONS: options }),
      ...(wishes.rootCertificate === undefined ? {} : { PGSSLROOTCERT: wishes.rootCertificate }),
    },
  }
}

/** Server options in a URL. */
export function optionsOf(url: string): string {
  return connectionUrl(url).startup.options ?? ''
}

/** The user's server options with ours behind them, unless they speak of the same setting. */
export function withCheck(theirs: string): string {
  if (theirs.replaceAll('-', '_').includes(CHECK.name)) return theirs
  return `${theirs} -c ${CHECK.name}=${CHECK.milliseconds}`.trim()
}

/**
 * PgBouncer refuses a setting in PGOPTIONS that it does not keep track of (its manual: ignore_startup_parameters), and
 * options in a URL stand above those of the environment: the pooled URL gets such as it takes.
 */
function pooled({ url, urlPooled }: ToolUrls, { checksClient, keepsParameters, mark }: ToolWishes): string {
  const isPooled = connectionUrl(urlPooled).host !== connectionUrl(url).host
  if (!isPooled || !checksClient || !keepsParameters || parameters(urlPooled).has('options')) {
    return withParameters(urlPooled, {})
  }
  return withParameters(urlPooled, { options: `-c application_name=${mark}` })
}

/** Decoded names of a URL's parameters. */
function parameters(url: string): Set<string> {
  return new Set(new URL(url).searchParams.keys())
}

/**
 * The URL with parameters in place of its own of these names, all else as it was written. `sslrootcert=system` is taken out:
 * libpq gets it as a variable, and node-postgres would read a file of that name.
 */
function withParameters(url: string, added: Record<string, string>): string {
  const [base = '', query = ''] = url.split(/\?(.*)/s)
  const kept = query.split('&').filter((pair) => {
    const [name = '', value = ''] = pair.split(/=(.*)/s).map(decodeURIComponent)
    return pair !== '' && !Object.hasOwn(added, name) && !(name === 'sslrootcert' && value === 'system')
  })
  const more = Object.entries(added).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  const all = [...kept, ...more].join('&')
  return all === '' ? base : `${base}?${all}`
}

// Laravel takes `options` of a URL for PDO's, SQLAlchemy hands every parameter to drivers that know but some.
const THEIR_OWN =
  /(?:^|[\s/;&|"'=(])(?:php|artisan|composer|sail|symfony|python[\d.]*|alembic|aerich|uv|poetry|pipenv|pdm|hatch|flask|django-admin|manage\.py)(?=$|[\s/;&|"')])/
const THEIR_FILES = ['artisan', 'alembic.ini']

/**
 * Whether the URL may be given parameters of ours. Libraries of PHP and Python take those of a URL for their own and stop at
 * one they do not know; below most of them is libpq, which reads the same from variables.
 */
export function keepsParameters(command: string, workspace: string): boolean {
  return !THEIR_OWN.test(command) && !THEIR_FILES.some((file) => existsSync(join(workspace, file)))
}
