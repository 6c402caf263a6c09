import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ActionError, errorCode } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Session } from './client.ts'
import { loadClient } from './load-client.ts'

/** The text of a kubeconfig, and the folder that its relative paths start from. */
export interface KubeconfigText {
  text: string
  directory: string
  /** How the input gave it, for people. */
  source: string
}

const LONGEST_PATH = 400
const CHECK =
  'Give the kubeconfig as text, as base64 or as a path. If it comes from a secret, check that the secret is there: workflows of forks and of Dependabot do not get it.'

/**
 * Finds the kubeconfig that the input `kubeconfig` gives as text, as base64 (`base64 -w0 < config`) or as a path.
 * Throws an ActionError for broken base64 and for a path without a readable file; it never repeats what may be a secret.
 */
export function findKubeconfig(input: string): KubeconfigText {
  const given = input.trim()
  if (isKubeconfig(given)) return { text: given, directory: process.cwd(), source: 'text' }
  const compact = given.replace(/\s+/g, '')
  if (/^[A-Za-z0-9+/_-]{24,}={0,2}$/.test(compact) && !isFile(given)) return decode(compact)
  if (given.includes('\n') || given.length > LONGEST_PATH) {
    throw new ActionError(
      `Could not read the kubeconfig (${given.length} characters): it has no clusters, contexts and users, and it is not base64.`,
      { advice: CHECK },
    )
  }
  try {
    return { text: readFileSync(given, 'utf8'), directory: dirname(resolve(given)), source: `file ${given}` }
  } catch (error) {
    throw new ActionError(`Could not read the kubeconfig file '${given}': ${fileProblem(error)}.`, { advice: CHECK })
  }
}

function isKubeconfig(text: string): boolean {
  return /(^|[\s{,"'])(clusters|apiVersion|contexts)["']?\s*:/.test(text)
}

function isFile(path: string): boolean {
  try {
    readFileSync(path)
    return true
  } catch {
    return false
  }
}

function decode(base64: string): KubeconfigText {
  const text = Buffer.from(base64, 'base64').toString('utf8')
  if (isKubeconfig(text)) return { text, directory: process.cwd(), source: 'base64' }
  throw new ActionError(
    `Could not read the kubeconfig: it looks like base64 (${base64.length} characters), but decodes to something that is no kubeconfig.`,
    { advice: 'Encode the whole file again: base64 -w0 < ~/.kube/config' },
  )
}

function fileProblem(error: unknown): string {
  const words: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read',
    EISDIR: 'it is a folder',
  }
  return words[errorCode(error)] ?? errorCode(error)
}

/** A session whose cluster and user are there. */
export type OpenSession = Session & Required<Pick<Session, 'cluster' | 'user'>> & { cluster: object; user: object }

/**
 * Opens the context that the user chose (default: the kubeconfig's current one) and masks what is secret in it. Nothing
 * goes over the network yet. Throws an ActionError when the kubeconfig is broken, has no such context (it lists those it
 * has), or when the context names a cluster or user that is not there.
 */
export async function openContext(runtime: Runtime, options: { kubeconfig: string; context?: string }) {
  const found = findKubeconfig(options.kubeconfig)
  const client = await loadClient()
  const kubeconfig = (() => {
    try {
      return client.readKubeconfig(found.text, found.directory)
    } catch (error) {
      const problem = runtime.secrets.redact(client.parseProblem(error))
      throw new ActionError(`Could not read the kubeconfig (${found.source}): ${problem}.`, { advice: CHECK })
    }
  })()
  const name = options.context || kubeconfig.currentContext || ''
  const known = kubeconfig.contexts.length > 0 ? kubeconfig.contexts.join(', ') : 'none'
  if (!kubeconfig.contexts.includes(name)) {
    throw new ActionError(
      name
        ? `The kubeconfig has no context '${name}': its contexts are ${known}.`
        : `The kubeconfig has no current context: its contexts are ${known}.`,
      { advice: 'Set the input kube_context to one of them.' },
    )
  }
  const session = kubeconfig.session(name)
  for (const secret of session.secrets) runtime.secrets.add(secret)
  const { cluster, user } = session
  if (!cluster || !user) {
    throw new ActionError(
      `Context '${name}' of the kubeconfig names a ${cluster ? 'user' : 'cluster'} that the kubeconfig does not have.`,
      { advice: 'Export the whole context: kubectl config view --minify --flatten --raw' },
    )
  }
  warnOfOpenDoors(runtime, name, cluster)
  return { ...session, cluster, user }
}

function warnOfOpenDoors(runtime: Runtime, context: string, cluster: { server: string; insecure: boolean }): void {
  const { protocol, hostname } = new URL(cluster.server)
  if (protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname)) {
    runtime.log.warning(
      `Context '${context}' reaches ${cluster.server} without TLS: the credentials can be read on the way.`,
    )
  } else if (cluster.insecure && protocol === 'https:') {
    runtime.log.warning(
      `Context '${context}' sets insecure-skip-tls-verify: anyone between the runner and ${cluster.server} can read the credentials. Use certificate-authority-data instead.`,
    )
  }
}
