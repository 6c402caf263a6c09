import type { Connection } from '../../neon/index.ts'
import type { Run } from '../../run.ts'
import { ActionError } from '../../runtime/errors.ts'

/** A database that a workflow works on, whichever way it was found. */
export interface Target extends Connection {
  /** Neon's branch id, or `external` for a connection string. */
  branchId: string
  /** It belongs to a pull request: it may be reset, and changes are told against what it was in the beginning. */
  isPreview: boolean
  /** Puts the branch back to its parent and returns the way in; null where there is nothing to go back to. */
  reset: (() => Promise<Target>) | null
}

const EXTERNAL = 'external'

/** Whether a target was given as a connection string, so that Neon knows nothing of it. */
export function isExternal(target: Target): boolean {
  return target.branchId === EXTERNAL
}

/**
 * The target of the input `connection_string`. Its password and URL are registered as secrets.
 * Throws an {@link ActionError} when user or database is missing.
 */
export function externalTarget(run: Run, isPreview: boolean): Target {
  const text = run.config.connectionString
  const url = new URL(text)
  const database = decodeURIComponent(url.pathname.slice(1))
  const role = decodeURIComponent(url.username)
  if (database === '' || role === '') {
    throw new ActionError(`Input connection_string for ${url.host} names no ${role === '' ? 'user' : 'database'}.`, {
      advice: 'Write it as postgresql://user:password@host:5432/database.',
    })
  }
  const password = decodeURIComponent(url.password)
  for (const secret of [password, text]) run.runtime.secrets.add(secret)
  const host = url.hostname
  return {
    ...{ url: text, pooledUrl: text, host, pooledHost: host, database, role, password },
    branchId: EXTERNAL,
    isPreview,
    reset: null,
  }
}

/** Tells the report which database is meant: nothing that lets anybody in. */
export function announceDatabase(run: Run, target: Target): void {
  run.report.database = { name: target.database, role: target.role, host: target.host }
}

/** Tells report and outputs about the way in; the secrets in it are registered by now. */
export function announce(run: Run, target: Target): void {
  announceDatabase(run, target)
  const outputs: Record<string, string> = {
    db_url: target.url,
    db_url_pooled: target.pooledUrl,
    db_url_with_pooler: target.pooledUrl,
    db_host: target.host,
    host: target.host,
    db_host_pooled: target.pooledHost,
    host_with_pooler: target.pooledHost,
    password: target.password,
    database: target.database,
    role: target.role,
  }
  for (const [name, value] of Object.entries(outputs)) run.outputs.set(name, value)
}
