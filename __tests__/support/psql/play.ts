import { spawn } from 'node:child_process'
import type { Cluster } from '../../../sandbox/postgres/index.ts'
import { ActionError } from '../../../src/runtime/errors.ts'
import { apply } from '../schema.ts'
import { CATALOG, digest } from './catalog.ts'
import type { PsqlCase, Style } from './corpus.ts'

/** How a file ended: the SQLSTATE of its error or '', and what the database holds then. */
export interface Outcome {
  code: string
  catalog: string
  lines: string[]
}

/** How our engine ended a file; `refused` is why it did not send it at all. */
export interface OurOutcome extends Outcome {
  refused: string
  /** What the failed statement's error says. */
  message: string
  transactional: boolean
}

/** A place to play files in: each begins with a fresh copy of its style's database. */
export class Stage {
  private readonly cluster: Cluster
  private readonly databases = new Map<string, { database: string; digest: string }>()
  private count = 0

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** Runs a file with our engine. */
  async ours(style: Style, { name, text }: PsqlCase): Promise<OurOutcome> {
    const database = await this.fresh(style)
    const ended = await apply({ url: this.cluster.url({ database }), files: { [name]: text } }).catch((error) => {
      if (error instanceof ActionError) return error.message
      throw error
    })
    const lines = await this.lines(database)
    const seen = { catalog: digest(lines), lines }
    if (typeof ended === 'string') return { code: '', refused: ended, message: '', transactional: true, ...seen }
    const { failure, files } = ended
    const transactional = files[0]?.transactional ?? true
    return { code: failure?.sqlstate ?? '', refused: '', message: failure?.message ?? '', transactional, ...seen }
  }

  /** Runs a file with psql, in one transaction (`-1`) or each statement for itself. */
  async psql(style: Style, { text }: PsqlCase, single: boolean): Promise<Outcome> {
    const database = await this.fresh(style)
    const set = ['-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=sqlstate']
    const { code, output } = await run(
      'psql',
      ['-X', '-q', ...(single ? ['-1'] : []), ...set, '-f', '-', this.cluster.url({ database })],
      text,
    )
    const lines = await this.lines(database)
    const told = /(?:ERROR|FATAL): {2}(\w{5})$/m.exec(output)?.[1]
    return { code: told ?? (code === 0 ? '' : `exit ${code}`), catalog: digest(lines), lines }
  }

  /** A database that holds the style's setup; one that a file was played in is emptied, and made anew where it is not as it was. */
  private async fresh(style: Style): Promise<string> {
    const known = this.databases.get(style.name)
    if (known) {
      const now = await this.empty(known.database, style.setup).catch(() => '')
      if (now === known.digest) return known.database
      await this.cluster.query(`drop database ${known.database} with (force)`)
    }
    this.count += 1
    const database = `style_${this.count}`
    await this.cluster.query(`create database ${database}`)
    this.databases.set(style.name, { database, digest: await this.empty(database, style.setup) })
    return database
  }

  private async empty(database: string, setup: string): Promise<string> {
    const rows = await this.cluster.query(`${EMPTY};\n${setup};\n${CATALOG}`, database)
    return digest(rows.map(({ l }) => String(l)))
  }

  private async lines(database: string): Promise<string[]> {
    return (await this.cluster.query(CATALOG, database)).map(({ l }) => String(l))
  }
}

// What stays all the same is seen by the digest.
const EMPTY = `
do $$
declare r record;
begin
  for r in select evtname from pg_event_trigger loop execute format('drop event trigger %I', r.evtname); end loop;
  for r in select pubname from pg_publication loop execute format('drop publication %I', r.pubname); end loop;
  for r in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', r.nspname);
  end loop;
  perform lo_unlink(oid) from pg_largeobject_metadata;
end $$;
create schema public`

function run(program: string, args: string[], input: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C', PGCLIENTENCODING: 'UTF8' },
    })
    let output = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.stdin.on('error', () => undefined)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
    child.stdin.end(input)
  })
}
