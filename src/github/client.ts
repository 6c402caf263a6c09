import { getOctokit } from '@actions/github'
import type { Runtime } from '../runtime/runtime.ts'

/**
 * GitHub's API behind a token. Octokit's own remarks (a call that is deprecated, in the words of the answer's headers) go
 * to the debug log and not to the console, which nobody redacts.
 */
export function openGitHub(runtime: Runtime, { token, apiUrl }: { token: string; apiUrl: string }) {
  const tell = (text: string) => runtime.log.debug(`GitHub: ${text}`)
  const log = { debug: () => undefined, info: () => undefined, warn: tell, error: tell }
  return getOctokit(token, { baseUrl: apiUrl.replace(/\/+$/, ''), log })
}
