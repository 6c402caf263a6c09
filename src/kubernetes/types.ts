import type { Owner as RepositoryOwner } from '../ownership.ts'
import type { DaprVersion } from './dapr.ts'

/** One key of the Secret and what it carries. */
export interface SecretKey {
  key: string
  /** Text with placeholders such as `{db_url_pooled}` or `{role.api.password}`. */
  template: string
}

/** Both connection URLs of one login. Without a pooler, `pooledUrl` repeats `url`. */
export interface LoginUrls {
  /** `postgresql://user:password@host[:port]/database?sslmode=…` */
  url: string
  pooledUrl: string
}

/** What the Secret can carry: the owner's login, and each role's by its name. */
export interface Credentials extends LoginUrls {
  roles: Record<string, LoginUrls>
}

/** On whose behalf objects are written; it stands in their annotations. */
export interface Owner extends RepositoryOwner {
  /** Neon's branch id; empty when unknown. */
  branchId: string
  /** Neon's name of the branch; empty or left out when unknown. */
  branchName?: string
  /** Neon's project id; empty when unknown. */
  projectId: string
}

/** Where the credentials go, and how. */
export interface KubernetesOptions {
  /** The kubeconfig as text, as base64, or as a path. */
  kubeconfig: string
  /** Default: the kubeconfig's current context. */
  context?: string
  /** Default: the namespace of the context, else `default`. */
  namespace?: string
  createNamespace: boolean
  /** The input named the namespace with `{number}`, so that it is one pull request's alone; only such a one is deleted. */
  namespaceIsPerPullRequest: boolean
  secretName: string
  secretKeys: SecretKey[]
  /** Take over a Secret, a Component or fields that belong to someone else. */
  secretForce: boolean
  secretLabels: Record<string, string>
  /** Name of a Dapr state store Component to apply with the Secret. */
  daprComponent?: string
  /** Of the Component; v2 unless told. */
  daprVersion?: DaprVersion
  owner: Owner
  /** Milliseconds that one request may take; 30 s unless told. */
  requestTimeout?: number
}

/** The parts of a Kubernetes object that this action reads or writes. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    deletionTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: { kind: string; name: string }[]
    managedFields?: ManagedFields[]
  }
  type?: string
  immutable?: boolean
  data?: Record<string, string>
  [field: string]: unknown
}

/** Who set which fields; `fieldsV1` has a member `f:<name>` for each. */
export interface ManagedFields {
  manager?: string
  operation?: string
  fieldsV1?: Record<string, unknown>
}

/** What an API server says when it does not answer with the object (kind Status of the Kubernetes API). */
export interface Status {
  message: string
  reason: string
  details?: { name?: string; kind?: string; causes?: { reason?: string; message?: string; field?: string }[] }
}

/** An answer of the API server: the object, or a status for every code above 299. */
export interface Answer {
  code: number
  object?: KubernetesObject
  status: Status
}
