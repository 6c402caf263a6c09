/** Credentials in a cluster: the Secret, the Dapr Component, the namespace. */
export { applyCredentials, readCredentials, refuseForeignCredentials, removeCredentials } from './credentials.ts'
export { type DaprComponent, parseDaprComponent } from './dapr.ts'
export { kubeconfigProblem } from './kubeconfig.ts'
export { kubeconfigSecrets } from './kubeconfig-secrets.ts'
export { labelKeyProblem, labelValueProblem, namespaceProblem, objectNameProblem } from './names.ts'
export { parseSecretKeys, rolePasswords, urlKey } from './template.ts'
export type { Credentials, KubernetesOptions, LoginUrls, Owner, SecretKey } from './types.ts'
