import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleOurs } from './bundle.ts'
import { type Migration, writeDrizzle, writeFiles, writeGraphile } from './corpus.ts'

/** A migration tool as the benchmark runs it: a fresh process in `folder`, told the database by `DATABASE_URL`. */
export interface Tool {
  name: string
  version: string
  /** How it ran, for the reader of the table. */
  how: string
  /** Writes the corpus and the settings in the tool's own format. */
  prepare(folder: string, corpus: Migration[]): Promise<void>
  command: string[]
  /** A query whose one row's `n` is the number of migrations in the tool's ledger. */
  ledger: string
}

const HERE = import.meta.dirname
const MODULES = join(HERE, '..', 'node_modules')

/**
 * The action's own engine, bundled, and its five peers. Throws an Error when it cannot be bundled, or the packages of
 * `bench/` are not installed.
 */
export async function findTools(): Promise<Tool[]> {
  const root = JSON.parse(await readFile(join(HERE, '..', '..', 'package.json'), 'utf8')) as { version: string }
  return [
    {
      name: 'neon-postgres-setup',
      version: root.version,
      how: "the action's defaults: a transaction and a ledger row per file, locks, rewrites and rows observed",
      prepare: (folder, corpus) =>
        writeFiles(join(folder, 'sql'), corpus, { name: ({ id }) => `${id}_step.sql`, text: ({ sql }) => `${sql};\n` }),
      command: [process.execPath, bundleOurs()],
      ledger: 'select count(*)::int as n from neon_setup.migrations',
    },
    ...(await findPeers()),
  ]
}

async function findPeers(): Promise<Tool[]> {
  return [
    {
      name: 'node-pg-migrate',
      version: await versionOf('node-pg-migrate'),
      how: 'its command `up`; by default one transaction for all files',
      prepare: (folder, corpus) =>
        writeFiles(join(folder, 'migrations'), corpus, {
          name: ({ id }) => `${id}_step.sql`,
          text: ({ sql }) => `-- Up Migration\n${sql};\n`,
        }),
      command: [process.execPath, join(MODULES, 'node-pg-migrate', 'bin', 'node-pg-migrate.js'), 'up'],
      ledger: 'select count(*)::int as n from public.pgmigrations',
    },
    {
      name: 'Drizzle',
      version: await versionOf('drizzle-orm'),
      how: '`migrate` of drizzle-orm/node-postgres; one transaction for all files',
      prepare: (folder, corpus) => writeDrizzle(join(folder, 'migrations'), corpus),
      command: [process.execPath, join(HERE, 'drizzle.mjs')],
      ledger: 'select count(*)::int as n from drizzle.__drizzle_migrations',
    },
    {
      name: 'postgres-migrations',
      version: await versionOf('postgres-migrations'),
      how: 'its function `migrate`; a transaction per file',
      prepare: (folder, corpus) =>
        writeFiles(join(folder, 'migrations'), corpus, {
          // It takes each name once, whatever the number before it.
          name: ({ id }) => `${id}_step_${id}.sql`,
          text: ({ sql }) => `${sql};\n`,
        }),
      command: [process.execPath, join(HERE, 'postgres-migrations.mjs')],
      // Row 0 is the migration that makes its own table.
      ledger: 'select count(*)::int as n from public.migrations where id > 0',
    },
    {
      name: 'graphile-migrate',
      version: await versionOf('graphile-migrate'),
      how: 'its command `migrate`; a transaction per file',
      prepare: async (folder, corpus) => {
        await mkdir(folder, { recursive: true })
        await writeFile(join(folder, '.gmrc'), '{}\n')
        await writeGraphile(join(folder, 'migrations', 'committed'), corpus)
      },
      command: [process.execPath, join(MODULES, 'graphile-migrate', 'dist', 'cli.js'), 'migrate'],
      ledger: 'select count(*)::int as n from graphile_migrate.migrations',
    },
    {
      name: 'dbmate',
      version: await versionOf('dbmate'),
      how: 'its binary, command `migrate`; a transaction per file',
      prepare: (folder, corpus) =>
        writeFiles(join(folder, 'migrations'), corpus, {
          name: ({ id }) => `${id}_step.sql`,
          text: ({ sql }) => `-- migrate:up\n${sql};\n\n-- migrate:down\n`,
        }),
      command: [dbmateBinary(), '--migrations-dir', 'migrations', '--no-dump-schema', 'migrate'],
      ledger: 'select count(*)::int as n from public.schema_migrations',
    },
  ]
}

async function versionOf(name: string): Promise<string> {
  const file = join(MODULES, name, 'package.json')
  if (!existsSync(file)) throw new Error(`${name} is not installed; run npm ci --prefix bench.`)
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}

/** Without the Node process that npm's wrapper would put before it. */
function dbmateBinary(): string {
  const end = process.platform === 'win32' ? '.exe' : ''
  return join(MODULES, '@dbmate', `${process.platform}-${process.arch}`, 'bin', `dbmate${end}`)
}
