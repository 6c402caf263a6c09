import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { writeServerFile } from './account.ts'
import type { PostgresVersion } from './binaries.ts'
import { makeServerFolder } from './cache.ts'
import { serverCertificate } from './certificate.ts'
import { copyFolder, copyRunning } from './copy.ts'
import { type Watch, watchFolder } from './server.ts'
import { configuration } from './settings.ts'
import { loadTemplate, SUPERUSER, type Template } from './template.ts'

export type { PostgresVersion } from './binaries.ts'

/** A PostgreSQL server of our own on 127.0.0.1, with TLS and SCRAM. It ends, and its data goes, with this process. */
export interface Cluster {
  readonly version: PostgresVersion
  readonly port: number
  readonly dataDirectory: string
  readonly superuser: { name: string; password: string }
  /** The server's self-signed certificate, as PEM. */
  readonly certificate: string
  /** `postgresql://user:password@127.0.0.1:port/database?sslmode=require`; the superuser's, for `postgres`, unless told. */
  url(options?: { database?: string; user?: string; password?: string }): string
  /** Runs statements as the superuser on a connection of their own and returns the last one's rows. */
  query(text: string, database?: string): Promise<Record<string, unknown>[]>
  /** Stops the server and leaves its data: `fast` tells every session and ends it, `immediate` is a crash. */
  halt(mode: 'fast' | 'immediate'): Promise<void>
  /** Starts a halted server again; as a standby it takes no writes until `select pg_promote()`. */
  resume(options?: { standby?: boolean }): Promise<void>
  /** Stops the server and removes its data. */
  stop(): Promise<void>
}

/** What {@link startCluster} may be told. */
export interface ClusterOptions {
  /** 17, Neon's default, unless told; a copy has its source's. */
  version?: PostgresVersion
  /** Starts with this cluster's data, roles and passwords, copied while it runs. */
  copyOf?: Cluster
  /** Server settings (postgresql.conf) over the sandbox's own. */
  settings?: Record<string, string>
  /** A free one unless told. */
  port?: number
  /** Refuses connections without TLS, as Neon does. */
  requireTls?: boolean
}

/** A cluster whose data is there and whose port is known, but which does not run yet. */
export interface PreparedCluster {
  readonly port: number
  /**
   * Starts it, with further server settings over those it was prepared with. Throws an Error with what the server wrote
   * when it ends instead.
   */
  start(settings?: Record<string, string>): Promise<Cluster>
  /** Ends it, started or not, and removes its data. */
  discard(): Promise<void>
}

/**
 * Starts a cluster in about 0.1 s: initdb ran once on this machine, its result is copied. Runs as the `postgres` user (or
 * nobody) when this process is root's.
 * Throws an Error when the version is not installed or the server does not start, with what the server wrote.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const prepared = await prepareCluster(options)
  try {
    return await prepared.start()
  } catch (error) {
    await prepared.discard()
    throw error
  }
}

/**
 * Makes a cluster's data and takes a port for it. Until it is started, clients of the port are kept waiting, unless
 * `options.port` named it: then it may still be another's.
 */
export async function prepareCluster(options: ClusterOptions = {}): Promise<PreparedCluster> {
  const version = options.version ?? options.copyOf?.version ?? 17
  if (options.copyOf && options.copyOf.version !== version) {
    throw new Error(`A copy of a PostgreSQL ${options.copyOf.version} cluster cannot be version ${version}.`)
  }
  const [template, certificate] = await Promise.all([loadTemplate(version), serverCertificate()])
  const folder = await makeServerFolder(tmpdir(), 'neon-sandbox-pg-')
  const watch = watchFolder(folder, template.binaries.postgres)
  const data = join(folder, 'data')
  try {
    await fill(data, template, options)
    const configure = (more: Record<string, string>) =>
      writeServerFile(join(data, 'postgresql.conf'), configuration(version, { ...options.settings, ...more }))
    await configure({})
    await writeServerFile(join(data, 'server.crt'), certificate.certificate)
    await writeServerFile(join(data, 'server.key'), certificate.key)
    const port = await watch.reserve(options.port)
    const started = { version, port, data, password: template.password, certificate: certificate.certificate, watch }
    return {
      port,
      async start(settings = {}) {
        await configure(settings)
        await watch.start(port)
        return describe(started)
      },
      discard: watch.discard,
    }
  } catch (error) {
    await watch.discard()
    throw error
  }
}

async function fill(data: string, template: Template, options: ClusterOptions): Promise<void> {
  const { copyOf } = options
  if (copyOf)
    await copyRunning({ version: copyOf.version, dataDirectory: copyOf.dataDirectory, url: copyOf.url() }, data)
  else await copyFolder(template.folder, data)
  const access = options.requireTls ? 'hostssl' : 'host'
  await writeServerFile(join(data, 'pg_hba.conf'), `${access} all all 127.0.0.1/32 scram-sha-256\n`)
}

interface Started {
  version: PostgresVersion
  port: number
  data: string
  password: string
  certificate: string
  watch: Pick<Watch, 'discard' | 'order'>
}

const HALT_WITHIN = 20_000

function describe({ version, port, data, password, certificate, watch }: Started): Cluster {
  const url: Cluster['url'] = (to = {}) => {
    const user = encodeURIComponent(to.user ?? SUPERUSER)
    const secret = encodeURIComponent(to.password ?? password)
    return `postgresql://${user}:${secret}@127.0.0.1:${port}/${encodeURIComponent(to.database ?? 'postgres')}?sslmode=require`
  }
  const query: Cluster['query'] = async (text, database) => {
    const sql = postgres(url(database === undefined ? {} : { database }), {
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
    })
    try {
      return lastRows(await sql.unsafe(text))
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
  const answers = () =>
    query('select 1').then(
      () => true,
      () => false,
    )
  const until = async (wanted: boolean) => {
    for (const started = performance.now(); (await answers()) !== wanted; await sleep(20)) {
      if (performance.now() - started > HALT_WITHIN)
        throw new Error(`the server on port ${port} did not ${wanted ? 'start' : 'stop'}`)
    }
  }
  return {
    version,
    port,
    dataDirectory: data,
    superuser: { name: SUPERUSER, password },
    certificate,
    url,
    query,
    async halt(mode) {
      watch.order(mode)
      await until(false)
    },
    async resume({ standby = false } = {}) {
      if (standby) await writeServerFile(join(data, 'standby.signal'), '')
      watch.order('start')
      await until(true)
    },
    stop: watch.discard,
  }
}

/** Several statements give a list of results, one gives its rows. */
function lastRows(result: unknown): Record<string, unknown>[] {
  const results = result as unknown[]
  const last = Array.isArray(results.at(-1)) ? results.at(-1) : results
  return [...(last as Record<string, unknown>[])]
}
