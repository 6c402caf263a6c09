import type { ServerKind } from '../../database/connect.ts'
import { connectionUrl } from '../../database/connection-url.ts'
import type { Connection } from '../../neon/index.ts'
import type { Run } from '../../run.ts'
import { ActionError } from '../../runtime/errors.ts'

/** A database that a workflow works on, whichever way it was found. */
export interface Target extends Connection {
  /** Neon's branch id, or `external` for a connection string. */
  branchId: string
  /** How patient to be with its server, and of whom to speak: known from where the target came from. */
  kind: ServerKind
  /** It belongs to a pull request: it may be reset, and changes are told against what it was in the beginning. */
  isPreview: boolean
  /** Puts the branch back to its parent and returns the way in; null where there is nothing to go back to. */
  reset: (() => Promise<Target>) | null
  /** The target with the password that it has by now; null where nobody but the user knows it. */
  renew: ((current: Target) => Promise<Target>) | null
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
  const { host, address, database, user: role, password, isNeon } = connectionUrl(text)
  if (database === '' || role === '') {
    throw new ActionError(`Input connection_string for ${address} names no ${role === '' ? 'user' : 'database'}.`, {
      advice: 'Write it as postgresql://user:password@host:5432/database.',
    })
  }
  for (const secret of [password, text]) run.runtime.secrets.add(secret)
  return {
    ...{ url: text, pooledUrl: text, host, pooledHost: host, database, role, password },
    branchId: EXTERNAL,
    kind: isNeon ? 'neon' : 'foreign',
    isPreview,
    reset: null,
    renew: null,
  }
}

/** Tells the report which database is meant: nothing that lets anybody in. */
export function announceDatabase(run: Run, target: Target): void {
  run.report.database = { name: target.database, role: target.role, host: target.host }
}

/**
 * The target of the input `connection_string`, told to report and outputs; null where there is no such input. Before
 * anything else of a run: a report of whatever fails then speaks of this database, and not of Neon.
 */
export function givenTarget(run: Run): Target | null {
  if (run.config.connectionString === '') return null
  const target = externalTarget(run, false)
  announce(run, target)
  return target
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
  tellOnce(run)
}

const MASKED = 'db_url, db_url_pooled, db_url_with_pooler, password and role_urls'

/** Users look for the URLs in other jobs, where GitHub leaves masked outputs out without a word. */
function tellOnce(run: Run): void {
  if (run.toldOfMasks) return
  run.toldOfMasks = true
  run.runtime.log.info(
    `The outputs ${MASKED} are masked: later steps of this job get them, other jobs do not (GitHub leaves them out). Other jobs get branch_id, branch_name, db_host, db_host_pooled, database and role.`,
  )
}
