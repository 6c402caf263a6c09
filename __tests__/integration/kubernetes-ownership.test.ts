import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Kubernetes } from '../../sandbox/kubernetes/index.ts'
import {
  applyCredentials,
  type KubernetesOptions,
  type Owner,
  readCredentials,
  removeCredentials,
} from '../../src/kubernetes/index.ts'
import {
  availableServers,
  createObject,
  isGoing,
  newNamespace,
  sampleCredentials,
  sampleOptions,
  sampleOwner,
  unusedNamespace,
} from '../support/kubernetes.ts'
import { testRuntime } from '../support/runtime.ts'

const LABELS = { 'app.kubernetes.io/managed-by': 'neon-postgres-setup' }

/** Annotations as this action writes them; a value that is undefined is left out. */
function annotations(repository: string, id: string | undefined, pullRequest: string | undefined) {
  const all = { repository, 'repository-id': id, 'pull-request': pullRequest }
  const there = Object.entries(all).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there.map(([name, value]) => [`neon-postgres-setup/${name}`, value]))
}

/** Marks of others, seen by pull request 7 of acme/learnflow, which GitHub knows as 700; and how they are described. */
const FOREIGN: [string, object, string][] = [
  [
    'another repository',
    { labels: LABELS, annotations: annotations('acme/other', '701', '7') },
    'pull request 7 of acme/other',
  ],
  [
    'another repository, by version 1.0.0',
    { labels: LABELS, annotations: annotations('acme/other', undefined, '7') },
    'pull request 7 of acme/other',
  ],
  [
    'a repository that had our name before',
    { labels: LABELS, annotations: annotations('acme/learnflow', '1', '7') },
    'pull request 7 of another repository that had the name acme/learnflow (id 1)',
  ],
  [
    'another pull request',
    { labels: LABELS, annotations: annotations('acme/learnflow', '700', '8') },
    'pull request 8 of acme/learnflow',
  ],
  [
    'no pull request',
    { labels: LABELS, annotations: annotations('acme/learnflow', '700', undefined) },
    'acme/learnflow',
  ],
  ['a mark that says nothing', { labels: LABELS }, 'an unknown repository'],
  [
    'somebody who copied the annotations without the label',
    { annotations: annotations('acme/learnflow', '700', '7') },
    'field manager kubectl-create',
  ],
]

describe.each(availableServers())('whose an object is, on $name', ({ start }) => {
  let server: Kubernetes
  beforeAll(async () => {
    server = await start()
    await server.installDapr()
  })
  afterAll(() => server.close())

  const secrets = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets`
  const components = (namespace: string) => `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components`
  const makeSecret = (namespace: string, metadata: object, name = 'postgres-credentials') =>
    createObject(server, secrets(namespace), {
      kind: 'Secret',
      metadata: { name, ...metadata },
      data: { DATABASE_URL: 'dGhlaXJz' },
    })
  const makeComponent = (namespace: string, metadata: object) =>
    createObject(server, components(namespace), {
      kind: 'Component',
      metadata: { name: 'statestore', ...metadata },
      spec: { type: 'state.redis', version: 'v1', metadata: [] },
    })
  const optionsFor = (namespace: string, more: Partial<KubernetesOptions> = {}) =>
    sampleOptions(server, { namespace, createNamespace: true, daprComponent: 'statestore', ...more })
  const versionOf = async (path: string) =>
    (await server.request('GET', path)).body.metadata?.resourceVersion as string | undefined

  describe.each(FOREIGN)('made by %s', (_, metadata, owner) => {
    test('a Secret is not written, not read and not deleted', async () => {
      const namespace = await newNamespace(server)
      const made = await makeSecret(namespace, metadata)
      const options = optionsFor(namespace)
      await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
        message: `Will not write Secret ${namespace}/postgres-credentials: it belongs to ${owner}.`,
      })
      expect(await readCredentials(testRuntime(), options)).toBeNull()
      const runtime = testRuntime()
      await removeCredentials(runtime, options)
      expect(runtime.annotations.map(({ text }) => text)).toContain(
        `Kept Secret ${namespace}/postgres-credentials: this run did not make it.`,
      )
      expect(await versionOf(`${secrets(namespace)}/postgres-credentials`)).toBe(made)
    })

    test('a Component is not written and not deleted', async () => {
      const namespace = await newNamespace(server)
      const made = await makeComponent(namespace, metadata)
      const options = optionsFor(namespace)
      await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
        message: `Will not write Component ${namespace}/statestore: it belongs to ${owner}.`,
      })
      expect(await versionOf(`${secrets(namespace)}/postgres-credentials`)).toBeUndefined()
      const runtime = testRuntime()
      await removeCredentials(runtime, options)
      expect(runtime.annotations.map(({ text }) => text)).toContain(
        `Kept Component ${namespace}/statestore: this run did not make it.`,
      )
      expect(await versionOf(`${components(namespace)}/statestore`)).toBe(made)
    })

    test('a namespace is not deleted', async () => {
      const namespace = await newNamespace(server, metadata)
      const options = optionsFor(namespace)
      await applyCredentials(testRuntime(), options, sampleCredentials())
      const runtime = testRuntime()
      const removed = await removeCredentials(runtime, options)
      expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Component deleted', 'Secret deleted'])
      expect(runtime.annotations.map(({ text }) => text)).toEqual([
        `Kept namespace ${namespace}: this run did not make it.`,
      ])
      expect(await isGoing(server, namespace)).toBe(false)
    })
  })

  test.each([['Secret' as const], ['Component' as const]])(
    'a %s of another owner holds the namespace of a pull request, until it is gone',
    async (kind) => {
      // The label is what the list is asked for: an object without it is nobody's that this action knows.
      const marked = FOREIGN.filter(([, metadata]) => 'labels' in metadata)
      for (const [, metadata, owner] of marked) {
        const namespace = await newNamespace(server, {
          labels: LABELS,
          annotations: annotations('acme/learnflow', '700', '7'),
        })
        const name = kind === 'Secret' ? 'theirs' : 'statestore'
        if (kind === 'Secret') await makeSecret(namespace, metadata, name)
        else await makeComponent(namespace, metadata)
        const options = sampleOptions(server, { namespace, createNamespace: true })
        const runtime = testRuntime()
        await applyCredentials(testRuntime(), options, sampleCredentials())
        const removed = await removeCredentials(runtime, options)
        expect(removed.map((result) => `${result.kind} ${result.action}`)).toEqual(['Secret deleted'])
        expect(runtime.annotations.map(({ text }) => text)).toEqual([
          `Kept namespace ${namespace}: it holds ${kind} ${namespace}/${name} of ${owner}.`,
        ])
        expect(await isGoing(server, namespace)).toBe(false)
        await server.request('DELETE', `${kind === 'Secret' ? secrets(namespace) : components(namespace)}/${name}`)
        const again = await removeCredentials(testRuntime(), options)
        expect(again.map((result) => `${result.kind} ${result.action}`)).toEqual(['Secret gone', 'Namespace deleted'])
      }
    },
  )

  test.each([
    ['by version 1.0.0, which wrote no id', { repositoryId: '' }],
    ['by version 1.0.0, when the name had other letters', { repositoryId: '', repository: 'Acme/LearnFlow' }],
    ['under the name that the repository had before', { repository: 'acme/old-name' }],
  ])('what was made %s is ours: read, brought up to date, deleted', async (_, owner) => {
    const namespace = unusedNamespace()
    const options = optionsFor(namespace)
    await applyCredentials(testRuntime(), { ...options, owner: sampleOwner(owner) }, sampleCredentials())
    expect(await readCredentials(testRuntime(), options)).toEqual({ DATABASE_URL: sampleCredentials().pooledUrl })
    const updated = await applyCredentials(testRuntime(), options, sampleCredentials())
    expect(updated.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret updated', 'Component updated'])
    const { body } = await server.request('GET', `${secrets(namespace)}/postgres-credentials`)
    expect(body.metadata.annotations).toMatchObject(annotations('acme/learnflow', '700', '7'))
    const again = await applyCredentials(testRuntime(), options, sampleCredentials())
    expect(again.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
    const removed = await removeCredentials(testRuntime(), options)
    expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual([
      'Component deleted',
      'Secret deleted',
      'Namespace deleted',
    ])
  })

  test('a run that is not told its id goes by name', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const readAs = (owner: Partial<Owner>) =>
      readCredentials(testRuntime(), { ...options, owner: sampleOwner({ repositoryId: '', ...owner }) })
    expect(await readAs({})).not.toBeNull()
    expect(await readAs({ repository: 'acme/other' })).toBeNull()
  })

  test("a Secret that was taken over with secret_force is the pull request's from then on, and goes when it closes", async () => {
    for (const [, metadata] of FOREIGN) {
      const namespace = await newNamespace(server)
      await makeSecret(namespace, metadata)
      const options = sampleOptions(server, { namespace })
      const [forced] = await applyCredentials(testRuntime(), { ...options, secretForce: true }, sampleCredentials())
      const [next] = await applyCredentials(testRuntime(), options, sampleCredentials())
      expect([forced?.action, next?.action]).toEqual(['updated', 'unchanged'])
      const other = { ...options, secretForce: true, owner: sampleOwner({ pullRequest: 8 }) }
      expect(await removeCredentials(testRuntime(), other)).toEqual([])
      const removed = await removeCredentials(testRuntime(), options)
      expect(removed.map(({ action }) => action)).toEqual(['deleted'])
    }
  })

  test('a Secret that was taken over outside pull requests keeps nothing of the mark it had', async () => {
    const namespace = await newNamespace(server)
    await makeSecret(namespace, { labels: LABELS, annotations: annotations('acme/other', '701', '8') })
    const owner = sampleOwner({ pullRequest: null, repositoryId: '' })
    const options = sampleOptions(server, { namespace, owner })
    await applyCredentials(testRuntime(), { ...options, secretForce: true }, sampleCredentials())
    expect(await readCredentials(testRuntime(), options)).not.toBeNull()
    const actions: (string | undefined)[] = []
    for (let run = 1; run <= 2; run += 1) {
      const [result] = await applyCredentials(testRuntime(), options, sampleCredentials())
      actions.push(result?.action)
    }
    expect(actions).toEqual(['updated', 'unchanged'])
    const { body } = await server.request('GET', `${secrets(namespace)}/postgres-credentials`)
    // A server may hold on to an empty value for the manager that wrote the object first.
    expect(body.metadata.annotations['neon-postgres-setup/pull-request'] ?? '').toBe('')
  })
})
