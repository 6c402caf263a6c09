import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { askDatabase } from '../../database/ask-database.ts'
import { hasTablesOfOthers } from '../../database/inspect/index.ts'
import { CommandFailed, runMigrateCommand } from '../../database/migrate/index.ts'
import {
  type ApplyOptions,
  applySchema,
  failureError,
  NeedsReset,
  readSchema,
  type SchemaSource,
} from '../../database/schema/index.ts'
import type { SchemaResult } from '../../model.ts'
import { phase, type Run, warn } from '../../run.ts'
import { ActionError } from '../../runtime/errors.ts'
import { checkTables, inspectAfter, rememberBefore } from './inspect.ts'
import type { Target } from './target.ts'

/** What the schema step is to run: SQL files, the user's tool, or nothing. */
export type Step =
  | {
      kind: 'files'
      source: SchemaSource
      /** Nobody named the files, and the step looks like one of Neon's own actions with another `uses:` line. */
      isGuess: boolean
    }
  | { kind: 'command'; command: string }
  | { kind: 'none' }

/**
 * Which schema step the inputs ask for, with its files read. Without a word from the user it is the repository's folder
 * `sql` where there is one: a stranger's database never gets tables nobody asked for.
 * Throws an ActionError for files that cannot be used, so that nothing is made for them.
 */
export async function schemaStep(run: Run): Promise<Step> {
  const { migrateCommand } = run.config.schema
  if (migrateCommand !== '') return { kind: 'command', command: migrateCommand }
  const { workspace, bundledSchema } = run.runner
  const named = run.config.schema.entries
  const entries = named ?? defaultEntries(workspace)
  if (entries.length === 0) return { kind: 'none' }
  const isGuess = named === null && run.config.looksSwapped
  try {
    const source = await readSchema({ workspace, bundledDirectory: bundledSchema, entries })
    return { kind: 'files', source, isGuess }
  } catch (error) {
    if (!isGuess || !(error instanceof ActionError)) throw error
    return leaveAlone(run, error.message)
  }
}

/** Whoever only changed the `uses:` line has not asked for SQL: a folder `sql` is told of. */
function leaveAlone(run: Run, why: string): Step {
  run.runtime.log.notice(
    `The folder sql of this repository was not applied: ${why} To have it applied, set schema: sql; to hide this, schema: none.`,
  )
  return { kind: 'none' }
}

function defaultEntries(workspace: string): string[] {
  const folder = join(workspace, 'sql')
  return existsSync(folder) && statSync(folder).isDirectory() ? ['sql'] : []
}

/**
 * Applies the schema to the target and looks at the outcome: differences and row counts for the report.
 * @returns the target, which has another login when the branch had to be reset on the way.
 * Throws an {@link ActionError} when a file failed, or the tables that must be there are not.
 */
export async function applyAndInspect(run: Run, target: Target, planned: Step): Promise<Target> {
  const step = await unlessKeptElsewhere(run, target, planned)
  if (step.kind === 'none') {
    const tables = await phase(run, 'Tables', () => inspectAfter(run, target, null))
    checkTables(run, { tables, ranSchema: false })
    return target
  }
  let current = target
  let before = await phase(run, 'Before', () => rememberBefore(run, current))
  let failed: CommandFailed | undefined
  try {
    run.report.schema = await phase(run, 'Schema', () => runStep(run, current, step))
  } catch (error) {
    if (error instanceof CommandFailed) {
      failed = error
      run.report.schema = error.result
    } else {
      if (!(error instanceof NeedsReset) || !current.reset) throw error
      warn(run, `${error.message} The branch was reset to its parent and everything was replayed.`)
      current = await current.reset()
      before = await phase(run, 'Before again', () => rememberBefore(run, current))
      run.report.schema = await phase(run, 'Schema again', () => runStep(run, current, step))
    }
  }
  run.report.warnings.push(...run.report.schema.warnings)
  const tables = await phase(run, 'Tables', () => inspectAfter(run, current, before))
  const { failure } = run.report.schema
  if (failure) throw failureError(failure)
  if (failed) throw failed
  checkTables(run, { tables, ranSchema: true })
  return current
}

async function runStep(run: Run, target: Target, step: Exclude<Step, { kind: 'none' }>): Promise<SchemaResult> {
  if (step.kind === 'files') return await applySchema(run.runtime, applyOptions(run, target, step.source))
  return await runMigrateCommand(run.runtime, {
    command: step.command,
    workspace: run.runner.workspace,
    url: target.url,
    urlPooled: target.pooledUrl,
    ledgers: run.config.schema.migrateLedgers,
    isPreview: target.isPreview,
  })
}

/** A database with tables and no ledger has another keeper; files that nobody named are not for it. */
async function unlessKeptElsewhere(run: Run, target: Target, step: Step): Promise<Step> {
  if (step.kind !== 'files' || !step.isGuess) return step
  const hasKeeper = await askDatabase(run.runtime, { url: target.url, what: 'see whose tables are' }, hasTablesOfOthers)
  return hasKeeper ? leaveAlone(run, 'the database has tables that this action did not make.') : step
}

/** Options of the schema engine from the inputs. */
export function applyOptions(run: Run, target: Target, source: SchemaSource): ApplyOptions {
  const { schema } = run.config
  return {
    url: target.url,
    source,
    policy: {
      transaction: schema.transaction,
      lockWaitMilliseconds: schema.lockWait,
      lockTimeout: `${schema.lockTimeout}ms`,
      statementTimeout: `${schema.statementTimeout}ms`,
      onEdit: schema.onEdit,
      outOfOrder: schema.outOfOrder,
      showDetail: schema.showDetail,
    },
    branchId: target.branchId,
    isPreview: target.isPreview,
    runId: run.runner.runId,
    commitSha: run.report.sha,
  }
}
