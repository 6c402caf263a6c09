import { connectionUrl } from '../connection-url.ts'

/** Connection URLs that a migration tool is given. */
export interface ToolUrls {
  /** Direct host. */
  url: string
  urlPooled: string
}

/**
 * The variables by which migration tools find a database: `DATABASE_URL` (direct host; also as `DIRECT_URL` and
 * `DATABASE_URL_UNPOOLED`), `DATABASE_URL_POOLED`, and libpq's own, those for the URL's parameters too
 * (https://www.postgresql.org/docs/current/libpq-envars.html). Throws an `ActionError` for a URL that cannot be read.
 */
export function toolEnvironment({ url, urlPooled }: ToolUrls): Record<string, string> {
  const { host, port, user, password, database, environment } = connectionUrl(url)
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
  }
}
