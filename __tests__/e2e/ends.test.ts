import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import type { EventSettings, RunResult } from '../../sandbox/runner/index.ts'
import { startWorld, type World } from '../support/world.ts'

// That a cancel ends a run that waits for an answer, moments.test.ts tells of every request and message. Here are the waits
// that no server sees, and what the input `timeout` says of each kind. All wait side by side, each for something of its own.

// The runner asks a second time after 7.5 seconds, and kills soon after.
const LONGEST = 7000
const TIMEOUT = 8
const HANG = { kind: 'slow' as const, milliseconds: 30_000, times: 99 }

/** A run that waits, and the phase that it is in by then. */
interface Wait {
  event: EventSettings
  inputs: Record<string, string>
  phase: string
}
type WaitOf = (sign: string) => Wait

/** How it ended, and how long after the cancel. */
interface Ended {
  result: RunResult
  milliseconds: number
}

let world: World
let kubernetes: KubernetesStandIn
let projectId = ''
const timedOut = new Map<string, Promise<Ended>>()
const cancelled = new Map<string, Promise<Ended>>()
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  kubernetes = await startKubernetesStandIn()
  await mkdir(join(world.workspace, 'signs'))
  await world.write({ 'db/1.sql': 'select 1' })
  for (const number of [3, 4, 5]) world.github.openPull({ number })
  const made = await world.run({ name: 'push' }, { project_name: 'ends', schema: 'none' })
  projectId = made.outputs.project_id ?? ''
  const annotations = { 'managed-by': 'neon-postgres-setup', 'github-commit-repo': world.repository }
  world.neon.seedBranches(projectId, 1, () => ({
    name: 'pr-9',
    annotations: { ...annotations, 'github-pr-number': '9' },
  }))
  world.neon.faults.add({ ...HANG, path: /search=pr-3/ })
  world.github.faults.add({ ...HANG, path: /graphql/ })
  world.github.faults.add({ ...HANG, method: 'POST', path: /comments/ })
  kubernetes.faults.add({ ...HANG, path: /namespaces\/waits\/secrets/ })
  for (const [name, waitOf] of Object.entries(WAITS)) timedOut.set(name, timeOut(waitOf(signOf('timeout', name))))
  for (const [name, waitOf] of Object.entries(PROGRAMS)) {
    const sign = signOf('cancel', name)
    cancelled.set(
      name,
      cancel(waitOf(sign), async () => existsSync(sign)),
    )
  }
  timedOut.set(COMMENT, timeOut(comment(4)))
  const asked = /\/issues\/5\/comments/
  const isAsked = ({ method, path }: { method: string; path: string }) => method === 'POST' && asked.test(path)
  cancelled.set(
    COMMENT,
    cancel(comment(5), async () => world.github.journal.some(isAsked)),
  )
}, 60_000)
afterAll(async () => {
  await Promise.allSettled([...timedOut.values(), ...cancelled.values()])
  await Promise.all([world.close(), kubernetes.close()])
})

/** A kubeconfig whose user logs in with a shell script. */
function loginBy(script: string): string {
  const tree = parse(kubernetes.kubeconfig) as { users: { user: object }[] }
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', script] }
  for (const entry of tree.users) entry.user = { exec }
  return stringify(tree)
}

const push = { name: 'push' } as const
/** Programs that the run starts; each makes a file as soon as it hangs. */
const PROGRAMS: Record<string, WaitOf> = {
  'a login program that hangs, with a child of its own': (sign) => ({
    event: push,
    inputs: { kubeconfig: loginBy(`trap '' TERM INT; sleep 61 & : > '${sign}'; wait; sleep 62`) },
    phase: 'Kubernetes',
  }),
  'a migrate_command that ignores SIGTERM, with a child of its own': (sign) => ({
    event: push,
    inputs: {
      migrate_command: `trap '' TERM INT; (trap '' TERM; sleep 63) & : > '${sign}'; while :; do sleep 1; done`,
      schema: '',
    },
    phase: 'Schema',
  }),
}
const WAITS: Record<string, WaitOf> = {
  ...PROGRAMS,
  'an answer of Neon': () => ({
    event: { name: 'pull_request', action: 'opened', number: 3 },
    inputs: {},
    phase: 'Branch',
  }),
  "a sweep's question about pull requests": () => ({ event: { name: 'schedule' }, inputs: {}, phase: 'Pull requests' }),
  'an answer of Kubernetes': () => ({
    event: push,
    inputs: { kubeconfig: kubernetes.kubeconfig, namespace: 'waits', create_namespace: 'true' },
    phase: 'Kubernetes',
  }),
}

const COMMENT = 'a comment that is being written'
const comment = (number: number): Wait => ({
  event: { name: 'pull_request', action: 'opened', number },
  // No file of the repository: what its base has would be asked of the server that does not answer.
  inputs: { mode: 'plan', schema: 'learnflow' },
  phase: '',
})

const signOf = (kind: string, name: string) => join(world.workspace, 'signs', `${kind} ${name.replace(/\W/g, '-')}`)
const inputsOf = ({ inputs }: Wait) => ({ project_id: projectId, schema: 'none', ...inputs })

async function timeOut(wait: Wait): Promise<Ended> {
  const result = await world.run(wait.event, { ...inputsOf(wait), timeout: `${TIMEOUT}s` })
  return { result, milliseconds: result.milliseconds - TIMEOUT * 1000 }
}

/** Cancels a run as soon as it waits. */
async function cancel(wait: Wait, isWaiting: () => Promise<boolean>): Promise<Ended> {
  const controller = new AbortController()
  const run = world.run(wait.event, inputsOf(wait), { cancel: { signal: controller.signal } })
  const over = run.then(() => true)
  while (!(await isWaiting()) && !(await Promise.race([over, sleep(50, false)])));
  const at = performance.now()
  controller.abort()
  const result = await run
  return { result, milliseconds: performance.now() - at }
}

const messages = (result: RunResult, type: string) =>
  result.annotations.filter((annotation) => annotation.type === type).map(({ message }) => message)

test.each([...Object.keys(PROGRAMS), COMMENT])(
  'a run that waits for %s ends soon after the cancel, and not as a success, and leaves no process',
  async (name) => {
    const { result, milliseconds } = (await cancelled.get(name)) as Ended
    expect(result.sent).toEqual(['SIGINT'])
    expect([result.exitCode, result.outputs.outcome]).toEqual([1, 'failed'])
    expect(messages(result, 'error')).toEqual(['The run was cancelled. Run it again: it goes on where it stopped.'])
    expect(milliseconds).toBeLessThan(LONGEST)
    expect(result.orphans).toEqual([])
  },
)

test.each(Object.entries(WAITS))(
  'a run that waits for %s ends when its timeout is over, and says what it waited for',
  async (name, waitOf) => {
    const { result, milliseconds } = (await timedOut.get(name)) as Ended
    expect(milliseconds).toBeLessThan(LONGEST)
    expect(result.orphans).toEqual([])
    const named = `The run took longer than timeout ${TIMEOUT} s: it was in the phase '${waitOf('').phase}'.`
    expect(messages(result, 'error')).toEqual([expect.stringContaining(named)])
  },
)

test('a run whose timeout is over when only its comment is left to write has done its work, and warns', async () => {
  const { result, milliseconds } = (await timedOut.get(COMMENT)) as Ended
  expect(milliseconds).toBeLessThan(LONGEST)
  expect([result.conclusion, result.outputs.outcome]).toEqual(['success', 'planned'])
  expect(messages(result, 'warning')).toContainEqual(
    expect.stringContaining(
      `The pull request comment could not be written: The run took longer than timeout ${TIMEOUT} s`,
    ),
  )
})
