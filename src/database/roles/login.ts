import { ActionError, errorCode, errorMessage } from '../../runtime/errors.ts'
import { backoff, retry } from '../../runtime/retry.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { tryDatabase } from '../ask-database.ts'

const LOGIN_WITHIN = 15_000

/** The name and password of a role. */
export interface Login {
  name: string
  password: string
}

/**
 * Whether a login works at the server and database of a URL; false for a wrong password or a missing role.
 * Throws an ActionError when it could not be tried.
 */
export async function logsIn(runtime: Runtime, url: string, { name, password }: Login): Promise<boolean> {
  const address = new URL(url)
  address.username = encodeURIComponent(name)
  address.password = encodeURIComponent(password)
  runtime.secrets.add(address.href)
  try {
    await tryDatabase(runtime, { url: address.href }, async () => undefined)
    return true
  } catch (error) {
    runtime.signal.throwIfAborted()
    // invalid_password, invalid_authorization_specification (no such role), and no CONNECT privilege yet.
    if (['28P01', '28000', '42501'].includes(errorCode(error))) return false
    throw new ActionError(
      `Could not try the login of role '${name}': ${runtime.secrets.redact(errorMessage(error))}.`,
      {
        title: errorCode(error),
        advice: 'Run the job again.',
      },
    )
  }
}

/**
 * Tries a login until it works: a proxy in front of the database may learn a new password a moment later.
 * Throws an ActionError when the password is still refused after 15 seconds, or the login could not be tried.
 */
export async function proveLogin(runtime: Runtime, url: string, login: Login): Promise<void> {
  const refused = new ActionError(`Role '${login.name}' has a new password, but the server does not accept it.`, {
    advice: 'Run the job again; if it stays, look at the pg_hba rules or the allowed IPs.',
  })
  await retry(
    {
      clock: runtime.clock,
      signal: runtime.signal,
      decide: (error, attempt, elapsed) =>
        error === refused && elapsed < LOGIN_WITHIN ? backoff(attempt, 200, 3000) : 'stop',
    },
    async () => {
      if (!(await logsIn(runtime, url, login))) throw refused
    },
  )
}
