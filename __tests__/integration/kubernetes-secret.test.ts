import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Kubernetes } from '../../sandbox/kubernetes/index.ts'
import { applyCredentials, parseSecretKeys, readCredentials, removeCredentials } from '../../src/kubernetes/index.ts'
import {
  availableServers,
  newNamespace,
  sampleCredentials,
  sampleOptions,
  sampleOwner,
  unusedNamespace,
} from '../support/kubernetes.ts'
import { testRuntime } from '../support/runtime.ts'

const plain = (value: string) => Buffer.from(value, 'base64').toString('utf8')
const secretPath = (namespace: string, name = 'postgres-credentials') =>
  `/api/v1/namespaces/${namespace}/secrets/${name}`

describe.each(availableServers())('the Secret on $name', ({ start }) => {
  let server: Kubernetes
  beforeAll(async () => {
    server = await start()
    console.info(`Kubernetes contract tests run on ${server.version}`)
  })
  afterAll(() => server.close())

  test('is created with type, data, labels and annotations, and holds no credential outside its data', async () => {
    const namespace = await newNamespace(server)
    const runtime = testRuntime()
    const secretKeys = parseSecretKeys(
      [
        'DATABASE_URL',
        'DIRECT_URL',
        'PGHOST',
        'PGUSER',
        'PGPASSWORD',
        'PGDATABASE',
        'PGPORT',
        'JDBC_URL',
        'API={role.api.db_url}',
      ].join('\n'),
      ['api'],
    )
    const credentials = sampleCredentials()
    const options = sampleOptions(server, { namespace, secretKeys, secretLabels: { team: 'data' } })
    const results = await applyCredentials(runtime, options, credentials)
    const { body } = await server.request('GET', secretPath(namespace))
    expect(results).toEqual([
      {
        kind: 'Secret',
        namespace,
        name: 'postgres-credentials',
        action: 'created',
        keys: secretKeys.map(({ key }) => key),
      },
    ])
    expect(body.type).toBe('Opaque')
    expect(Object.fromEntries(Object.entries<string>(body.data).map(([key, value]) => [key, plain(value)]))).toEqual({
      DATABASE_URL: credentials.pooledUrl,
      DIRECT_URL: credentials.url,
      PGHOST: 'ep-cool-rain-123456-pooler.eu-central-1.aws.neon.tech',
      PGUSER: 'neondb_owner',
      PGPASSWORD: 'n0t&Real=pa55/word',
      PGDATABASE: 'learnflow',
      PGPORT: '5432',
      JDBC_URL:
        'jdbc:postgresql://ep-cool-rain-123456-pooler.eu-central-1.aws.neon.tech/learnflow?user=neondb_owner&password=n0t%26Real%3Dpa55%2Fword&sslmode=require',
      API: credentials.roles.api?.url,
    })
    expect(body.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'neon-postgres-setup', team: 'data' })
    expect(body.metadata.annotations).toEqual({
      'neon-postgres-setup/repository': 'acme/learnflow',
      'neon-postgres-setup/repository-id': '700',
      'neon-postgres-setup/pull-request': '7',
      'neon-postgres-setup/branch-id': 'br-cool-rain-123456',
      'neon-postgres-setup/project-id': 'proud-sun-1',
    })
    expect(
      body.metadata.managedFields.map((entry: { manager: string; operation: string }) => [
        entry.manager,
        entry.operation,
      ]),
    ).toEqual([['neon-postgres-setup', 'Apply']])
    const { data: _, ...rest } = body
    expect(JSON.stringify(rest)).not.toMatch(/n0t|postgresql:|bjB0/)
    expect(runtime.masks).toEqual(
      expect.arrayContaining(['n0t&Real=pa55/word', credentials.url, credentials.pooledUrl, body.data.PGPASSWORD]),
    )
    expect(runtime.masks).not.toContain('learnflow')
    expect(runtime.lines.join('\n')).not.toMatch(/n0t|api-role-password/)
  })

  test('is not written when it is already so, and changes only where it must', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace, secretKeys: parseSecretKeys('DATABASE_URL\nDIRECT_URL') })
    const run = async (keys = options.secretKeys, password?: string) => {
      const [result] = await applyCredentials(
        testRuntime(),
        { ...options, secretKeys: keys },
        sampleCredentials(password),
      )
      const { body } = await server.request('GET', secretPath(namespace))
      return { action: result?.action, version: body.metadata.resourceVersion, data: body.data }
    }
    const first = await run()
    const second = await run()
    expect([first.action, second.action]).toEqual(['created', 'unchanged'])
    expect(second.version).toBe(first.version)
    const rotated = await run(options.secretKeys, 'another-password')
    expect(rotated.action).toBe('updated')
    expect(plain(rotated.data.DIRECT_URL)).toContain('another-password')
    expect(rotated.version).not.toBe(first.version)
    const fewer = await run(parseSecretKeys('DATABASE_URL'), 'another-password')
    expect(fewer.action).toBe('updated')
    expect(Object.keys(fewer.data)).toEqual(['DATABASE_URL'])
  })

  test('keeps keys that someone else added', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const { body } = await server.request('GET', secretPath(namespace))
    body.data.EXTRA = Buffer.from('theirs').toString('base64')
    await server.request('PUT', `${secretPath(namespace)}?fieldManager=kubectl-edit`, body)
    const [same] = await applyCredentials(testRuntime(), options, sampleCredentials())
    const [next] = await applyCredentials(testRuntime(), options, sampleCredentials('another-password'))
    const after = await server.request('GET', secretPath(namespace))
    expect([same?.action, next?.action]).toEqual(['unchanged', 'updated'])
    expect(plain(after.body.data.EXTRA)).toBe('theirs')
    expect(plain(after.body.data.DATABASE_URL)).toContain('another-password')
  })

  test('that another manager changed is a conflict which names the manager, until forced', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const { body } = await server.request('GET', secretPath(namespace))
    body.data.DATABASE_URL = Buffer.from('edited by hand').toString('base64')
    await server.request('PUT', `${secretPath(namespace)}?fieldManager=kubectl-edit`, body)
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
      message: expect.stringMatching(/another manager owns fields.*kubectl-edit.*data\.DATABASE_URL/),
      advice: expect.stringContaining('secret_force: true'),
    })
    const [forced] = await applyCredentials(testRuntime(), { ...options, secretForce: true }, sampleCredentials())
    const after = await server.request('GET', secretPath(namespace))
    expect(forced?.action).toBe('updated')
    expect(plain(after.body.data.DATABASE_URL)).toContain('n0t')
  })

  test.each([
    ['a field manager', {}, 'field manager kubectl-create'],
    [
      'Helm',
      {
        annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'prod' },
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      },
      'Helm release shop (namespace prod)',
    ],
    ['Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'web:/Secret:x/y' } }, 'Argo CD application web'],
    [
      'a controller',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'ExternalSecret', name: 'vault', uid: 'a-b-c' }] },
      'ExternalSecret vault',
    ],
    [
      'another repository',
      {
        labels: { 'app.kubernetes.io/managed-by': 'neon-postgres-setup' },
        annotations: { 'neon-postgres-setup/repository': 'acme/other' },
      },
      'acme/other',
    ],
    [
      'another pull request',
      {
        labels: { 'app.kubernetes.io/managed-by': 'neon-postgres-setup' },
        annotations: { 'neon-postgres-setup/repository': 'acme/learnflow', 'neon-postgres-setup/pull-request': '8' },
      },
      'pull request 8 of acme/learnflow',
    ],
    [
      'the default branch of the same repository',
      {
        labels: { 'app.kubernetes.io/managed-by': 'neon-postgres-setup' },
        annotations: { 'neon-postgres-setup/repository': 'acme/learnflow' },
      },
      'belongs to acme/learnflow.',
    ],
  ])(
    'that belongs to %s is refused with its owner, left as it is, and taken over when forced',
    async (_, metadata, owner) => {
      const namespace = await newNamespace(server)
      const theirs = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'postgres-credentials', ...metadata },
        type: 'Opaque',
        data: { DATABASE_URL: 'dGhlaXJz' },
      }
      const created = await server.request(
        'POST',
        `/api/v1/namespaces/${namespace}/secrets?fieldManager=kubectl-create`,
        theirs,
      )
      expect(created.status).toBe(201)
      const options = sampleOptions(server, { namespace })
      await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
        message: expect.stringContaining(owner),
        advice: expect.stringContaining('secret_force: true'),
      })
      expect(await readCredentials(testRuntime(), options)).toBeNull()
      const runtime = testRuntime()
      expect(await removeCredentials(runtime, options)).toEqual([])
      expect(runtime.annotations.map(({ text }) => text)).toEqual([
        `Kept Secret ${namespace}/postgres-credentials: this run did not make it.`,
      ])
      const kept = await server.request('GET', secretPath(namespace))
      expect(kept.body.metadata.resourceVersion).toBe(created.body.metadata.resourceVersion)
      const [forced] = await applyCredentials(testRuntime(), { ...options, secretForce: true }, sampleCredentials())
      expect(forced?.action).toBe('updated')
      expect(await readCredentials(testRuntime(), options)).toEqual({ DATABASE_URL: sampleCredentials().pooledUrl })
    },
  )

  test('of another type, or immutable, gives its own error', async () => {
    const namespace = await newNamespace(server)
    const path = `/api/v1/namespaces/${namespace}/secrets`
    const auth = { username: 'dQ==', password: 'cA==' }
    const base = { apiVersion: 'v1', kind: 'Secret' }
    await server.request('POST', path, {
      ...base,
      metadata: { name: 'typed' },
      type: 'kubernetes.io/basic-auth',
      data: auth,
    })
    await server.request('POST', path, {
      ...base,
      metadata: { name: 'frozen' },
      type: 'Opaque',
      immutable: true,
      data: { A: 'dQ==' },
    })
    const apply = (secretName: string) =>
      applyCredentials(
        testRuntime(),
        sampleOptions(server, { namespace, secretName, secretForce: true }),
        sampleCredentials(),
      )
    await expect(apply('typed')).rejects.toMatchObject({
      message: `Will not write Secret ${namespace}/typed: its type is 'kubernetes.io/basic-auth', not 'Opaque', and a type cannot be changed.`,
      advice: expect.stringContaining(`kubectl delete secret typed -n ${namespace}`),
    })
    await expect(apply('frozen')).rejects.toMatchObject({
      message: `Will not write Secret ${namespace}/frozen: it is immutable.`,
    })
  })

  test('needs its namespace, which is made on request with our mark', async () => {
    const namespace = unusedNamespace()
    const options = sampleOptions(server, { namespace })
    await expect(applyCredentials(testRuntime(), options, sampleCredentials())).rejects.toMatchObject({
      message: `Could not write Secret ${namespace}/postgres-credentials: there is no namespace '${namespace}'.`,
      advice: expect.stringContaining('create_namespace: true'),
    })
    const results = await applyCredentials(testRuntime(), { ...options, createNamespace: true }, sampleCredentials())
    expect(results.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Namespace created', 'Secret created'])
    const { body } = await server.request('GET', `/api/v1/namespaces/${namespace}`)
    expect(body.metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'neon-postgres-setup' })
    expect(body.metadata.annotations).toMatchObject({
      'neon-postgres-setup/repository': 'acme/learnflow',
      'neon-postgres-setup/pull-request': '7',
    })
  })

  test('goes with the namespace that we made, and a second cleanup finds nothing', async () => {
    const namespace = unusedNamespace()
    const options = sampleOptions(server, { namespace, createNamespace: true })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const stranger = { ...options, owner: { ...options.owner, pullRequest: 8 } }
    expect(await removeCredentials(testRuntime(), stranger)).toEqual([])
    const removed = await removeCredentials(testRuntime(), options)
    expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret deleted', 'Namespace deleted'])
    expect((await server.request('GET', secretPath(namespace))).status).toBe(404)
    const again = await removeCredentials(testRuntime(), options)
    expect(again.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret gone', 'Namespace gone'])
    const { status, body } = await server.request('GET', `/api/v1/namespaces/${namespace}`)
    // Without a namespace controller the real server keeps a deleted namespace in phase Terminating.
    expect(status === 404 || body.status.phase === 'Terminating').toBe(true)
  })

  test('goes alone from a namespace that we did not make; its other objects stay', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace, createNamespace: true })
    await server.request('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'other' },
    })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const runtime = testRuntime()
    const removed = await removeCredentials(runtime, options)
    expect(removed.map(({ kind, action }) => `${kind} ${action}`)).toEqual(['Secret deleted'])
    expect(runtime.annotations.map(({ text }) => text)).toEqual([
      `Kept namespace ${namespace}: this run did not make it.`,
    ])
    expect((await server.request('GET', secretPath(namespace, 'other'))).status).toBe(200)
    const { body } = await server.request('GET', `/api/v1/namespaces/${namespace}`)
    expect(body.metadata.deletionTimestamp).toBeUndefined()
  })

  test('of a run outside pull requests goes only with its own branch', async () => {
    const namespace = await newNamespace(server)
    const owner = sampleOwner({ pullRequest: null, branchId: 'br-main-1' })
    const options = sampleOptions(server, { namespace, owner })
    await applyCredentials(testRuntime(), options, sampleCredentials())
    const { body } = await server.request('GET', secretPath(namespace))
    expect(body.metadata.annotations).not.toHaveProperty('neon-postgres-setup/pull-request')
    for (const branchId of ['br-other-2', '']) {
      expect(await removeCredentials(testRuntime(), { ...options, owner: { ...owner, branchId } })).toEqual([])
    }
    const [removed] = await removeCredentials(testRuntime(), options)
    expect(removed?.action).toBe('deleted')
  })

  test('converges when two runs apply at once', async () => {
    const namespace = unusedNamespace()
    const options = sampleOptions(server, { namespace, createNamespace: true })
    const runs = [1, 2, 3].map(() => applyCredentials(testRuntime(), options, sampleCredentials()))
    const results = await Promise.all(runs)
    expect(results).toHaveLength(3)
    expect(await readCredentials(testRuntime(), options)).toEqual({ DATABASE_URL: sampleCredentials().pooledUrl })
  })
})
