import { randomBytes } from 'node:crypto'
import type { SchemaResult } from '../../model.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { plural } from '../../runtime/plural.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { databaseFailure, tryDatabase } from '../ask-database.ts'
import { rootCertificate, thisMachine } from './certificates.ts'
import { CommandFailed } from './command-error.ts'
import { explainFailure } from './command-failure.ts'
import { compareLedgers, type LedgerChange } from './compare-ledgers.ts'
import { keepsParameters, type ToolUrls, toolEnvironment } from './environment.ts'
import { type LedgerLook, readLedgers } from './ledgers.ts'
import { type CommandEnd, runCommand } from './process.ts'
import { type Ahead, aheadOf, endLeftSessions } from './sessions.ts'

/** The user's own migration tool. */
export interface MigrateOptions extends ToolUrls {
  command: string
  /** Folder to run it in. */
  workspace: string
  /** Names of ledgers, `schema.table` or `table`, beside those that are known by their names. */
  ledgers?: readonly string[]
  /** The database is a pull request's own, so that sessions which began meanwhile may be taken for the command's. */
  isPreview?: boolean
}

/**
 * Runs the user's migration tool against the direct host, and reads its ledger before and after, so that the result lists
 * what ran. Whatever a command leaves running in the database when it is cancelled or fails is ended. Throws
 * {@link CommandFailed}, which has the result too, when it fails; the driver's error when the database cannot be reached
 * before the command; and the reason of a cancelled run.
 */
export async function runMigrateCommand(runtime: Runtime, options: MigrateOptions): Promise<SchemaResult> {
  const started = runtime.clock.now()
  const named = options.ledgers ?? []
  const ahead = await aheadOf(runtime, options.url, (database) => readLedgers(database, named)).catch((error) => {
    runtime.signal.throwIfAborted()
    throw databaseFailure(error, { what: "read the migration tool's ledger", url: options.url })
  })
  const end = await runAndTidy(runtime, options, ahead)
  runtime.signal.throwIfAborted()
  const warnings: string[] = []
  const change = await lookAfter(runtime, options, { before: ahead.result, warnings })
  for (const warning of warnings) runtime.log.warning(warning)
  const failure = isFailed(end) ? explainFailure(end) : undefined
  if (!failure) runtime.log.info(`migrate_command ended well; ${counted(change)}`)
  const result: SchemaResult = {
    source: options.command,
    files: change.files,
    applied: change.applied ?? 0,
    ...(change.applied === null ? { isUncounted: true } : {}),
    unchanged: change.files.filter(({ state }) => state === 'unchanged').length,
    pending: 0,
    milliseconds: runtime.clock.now() - started,
    warnings,
  }
  if (failure) throw new CommandFailed(result, failure, options.workspace)
  return result
}

const isFailed = ({ exitCode }: CommandEnd) => exitCode !== 0

/** Runs the command, and ends what it leaves in the database when it did not end well. */
async function runAndTidy(runtime: Runtime, options: MigrateOptions, ahead: Ahead<unknown>): Promise<CommandEnd> {
  const { command, workspace, url } = options
  const mark = `neon-postgres-setup-command-${randomBytes(6).toString('hex')}`
  const given = process.env
  const environment = toolEnvironment(options, {
    given,
    mark,
    checksClient: ahead.checksClient,
    keepsParameters: keepsParameters(command, workspace),
    rootCertificate: await rootCertificate(url, thisMachine(given)),
  })
  for (const name of ['DATABASE_URL', 'DATABASE_URL_POOLED', 'PGPASSWORD']) runtime.secrets.add(environment[name] ?? '')
  const end = await runCommand(runtime, { text: command, directory: workspace, environment })
  const isCut = runtime.signal.aborted
  if (isCut || isFailed(end)) {
    await endLeftSessions(runtime, { url, mark, since: isCut && options.isPreview ? ahead.time : null })
  }
  return end
}

interface Earlier {
  before: LedgerLook
  /** Filled with what the user should know. */
  warnings: string[]
}

/** What became of the ledgers. That they cannot be read is a warning: the command has done its work. */
async function lookAfter(runtime: Runtime, options: MigrateOptions, earlier: Earlier): Promise<LedgerChange> {
  const { before, warnings } = earlier
  try {
    const after = await tryDatabase(runtime, { url: options.url }, (database) =>
      readLedgers(database, options.ledgers ?? []),
    )
    warnings.push(...after.problems)
    const change = compareLedgers(before.ledgers, after.ledgers)
    if (change.takenBack.length > 0) warnings.push(tellTakenBack(change.takenBack))
    return change
  } catch (error) {
    runtime.signal.throwIfAborted()
    warnings.push(`What migrate_command applied could not be read from its ledger: ${errorMessage(error)}`)
    return { files: [], applied: null, takenBack: [] }
  }
}

const MOST_NAMED = 5

function tellTakenBack(names: string[]): string {
  const rest = names.length - MOST_NAMED
  const list = [...names.slice(0, MOST_NAMED).map((name) => `'${name}'`), ...(rest > 0 ? [`${rest} more`] : [])]
  return `migrate_command took back ${plural(names.length, 'migration')}: ${list.join(', ')}.`
}

function counted({ applied, files }: LedgerChange): string {
  if (applied !== null) return `${plural(applied, 'migration')} ${applied === 1 ? 'is' : 'are'} new in its ledger.`
  const newest = files.find(({ state }) => state === 'applied')?.path
  if (newest) return `its ledger is at ${newest} now, and does not tell how many migrations led there.`
  return 'no ledger that this action knows says what it applied (the input migrate_ledger names one).'
}
