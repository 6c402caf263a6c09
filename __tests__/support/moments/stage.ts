import { type KubernetesStandIn, startKubernetesStandIn } from '../../../sandbox/kubernetes/index.ts'
import type { EventSettings, RunOptions, RunResult } from '../../../sandbox/runner/index.ts'
import { startWorld, type World } from '../world.ts'
import { type MomentGate, openMomentGate } from './gate.ts'

/** A world with a cluster, and a gate before everything that a run reaches. */
export interface Stage {
  world: World
  kubernetes: KubernetesStandIn
  gate: MomentGate
  /** Runs the action on its way through the gate. */
  run(event: EventSettings, inputs: Record<string, string>, more?: Partial<RunOptions>): Promise<RunResult>
  /** Runs the action straight, beside the gate. */
  runBeside(event: EventSettings, inputs: Record<string, string>, more?: Partial<RunOptions>): Promise<RunResult>
  /** Takes away what a story is done with, so that its servers cost nothing: a path of the Neon API. */
  discard(path: string): Promise<void>
  close(): Promise<void>
}

/** The files that every project of a stage has: the table in which each file writes its name down. */
export const BASE_FILES = {
  'base/0001_applied.sql':
    "create table applied_files (name text not null, at timestamptz default now()); insert into applied_files values ('0001_applied');",
  'base/0002_people.sql': ownFile('0002_people'),
}

/** Their names, as {@link ownFile} writes them down. */
export const BASE = ['0001_applied', '0002_people']

/** A file that fails when it runs a second time in a row, and counts how often it ran where it does not. */
export function ownFile(name: string): string {
  const table = `t_${name.replace(/\W/g, '_')}`
  return `create table ${table} (id int primary key, word text);
insert into ${table} select n, 'word ' || n from generate_series(1, 20) n;
insert into applied_files (name) values ('${name}');
`
}

export async function startStage(): Promise<Stage> {
  const world = await startWorld({
    ...{ plan: 'paid', branchLimit: 1000, projectLimit: 1000, activeComputeLimit: 1000, rootBranchLimit: 1000 },
    operationMilliseconds: 10,
  })
  const kubernetes = await startKubernetesStandIn({ namespaceDeletion: 100 })
  const gate = await openMomentGate({ Neon: world.neon.url, GitHub: world.github.apiUrl, Kubernetes: kubernetes.url })
  await world.write(BASE_FILES)
  return {
    world,
    kubernetes,
    gate,
    run(event, inputs, more = {}) {
      const { neon, github } = world
      const kubeconfig = inputs.kubeconfig?.replace(kubernetes.url, gate.through(kubernetes.url))
      return world.run(
        event,
        { ...inputs, api_host: gate.through(neon.url), ...(kubeconfig ? { kubeconfig } : {}) },
        { apiUrl: gate.through(github.apiUrl), graphqlUrl: gate.through(github.graphqlUrl), ...more },
      )
    },
    runBeside: (event, inputs, more = {}) => world.run(event, inputs, more),
    async discard(path) {
      await world.neon.settle()
      const headers = { authorization: `Bearer ${world.neon.organizationApiKey}` }
      const { status } = await fetch(`${world.neon.url}${path}`, { method: 'DELETE', headers })
      if (status >= 300 && status !== 404) throw new Error(`${path} could not be taken away: ${status}`)
      await world.neon.settle()
    },
    async close() {
      await gate.close()
      await Promise.all([world.close(), kubernetes.close()])
    },
  }
}
