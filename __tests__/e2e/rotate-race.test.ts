import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { type Gate, openGate } from '../support/gate.ts'
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

/** One run for production, on its own way to the servers or straight. */
function run(mode: Mode, isHeld: boolean): Promise<RunResult> {
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
    const steps = gate.count
    expect(steps).toBeGreaterThan(4)
    const { branch_id = '', role = '' } = alone.outputs
    for (let step = 1; step <= steps; step += 1) {
      const others: RunResult[] = []
      // So that a provision has something to write each time.
      await kubernetes.request('DELETE', '/api/v1/namespaces/default/secrets/postgres-credentials')
      gate.hold(step, async () => void others.push(await run(other, false)))
      const result = await run(held, true)
      expect([step, others.map(({ conclusion }) => conclusion)]).toEqual([step, ['success']])
      expect([step, result.conclusion, result.log.match(/##\[error\].*/)?.[0]]).toEqual([step, 'success', undefined])
      const now = await passwordOfNeon(branch_id, role)
      expect([step, (await passwordOfSecret()) === now]).toEqual([step, true])
      expect([step, result.outputs.password === now || other === 'rotate']).toEqual([step, true])
    }
  }, 300_000)
})

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
