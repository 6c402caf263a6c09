import { createHash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import type { Kubernetes } from '../../sandbox/kubernetes/index.ts'
import { changedKubeconfig } from './kubernetes.ts'
import type { World } from './world.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/v1.0.0')
const DAY = 24 * 60 * 60 * 1000

/** Ids of a world that is in the state in which version 1.0.0 left one. */
export interface Leftovers {
  projectId: string
  defaultBranchId: string
  branchId: string
}

/** Objects of the fixture on Kubernetes, by file, with the path they have. */
export const OBJECTS = {
  'default-namespace.json': '/api/v1/namespaces/shop',
  'default-secret.json': '/api/v1/namespaces/shop/secrets/postgres-credentials',
  'default-component.json': '/apis/dapr.io/v1alpha1/namespaces/shop/components/statestore',
  'namespace.json': '/api/v1/namespaces/shop-pr-7',
  'secret.json': '/api/v1/namespaces/shop-pr-7/secrets/postgres-credentials',
  'component.json': '/apis/dapr.io/v1alpha1/namespaces/shop-pr-7/components/statestore',
}

/**
 * Puts a new world into the state that version 1.0.0 left: project and branch through Neon's API, with the annotations of
 * then, the databases as their owner made them, and the comments of pull requests 7 (open) and 8 (closed).
 */
export async function leaveVersion1(world: World): Promise<Leftovers> {
  const { project } = await call<{ project: { id: string } }>(world, '/projects', { project: { name: 'shop' } })
  await world.neon.settle()
  const defaultBranchId = world.neon.branches(project.id).find((branch) => branch.default)?.id ?? ''
  const ids = { project_id: project.id, default_branch_id: defaultBranchId }
  const { annotations, name, ttl_interval_seconds } = JSON.parse(await read('branch.json', ids))
  const { branch } = await call<{ branch: { id: string } }>(world, `/projects/${project.id}/branches`, {
    branch: { name, expires_at: new Date(Date.now() + ttl_interval_seconds * 1000 - DAY).toISOString() },
    endpoints: [{ type: 'read_write' }],
    annotation_value: annotations,
  })
  await world.neon.settle()
  const all = { ...ids, branch_id: branch.id }
  for (const [id, file] of [
    [defaultBranchId, 'default-database.sql'],
    [branch.id, 'database.sql'],
  ] as const) {
    await world.neon.branchCluster(project.id, id)?.query(await read(file, all), 'neondb')
  }
  for (const number of [7, 8]) world.github.openPull({ number })
  world.github.closePull(8)
  world.github.addComment(7, { body: await read('comment.md', all) })
  world.github.addComment(8, { body: await read('closed-comment.md', all) })
  for (const folder of ['workspace', 'pull-request'])
    await cp(join(FIXTURE, folder), world.workspace, { recursive: true })
  return { projectId: project.id, defaultBranchId, branchId: branch.id }
}

/** Writes what 1.0.0 wrote to Kubernetes, each object by the same manager and the same kind of request as then. */
export async function leaveObjects(kubernetes: Kubernetes, left: Leftovers): Promise<void> {
  await kubernetes.installDapr()
  const config = new KubeConfig()
  // The stand-in has no TLS, which the client takes only where certificates are not looked at.
  const text = changedKubeconfig(kubernetes, ({ clusters }) => {
    for (const { cluster } of clusters)
      if (String(cluster.server).startsWith('http:')) cluster['insecure-skip-tls-verify'] = true
  })
  config.loadFromString(text)
  const client = KubernetesObjectApi.makeApiClient(config)
  for (const file of Object.keys(OBJECTS)) {
    const object = await objectOf(file, left)
    const { manager, operation } = object.metadata.managedFields[0]
    for (const key of ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields'])
      delete object.metadata[key]
    // What the server itself put there.
    if (object.kind === 'Namespace') delete object.spec
    delete object.status
    if (operation === 'Apply')
      await client.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply)
    else await client.create(object, undefined, undefined, manager)
  }
}

/** An object as 1.0.0 left it. */
// biome-ignore lint/suspicious/noExplicitAny: an object of any kind, to look into
export async function objectOf(file: string, left: Leftovers): Promise<any> {
  const { projectId: project_id, branchId: branch_id, defaultBranchId: default_branch_id } = left
  return JSON.parse(await read(file, { project_id, branch_id, default_branch_id }))
}

async function read(file: string, ids: Record<string, string>): Promise<string> {
  const text = await readFile(join(FIXTURE, file), 'utf8')
  const hash = createHash('sha256')
    .update(ids.project_id ?? '')
    .digest('hex')
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) =>
    name === 'project_hash' ? hash.slice(0, 12) : (ids[name] ?? ''),
  )
}

async function call<T>(world: World, path: string, body: object): Promise<T> {
  const reply = await fetch(`${world.neon.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.neon.organizationApiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
  return (await reply.json()) as T
}
