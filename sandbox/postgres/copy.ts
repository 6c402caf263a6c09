import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { runAsServer, writeServerFile } from './account.ts'

/** A running server to copy from. */
export interface CopySource {
  version: number
  dataDirectory: string
  url: string
}

/** What belongs to the running server alone, or is taken after the backup has ended (pg_wal). */
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify'])
const MADE_EMPTY = ['pg_wal/archive_status', 'pg_replslot', 'pg_dynshmem', 'pg_notify']

/** Copies a stopped data folder. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await copyInto([from], to)
}

/**
 * Copies a running server's data as it is at the end of the copy, while others go on using it: the low-level base backup
 * of https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP. The write-ahead log
 * is copied last, held back until then by a temporary replication slot.
 */
export async function copyRunning(source: CopySource, to: string): Promise<void> {
  const sql = postgres(source.url, { max: 1, onnotice: () => undefined })
  const [start, stop] =
    source.version >= 15
      ? [`pg_backup_start('sandbox', true)`, 'pg_backup_stop(false)']
      : [`pg_start_backup('sandbox', true, false)`, 'pg_stop_backup(false, false)']
  try {
    await sql`select pg_create_physical_replication_slot(${`copy_${process.pid}_${Date.now()}`}, true, true)`
    await sql.unsafe(`select ${start}`)
    await mkdirAsServer([to])
    const entries = (await readdir(source.dataDirectory)).filter((name) => !LEFT_OUT.has(name))
    await copyInto(
      entries.map((name) => join(source.dataDirectory, name)),
      to,
    )
    await mkdirAsServer(['pg_wal', ...MADE_EMPTY].map((name) => join(to, name)))
    const [backup] = await sql.unsafe(`select labelfile from ${stop}`)
    const label = String(backup?.labelfile)
    await writeServerFile(join(to, 'backup_label'), label)
    await copyWal(source.dataDirectory, to, label)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The log's segments from the one where the backup starts; older ones only cost time. */
async function copyWal(from: string, to: string, label: string): Promise<void> {
  const first = /START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/.exec(label)?.[1] ?? ''
  const segments = (await readdir(join(from, 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name) && name >= first)
  await copyInto(
    segments.map((name) => join(from, 'pg_wal', name)),
    join(to, 'pg_wal'),
  )
}

async function mkdirAsServer(folders: string[]): Promise<void> {
  await runAsServer('mkdir', ['-p', '-m', '700', ...folders])
}

let reflink: Promise<boolean> | undefined

/** Whether `cp` is one that shares blocks where the file system can (GNU). */
function knowsReflink(): Promise<boolean> {
  reflink ??= promisify(execFile)('cp', ['--version']).then(
    ({ stdout }) => /coreutils/.test(stdout),
    () => false,
  )
  return reflink
}

async function copyInto(sources: string[], target: string): Promise<void> {
  const flags = (await knowsReflink()) ? ['-a', '--reflink=auto'] : ['-Rp']
  try {
    await runAsServer('cp', [...flags, ...sources, target])
  } catch (error) {
    // A running server removes temporary files and dropped tables while cp walks; replaying the log puts that right.
    const lines = String(error).split('\n')
    if (!lines.every((line) => /No such file or directory/.test(line))) throw error
  }
}
