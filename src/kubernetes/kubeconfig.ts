import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ActionError, errorMessage } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Secrets } from '../runtime/secrets.ts'
import { firstOf, oneLine, quoted } from '../runtime/shown.ts'
import type { Session } from './client.ts'
import { loadClient } from './load-client.ts'
import { badFile, fileProblem } from './named-files.ts'

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
    const bad = badFile(given)
    if (bad)
      throw new ActionError(`Could not read the kubeconfig file ${quoted(given)}: ${bad.problem}.`, { advice: CHECK })
    return { text: readFileSync(given, 'utf8'), directory: dirname(resolve(given)), source: `file ${given}` }
  } catch (error) {
    if (error instanceof ActionError) throw error
    throw new ActionError(`Could not read the kubeconfig file ${quoted(given)}: ${fileProblem(error)}.`, {
      advice: CHECK,
    })
  }
}

function isKubeconfig(text: string): boolean {
  return /(^|[\s{,"'])(clusters|apiVersion|contexts)["']?\s*:/.test(text)
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
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

/** A session whose cluster and user are there. */
export type OpenSession = Session & Required<Pick<Session, 'cluster' | 'user'>> & { cluster: object; user: object }

/** Which kubeconfig, and which context of it; its current one unless told. */
export interface ContextChoice {
  kubeconfig: string
  context?: string
}

/**
 * Opens the context that the user chose, masks what is secret in it, and warns where the way to its server is open to
 * others. Nothing goes over the network yet. Throws as {@link readContext} does.
 */
export async function openContext(runtime: Runtime, choice: ContextChoice): Promise<OpenSession> {
  const session = await readContext(runtime.secrets, choice)
  warnOfOpenDoors(runtime, session.context, session.cluster)
  return session
}

/**
 * What is wrong with the inputs kubeconfig and kube_context, as a sentence with the next step; empty when nothing is.
 * Registers what is secret in the kubeconfig, so that it is masked before anything else is read or started.
 */
export async function kubeconfigProblem(secrets: Secrets, choice: ContextChoice): Promise<string> {
  try {
    const session = await readContext(secrets, choice)
    session.close()
    return ''
  } catch (error) {
    return errorMessage(error)
  }
}

/**
 * The session of a context, with its secrets registered. Throws an ActionError when the kubeconfig is broken, has no such
 * context (it lists those it has), when the context names a cluster or user that is not there, or a server that is no
 * address.
 */
async function readContext(secrets: Secrets, options: ContextChoice): Promise<OpenSession> {
  const found = findKubeconfig(options.kubeconfig)
  const client = await loadClient()
  const readable = <T>(read: () => T): T => {
    try {
      return read()
    } catch (error) {
      const problem = oneLine(secrets.redact(client.parseProblem(error)))
      throw new ActionError(`Could not read the kubeconfig (${found.source}): ${problem}.`, { advice: CHECK })
    }
  }
  const kubeconfig = readable(() => client.readKubeconfig(found.text, found.directory))
  const name = asText(options.context || kubeconfig.currentContext || '')
  const contexts = kubeconfig.contexts.map((context) => oneLine(asText(context)))
  const known = contexts.length > 0 ? firstOf(contexts, ', ') : 'none'
  if (!kubeconfig.contexts.includes(name)) {
    throw new ActionError(
      name
        ? `The kubeconfig has no context ${quoted(name)}: its contexts are ${known}.`
        : `The kubeconfig has no current context: its contexts are ${known}.`,
      { advice: 'Set the input kube_context to one of them.' },
    )
  }
  const session = readable(() => kubeconfig.session(name))
  for (const secret of session.secrets) secrets.add(secret)
  const { cluster, user } = session
  if (!cluster || !user) {
    throw new ActionError(
      `Context ${quoted(name)} of the kubeconfig names a ${cluster ? 'user' : 'cluster'} that the kubeconfig does not have.`,
      { advice: 'Export the whole context: kubectl config view --minify --flatten --raw' },
    )
  }
  if (!isServer(cluster.server)) {
    throw new ActionError(
      `Context ${quoted(name)} of the kubeconfig names a cluster whose server is no address: ${quoted(asText(cluster.server))}.`,
      {
        advice:
          'Write it as https://host:port, or export the context again: kubectl config view --minify --flatten --raw',
      },
    )
  }
  if (session.badFile) {
    throw new ActionError(
      `Context ${quoted(name)} of the kubeconfig names the file ${quoted(session.badFile.path)}: ${session.badFile.problem}.`,
      { advice: 'Export the kubeconfig with everything inside: kubectl config view --minify --flatten --raw' },
    )
  }
  return { ...session, cluster, user }
}

/** What stands in a kubeconfig where a text belongs may be anything that YAML has. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function isServer(text: unknown): boolean {
  const url = typeof text === 'string' ? URL.parse(text) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== ''
}

function warnOfOpenDoors(runtime: Runtime, context: string, cluster: { server: string; insecure: boolean }): void {
  const { protocol, hostname } = new URL(cluster.server)
  if (protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname)) {
    runtime.log.warning(
      `Context ${quoted(context)} reaches ${cluster.server} without TLS: the credentials can be read on the way.`,
    )
  } else if (cluster.insecure && protocol === 'https:') {
    runtime.log.warning(
      `Context ${quoted(context)} sets insecure-skip-tls-verify: anyone between the runner and ${cluster.server} can read the credentials. Use certificate-authority-data instead.`,
    )
  }
}
