import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { withDatabase } from '../../src/database/connect.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { testRuntime } from '../support/runtime.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
let kubernetes: KubernetesStandIn
let gate: Gate
let projectId = ''
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  kubernetes = await startKubernetesStandIn()
  gate = await openGate([world.neon.url, kubernetes.url])
  const made = await world.run({ name: 'push' }, { project_name: 'shop', schema: 'none' })
  projectId = made.outputs.project_id ?? ''
})
afterAll(async () => {
  await gate.close()
  await Promise.all([world.close(), kubernetes.close()])
})

type Mode = 'provision' | 'rotate'

/** `npm run test:races` holds a run at each of its requests; the whole suite at every fourth one. */
const STRIDE = process.env.RACES === 'all' ? 1 : 4

/** One run for production, on its own way to the servers or straight. */
function run(mode: Mode, isHeld: boolean, more: Record<string, string> = {}): Promise<RunResult> {
  const way = (url: string) => (isHeld ? gate.through(url) : url)
  return world.run(
    { name: 'push' },
    {
      project_id: projectId,
      mode,
      schema: 'none',
      api_host: way(world.neon.url),
      kubeconfig: kubernetes.kubeconfig.replace(kubernetes.url, way(kubernetes.url)),
      namespace: 'default',
      ...more,
    },
  )
}

async function passwordOfSecret(): Promise<string> {
  const { body } = await kubernetes.request('GET', '/api/v1/namespaces/default/secrets/postgres-credentials')
  return decodeURIComponent(new URL(Buffer.from(body.data.DATABASE_URL, 'base64').toString()).password)
}

async function passwordOfNeon(branchId: string, role: string): Promise<string> {
  const path = `/projects/${projectId}/branches/${branchId}/roles/${role}/reveal_password`
  const headers = { authorization: `Bearer ${world.neon.organizationApiKey}` }
  return ((await (await fetch(`${world.neon.url}${path}`, { headers })).json()) as { password: string }).password
}

describe.each([
  ['provision', 'rotate'],
  ['rotate', 'provision'],
  ['rotate', 'rotate'],
] as const)('%s that is held at a request while %s runs', (held, other) => {
  test('ends with the password that holds, whichever request it was', async () => {
    gate.hold(0, async () => undefined)
    const alone = await run(held, true)
    expect(alone.conclusion).toBe('success')
    const { branch_id = '', role = '' } = alone.outputs
    // How many requests there are depends on how often an operation is asked after.
    let reached = 0
    for (let step = 1; step <= reached + STRIDE; step += STRIDE) {
      const others: RunResult[] = []
      // So that a provision has something to write each time.
      await kubernetes.request('DELETE', '/api/v1/namespaces/default/secrets/postgres-credentials')
      gate.hold(step, async () => void others.push(await run(other, false)))
      const result = await run(held, true)
      expect([step, others.filter(({ conclusion }) => conclusion !== 'success')]).toEqual([step, []])
      if (others.length > 0) reached = step
      expect([step, result.conclusion, result.log.match(/##\[error\].*/)?.[0]]).toEqual([step, 'success', undefined])
      const now = await passwordOfNeon(branch_id, role)
      expect([step, (await passwordOfSecret()) === now]).toEqual([step, true])
      expect([step, result.outputs.password === now || other === 'rotate']).toEqual([step, true])
    }
    expect(reached).toBeGreaterThan(6)
  }, 300_000)
})

test('two runs that make the same roles end with the passwords that log in, whichever request one was held at', async () => {
  const secret = '/api/v1/namespaces/default/secrets/role-credentials'
  const roles = { roles: 'api=readwrite', secret_name: 'role-credentials' }
  gate.hold(0, async () => undefined)
  expect((await run('provision', true, roles)).conclusion).toBe('success')
  let reached = 0
  for (let step = 1; step <= reached + STRIDE; step += STRIDE) {
    await kubernetes.request('DELETE', secret)
    const others: RunResult[] = []
    gate.hold(step, async () => void others.push(await run('provision', false, roles)))
    const results = [await run('provision', true, roles), ...others]
    expect([step, results.filter(({ conclusion }) => conclusion !== 'success')]).toEqual([step, []])
    if (others.length > 0) reached = step
    const { body } = await kubernetes.request('GET', secret)
    const url = Buffer.from(body.data.DATABASE_URL, 'base64').toString()
    expect([step, new URL(url).username]).toEqual([step, 'api'])
    await withDatabase(testRuntime(), { url }, ({ sql }) => sql.unsafe('select 1'))
  }
  expect(reached).toBeGreaterThan(6)
}, 300_000)

test('a rotation of another branch changes neither its password nor the Secret of production', async () => {
  await run('provision', false)
  await world.run({ name: 'push' }, { project_id: projectId, branch_name: 'dev', schema: 'none' })
  const dev = world.neon.branches(projectId).find(({ name }) => name === 'dev')
  const before = await passwordOfNeon(dev?.id ?? '', 'neondb_owner')
  const secret = await passwordOfSecret()
  const result = await world.run(
    { name: 'push' },
    { project_id: projectId, mode: 'rotate', branch: 'dev', kubeconfig: kubernetes.kubeconfig, namespace: 'default' },
  )
  expect(result.conclusion).toBe('failure')
  const errors = result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
  expect(errors).toEqual([
    expect.stringMatching(/holds the credentials of its branch main \(br-[^)]+\)\. Choose another/),
  ])
  expect(await passwordOfNeon(dev?.id ?? '', 'neondb_owner')).toBe(before)
  expect(await passwordOfSecret()).toBe(secret)
})
