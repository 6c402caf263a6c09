import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Kubernetes } from '../../sandbox/kubernetes/index.ts'
import {
  applyCredentials,
  type KubernetesOptions,
  parseSecretKeys,
  removeCredentials,
} from '../../src/kubernetes/index.ts'
import {
  availableServers,
  createManifest,
  createObject,
  finishNamespace,
  isGoing,
  kubeconfigOf,
  newNamespace,
  sampleCredentials,
  sampleOptions,
  sampleOwner,
  terminatingNamespace,
  unusedNamespace,
} from '../support/kubernetes.ts'
import { instantClock, type TestRuntime, testRuntime } from '../support/runtime.ts'

const actionsOf = (results: { kind: string; action: string }[]) =>
  results.map(({ kind, action }) => `${kind} ${action}`)
const warningsOf = (runtime: TestRuntime) => runtime.annotations.map(({ text }) => text)

/** A runtime whose clock moves on at once, and does something when the action has slept `times` times. */
function sleepingRuntime(times: number, work: () => Promise<void>): TestRuntime {
  const clock = instantClock()
  const { sleep } = clock
  clock.sleep = async (milliseconds, signal) => {
    await sleep(milliseconds, signal)
    if (clock.slept.length === times) await work()
  }
  return { ...testRuntime(), clock }
}

/** Lets `alice` use a kubeconfig with some rights in the whole cluster, and takes them away after `work`. */
async function withRights(
  server: Kubernetes,
  rules: string[],
  work: (kubeconfig: string) => Promise<void>,
): Promise<void> {
  const name = 'alices-rights'
  const rbac = 'apiVersion: rbac.authorization.k8s.io/v1'
  await createManifest(
    server,
    [
      `${rbac}\nkind: ClusterRole\nmetadata: { name: ${name} }\nrules:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`,
      `${rbac}\nkind: ClusterRoleBinding\nmetadata: { name: ${name} }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name} }\nsubjects:\n  - { kind: User, name: alice, apiGroup: rbac.authorization.k8s.io }`,
    ].join('\n---\n'),
  )
  try {
    await work(kubeconfigOf(server, { as: 'alice' }, true))
  } finally {
    await removeClusterRole(server, name)
  }
}

async function removeClusterRole(server: Kubernetes, name: string): Promise<void> {
  for (const kind of ['clusterroles', 'clusterrolebindings']) {
    await server.request('DELETE', `/apis/rbac.authorization.k8s.io/v1/${kind}/${name}`)
  }
}

describe.each(availableServers())('the namespace on $name', ({ start }) => {
  let server: Kubernetes
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  const optionsOf = (pullRequest: number, more: Partial<KubernetesOptions>) =>
    sampleOptions(server, { createNamespace: true, owner: sampleOwner({ pullRequest }), ...more })
  const secretIn = async (namespace: string, name = 'postgres-credentials') =>
    (await server.request('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`)).status

  test('that pull request 3 made and 4 uses too stays when 3 closes, and when 4 closes', async () => {
    const shared = { namespace: unusedNamespace(), namespaceIsPerPullRequest: false }
    const third = optionsOf(3, { ...shared, secretName: 'credentials-3' })
    const fourth = optionsOf(4, { ...shared, secretName: 'credentials-4' })
    expect(actionsOf(await applyCredentials(testRuntime(), third, sampleCredentials()))).toEqual([
      'Namespace created',
      'Secret created',
    ])
    await applyCredentials(testRuntime(), fourth, sampleCredentials())
    const runtime = testRuntime()
    expect(actionsOf(await removeCredentials(runtime, third))).toEqual(['Secret deleted'])
    expect(warningsOf(runtime)).toEqual([
      `Kept namespace ${shared.namespace}: it is not one pull request's alone, since the input namespace has no {number}.`,
    ])
    expect([await secretIn(shared.namespace, 'credentials-4'), await isGoing(server, shared.namespace)]).toEqual([
      200,
      false,
    ])
    // Empty now, and still nobody's to delete.
    expect(actionsOf(await removeCredentials(testRuntime(), fourth))).toEqual(['Secret deleted'])
    expect(await isGoing(server, shared.namespace)).toBe(false)
  })

  test('is never deleted outside pull requests, whatever its name was made of', async () => {
    const owner = sampleOwner({ pullRequest: null })
    const options = optionsOf(0, { namespace: unusedNamespace(), owner })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    expect(actionsOf(await removeCredentials(testRuntime(), options))).toEqual(['Secret deleted'])
    expect(await isGoing(server, options.namespace ?? '')).toBe(false)
  })

  test("of a pull request goes with what the same pull request has in it under other names, and with what is nobody's", async () => {
    const options = optionsOf(7, { namespace: unusedNamespace() })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    await applyCredentials(testRuntime(), { ...options, secretName: 'second' }, sampleCredentials())
    const collection = `/api/v1/namespaces/${options.namespace}/secrets`
    await createObject(server, collection, { kind: 'Secret', metadata: { name: 'pull-secret' } })
    expect(actionsOf(await removeCredentials(testRuntime(), options))).toEqual(['Secret deleted', 'Namespace deleted'])
  })

  test("stays, with the missing right in a warning, where others' Secrets may not be listed; the printed role is what it takes", async () => {
    const rules = [
      '{ apiGroups: [""], resources: [secrets], verbs: [get, create, patch, delete] }',
      '{ apiGroups: [""], resources: [namespaces], verbs: [get, create, delete] }',
    ]
    const namespace = unusedNamespace()
    const asAdministrator = optionsOf(7, { namespace })
    let manifest = ''
    await withRights(server, rules, async (kubeconfig) => {
      const options = { ...asAdministrator, kubeconfig }
      await applyCredentials(testRuntime(), options, sampleCredentials())
      const runtime = testRuntime()
      expect(actionsOf(await removeCredentials(runtime, options))).toEqual(['Secret deleted'])
      const [warning = '', ...others] = warningsOf(runtime)
      expect(others).toEqual([])
      expect(warning).toContain(
        `Kept namespace ${namespace}: another owner may have something in it: Could not list Secrets in namespace ${namespace}: user 'alice' of context `,
      )
      expect(warning).toContain('User "alice" cannot list resource "secrets"')
      expect(await isGoing(server, namespace)).toBe(false)
      // Another test of the same cluster may be using the name.
      manifest = warning.slice(warning.indexOf('apiVersion: ')).replaceAll('neon-postgres-setup', 'alices-whole-rights')
    })
    await createManifest(server, manifest)
    try {
      const options = { ...asAdministrator, kubeconfig: kubeconfigOf(server, { as: 'alice' }, true) }
      expect(actionsOf(await removeCredentials(testRuntime(), options))).toEqual(['Secret gone', 'Namespace deleted'])
    } finally {
      await removeClusterRole(server, 'alices-whole-rights')
    }
  })

  test('stays, with a warning, where it may not be looked at', async () => {
    const namespace = await newNamespace(server)
    const rules = ['{ apiGroups: [""], resources: [secrets], verbs: [get, create, patch, delete, list] }']
    await withRights(server, rules, async (kubeconfig) => {
      const options = optionsOf(7, { namespace, kubeconfig })
      await applyCredentials(testRuntime(), options, sampleCredentials())
      const runtime = testRuntime()
      expect(actionsOf(await removeCredentials(runtime, options))).toEqual(['Secret deleted'])
      expect(warningsOf(runtime)).toEqual([
        expect.stringMatching(/^Kept namespace \S+: it may not be looked at: .*cannot get resource "namespaces"/s),
      ])
    })
  })

  test('that a close has just deleted is waited for by the run that reopens the pull request, and made anew', async () => {
    const options = optionsOf(7, { namespace: unusedNamespace() })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const before = await server.request('GET', `/api/v1/namespaces/${options.namespace}`)
    await removeCredentials(testRuntime(), options)
    const runtime = sleepingRuntime(3, () => finishNamespace(server, options.namespace ?? ''))
    expect(actionsOf(await applyCredentials(runtime, options, sampleCredentials()))).toEqual([
      'Namespace created',
      'Secret created',
    ])
    const after = await server.request('GET', `/api/v1/namespaces/${options.namespace}`)
    expect(after.body.metadata.uid).not.toBe(before.body.metadata.uid)
    expect(await secretIn(options.namespace ?? '')).toBe(200)
    expect(runtime.lines).toContain(
      `Kubernetes: namespace ${options.namespace} is being deleted; waiting until it is gone (0 s of at most 120 s).`,
    )
  })

  test('that is being deleted is waited for also where the Secret is still in it, which would go with it', async () => {
    const namespace = await terminatingNamespace(server, async (name) => {
      await applyCredentials(testRuntime(), optionsOf(7, { namespace: name }), sampleCredentials())
    })
    const runtime = sleepingRuntime(2, async () => {
      await server.request('DELETE', `/api/v1/namespaces/${namespace}/secrets/postgres-credentials`)
      await finishNamespace(server, namespace)
    })
    const results = await applyCredentials(runtime, optionsOf(7, { namespace }), sampleCredentials())
    expect(actionsOf(results)).toEqual(['Namespace created', 'Secret created'])
  })

  test('that is being deleted is given up after two minutes, all along with lines of progress', async () => {
    const namespace = await terminatingNamespace(server)
    const clock = instantClock()
    const runtime = { ...testRuntime(), clock }
    await expect(applyCredentials(runtime, optionsOf(7, { namespace }), sampleCredentials())).rejects.toMatchObject({
      message: `Could not use namespace ${namespace}: it is still being deleted after 120 s.`,
      advice: expect.stringContaining(`kubectl get namespace ${namespace} -o yaml`),
    })
    const waited = clock.slept.reduce((sum, milliseconds) => sum + milliseconds, 0)
    expect(waited).toBeGreaterThanOrEqual(120_000)
    expect(waited).toBeLessThan(126_000)
    expect(runtime.lines.filter((line) => line.includes('is being deleted; waiting'))).toHaveLength(clock.slept.length)
    await finishNamespace(server, namespace)
  })

  test('that is being deleted is an error at once without create_namespace', async () => {
    const namespace = await terminatingNamespace(server)
    const clock = instantClock()
    await expect(
      applyCredentials(
        { ...testRuntime(), clock },
        optionsOf(7, { namespace, createNamespace: false }),
        sampleCredentials(),
      ),
    ).rejects.toMatchObject({
      message: `Could not write Secret ${namespace}/postgres-credentials: namespace '${namespace}' is being deleted.`,
      advice: 'Set create_namespace: true, so that it is made anew, or create it when it is gone.',
    })
    expect(clock.slept).toEqual([])
    await finishNamespace(server, namespace)
  })

  test('that was just made goes again when the Secret is refused for its name', async () => {
    const options = optionsOf(7, { namespace: unusedNamespace(), secretName: 'Bad_Name' })
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
      message: expect.stringMatching(/^Could not write Secret \S+\/Bad_Name: the server refuses it: .*"Bad_Name"/),
      advice: 'Check the inputs that begin with secret_ and the namespace.',
    })
    expect(await isGoing(server, options.namespace ?? '')).toBe(true)
  })

  test('that was just made goes again when the Secret is forbidden, and stays with a warning where that is forbidden too', async () => {
    const namespaces = '{ apiGroups: [""], resources: [namespaces], verbs: [get, create, delete] }'
    const attempt = async (verbs: string) => {
      const namespace = unusedNamespace()
      const runtime = testRuntime()
      const secrets = `{ apiGroups: [""], resources: [secrets], verbs: [${verbs}] }`
      await withRights(server, [namespaces, secrets], async (kubeconfig) => {
        const run = applyCredentials(runtime, optionsOf(7, { namespace, kubeconfig }), sampleCredentials())
        await expect(run).rejects.toMatchObject({
          message: expect.stringMatching(
            /^Could not write Secret \S+: user '[\w-]+' of the kubeconfig may not create it: /,
          ),
          advice: expect.stringContaining('the right to create'),
        })
      })
      expect(runtime.lines.join()).toContain(namespace)
      return [await isGoing(server, namespace), warningsOf(runtime)]
    }
    expect(await attempt('get, patch, list')).toEqual([true, []])
    expect(await attempt('get, patch')).toEqual([
      false,
      [expect.stringMatching(/^Kept namespace \S+: another owner may have .*cannot list resource "secrets"/s)],
    ])
  })

  test('that was there before stays when the Secret is refused', async () => {
    const options = optionsOf(7, { namespace: await newNamespace(server), secretName: 'Bad_Name' })
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toThrow('the server refuses it')
    expect(await isGoing(server, options.namespace ?? '')).toBe(false)
  })

  test('does not go when the Secret was written and only the Component is refused', async () => {
    await server.installDapr()
    const options = optionsOf(7, {
      namespace: unusedNamespace(),
      daprComponent: 'Bad_Name',
      secretKeys: parseSecretKeys('DATABASE_URL'),
    })
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toThrow('the server refuses it')
    expect([await secretIn(options.namespace ?? ''), await isGoing(server, options.namespace ?? '')]).toEqual([
      200,
      false,
    ])
  })
})
