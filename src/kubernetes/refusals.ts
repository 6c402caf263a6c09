import { ActionError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { unauthorized } from './failures.ts'
import type { OpenSession } from './kubeconfig.ts'
import { roleManifest } from './rbac.ts'
import type { Answer, Status } from './types.ts'

// 423 and 524 come from proxies and load balancers before a cluster; 524: the server took too long.
const PASSING = [423, 429, 500, 502, 503, 504, 524]
const DENIED = /admission webhook "([^"]+)" denied the request|(ValidatingAdmissionPolicy '[^']+').* denied request/
const UNREACHED_WEBHOOK = /failed calling webhook "([^"]+)"/
const QUOTA = /exceeded quota: ([^,]+)/

/**
 * Whether an answer is worth another try: a write met another one, the server is busy or fails, a quota has not been
 * counted yet. What a policy of the cluster denies stays denied, whatever its code.
 */
export function isPassing({ code, status, object }: Answer): boolean {
  // Empty, cut off, or a page of something in between.
  if (code < 300) return object === undefined
  if (DENIED.test(status.message) || isAnotherObject({ code, status })) return false
  if (code === 409) return !isFieldConflict(status) && status.reason !== 'AlreadyExists'
  if (code === 403) return /status unknown for quota/.test(status.message)
  return PASSING.includes(code)
}

/** Whether a 409 says that the object of the given uid is gone, and that another one has its name. */
export function isAnotherObject({ code, status }: Answer): boolean {
  return code === 409 && /UID in (the )?precondition/.test(status.message)
}

/** Whether a 409 says that the object is another than the one of the resourceVersion that was sent. */
export function isStale({ code, status }: Answer): boolean {
  return code === 409 && /the object has been modified/.test(status.message)
}

/** Whether a 409 says that another field manager owns a field with another value (server-side apply). */
export function isFieldConflict(status: Status): boolean {
  return (status.details?.causes ?? []).some(({ reason }) => reason === 'FieldManagerConflict')
}

/** Whether a 403 says that the namespace is being deleted, so that nothing new can be made in it. */
export function isTerminating({ status }: Answer): boolean {
  return (status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
}

/** Whether a 404 is about the namespace, and not about the object in it. */
export function isMissingNamespace({ code, status }: Answer): boolean {
  return code === 404 && status.details?.kind === 'namespaces'
}

/** What an answer was about. */
export interface Purpose {
  /** `Could not …`: `write Secret a/b`. */
  verb: string
  namespace: string
  createNamespace: boolean
  dapr: boolean
}

/** Turns an answer that is no success into an error with the next step; texts of the server are redacted. */
export function answerFailure(runtime: Runtime, session: OpenSession, answer: Answer, purpose: Purpose): ActionError {
  const { code, status } = answer
  const said = runtime.secrets.redact(status.message).slice(0, 600)
  const what = `Could not ${purpose.verb}`
  if (code === 401) return unauthorized(runtime, session, what)
  if (isTerminating(answer)) return namespaceGoes(what, purpose)
  const byPolicy = policyFailure(what, said, purpose)
  if (byPolicy) return byPolicy
  if (code === 403) return forbidden(session, status, purpose, said)
  if (code === 409 && isFieldConflict(status)) {
    const causes = (status.details?.causes ?? []).map(({ message = '', field = '' }) => `${message} at ${field}`)
    return new ActionError(
      `${what}: another manager owns fields of it: ${runtime.secrets.redact(causes.join('; '))}.`,
      {
        advice: 'Let only one tool write it, or set secret_force: true to take the fields over.',
      },
    )
  }
  if (isMissingNamespace(answer)) return missingNamespace(what, purpose.namespace)
  if (code === 422) {
    return new ActionError(`${what}: the server refuses it: ${said}.`, {
      advice: /immutable/.test(said)
        ? 'Delete the object and run the job again, or choose another secret_name.'
        : 'Check the inputs that begin with secret_ and the namespace.',
    })
  }
  return new ActionError(`${what}: the Kubernetes server answered ${code}${said ? `: ${said}` : ''}.`, {
    advice: 'Run the job again; if it stays, look at the cluster.',
  })
}

/** Rules that the cluster's owners made: admission webhooks and policies, quotas. Another run changes nothing about them. */
function policyFailure(what: string, said: string, { namespace }: Purpose): ActionError | undefined {
  const [, webhook, policy] = DENIED.exec(said) ?? []
  if (webhook || policy) {
    const name = webhook ? `The admission webhook '${webhook}'` : `The ${policy}`
    return new ActionError(`${what}: a policy of the cluster denies it: ${said}.`, {
      advice: `${name} sets this rule: change what it objects to (secret_name, secret_labels, namespace), or ask who runs the cluster for an exception.`,
    })
  }
  const quota = QUOTA.exec(said)?.[1]
  if (quota) {
    return new ActionError(`${what}: the quota '${quota}' of namespace '${namespace}' is used up: ${said}.`, {
      advice: `Delete what nobody needs there, or let an administrator raise the quota: kubectl describe quota ${quota} -n ${namespace}`,
    })
  }
  const silent = UNREACHED_WEBHOOK.exec(said)?.[1]
  if (silent) {
    return new ActionError(`${what}: a policy of the cluster could not be asked: ${said}.`, {
      advice: `The admission webhook '${silent}' does not answer the API server: ask who runs the cluster to repair or remove it.`,
    })
  }
  return undefined
}

function missingNamespace(what: string, namespace: string): ActionError {
  return new ActionError(`${what}: there is no namespace '${namespace}'.`, {
    advice: `Set create_namespace: true, or create it: kubectl create namespace ${namespace}`,
  })
}

function namespaceGoes(what: string, { namespace, createNamespace }: Purpose): ActionError {
  return new ActionError(`${what}: namespace '${namespace}' is being deleted.`, {
    advice: createNamespace
      ? 'Run the job again when it is gone.'
      : 'Set create_namespace: true, so that it is made anew, or create it when it is gone.',
  })
}

function forbidden(session: OpenSession, status: Status, purpose: Purpose, said: string): ActionError {
  const what = `Could not ${purpose.verb}`
  const user = status.message.match(/User "([^"]+)" cannot (\w+) resource/)?.[1]
  if (!user && / is forbidden: $/.test(status.message)) {
    return new ActionError(
      `${what}: user '${session.user.name}' of the kubeconfig may not create it: ${said.replace(/: $/, '')}.`,
      {
        advice: 'What is not there yet needs the right to create beside the one to patch: let an administrator add it.',
      },
    )
  }
  if (!user)
    return new ActionError(`${what}: the cluster forbids it: ${said}.`, { advice: 'Ask who runs the cluster.' })
  return new ActionError(`${what}: user '${user}' of context '${session.context}' may not: ${said}.`, {
    advice: `Let an administrator apply this:\n${roleManifest({ ...purpose, user })}`,
  })
}
