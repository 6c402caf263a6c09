/** The module that {@link loadClient} returns. */
export type Client = typeof import('./client.ts')

/**
 * Loads the Kubernetes client. The address is computed so that the bundler leaves it alone: in `dist` the client is a
 * bundle of its own beside the main one, from sources it is the module.
 */
export async function loadClient(): Promise<Client> {
  const here = import.meta.url
  const module = here.endsWith('/kubernetes/load-client.ts') ? 'client.ts' : 'kubernetes/index.js'
  return import(/* webpackIgnore: true */ new URL(module, here).href)
}
