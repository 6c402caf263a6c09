import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Kubernetes } from '../../sandbox/kubernetes/index.ts'
import { withCluster } from '../../src/kubernetes/cluster.ts'
import { applyCredentials, type Credentials, type Owner, refuseForeignCredentials } from '../../src/kubernetes/index.ts'
import { secretAddress, secretObject } from '../../src/kubernetes/objects.ts'
import {
  availableServers,
  createObject,
  newNamespace,
  sampleCredentials,
  sampleOptions,
  sampleOwner,
} from '../support/kubernetes.ts'
import { testRuntime } from '../support/runtime.ts'

const plain = (value: string) => Buffer.from(value, 'base64').toString('utf8')

describe.each(availableServers())('a Secret that several runs write, on $name', ({ start }) => {
  let server: Kubernetes
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  const pathOf = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets/postgres-credentials`
  const read = async (namespace: string) => (await server.request('GET', pathOf(namespace))).body
  const urlIn = async (namespace: string) => plain((await read(namespace)).data.DATABASE_URL)

  test('is not written over what came in between, whether it was there before or not', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace })
    const address = secretAddress(options, namespace)
    const desired = secretObject(options, address, { DATABASE_URL: 'ours' })
    await withCluster(testRuntime(), options, async (cluster) => {
      expect(await cluster.read(address)).toBeNull()
      await createObject(server, `/api/v1/namespaces/${namespace}/secrets`, {
        kind: 'Secret',
        metadata: { name: 'postgres-credentials' },
        data: { OTHER: 'dGhlaXJz' },
      })
      expect(await cluster.write({ address, desired, existing: null })).toBeNull()
      expect((await read(namespace)).data).toEqual({ OTHER: 'dGhlaXJz' })

      const existing = await cluster.read(address)
      const body = { ...(await read(namespace)), data: { OTHER: 'bmV3ZXI=' } }
      await server.request('PUT', pathOf(namespace), body)
      expect(await cluster.write({ address, desired, existing })).toBeNull()
      expect((await read(namespace)).data).toEqual({ OTHER: 'bmV3ZXI=' })
      expect(await cluster.write({ address, desired, existing: await cluster.read(address) })).toHaveLength(1)
    })
  })

  test('ends with the newer password when another run has set one while this one wrote', async () => {
    const namespace = await newNamespace(server)
    const options = sampleOptions(server, { namespace })
    const newer = sampleCredentials('newer-password')
    let asked = 0
    const now = async (): Promise<Credentials> => {
      asked += 1
      return newer
    }
    const [result] = await applyCredentials(testRuntime(), options, sampleCredentials('older-password'), now)
    expect(result?.action).toBe('created')
    expect(await urlIn(namespace)).toBe(newer.pooledUrl)
    expect(asked).toBe(2)
    await applyCredentials(testRuntime(), options, newer, now)
    // Nothing was written, so that nothing has to be asked.
    expect(asked).toBe(2)
  })

  test('that changes all the time ends in an error, not in a loop', async () => {
    const namespace = await newNamespace(server)
    let count = 0
    const now = async () => {
      count += 1
      return sampleCredentials(`password-${count}`)
    }
    const work = applyCredentials(testRuntime(), sampleOptions(server, { namespace }), sampleCredentials(), now)
    await expect(work).rejects.toThrow(/it was changed 8 times while this run wrote it/)
  })

  describe('outside pull requests', () => {
    const owner = (more: Partial<Owner>) =>
      sampleOwner({ pullRequest: null, branchId: 'br-main-1', branchName: 'main', projectId: 'p-1', ...more })
    const apply = async (namespace: string, who: Owner, more = {}) => {
      const [result] = await applyCredentials(
        testRuntime(),
        sampleOptions(server, { namespace, owner: who, ...more }),
        sampleCredentials(`password of ${who.branchId}`),
      )
      return result?.action
    }
    const strip = async (namespace: string) => {
      const body = await read(namespace)
      delete body.metadata.annotations['neon-postgres-setup/branch']
      await server.request('PUT', pathOf(namespace), body)
    }

    test('keeps the credentials of its branch from a run for another one', async () => {
      const namespace = await newNamespace(server)
      expect(await apply(namespace, owner({}))).toBe('created')
      const { metadata } = await read(namespace)
      expect(metadata.annotations['neon-postgres-setup/branch']).toBe('main')
      const other = owner({ branchId: 'br-pr-1', branchName: 'pr-1' })
      await expect(apply(namespace, other)).rejects.toMatchObject({
        message: `Will not write Secret ${namespace}/postgres-credentials: it belongs to acme/learnflow, and holds the credentials of its branch main (br-main-1).`,
        advice: 'Choose another secret_name or namespace, or set secret_force: true to take it over.',
      })
      const options = sampleOptions(server, { namespace, owner: other })
      await expect(refuseForeignCredentials(testRuntime(), options)).rejects.toThrow(/branch main \(br-main-1\)/)
      expect((await read(namespace)).metadata.resourceVersion).toBe(metadata.resourceVersion)
      expect(await apply(namespace, other, { secretForce: true })).toBe('updated')
      expect((await read(namespace)).metadata.annotations['neon-postgres-setup/branch']).toBe('pr-1')
    })

    test('takes those of its branch when that was renamed, or made anew under its name', async () => {
      const namespace = await newNamespace(server)
      await apply(namespace, owner({}))
      expect(await apply(namespace, owner({ branchName: 'production' }))).toBe('updated')
      expect(await apply(namespace, owner({ branchId: 'br-anew-2', branchName: 'production' }))).toBe('updated')
      await expect(
        apply(namespace, owner({ branchName: 'production', branchId: 'br-3', projectId: 'p-2' })),
      ).rejects.toThrow(/its branch production \(br-anew-2\) of project p-1/)
    })

    test('of version 1.0.0, which left no name, is known by the id, and gets the name', async () => {
      const namespace = await newNamespace(server)
      await apply(namespace, owner({}))
      await strip(namespace)
      await expect(apply(namespace, owner({ branchId: 'br-2' }))).rejects.toThrow(/its branch br-main-1\.$/)
      expect(await apply(namespace, owner({}))).toBe('updated')
      expect((await read(namespace)).metadata.annotations['neon-postgres-setup/branch']).toBe('main')
    })
  })

  test("of a pull request follows its branch, whatever that one's id and name are", async () => {
    const namespace = await newNamespace(server)
    const options = (more: Partial<Owner>) => sampleOptions(server, { namespace, owner: sampleOwner(more) })
    await applyCredentials(testRuntime(), options({ branchName: 'pr-7' }), sampleCredentials())
    const anew = options({ branchName: 'preview/7', branchId: 'br-anew' })
    expect((await applyCredentials(testRuntime(), anew, sampleCredentials('p2-another')))[0]?.action).toBe('updated')
  })
})
