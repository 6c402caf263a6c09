/** Values of the input `ssl`, as create-branch-action has them; `omit` leaves `sslmode` out. */
export type SslMode = 'require' | 'verify-ca' | 'verify-full' | 'omit'

/** How connection URLs shall look. */
export interface UrlOptions {
  ssl: SslMode
  /** Adds `connect_timeout=30`, and to the pooled URL `pool_timeout=30&pgbouncer=true` (Prisma docs, PgBouncer). */
  prisma?: boolean
  /**
   * Adds `channel_binding=require`. Off by default, as in create-branch-action: drivers that pass unknown parameters on
   * to the server (postgres.js) cannot connect with it.
   */
  channelBinding?: boolean
}

/** What a URL is built from. */
export interface UrlParts {
  host: string
  pooledHost: string
  database: string
  role: string
  password: string
}

/** The direct and the pooled URL. */
export function buildUrls(parts: UrlParts, options: UrlOptions): { url: string; pooledUrl: string } {
  return { url: build(parts.host, parts, options, false), pooledUrl: build(parts.pooledHost, parts, options, true) }
}

function build(host: string, { role, password, database }: UrlParts, options: UrlOptions, pooled: boolean): string {
  const login = `${encodeURIComponent(role)}:${encodeURIComponent(password)}`
  const url = new URL(`postgresql://${login}@${host}/${encodeURIComponent(database)}`)
  if (options.prisma) {
    url.searchParams.set('connect_timeout', '30')
    if (pooled) url.searchParams.set('pool_timeout', '30')
    if (pooled) url.searchParams.set('pgbouncer', 'true')
  }
  if (options.ssl !== 'omit') url.searchParams.set('sslmode', options.ssl)
  if (options.channelBinding) url.searchParams.set('channel_binding', 'require')
  return url.toString()
}

/**
 * The pooler's host: the endpoint's id with `-pooler` in place of the id (Neon docs, connection pooling). Without an id
 * it is read from the host's first label; a host that has none (an address) is returned as it is.
 */
export function pooledHost(host: string, endpointId?: string): string {
  const id = endpointId ?? /^ep-[a-z0-9-]+/.exec(host)?.[0]
  if (!id || host.startsWith(`${id}-pooler`) || id.endsWith('-pooler')) return host
  return host.replace(id, `${id}-pooler`)
}
