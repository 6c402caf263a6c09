import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { askDatabase } from '../../database/ask-database.ts'
import { hasTablesOfOthers } from '../../database/inspect/index.ts'
import { CommandFailed, runMigrateCommand } from '../../database/migrate/index.ts'
import {
  type ApplyOptions,
  applySchema,
  type BaseFiles,
  failureError,
  NeedsReset,
  readSchema,
  type SchemaSource,
} from '../../database/schema/index.ts'
import type { SchemaResult } from '../../model.ts'
import { phase, type Run, warn } from '../../run.ts'
import { ActionError } from '../../runtime/errors.ts'
import { readBase } from './base.ts'
import { type Before, checkTables, inspectAfter, movedBefore, rememberBefore } from './inspect.ts'
import { databasesAtStake, putBackToo } from './job-databases.ts'
import type { Target } from './target.ts'

/** What the schema step is to run: SQL files, the user's tool, or nothing. */
export type Step =
  | {
      kind: 'files'
      source: SchemaSource
      /** What the pull request is merged into; read beside all that comes before the files. */
      base: Promise<BaseFiles | null>
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
    return { kind: 'files', source, base: readBase(run, source), isGuess }
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
  let atStake: string[] = []
  let done: Applied
  try {
    done = await applyTo(run, current, step, '')
  } catch (error) {
    if (!(error instanceof NeedsReset) || !current.reset) throw error
    run.runtime.log.info(error.message)
    atStake = await databasesAtStake(run, current)
    current = await current.reset()
    warn(
      run,
      `${error.message} The branch was reset to its parent and everything was replayed: data that was put on the preview is gone.`,
    )
    done = await applyTo(run, current, step, ' again')
  }
  const { schema, before } = done
  run.report.schema = schema
  run.report.warnings.push(...schema.warnings)
  const tables = await phase(run, 'Tables', () => inspectAfter(run, current, before))
  if (schema.failure) throw failureError(schema.failure)
  if (done.failed) throw done.failed
  checkTables(run, { tables, ranSchema: true })
  if (atStake.length > 0) throw putBackToo(atStake)
  return current
}

/** What the schema step did, and what its differences are told against. */
interface Applied {
  schema: SchemaResult
  before: Before
  /** What is thrown when all that it did is told. */
  failed?: CommandFailed
}

async function applyTo(
  run: Run,
  target: Target,
  step: Exclude<Step, { kind: 'none' }>,
  again: string,
): Promise<Applied> {
  let before = await phase(run, `Before${again}`, () => rememberBefore(run, target))
  const aroundBase = async (work: () => Promise<void>) => {
    before = await movedBefore(run, target, before, work)
  }
  try {
    const schema = await phase(run, `Schema${again}`, async () => {
      if (step.kind === 'command') return await runCommand(run, target, step.command)
      return await applySchema(run.runtime, {
        ...(await applyOptions(run, target, step)),
        isUsed: before.isUsed,
        ...(target.isPreview ? { aroundBase } : {}),
      })
    })
    return { schema, before }
  } catch (error) {
    if (error instanceof CommandFailed) return { schema: error.result, before, failed: error }
    throw error
  }
}

function runCommand(run: Run, target: Target, command: string): Promise<SchemaResult> {
  return runMigrateCommand(run.runtime, {
    command,
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
export async function applyOptions(
  run: Run,
  target: Target,
  step: Extract<Step, { kind: 'files' }>,
): Promise<ApplyOptions> {
  const { schema } = run.config
  const base = await step.base
  return {
    url: target.url,
    source: step.source,
    ...(base ? { base } : {}),
    baseline: schema.baseline,
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
