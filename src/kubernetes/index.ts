/** Credentials in a cluster: the Secret, the Dapr Component, the namespace. */
export { applyCredentials, readCredentials, removeCredentials } from './credentials.ts'
export { type DaprComponent, parseDaprComponent } from './dapr.ts'
export { kubeconfigSecrets } from './kubeconfig-secrets.ts'
export { parseSecretKeys, rolePasswords } from './template.ts'
export type { Credentials, KubernetesOptions, LoginUrls, Owner, SecretKey } from './types.ts'
