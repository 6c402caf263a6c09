/** Connection URLs that a migration tool is given. */
export interface ToolUrls {
  /** Direct host. */
  url: string
  urlPooled: string
}

/**
 * The variables by which migration tools find a database: `DATABASE_URL` (direct host; also as `DIRECT_URL` and
 * `DATABASE_URL_UNPOOLED`), `DATABASE_URL_POOLED`, and libpq's own
 * (https://www.postgresql.org/docs/current/libpq-envars.html).
 */
export function toolEnvironment({ url, urlPooled }: ToolUrls): Record<string, string> {
  const parts = new URL(url)
  return {
    DATABASE_URL: url,
    DIRECT_URL: url,
    DATABASE_URL_UNPOOLED: url,
    DATABASE_URL_POOLED: urlPooled,
    PGHOST: decodeURIComponent(parts.hostname),
    PGPORT: parts.port || '5432',
    PGUSER: decodeURIComponent(parts.username),
    PGPASSWORD: decodeURIComponent(parts.password),
    PGDATABASE: decodeURIComponent(parts.pathname.slice(1)),
    PGSSLMODE: parts.searchParams.get('sslmode') ?? 'prefer',
  }
}
