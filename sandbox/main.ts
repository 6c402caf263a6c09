/** npm run sandbox: starts Neon, GitHub and Kubernetes on 127.0.0.1 and prints the environment to use them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGitHub } from './github/index.ts'
import { startKubernetes } from './kubernetes/index.ts'
import { startNeon } from './neon/index.ts'

const REPOSITORY = 'octo/demo'
const TOKEN = 'ghs_sandbox_token_000000000000000000000'

const neon = await startNeon()
const github = await startGitHub({
  repositories: [REPOSITORY],
  tokens: {
    [TOKEN]: {
      kind: 'installation',
      repository: REPOSITORY,
      permissions: { contents: 'read', 'pull-requests': 'write' },
    },
  },
})
github.openPull({ number: 1 })
const kubernetes = await startKubernetes()
const folder = await mkdtemp(join(tmpdir(), 'neon-sandbox-'))
const kubeconfig = join(folder, 'kubeconfig')
await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 })

console.log(`# Neon's API over real PostgreSQL, GitHub with pull request #1 of ${REPOSITORY}, and Kubernetes (${kubernetes.version}).
# Paste these lines into another shell; Ctrl-C here ends it all.
export NEON_API_HOST=${neon.url}
export NEON_API_KEY=${neon.organizationApiKey}
export GITHUB_API_URL=${github.apiUrl}
export GITHUB_GRAPHQL_URL=${github.graphqlUrl}
export GITHUB_TOKEN=${TOKEN}
export KUBECONFIG=${kubeconfig}

# For example, with Neon's own command line, from this folder:
#   npx neonctl projects create --name learnflow --no-analytics --api-host "$NEON_API_HOST"`)

async function close(): Promise<void> {
  clearInterval(alive)
  await Promise.all([neon.close(), github.close(), kubernetes.close(), rm(folder, { recursive: true, force: true })])
}

const alive = setInterval(() => undefined, 60_000)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
