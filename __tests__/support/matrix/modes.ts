import type { RunOptions } from '../../../sandbox/runner/index.ts'

/** What a cell runs: a mode, in a state of the world. */
export type Play =
  | 'provision new'
  | 'provision reused'
  | 'rotate'
  | 'preview new'
  | 'preview reused'
  | 'reset'
  | 'plan'
  | 'diff'
  | 'cleanup'
  | 'sweep'

/** In which order the plays of one pull request follow one another. */
export const BEGINS: Play = 'preview new'
export const MIDDLES: readonly Play[] = ['preview reused', 'reset', 'plan', 'diff']
export const ENDS: readonly Play[] = ['cleanup', 'sweep']
export const PRODUCTION: readonly Play[] = ['provision reused', 'rotate']
export const PLAYS: readonly Play[] = ['provision new', ...PRODUCTION, BEGINS, ...MIDDLES, ...ENDS]

/** Plays that change nothing, and are told apart by it. */
export const READS_ONLY: readonly Play[] = ['plan', 'diff']

/** What a play is about. */
export interface Subject {
  projectId: string
  /** Name of a project that is not there yet. */
  projectName: string
  /** The pull request's number. */
  number: number
  /** Namespace of production; that of a pull request follows from its number. */
  production: string
  /** Beginning of the names of the pull requests' namespaces. */
  prefix: string
  kubeconfig: string
}

/** Event and inputs of a play. */
export function stepOf(play: Play, subject: Subject): { event: RunOptions['event']; inputs: Record<string, string> } {
  const { projectId, number, prefix, production, kubeconfig } = subject
  const pull = (action: 'opened' | 'synchronize' | 'closed'): RunOptions['event'] => ({
    name: 'pull_request',
    action,
    number,
  })
  const cluster = { kubeconfig, create_namespace: 'true', dapr_component: 'statestore' }
  const own = { project_id: projectId, schema: 'learnflow\ndb', ...cluster, namespace: `${prefix}-{number}` }
  const live = { schema: 'learnflow', ...cluster, namespace: production }
  switch (play) {
    case 'provision new':
      return { event: { name: 'push' }, inputs: { ...live, project_name: subject.projectName, roles: ROLES } }
    case 'provision reused':
      return { event: { name: 'push' }, inputs: { ...live, project_id: projectId, roles: ROLES } }
    case 'rotate':
      return { event: { name: 'workflow_dispatch' }, inputs: { ...live, project_id: projectId, mode: 'rotate' } }
    case 'preview new':
      return { event: pull('opened'), inputs: { ...own, roles: ROLES } }
    case 'preview reused':
      return { event: pull('synchronize'), inputs: { ...own, roles: ROLES } }
    case 'reset':
      return { event: pull('synchronize'), inputs: { ...own, roles: ROLES, mode: 'reset' } }
    case 'plan':
      return { event: pull('synchronize'), inputs: { ...own, mode: 'plan' } }
    case 'diff':
      return { event: pull('synchronize'), inputs: { project_id: projectId, compare_branch: `pr-${number}` } }
    case 'cleanup':
      return { event: pull('closed'), inputs: own }
    case 'sweep':
      return { event: { name: 'schedule' }, inputs: own }
  }
}

const ROLES = 'api=readwrite'
