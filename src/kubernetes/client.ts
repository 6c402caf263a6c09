/**
 * The part that needs the Kubernetes client: reading a kubeconfig and logging in with it. It is bundled on its own and
 * loaded only when a kubeconfig is given (see load-client.ts), so it must not throw or return classes of the main bundle.
 * Requests go through node:https: the client's API classes would weigh 4 MB, a Secret needs six calls.
 */
import http from 'node:http'
import https from 'node:https'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import {
  type Cluster,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js'
import { load } from 'js-yaml'
import { watchLoginPrograms } from './login-programs.ts'
import { type BadFile, badFile, withTokenOfFile } from './named-files.ts'

/** What a context of a kubeconfig stands for. */
export interface Session {
  context: string
  namespace: string | undefined
  cluster: { name: string; server: string; insecure: boolean } | undefined
  /** Undefined when the context names no user, or one that the kubeconfig does not have. */
  user: SessionUser | undefined
  /** Tokens, passwords and private keys that the kubeconfig holds. */
  secrets: string[]
  /** The first file of those that the context names which cannot be read as one. */
  badFile: BadFile | undefined
  /**
   * Headers, TLS settings and a keep-alive agent for a request; runs the login program of the user if there is one, which
   * the signal ends.
   */
  authorize(signal: AbortSignal): Promise<https.RequestOptions>
  /** Closes the connections. */
  close(): void
}

/** How a session's user logs in. */
export interface SessionUser {
  name: string
  /** The program that fetches the login, for users with `exec`. */
  program: string | undefined
  token: string | undefined
  /** PEM, for users with a client certificate inside the kubeconfig. */
  certificate: string | undefined
}

/** A kubeconfig that could be read. */
export interface Kubeconfig {
  contexts: string[]
  currentContext: string | undefined
  session(context: string): Session
}

/**
 * Reads a kubeconfig. Relative paths in it are taken from `directory`.
 * Throws the parser's error; its message can quote the text, so pass on only {@link parseProblem}'s words.
 */
export function readKubeconfig(text: string, directory: string): Kubeconfig {
  const config = new KubeConfig()
  const tree = (load(text) ?? {}) as Tree
  // The client itself reads each token file as it reads the text, whatever kind of file it is.
  const users = (Array.isArray(tree.users) ? tree.users : []).map((entry) => withTokenOfFile(entry, directory))
  config.loadFromOptions({
    clusters: newClusters(tree.clusters),
    contexts: newContexts(tree.contexts),
    users: newUsers(users.map(({ entry }) => entry)),
    currentContext: tree['current-context'],
  })
  config.makePathsAbsolute(directory)
  const tokenFiles = new Map(users.flatMap(({ entry, bad }) => (bad ? [[entry?.name ?? '', bad] as const] : [])))
  return {
    contexts: config.contexts.map((context) => context.name),
    currentContext: config.currentContext,
    session: (context) => openSession(config, context, tokenFiles),
  }
}

/** A kubeconfig as YAML has it; the client judges its parts. */
interface Tree {
  clusters?: unknown
  contexts?: unknown
  users?: unknown
  'current-context'?: string
}

const WRONG_FORM = 'a part of it has the wrong form: clusters, users and contexts are lists, whose entries have a name'

/** What is wrong with a kubeconfig, without the lines of it that a YAML parser quotes. */
export function parseProblem(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'it cannot be read'
  const { reason, mark } = thrown as { reason?: unknown; mark?: { line?: unknown } }
  // What the client says of a part of the wrong type is the runtime's own text.
  if (/^(?:Type|Range|Reference|Syntax)Error$/.test(thrown.name)) return WRONG_FORM
  if (typeof reason !== 'string') return thrown.message
  return typeof mark?.line === 'number' ? `line ${mark.line + 1}: ${reason}` : reason
}

function openSession(source: KubeConfig, name: string, tokenFiles: ReadonlyMap<string, BadFile>): Session {
  const config = new KubeConfig()
  config.loadFromOptions({
    contexts: source.contexts,
    clusters: source.clusters.map(permitHttp),
    users: source.users.map((user) => withExecInfo(user, source.clusters, source, name)),
    currentContext: name,
  })
  const cluster = source.clusters.find((entry) => entry.name === config.getContextObject(name)?.cluster)
  const user = config.getCurrentUser() ?? undefined
  const programs = watchLoginPrograms(config)
  const files = [cluster?.caFile, user?.certFile, user?.keyFile, tokenFileOf(user)]
  let agent: http.Agent | undefined
  return {
    context: name,
    namespace: config.getContextObject(name)?.namespace,
    cluster: cluster && { name: cluster.name, server: cluster.server, insecure: cluster.skipTLSVerify },
    user: user && describeUser(user),
    secrets: user ? userSecrets(user) : [],
    badFile: files.map(badFile).find(Boolean) ?? tokenFiles.get(user?.name ?? ''),
    async authorize(signal) {
      const options: https.RequestOptions = { headers: {} }
      if (user) refuseOldProvider(user)
      await programs.endedBy(signal, config.applyToHTTPSOptions(options))
      // The client's own agents reach proxies; ours keeps the connection for the next request.
      if (cluster?.proxyUrl) return options
      agent ??= cluster?.server.startsWith('http:')
        ? new http.Agent({ keepAlive: true })
        : new https.Agent({ keepAlive: true })
      return { ...options, agent }
    },
    close: () => agent?.destroy(),
  }
}

function tokenFileOf(user: User | undefined): string | undefined {
  const provider = user?.authProvider as { config?: { tokenFile?: unknown } } | undefined
  const path = provider?.config?.tokenFile
  return typeof path === 'string' ? path : undefined
}

/** The client refuses plain http unless TLS verification is off, although there is nothing to verify. */
function permitHttp(cluster: Cluster): Cluster {
  return cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster
}

/**
 * The client runs the programs of the providers that Kubernetes took out in 1.26 without letting anything else happen
 * meanwhile, so that neither a cancel nor a time limit would end them.
 */
function refuseOldProvider({ authProvider }: User): void {
  const { name = '', config = {} } = (authProvider ?? {}) as { name?: string; config?: Record<string, string> }
  if (!['gcp', 'azure'].includes(name) || !config['cmd-path']) return
  const expiry = Date.parse(config.expiry ?? config['expires-on'] ?? '')
  if (config['access-token'] && !(expiry < Date.now())) return
  throw new Error(
    `its auth-provider '${name}' was taken out of Kubernetes in 1.26, and its login program replaced by exec`,
  )
}

function describeUser(user: User): SessionUser {
  return {
    name: user.name,
    program: user.exec?.command,
    token: user.token,
    certificate: user.certData ? Buffer.from(user.certData, 'base64').toString('utf8') : undefined,
  }
}

/**
 * Login programs such as gke-gcloud-auth-plugin insist on KUBERNETES_EXEC_INFO, which the client does not set
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#input-and-output-formats).
 */
function withExecInfo(user: User, clusters: Cluster[], config: KubeConfig, context: string): User {
  if (!user.exec) return user
  const cluster = clusters.find((entry) => entry.name === config.getContextObject(context)?.cluster)
  const info = {
    apiVersion: user.exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(user.exec.provideClusterInfo && cluster
        ? { cluster: { server: cluster.server, 'certificate-authority-data': cluster.caData } }
        : {}),
    },
  }
  // The client hands on the whole environment; the action's inputs, the API key among them, are not the program's business.
  const inputs = Object.keys(process.env).filter((name) => name.startsWith('INPUT_'))
  const env = [
    ...inputs.map((name) => ({ name, value: undefined })),
    { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) },
    ...(user.exec.env ?? []),
  ]
  return { ...user, exec: { ...user.exec, env } }
}

function userSecrets(user: User): string[] {
  const key = user.keyData ? [user.keyData, Buffer.from(user.keyData, 'base64').toString('utf8')] : []
  const provider: Record<string, unknown> = user.authProvider?.config ?? {}
  const environment: { name: string; value?: unknown }[] = user.exec?.env ?? []
  const named = [...Object.entries(provider), ...environment.map(({ name, value }) => [name, value] as const)]
  const guarded = named.filter(([name]) => /secret|token|password|key/i.test(name)).map(([, value]) => value)
  return [user.token, user.password, ...key, ...guarded].filter(
    (value): value is string => typeof value === 'string' && value !== '',
  )
}
