import type { FaultPlan } from '../http/faults.ts'
import type { JournalEntry } from '../http/serve.ts'

/** A Kubernetes API to write to: a real kube-apiserver or the stand-in. */
export interface Kubernetes {
  readonly kind: 'kube-apiserver' | 'stand-in'
  /** For people: `kube-apiserver v1.20.2`, `stand-in`. */
  readonly version: string
  readonly url: string
  /** Text of a kubeconfig for the administrator. */
  readonly kubeconfig: string
  /** Null: every server here serves custom resources such as Dapr's; one that cannot is refused with an error. */
  readonly noCustomResources: string | null
  /** Sends a request as administrator, to arrange and to look; a path with query. */
  request(method: string, path: string, body?: unknown): Promise<KubernetesAnswer>
  /** Makes components.dapr.io known, if it is not. Throws an Error when the server does not survive it. */
  installDapr(): Promise<void>
  close(): Promise<void>
}

/** What a request was answered; `body` is parsed where it is JSON. */
export interface KubernetesAnswer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: an object of any kind, for tests and the demo to look into
  body: any
}

/** The stand-in can also tell what it was asked, and fail on request. */
export interface KubernetesStandIn extends Kubernetes {
  readonly journal: JournalEntry[]
  readonly faults: FaultPlan
}
