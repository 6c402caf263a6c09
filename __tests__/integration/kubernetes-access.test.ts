import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import selfsigned from 'selfsigned'
import { type Kubernetes, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import {
  applyCredentials,
  type KubernetesOptions,
  parseSecretKeys,
  removeCredentials,
} from '../../src/kubernetes/index.ts'
import { ActionError } from '../../src/runtime/errors.ts'
import {
  availableServers,
  changedKubeconfig,
  createManifest,
  kubeconfigOf,
  newNamespace,
  ownServers,
  sampleCredentials,
  sampleOptions,
  unusedNamespace,
} from '../support/kubernetes.ts'
import { testRuntime } from '../support/runtime.ts'

/** The error of a promise that must fail with one for users. */
async function failureOf(promise: Promise<unknown>): Promise<ActionError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ActionError) return error
  throw new Error(`no ActionError: ${error}`)
}

/** A token that ended yesterday; no server made it. */
function expiredToken(): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) - 86_400
  return `${part({ alg: 'RS256' })}.${part({ sub: 'system:serviceaccount:ci:deployer', exp })}.c2lnbmF0dXJl`
}

describe.each(availableServers())('access to $name', ({ start }) => {
  let server: Kubernetes
  let folder: string
  beforeAll(async () => {
    server = await start()
    folder = await mkdtemp(join(tmpdir(), 'kubernetes-access-'))
    console.info(`Kubernetes contract tests run on ${server.version}`)
  })
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('works with a kubeconfig as text, as base64 in one line or many, and as a path', async () => {
    const namespace = await newNamespace(server)
    const path = join(folder, 'config')
    await writeFile(path, server.kubeconfig)
    const base64 = Buffer.from(server.kubeconfig).toString('base64')
    const forms = [server.kubeconfig, base64, base64.replace(/(.{76})/g, '$1\n'), path]
    const actions: (string | undefined)[] = []
    for (const kubeconfig of forms) {
      const [result] = await applyCredentials(
        testRuntime(),
        sampleOptions(server, { namespace, kubeconfig }),
        sampleCredentials(),
      )
      actions.push(result?.action)
    }
    expect(actions).toEqual(['created', 'unchanged', 'unchanged', 'unchanged'])
  })

  test("takes the namespace of the context when the input gives none, and 'default' when neither does", async () => {
    const namespace = await newNamespace(server)
    const secretName = `own-${namespace}`
    const kubeconfig = changedKubeconfig(server, (tree) => {
      const [first] = tree.contexts
      if (!first) throw new Error('no context')
      tree.contexts.push({ name: 'preview', context: { ...first.context, namespace } })
    })
    const run = (more: object) =>
      applyCredentials(testRuntime(), sampleOptions(server, { secretName, kubeconfig, ...more }), sampleCredentials())
    const [inContext] = await run({ context: 'preview' })
    const [inDefault] = await run({})
    expect([inContext?.namespace, inDefault?.namespace]).toEqual([namespace, 'default'])
    await server.request('DELETE', `/api/v1/namespaces/default/secrets/${secretName}`)
  })

  test('that RBAC forbids names user and Role; the printed manifest is what it takes, cleanup and Dapr included', async () => {
    const namespace = await newNamespace(server)
    const kubeconfig = kubeconfigOf(server, { as: 'alice@example.com' }, true)
    const options = sampleOptions(server, { namespace, kubeconfig })
    const error = await failureOf(applyCredentials(testRuntime(), options, sampleCredentials()))
    expect(error.message).toMatch(
      new RegExp(
        `^Could not read Secret ${namespace}/postgres-credentials: user 'alice@example.com' of context '\\w+' may not: `,
      ),
    )
    const [sentence, ...manifest] = error.advice.split('\n')
    expect(sentence).toBe('Let an administrator apply this:')
    expect(manifest.join('\n')).toContain('kind: Role\n')
    expect(manifest.join('\n')).not.toContain('ClusterRole')
    await createManifest(server, manifest.join('\n'))
    const [applied] = await applyCredentials(testRuntime(), options, sampleCredentials())
    const [removed] = await removeCredentials(testRuntime(), options)
    expect([applied?.action, removed?.action]).toEqual(['created', 'deleted'])
    // The Role reaches no other namespace.
    const elsewhere = sampleOptions(server, { namespace: await newNamespace(server), kubeconfig })
    await failureOf(applyCredentials(testRuntime(), elsewhere, sampleCredentials()))
  })

  test('with create_namespace asks for a ClusterRole, which a service account with a token can use', async () => {
    const home = await newNamespace(server)
    const accounts = `/api/v1/namespaces/${home}/serviceaccounts`
    await server.request('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer' } })
    const tokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    }
    const { body } = await server.request('POST', `${accounts}/deployer/token`, tokenRequest)
    const kubeconfig = kubeconfigOf(server, { token: body.status.token })
    const options = sampleOptions(server, { namespace: unusedNamespace(), kubeconfig, createNamespace: true })
    const runtime = testRuntime()
    const error = await failureOf(applyCredentials(runtime, options, sampleCredentials()))
    expect(error.message).toContain(`user 'system:serviceaccount:${home}:deployer'`)
    expect(error.advice).toContain(`{ kind: ServiceAccount, name: deployer, namespace: ${home} }`)
    expect(runtime.masks).toContain(body.status.token)
    await createManifest(server, error.advice.split('\n').slice(1).join('\n'))
    const applied = await applyCredentials(testRuntime(), options, sampleCredentials())
    const removed = await removeCredentials(testRuntime(), options)
    expect(applied.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Namespace created', 'Secret created'])
    expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret deleted', 'Namespace deleted'])
    for (const kind of ['clusterroles', 'clusterrolebindings']) {
      await server.request('DELETE', `/apis/rbac.authorization.k8s.io/v1/${kind}/neon-postgres-setup`)
    }
  })

  test('with an expired or a wrong token, or an expired client certificate, says which', async () => {
    const token = expiredToken()
    const run = (user: Record<string, unknown>, on = server) =>
      failureOf(
        applyCredentials(testRuntime(), sampleOptions(on, { kubeconfig: kubeconfigOf(on, user) }), sampleCredentials()),
      )
    const expired = await run({ token })
    expect(expired.message).toMatch(
      /^Could not read Secret default\/postgres-credentials: the token of user '[\w-]+' expired at \d{4}-.*Z\.$/,
    )
    expect(expired.advice).toMatch(/^Make a new token for context '\w+'/)
    const wrong = await run({ token: 'nobody-knows-this-token' })
    expect(wrong.message).toMatch(/the server does not accept the login of user '[\w-]+'\.$/)
    const certificate = await selfsigned.generate([{ name: 'commonName', value: 'alice' }], {
      keySize: 2048,
      notBeforeDate: new Date('2024-01-01'),
      notAfterDate: new Date('2024-02-01'),
    })
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    // Only a server with TLS sees a certificate.
    const secure = server.kind === 'stand-in' ? await startKubernetesStandIn({ tls: true }) : server
    const user = { 'client-certificate-data': base64(certificate.cert), 'client-key-data': base64(certificate.private) }
    const old = await run(user, secure)
    if (secure !== server) await secure.close()
    expect(old.message).toMatch(/the client certificate of user '[\w-]+' expired at 2024-02-01T/)
  })

  test('through a login program works, and its faults are told apart', async () => {
    const namespace = await newNamespace(server)
    const home = await newNamespace(server)
    const accounts = `/api/v1/namespaces/${home}/serviceaccounts`
    await server.request('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer' } })
    const tokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    }
    const { body } = await server.request('POST', `${accounts}/deployer/token`, tokenRequest)
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: body.status.token },
    }
    const script = `if (!JSON.parse(process.env.KUBERNETES_EXEC_INFO).spec) process.exit(3); console.log(${JSON.stringify(JSON.stringify(credential))})`
    const exec = (command: string, args: string[]) =>
      kubeconfigOf(server, {
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args, interactiveMode: 'Never' },
      })
    const run = (kubeconfig: string) =>
      applyCredentials(testRuntime(), sampleOptions(server, { namespace, kubeconfig }), sampleCredentials())
    // The token is good: the server knows the account and only forbids it.
    const known = await failureOf(run(exec(process.execPath, ['-e', script])))
    expect(known.message).toContain(`user 'system:serviceaccount:${home}:deployer'`)
    const missing = await failureOf(run(exec('no-such-cloud-cli', ['get-token'])))
    expect(missing.message).toMatch(
      /^User '[\w-]+' of the kubeconfig logs in with the program 'no-such-cloud-cli', which is not on this runner\.$/,
    )
    const failing = await failureOf(
      run(exec(process.execPath, ['-e', 'console.error("session ended"); process.exit(1)'])),
    )
    expect(failing.message).toMatch(
      /^The program '.*' could not log in user '[\w-]+' of the kubeconfig: session ended\.$/,
    )
  })

  test('to a Dapr state store makes a Component that holds only a reference', async () => {
    await server.installDapr()
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, {
      namespace,
      daprComponent: 'statestore',
      secretKeys: parseSecretKeys('DATABASE_URL\nDIRECT_URL'),
    })
    const actions = async () =>
      (await applyCredentials(testRuntime(), options, sampleCredentials())).map(
        ({ kind, action }) => `${kind} ${action}`,
      )
    expect(await actions()).toEqual(['Secret created', 'Component created'])
    const path = `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components/statestore`
    const { body } = await server.request('GET', path)
    expect(body.spec).toEqual({
      type: 'state.postgresql',
      version: 'v2',
      metadata: [{ name: 'connectionString', secretKeyRef: { name: 'postgres-credentials', key: 'DIRECT_URL' } }],
    })
    expect(JSON.stringify(body)).not.toMatch(/n0t|postgresql:\/\//)
    expect(await actions()).toEqual(['Secret unchanged', 'Component unchanged'])
    expect((await server.request('GET', path)).body.metadata.resourceVersion).toBe(body.metadata.resourceVersion)
    const removed = await removeCredentials(testRuntime(), options)
    expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Component deleted', 'Secret deleted'])
    const noUrl = { ...options, secretKeys: parseSecretKeys('PGPASSWORD') }
    expect((await failureOf(applyCredentials(testRuntime(), noUrl, sampleCredentials()))).message).toContain(
      'needs a connection URL',
    )
  })

  test('to a Dapr state store of version 1 differs from version 2 in the version alone; a change of it is an update', async () => {
    await server.installDapr()
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace, daprComponent: 'statestore' })
    const specOf = async (more: Partial<KubernetesOptions>) => {
      const results = await applyCredentials(testRuntime(), { ...options, ...more }, sampleCredentials())
      const path = `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components/statestore`
      const { body } = await server.request('GET', path)
      return { action: results.at(-1)?.action, spec: body.spec }
    }
    const first = await specOf({ daprVersion: 'v1' })
    const second = await specOf({ daprVersion: 'v2' })
    const unnamed = await specOf({})
    expect([first.action, second.action, unnamed.action]).toEqual(['created', 'updated', 'unchanged'])
    expect([first.spec.version, second.spec.version]).toEqual(['v1', 'v2'])
    expect(second.spec).toEqual({ ...first.spec, version: 'v2' })
  })

  test('of a Component that is not ours is refused', async () => {
    const namespace = await newNamespace(server)
    await server.installDapr()
    const path = `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components`
    const theirs = {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: { name: 'statestore' },
      spec: { type: 'state.redis', version: 'v1', metadata: [] },
    }
    expect((await server.request('POST', `${path}?fieldManager=kubectl-create`, theirs)).status).toBe(201)
    const options = sampleOptions(server, { namespace, daprComponent: 'statestore' })
    const error = await failureOf(applyCredentials(testRuntime(), options, sampleCredentials()))
    expect(error.message).toBe(
      `Will not write Component ${namespace}/statestore: it belongs to field manager kubectl-create.`,
    )
    expect((await server.request('GET', `/api/v1/namespaces/${namespace}/secrets/postgres-credentials`)).status).toBe(
      404,
    )
  })
})

describe.each(ownServers())('access to $name without Dapr', ({ start }) => {
  let server: Kubernetes
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  test('is told before anything is written, and Dapr may come later', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace, daprComponent: 'statestore' })
    const early = await failureOf(applyCredentials(testRuntime(), options, sampleCredentials()))
    expect(early.message).toBe(
      `Could not write Component ${namespace}/statestore: the cluster does not know Dapr's Components (components.dapr.io).`,
    )
    expect((await server.request('GET', `/api/v1/namespaces/${namespace}/secrets/postgres-credentials`)).status).toBe(
      404,
    )
    await server.installDapr()
    const results = await applyCredentials(testRuntime(), options, sampleCredentials())
    expect(results.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret created', 'Component created'])
  })
})
