/** Inputs to a typed Config, all problems at once. */
export type { Config, KubernetesConfig, NeonConfig, SchemaConfig } from './config.ts'
export { judgeInputs } from './read-config.ts'
export { fillNumber } from './shapes.ts'
export { unknownParents } from './unknown-parent.ts'
