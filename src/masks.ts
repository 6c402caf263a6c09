import { readConnectionUrl } from './database/connection-url.ts'
import { kubeconfigSecrets } from './kubernetes/index.ts'
import type { Secrets } from './runtime/secrets.ts'

const SECRET_INPUTS = ['api_key', 'connection_string', 'github_token', 'github-token', 'password'] as const
const SECRET_VARIABLES = [
  ...['GITHUB_TOKEN', 'GH_TOKEN', 'ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'],
  ...['NEON_API_KEY', 'PGPASSWORD'],
]
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']

/** Where {@link registerSecrets} looks. */
export interface Given {
  getInput(name: string): string
  env: NodeJS.ProcessEnv
}

/**
 * Registers everything secret that the step was given, before anything foreign is read or run: inputs, the password in the
 * connection string, every login of the kubeconfig, tokens and the proxies' passwords of the environment. Never throws:
 * what cannot be read is told when it is used.
 */
export async function registerSecrets(secrets: Secrets, { getInput, env }: Given): Promise<void> {
  for (const name of SECRET_INPUTS) secrets.add(getInput(name))
  for (const name of SECRET_VARIABLES) secrets.add(env[name] ?? '')
  const proxies = PROXY_VARIABLES.flatMap((name) => [env[name], env[name.toLowerCase()]])
  for (const url of [getInput('connection_string'), ...proxies]) {
    for (const password of urlPasswords(url ?? '')) secrets.add(password)
  }
  for (const secret of await kubeconfigSecrets(getInput('kubeconfig'))) secrets.add(secret)
}

/** The password of a URL as it stands there and as it is meant, also of a URL that nobody can read. */
function urlPasswords(text: string): string[] {
  const written = /^[\w+.-]+:\/\/[^:/?#]*:(.*)@/s.exec(text)?.[1] ?? ''
  const meant = URL.canParse(text) ? readConnectionUrl(text).url?.password : undefined
  return [written, decoded(written), meant ?? ''].filter((password) => password !== '')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
