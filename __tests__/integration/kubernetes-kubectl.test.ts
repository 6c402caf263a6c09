import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { findAssets, type Kubernetes, startKubernetesStandIn } from '../../sandbox/kubernetes/index.ts'
import { ownServers } from '../support/kubernetes.ts'
import { sendAll } from '../support/kubernetes-differential/send.ts'

const SECRET = (value: string) => `apiVersion: v1
kind: Secret
metadata: { name: credentials, namespace: shop }
stringData: { DATABASE_URL: ${value} }
`
const COMPONENT = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: statestore, namespace: shop }
spec: { type: state.postgresql, version: v2, metadata: [] }
`

/** What `kubectl create namespace shop` sends: Protocol Buffers, as kubectl 1.32 writes them. */
const CREATE_NAMESPACE = `k8s\0\n\x0f\n\x02v1\x12\tNamespace\x12\x1c\n\x14\n\x04shop\x12\0\x1a\0"\0*\x002\x008\0B\0\x12\0\x1a\x02\n\0\x1a\0"\0`
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const DISCOVERY =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'
const TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

describe('what kubectl sends to the stand-in', () => {
  let server: Kubernetes
  beforeAll(async () => {
    server = await startKubernetesStandIn({ tls: true })
  })
  afterAll(() => server.close())

  test('is answered as kubectl needs it: a namespace in Protocol Buffers, discovery, an apply, a table, a watch', async () => {
    const path = '/api/v1/namespaces/shop/secrets'
    const told = await sendAll(server, [
      {
        ...{
          name: 'create',
          method: 'POST',
          path: '/api/v1/namespaces?fieldManager=kubectl-create&fieldValidation=Strict',
        },
        ...{ text: CREATE_NAMESPACE, type: PROTOBUF, accept: `${PROTOBUF},application/json` },
      },
      { name: 'groups', method: 'GET', path: '/apis', accept: DISCOVERY },
      {
        name: 'openapi',
        method: 'GET',
        path: '/openapi/v2',
        accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
      },
      {
        ...{
          name: 'apply',
          method: 'PATCH',
          path: `${path}/credentials?fieldManager=kubectl&fieldValidation=Strict&force=false`,
        },
        text: SECRET('one'),
      },
      { name: 'table', method: 'GET', path: `${path}?limit=500`, accept: TABLE },
      { name: 'watch', method: 'GET', path: `${path}?watch=true` },
    ])
    const answerOf = (name: string) => told.get(name)
    expect(answerOf('create')).toMatchObject({ status: 201, body: { metadata: { name: 'shop' } } })
    expect(answerOf('groups')).toMatchObject({ status: 200, body: { kind: 'APIGroupList' } })
    expect(answerOf('openapi')).toEqual({ status: 200, type: 'application/octet-stream', body: '' })
    expect(answerOf('apply')).toMatchObject({ status: 201, body: { data: { DATABASE_URL: 'b25l' } } })
    expect(answerOf('table')).toMatchObject({ body: { rows: [{ cells: ['credentials', 'Opaque', 1, '<age>'] }] } })
    expect(answerOf('watch')).toMatchObject({ status: 200, body: { type: 'ERROR', object: { code: 410 } } })
  })
})

const kubectl = join(findAssets() ?? '', 'kubectl')
const withBinary = findAssets() && existsSync(kubectl) ? ownServers() : []

if (withBinary.length > 0) {
  describe('kubectl', () => {
    let folder: string
    const servers: Kubernetes[] = []
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kubectl-'))
      await writeFile(join(folder, 'one.yaml'), SECRET('one'))
      await writeFile(join(folder, 'two.yaml'), SECRET('two'))
      await writeFile(join(folder, 'component.yaml'), COMPONENT)
      for (const { name, start } of withBinary) {
        const server = name === 'stand-in' ? await startKubernetesStandIn({ tls: true }) : await start()
        if (name !== 'stand-in') await server.installDapr()
        servers.push(server)
        await writeFile(join(folder, server.kind), server.kubeconfig)
      }
    })
    afterAll(async () => {
      for (const server of servers) await server.close()
      await rm(folder, { recursive: true, force: true })
    })

    /** What a command prints; moments, versions and ages are taken out. */
    const run = async (server: Kubernetes, command: string): Promise<string> => {
      const env = {
        PATH: process.env.PATH,
        HOME: join(folder, `home-${server.kind}`),
        KUBECONFIG: join(folder, server.kind),
      }
      const done = await promisify(execFile)(kubectl, command.split(' '), { cwd: folder, env }).catch(
        (error: { stdout: string; stderr: string }) => error,
      )
      return `${done.stdout}${done.stderr}`
        .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'MOMENT')
        .replace(/(resourceVersion: |uid: )\S+/g, '$1…')
        .replace(/ {2,}\d+m?\d*s\b/g, '  AGE')
    }

    test.each([
      ['get secret credentials -n shop', /NotFound/],
      ['create namespace shop', /^namespace\/shop created/],
      ['create namespace shop', /namespaces "shop" already exists/],
      ['create namespace Bad_Name', /lowercase RFC 1123 label/],
      ['apply --server-side -f one.yaml', /^secret\/credentials serverside-applied/],
      ['apply --server-side -f one.yaml', /^secret\/credentials serverside-applied/],
      ['apply --server-side --field-manager=other -f two.yaml', /1 conflict: conflict with "kubectl": \.stringData/],
      ['apply --server-side --field-manager=other --force-conflicts -f two.yaml', /serverside-applied/],
      ['get secret -n shop', /^NAME +TYPE +DATA +AGE\ncredentials +Opaque +1 /],
      ['get secret credentials -n shop -o yaml', /DATABASE_URL: dHdv\n/],
      ['describe secret credentials -n shop', /DATABASE_URL: {2}3 bytes/],
      ['apply --server-side -f component.yaml', /^component\.dapr\.io\/statestore serverside-applied/],
      ['get component statestore -n shop -o jsonpath={.spec.type}', /^state\.postgresql$/],
      ['label secret credentials -n shop team=data', /labeled/],
      ['get secret -n shop -l team=data -o name', /^secret\/credentials\n$/],
      ['apply -f one.yaml', /secret\/credentials configured/],
      ['delete secret credentials -n shop', /^secret "credentials" deleted/],
      ['delete secret credentials -n shop', /NotFound/],
      ['delete namespace shop --wait=false', /^namespace "shop" deleted/],
    ])('%s does on the stand-in what it does on a real server', async (command, expected) => {
      const said = await Promise.all(servers.map((server) => run(server, command)))
      expect(said[0]).toMatch(expected)
      expect(said[1]).toBe(said[0])
    })

    test('delete namespace waits until the stand-in has taken it away', async () => {
      const [standIn] = servers
      if (!standIn) throw new Error('no stand-in')
      await run(standIn, 'create namespace gone')
      expect(await run(standIn, 'delete namespace gone --timeout=20s')).toMatch(/^namespace "gone" deleted\n$/)
      expect(await run(standIn, 'get namespace gone')).toMatch(/NotFound/)
    })
  })
}
