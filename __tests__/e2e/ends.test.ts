import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import type { EventSettings, RunResult } from '../../sandbox/runner/index.ts'
import { startWorld, type World } from '../support/world.ts'

// The runner asks a second time after 7.5 seconds, and kills soon after.
const LONGEST = 7000
const HANG = { kind: 'slow' as const, milliseconds: 60_000, times: 99 }

let world: World
let kubernetes: KubernetesStandIn
let projectId = ''
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  kubernetes = await startKubernetesStandIn()
  const made = await world.run({ name: 'push' }, { project_name: 'ends', schema: 'none' })
  projectId = made.outputs.project_id ?? ''
  world.github.openPull({ number: 3 })
  await world.run({ name: 'pull_request', action: 'opened', number: 3 }, { project_id: projectId, schema: 'none' })
})
beforeEach(() => {
  world.neon.faults.clear()
  world.github.faults.clear()
  kubernetes.faults.clear()
})
afterAll(async () => {
  await Promise.all([world.close(), kubernetes.close()])
})

const pull: EventSettings = { name: 'pull_request', action: 'synchronize', number: 3 }
const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)

/** A kubeconfig whose user logs in with a shell script. */
function loginBy(script: string): string {
  const tree = parse(kubernetes.kubeconfig) as { users: { user: object }[] }
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', script] }
  for (const entry of tree.users) entry.user = { exec }
  return stringify(tree)
}

/** What a run waits for: how it comes about, the run, and the phase that it is in by then. */
type Wait = [what: string, event: EventSettings, inputs: () => Record<string, string>, hang: () => void, phase: string]
const WAITS: Wait[] = [
  ['a listing of comments', pull, () => ({}), () => world.github.faults.add({ path: /comments/, ...HANG }), ''],
  ['the question who the token is', pull, () => ({}), () => world.github.faults.add({ path: /graphql/, ...HANG }), ''],
  [
    "a sweep's question about pull requests",
    { name: 'schedule' },
    () => ({}),
    () => world.github.faults.add({ path: /graphql/, ...HANG }),
    'Pull requests',
  ],
  ['an answer of Neon', pull, () => ({}), () => world.neon.faults.add(HANG), 'Branch'],
  [
    'an answer of Kubernetes',
    pull,
    () => ({ kubeconfig: kubernetes.kubeconfig }),
    () => kubernetes.faults.add({ path: /secrets/, ...HANG }),
    'Kubernetes',
  ],
  [
    'a login program that hangs, with a child of its own',
    pull,
    () => ({ kubeconfig: loginBy("trap '' TERM INT; sleep 61 & wait; sleep 62") }),
    () => undefined,
    'Kubernetes',
  ],
  [
    'a migrate_command that ignores SIGTERM',
    pull,
    () => ({ migrate_command: "trap '' TERM INT; (trap '' TERM; sleep 63) & while :; do sleep 1; done", schema: '' }),
    () => undefined,
    'Schema',
  ],
]

function begin([, event, inputs, hang]: Wait, more: Record<string, string>, signal?: AbortSignal): Promise<RunResult> {
  hang()
  const cancel = signal ? { cancel: { signal } } : {}
  return world.run(event, { project_id: projectId, schema: 'none', ...inputs(), ...more }, cancel)
}

test.each(WAITS)('a run that waits for %s ends soon after the cancel, and leaves no process', async (...wait) => {
  const controller = new AbortController()
  let at = 0
  setTimeout(() => {
    at = performance.now()
    controller.abort()
  }, 5000)
  const result = await begin(wait, {}, controller.signal)
  expect(at).toBeGreaterThan(0)
  expect(performance.now() - at).toBeLessThan(LONGEST)
  expect(result.orphans).toEqual([])
})

// The comment is no phase of its own; that it ends with the signal is told above.
test.each(WAITS.filter(([, , , , phase]) => phase !== ''))(
  'a run that waits for %s ends when its timeout is over, and says what it waited for',
  async (...wait) => {
    const started = performance.now()
    const result = await begin(wait, { timeout: '5s' })
    expect(performance.now() - started).toBeLessThan(5000 + LONGEST)
    expect(result.orphans).toEqual([])
    const named = `The run took longer than timeout 5 s: it was in the phase '${wait[4]}'.`
    expect(errorsOf(result)).toEqual([expect.stringContaining(named)])
  },
)
