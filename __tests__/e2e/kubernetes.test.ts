import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type KubernetesStandIn, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
let kubernetes: KubernetesStandIn
let inputs: Record<string, string>
beforeAll(async () => {
  world = await startWorld({ plan: 'paid', branchLimit: 100 })
  // Some seconds, as in a real cluster.
  kubernetes = await startKubernetesStandIn({ namespaceDeletion: 6000 })
  const made = await world.run({ name: 'push' }, { project_name: 'shop', schema: 'none' })
  for (const number of [3, 4, 5, 6, 7, 8, 9]) world.github.openPull({ number })
  inputs = {
    project_id: made.outputs.project_id ?? '',
    schema: 'none',
    kubeconfig: kubernetes.kubeconfig,
    create_namespace: 'true',
  }
})
afterAll(async () => {
  await Promise.all([world.close(), kubernetes.close()])
})

const pull = (number: number, action: 'opened' | 'reopened' | 'synchronize' | 'closed') => ({
  name: 'pull_request' as const,
  action,
  number,
})
const messages = (result: RunResult, type: string) =>
  result.annotations.filter((annotation) => annotation.type === type).map(({ message }) => message)
const read = async (path: string) => (await kubernetes.request('GET', path)).body
const secretPath = (namespace: string, name = 'postgres-credentials') =>
  `/api/v1/namespaces/${namespace}/secrets/${name}`

async function succeed(...run: Parameters<World['run']>): Promise<RunResult> {
  const result = await world.run(...run)
  expect(messages(result, 'error')).toEqual([])
  return result
}

describe('a namespace', () => {
  test('that two pull requests share outlives the close of the first, with the Secret of the second', async () => {
    const shared = { ...inputs, namespace: 'shop', secret_name: 'credentials-{number}' }
    await succeed(pull(3, 'opened'), shared)
    await succeed(pull(4, 'opened'), shared)
    const closed = await succeed(pull(3, 'closed'), shared)
    expect(messages(closed, 'warning')).toEqual([
      "Kept namespace shop: it is not one pull request's alone, since the input namespace has no {number}.",
    ])
    expect((await read('/api/v1/namespaces/shop')).status.phase).toBe('Active')
    expect((await kubernetes.request('GET', secretPath('shop', 'credentials-3'))).status).toBe(404)
    expect((await kubernetes.request('GET', secretPath('shop', 'credentials-4'))).status).toBe(200)
  })

  test('of one pull request goes when it closes, and is there again when it is reopened at once', async () => {
    const own = { ...inputs, namespace: 'shop-{number}' }
    await succeed(pull(5, 'opened'), own)
    const before = await read('/api/v1/namespaces/shop-5')
    expect(before.metadata.annotations).toMatchObject({
      'neon-postgres-setup/repository': world.repository,
      'neon-postgres-setup/repository-id': expect.stringMatching(/^\d+$/),
      'neon-postgres-setup/pull-request': '5',
    })
    const closed = await succeed(pull(5, 'closed'), own)
    expect(messages(closed, 'warning')).toEqual([])
    expect((await read('/api/v1/namespaces/shop-5')).status.phase).toBe('Terminating')
    const reopened = await succeed(pull(5, 'reopened'), own)
    expect(reopened.log).toContain('namespace shop-5 is being deleted; waiting until it is gone')
    expect((await read('/api/v1/namespaces/shop-5')).metadata.uid).not.toBe(before.metadata.uid)
    expect((await kubernetes.request('GET', secretPath('shop-5'))).status).toBe(200)
  })

  test('of another repository that got the same name on GitHub is not touched', async () => {
    const own = { ...inputs, namespace: 'shop-{number}' }
    await succeed(pull(6, 'opened'), own)
    const { metadata } = await read(secretPath('shop-6'))
    const stranger = await world.run(pull(6, 'closed'), own, { repository: { fullName: world.repository, id: 1 } })
    expect(messages(stranger, 'warning')).toEqual(
      expect.arrayContaining([
        'Kept Secret shop-6/postgres-credentials: this run did not make it.',
        'Kept namespace shop-6: this run did not make it.',
      ]),
    )
    expect((await read(secretPath('shop-6'))).metadata).toEqual(metadata)
  })
})

test('an entry of the merge queue leaves the Secret alone that production reads, and says so', async () => {
  const production = { ...inputs, namespace: 'production', roles: 'api=readwrite' }
  await succeed({ name: 'push' }, production)
  const before = await read(secretPath('production'))
  const queued = await succeed({ name: 'merge_group', number: 3 }, production)
  expect(queued.outputs.branch_name).toMatch(/^queue-/)
  expect(queued.log).toContain('Kubernetes: an entry of the merge queue gets no Secret')
  expect(await read(secretPath('production'))).toEqual(before)
})

describe('dapr_component', () => {
  test('with @v1 applies the state store in that version', async () => {
    const dapr = { ...inputs, namespace: 'dapr', dapr_component: 'statestore@v1' }
    await succeed({ name: 'push' }, dapr)
    const { spec } = await read('/apis/dapr.io/v1alpha1/namespaces/dapr/components/statestore')
    expect(spec).toMatchObject({ type: 'state.postgresql', version: 'v1' })
  })

  test('with a version that Dapr does not have is an error that names those it has', async () => {
    const result = await world.run({ name: 'push' }, { ...inputs, namespace: 'dapr', dapr_component: 'statestore@v3' })
    expect(messages(result, 'error')).toEqual([expect.stringContaining("no version 'v3', only v1 and v2")])
  })
})

describe('what a pull request had in the cluster', () => {
  const own = () => ({ ...inputs, namespace: 'life-{number}', dapr_component: 'statestore' })
  const component = (namespace: string) => `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components/statestore`
  const phaseOf = async (namespace: string) => (await read(`/api/v1/namespaces/${namespace}`)).status?.phase ?? 'gone'

  test('goes when its Git branch is deleted: Secret, Component and namespace; that of others stays', async () => {
    await kubernetes.installDapr()
    await succeed(pull(7, 'opened'), own())
    await succeed(pull(8, 'opened'), own())
    expect((await kubernetes.request('GET', component('life-7'))).status).toBe(200)
    const result = await succeed({ name: 'delete', ref: 'feature-7' }, own())
    expect(result.outputs).toMatchObject({ outcome: 'deleted', branch_name: 'pr-7' })
    expect((await kubernetes.request('GET', secretPath('life-7'))).status).toBe(404)
    expect((await kubernetes.request('GET', component('life-7'))).status).toBe(404)
    expect(['Terminating', 'gone']).toContain(await phaseOf('life-7'))
    expect((await kubernetes.request('GET', secretPath('life-8'))).status).toBe(200)
    expect(await phaseOf('life-8')).toBe('Active')
  })

  test('goes when the pull request is closed while the run that wrote it is under way', async () => {
    await succeed(pull(9, 'opened'), own())
    const result = await world.run(pull(9, 'synchronize'), own(), {
      onLine: (line) => {
        if (line === '##[group]Tables') world.github.closePull(9)
      },
    })
    expect(messages(result, 'error')).toEqual([])
    expect(result.outputs).toMatchObject({ outcome: 'deleted', skipped: 'true' })
    expect((await kubernetes.request('GET', secretPath('life-9'))).status).toBe(404)
    expect(['Terminating', 'gone']).toContain(await phaseOf('life-9'))
  })

  test.each([
    [10, 'reset'],
    [11, 'rotate'],
  ])('goes too when #%s is closed while a run with mode: %s writes it', async (number, mode) => {
    world.github.openPull({ number })
    await succeed(pull(number, 'opened'), own())
    const result = await world.run(
      pull(number, 'synchronize'),
      { ...own(), mode },
      {
        onLine: (line) => {
          if (line === '##[group]Kubernetes') world.github.closePull(number)
        },
      },
    )
    expect(messages(result, 'error')).toEqual([])
    expect(result.outputs).toMatchObject({ outcome: 'deleted', skipped: 'true' })
    expect(result.outputs.db_url).toBeUndefined()
    expect((await kubernetes.request('GET', secretPath(`life-${number}`))).status).toBe(404)
  })
})
