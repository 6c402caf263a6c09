import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ActionError, errorCode, errorMessage } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { OpenSession } from './kubeconfig.ts'

const UNREACHABLE: Record<string, string> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'no route leads there',
  ENETUNREACH: 'no route leads there',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
}

const UNTRUSTED: Record<string, string> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the kubeconfig does not hold the authority that signed the server's certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the kubeconfig does not hold the authority that signed the server's certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the kubeconfig does not hold the authority that signed the server's certificate",
  CERT_SIGNATURE_FAILURE: "the authority in the kubeconfig did not sign the server's certificate",
}

/** Why the API server could not be reached, as an error with the next step. */
export function networkFailure(error: unknown, session: OpenSession, timeout: number): ActionError {
  const { server } = session.cluster
  const code = errorCode(error)
  const untrusted = UNTRUSTED[code]
  if (untrusted) {
    return new ActionError(`Could not trust the Kubernetes server ${server}: ${untrusted} (${code}).`, {
      advice: `Renew the certificate, or correct certificate-authority-data of cluster '${session.cluster.name}' in the kubeconfig.`,
    })
  }
  const cause =
    code === 'ETIMEDOUT' ? `no answer within ${timeout / 1000} s` : (UNREACHABLE[code] ?? errorMessage(error))
  return new ActionError(`Could not reach the Kubernetes server ${server} of context '${session.context}': ${cause}.`, {
    advice:
      'Check the address in the kubeconfig, and that the cluster admits the runner: a private cluster needs a self-hosted runner.',
  })
}

/** Why the kubeconfig's user could not log in, before any request: the login program, or a file it names. */
export function loginFailure(runtime: Runtime, error: unknown, session: OpenSession): ActionError {
  const { user } = session
  const program = user.program ?? ''
  const syscall = typeof error === 'object' && error !== null && 'syscall' in error ? String(error.syscall) : ''
  if (syscall.startsWith('spawn') && isMissing(error, program)) {
    return new ActionError(
      `User '${user.name}' of the kubeconfig logs in with the program '${program}', which is not on this runner.`,
      {
        advice:
          "Install it in a step before this one, for example with the cloud vendor's login action, or use the token of a service account.",
      },
    )
  }
  // A parser's error quotes what the program said, and that may be the very token.
  const said =
    error instanceof Error && error.name === 'SyntaxError'
      ? 'its answer is no JSON'
      : runtime.secrets.redact(errorMessage(error).trim()).slice(0, 500)
  if (program) {
    return new ActionError(
      `The program '${program}' could not log in user '${user.name}' of the kubeconfig: ${said}.`,
      {
        advice: 'Log in to the cloud in a step before this one, and run the program there to see its whole answer.',
      },
    )
  }
  return new ActionError(`Could not log in as user '${user.name}' of the kubeconfig: ${said}.`, {
    advice: 'Export the kubeconfig with everything inside: kubectl config view --minify --flatten --raw',
  })
}

/**
 * Whether a program that could not be started is not there. A folder on PATH that may not be read makes the system answer
 * EACCES for a program that is nowhere.
 */
function isMissing(error: unknown, program: string): boolean {
  if (errorCode(error) === 'ENOENT') return true
  if (errorCode(error) !== 'EACCES' || program.includes('/')) return false
  const folders = (process.env.PATH ?? '').split(delimiter)
  return !folders.some((folder) => existsSync(join(folder, program)))
}

/** Why the server did not take a login: expired, where its token or certificate tells so. */
export function unauthorized(runtime: Runtime, session: OpenSession, what: string): ActionError {
  const { user } = session
  const expired = loginExpiry(user)
  const past = expired !== undefined && expired.at.getTime() <= runtime.clock.now()
  const why = past
    ? `the ${expired.of} of user '${user.name}' expired at ${expired.at.toISOString()}`
    : `the server does not accept the login of user '${user.name}'`
  return new ActionError(`${what}: ${why}.`, {
    advice: `Make a new ${expired?.of ?? 'login'} for context '${session.context}' and store the new kubeconfig.`,
  })
}

/** When the client certificate or the token of a user ends; undefined when it does not tell. */
function loginExpiry(user: OpenSession['user']): { of: string; at: Date } | undefined {
  try {
    if (user.token) {
      const claims = JSON.parse(Buffer.from(user.token.split('.')[1] ?? '', 'base64url').toString('utf8'))
      return typeof claims.exp === 'number' ? { of: 'token', at: new Date(claims.exp * 1000) } : undefined
    }
    if (!user.certificate) return undefined
    return { of: 'client certificate', at: new Date(new X509Certificate(user.certificate).validTo) }
  } catch {
    return undefined
  }
}
