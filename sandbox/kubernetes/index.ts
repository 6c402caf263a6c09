import { findAssets, startKubeApiserver } from './real.ts'
import { startKubernetesStandIn } from './stand-in.ts'
import type { Kubernetes } from './types.ts'

export { findAssets, startKubeApiserver } from './real.ts'
export { startKubernetesStandIn } from './stand-in.ts'
export type { Kubernetes, KubernetesAnswer, KubernetesStandIn } from './types.ts'

/**
 * A Kubernetes API on 127.0.0.1: the real kube-apiserver where its binaries (or an existing cluster) are, otherwise the
 * stand-in; `kind` and `version` say which.
 */
export async function startKubernetes(): Promise<Kubernetes> {
  const existing = process.env.USE_EXISTING_CLUSTER?.toLowerCase() === 'true'
  return existing || findAssets() ? startKubeApiserver() : startKubernetesStandIn()
}
