import { findKubeconfig } from './kubeconfig.ts'
import { loadClient } from './load-client.ts'

const SECRET_ENTRY =
  /(?:token|password|client-key-data|client-secret)["']?[ \t]*:[ \t]*(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s,}\]]+))/gi

/**
 * Everything secret in the kubeconfig that the input gives, of all its users, to be masked before anything is asked or run.
 * Never throws: a kubeconfig that cannot be read is searched by the names of its entries, and told of when it is used.
 */
export async function kubeconfigSecrets(input: string): Promise<string[]> {
  if (input.trim() === '') return []
  try {
    const { text, directory, source } = findKubeconfig(input)
    const given = source === 'base64' ? [input.replace(/\s+/g, '')] : []
    return [...given, ...entriesOf(text), ...(await parsedSecrets(text, directory))]
  } catch {
    return entriesOf(input)
  }
}

function entriesOf(text: string): string[] {
  return [...text.matchAll(SECRET_ENTRY)].flatMap(([, double, single, bare]) => double ?? single ?? bare ?? [])
}

async function parsedSecrets(text: string, directory: string): Promise<string[]> {
  const { readKubeconfig } = await loadClient()
  try {
    const kubeconfig = readKubeconfig(text, directory)
    return kubeconfig.contexts.flatMap((context) => kubeconfig.session(context).secrets)
  } catch {
    return []
  }
}
