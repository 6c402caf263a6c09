import { parse, stringify } from 'yaml'
import type { Kubernetes } from '../../../sandbox/kubernetes/index.ts'
import type { Cluster } from '../../../sandbox/postgres/index.ts'
import { findLeaks, type RunResult } from '../../../sandbox/runner/index.ts'
import { finishNamespace } from '../kubernetes.ts'
import { SECRET_OUTPUTS, startWorld, type World } from '../world.ts'
import type { Recording } from './cells.ts'
import { type HttpGate, openHttpGate } from './http-gate.ts'
import { type Play, type Subject, stepOf } from './modes.ts'
import { openSqlGate, type SqlGate, type WireFault } from './sql-gate.ts'

/** A fault to make in one run; none of them makes a run without. */
export interface Faults {
  http?: Parameters<HttpGate['arm']>[0]
  sql?: WireFault
  inputs?: Record<string, string>
}

/** One run of a play, with what the gates saw. */
export interface Played {
  result: RunResult
  recording: Recording
  /** Requests that followed a redirect away from the API. */
  strays: string[]
  /** How often a fault of HTTP was met. */
  met: number
  /** Where a secret stands that must not. */
  leaks: string[]
}

/** A world with gates before its servers, in which plays follow one another. */
export interface Stage {
  readonly world: World
  readonly kubernetes: Kubernetes
  readonly subject: Subject
  /** Files of the repository that the pull request's branch must have by now. */
  readonly files: Record<string, string>
  play(play: Play, faults?: Faults): Promise<Played>
  /** Adds a file to the pull request. */
  addFile(): Promise<void>
  /** The next pull request, with the files that all begin with. */
  nextPull(): Promise<void>
  /** A name and a namespace for a project to make. */
  nextProject(): void
  /** Takes the project of {@link nextProject} away, with what it has in the cluster. */
  dropProject(): Promise<void>
  /** Does what a controller would do with namespaces that are being deleted; the stand-in has one. */
  tidy(): Promise<void>
  clusterAt(port: number): Cluster
  close(): Promise<void>
}

/** What a stage is made of. */
export interface StageOptions {
  /** Tells stages apart that share a Kubernetes server. */
  id: string
  pgVersion: number
  kubernetes: Kubernetes
  /** The folder of the action; this repository unless told. */
  action?: string
}

const FILES = {
  'db/0100_badges.sql': 'create table badges (id bigint);',
  'db/0101_more.sql': 'insert into badges values (1);',
}

/** Starts a stage; its production project is there. */
export async function startStage({ id, pgVersion, kubernetes, action }: StageOptions): Promise<Stage> {
  const sql = openSqlGate()
  const limits = { branchLimit: 500, activeComputeLimit: 500, projectLimit: 500 }
  const world = await startWorld({ plan: 'paid', ...limits, loginProxy: true, wayIn: sql.wayIn })
  const gates = {
    neon: await openHttpGate({ server: 'neon', origin: world.neon.url }),
    github: await openHttpGate({ server: 'github', origin: world.github.apiUrl }),
    kubernetes: await openHttpGate(clusterTarget(kubernetes)),
  }
  const subject: Subject = {
    projectId: '',
    projectName: 'shop',
    number: 0,
    production: `${id}-live`,
    prefix: `${id}-pr`,
    kubeconfig: kubeconfigFor(gates.kubernetes.url),
  }
  const stage = createStage({ world, kubernetes, gates, sql, subject, pgVersion, action })
  const { result } = await stage.play('provision new')
  if (result.conclusion !== 'success') throw new Error(`the stage was not set: ${result.log}`)
  subject.projectId = result.outputs.project_id ?? ''
  return stage
}

interface Parts {
  world: World
  kubernetes: Kubernetes
  gates: Record<'neon' | 'github' | 'kubernetes', HttpGate>
  sql: SqlGate
  subject: Subject
  pgVersion: number
  action: string | undefined
}

function createStage(parts: Parts): Stage {
  const { world, kubernetes, gates, sql, subject } = parts
  const live = { projectName: subject.projectName, production: subject.production }
  let files: Record<string, string> = {}
  let projects = 0
  let pushes = 0
  return {
    world,
    kubernetes,
    subject,
    get files() {
      return files
    },
    play: (play, faults = {}) => playOn(parts, play, faults),
    async addFile() {
      pushes += 1
      const name = `db/${1000 + pushes}_push.sql`
      files[name] = `insert into badges values (${pushes});`
      await world.write({ [name]: files[name] ?? null })
    },
    async nextPull() {
      const stale = Object.keys(files).map((name): [string, null] => [name, null])
      files = { ...FILES }
      await world.write({ ...Object.fromEntries(stale), ...files })
      subject.number += 1
      world.github.openPull({ number: subject.number })
    },
    nextProject() {
      projects += 1
      Object.assign(subject, { projectName: `shop-${projects}`, production: `${live.production}-${projects}` })
    },
    async dropProject() {
      for (const { id, name } of world.neon.projects()) {
        if (name === subject.projectName && id !== subject.projectId) await deleteProject(world, id)
      }
      await kubernetes.request('DELETE', `/api/v1/namespaces/${subject.production}`)
      Object.assign(subject, live)
    },
    async tidy() {
      if (kubernetes.kind === 'stand-in') return
      const { body } = await kubernetes.request('GET', '/api/v1/namespaces')
      for (const { metadata, status } of body.items) {
        const isOurs = metadata.name.startsWith(subject.prefix) || metadata.name.startsWith(live.production)
        if (isOurs && status.phase === 'Terminating') await finishNamespace(kubernetes, metadata.name)
      }
    },
    clusterAt(port) {
      for (const { id } of world.neon.projects()) {
        for (const branch of world.neon.branches(id)) {
          const cluster = world.neon.branchCluster(id, branch.id)
          if (cluster?.port === port) return cluster
        }
      }
      throw new Error(`no branch has its server on port ${port}`)
    },
    async close() {
      await sql.close()
      await Promise.all([...Object.values(gates).map((gate) => gate.close()), world.close()])
    },
  }
}

async function playOn(
  { world, gates, sql, subject, pgVersion, action }: Parts,
  play: Play,
  faults: Faults,
): Promise<Played> {
  const all = Object.values(gates)
  for (const gate of all) gate.arm()
  if (faults.http) gates[faults.http.call.server].arm(faults.http)
  sql.arm(faults.sql)
  const { event, inputs } = stepOf(play, subject)
  const version: Record<string, string> = play === 'provision new' ? { pg_version: String(pgVersion) } : {}
  const result = await world.run(
    event,
    { api_host: `${gates.neon.url}/api/v2`, ...inputs, ...version, ...faults.inputs },
    { ...(action ? { action } : {}), apiUrl: gates.github.url, graphqlUrl: `${gates.github.url}/graphql` },
  )
  const secrets = [
    ...new Set([...world.secrets(result), ...result.masks.filter((mask) => mask.length >= 8), GATE_TOKEN]),
  ]
  const leaks = [...result.leaks(secrets, SECRET_OUTPUTS), ...findLeaks(gates.github.bodies, secrets)]
  const played = {
    result,
    recording: {
      http: all.flatMap(({ calls }) => calls),
      queries: [...sql.queries],
      milliseconds: Math.round(result.milliseconds),
    },
    // GitHub wants its redirects followed (manual: Best practices for using the REST API).
    strays: [...gates.neon.strays, ...gates.kubernetes.strays],
    met: all.reduce((sum, { met }) => sum + met, 0),
    leaks: leaks.map(({ where, form }) => `${form} in ${where}`),
  }
  for (const gate of all) gate.arm()
  sql.arm()
  return played
}

async function deleteProject(world: World, id: string): Promise<void> {
  await world.neon.settle()
  const headers = { authorization: `Bearer ${world.neon.organizationApiKey}` }
  const { status } = await fetch(`${world.neon.url}/projects/${id}`, { method: 'DELETE', headers })
  if (status !== 200) throw new Error(`the project ${id} was not deleted: ${status}`)
}

const GATE_TOKEN = 'gate-token-0123456789abcdef'

function kubeconfigFor(url: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'gate',
    clusters: [{ name: 'gate', cluster: { server: url } }],
    users: [{ name: 'gate', user: { token: GATE_TOKEN } }],
    contexts: [{ name: 'gate', context: { cluster: 'gate', user: 'gate' } }],
  })
}

/** How the gate logs in where the run's own login ends at it. */
function clusterTarget({ kubeconfig, url }: Kubernetes): Parameters<typeof openHttpGate>[0] {
  const { clusters, users } = parse(kubeconfig) as {
    clusters: [{ cluster: Record<string, string> }]
    users: [{ user: Record<string, string> }]
  }
  const decoded = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString()
  const [{ user }] = users
  const [{ cluster }] = clusters
  const origin = new URL(cluster.server ?? url).origin
  if (user.token) {
    return { server: 'kubernetes', origin, headers: { authorization: `Bearer ${user.token}` } }
  }
  return {
    server: 'kubernetes',
    origin,
    headers: { authorization: undefined },
    tls: {
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    },
  }
}
