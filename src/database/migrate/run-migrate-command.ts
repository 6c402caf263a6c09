import type { FileResult, SchemaResult } from '../../model.ts'
import { ActionError } from '../../runtime/errors.ts'
import { plural } from '../../runtime/plural.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { askDatabase } from '../ask-database.ts'
import { type ToolUrls, toolEnvironment } from './environment.ts'
import { readToolLedgers, type ToolMigration } from './ledgers.ts'
import { type CommandEnd, runCommand } from './process.ts'

/** The user's own migration tool. */
export interface MigrateOptions extends ToolUrls {
  command: string
  /** Folder to run it in. */
  workspace: string
}

/**
 * Runs the user's migration tool against the direct host, and reads its ledger before and after, so that the result lists
 * what ran. Throws an {@link ActionError} with the exit code and the last lines when it fails.
 */
export async function runMigrateCommand(runtime: Runtime, options: MigrateOptions): Promise<SchemaResult> {
  const started = runtime.clock.now()
  const environment = toolEnvironment(options)
  for (const name of ['DATABASE_URL', 'DATABASE_URL_POOLED', 'PGPASSWORD']) runtime.secrets.add(environment[name] ?? '')
  const before = await ledgers(runtime, options.url)
  const end = await runCommand(runtime, { text: options.command, directory: options.workspace, environment })
  runtime.signal.throwIfAborted()
  if (end.exitCode !== 0) throw failed(options.command, end)
  const after = await ledgers(runtime, options.url)
  const known = new Set(before.map(key))
  const files = after.map((migration) => toFile(migration, known.has(key(migration))))
  const applied = files.filter(({ state }) => state === 'applied').length
  runtime.log.info(
    `migrate_command ended well; ${plural(applied, 'migration')} ${applied === 1 ? 'is' : 'are'} new in its ledger.`,
  )
  return {
    source: options.command,
    files,
    applied,
    unchanged: files.length - applied,
    pending: 0,
    milliseconds: runtime.clock.now() - started,
    warnings: [],
  }
}

const key = ({ tool, name }: ToolMigration) => `${tool}\0${name}`

function ledgers(runtime: Runtime, url: string): Promise<ToolMigration[]> {
  return askDatabase(runtime, { url, what: "read the migration tool's ledger" }, readToolLedgers)
}

function toFile({ tool, name }: ToolMigration, wasThere: boolean): FileResult {
  return {
    path: name,
    name,
    kind: 'command',
    state: wasThere ? 'unchanged' : 'applied',
    transactional: true,
    statements: 0,
    rows: [],
    locks: [],
    rewrites: [],
    notes: [`by ${tool}`],
  }
}

function failed(command: string, { exitCode, signal, lastLines }: CommandEnd): ActionError {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`
  const last = lastLines
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 300)
  return new ActionError(`migrate_command '${command}' ${how}${last ? `: ${last}` : ''}.`, {
    advice: 'Its output is in the group Schema of the log. What it applied before stays, as the tool sees to it.',
    title: 'migrate_command failed',
  })
}
