import type { SqlFailure } from '../../../model.ts'
import { ActionError } from '../../../runtime/errors.ts'
import type { SchemaFile } from '../files/schema-file.ts'
import { parseScript } from '../files/script.ts'
import type { LedgerRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'
import type { Decision } from './decide.ts'

/** A file that a database has already, which this action did not apply. */
export interface AdoptedFile {
  file: SchemaFile
  statements: number
}

const ALL = 'all'

/**
 * The files that the input `baseline` says are in the database already. Only an empty ledger is given any: in one that has
 * rows, what is applied is known. Throws an {@link ActionError} for a name that no file has.
 */
export function adoptedFiles(ledger: readonly LedgerRow[], options: ApplyOptions): AdoptedFile[] {
  const { baseline = '', source } = options
  if (baseline === '' || ledger.length > 0) return []
  const files = baseline === ALL ? allOf(options) : upTo(baseline, source.files)
  if (files) return files.map((file) => ({ file, statements: countStatements(file) }))
  throw new ActionError(`Could not take the input baseline '${baseline}': ${source.description} has no such file.`, {
    advice: `Give the name of the last file that the database has already, such as ${example(source.files)}, or all.`,
  })
}

/** What a file of a pull request does shall be seen, where the base has files that the database can have. */
function allOf({ source: { files }, base, isPreview }: ApplyOptions): readonly SchemaFile[] {
  if (isPreview && !base) {
    throw new ActionError("Could not take the input baseline 'all': which files the base has is not known here.", {
      advice: `Give the name of the last file that the database has already, such as ${example(files)}.`,
    })
  }
  const ofBase = files.filter(({ path }) => base?.states.has(path))
  return ofBase.length > 0 ? ofBase : files
}

/** What `all` would do once it is merged: record files of the pull request that ran on its preview. */
export function baselineWarning({ adopted }: Pick<Decision, 'adopted'>, options: ApplyOptions): string {
  const { baseline, source, isPreview } = options
  const last = adopted.findLast(({ file }) => file.kind === 'once')?.file
  const taken = new Set(adopted.map(({ file }) => file))
  const [own] = source.files.filter((file) => file.kind === 'once' && !taken.has(file))
  if (baseline !== ALL || !isPreview || !last || !own) return ''
  return `Input baseline is 'all': once merged, ${own.path} would be recorded as applied as well, and never run. Write baseline: ${last.name}.`
}

function upTo(name: string, files: readonly SchemaFile[]): readonly SchemaFile[] | undefined {
  const once = files.filter(({ kind }) => kind === 'once')
  const last = once.findIndex((file) => file.name === name || file.path === name)
  return last < 0 ? undefined : once.slice(0, last + 1)
}

function example(files: readonly SchemaFile[]): string {
  return files.findLast(({ kind }) => kind === 'once')?.name ?? '0042_orders.sql'
}

/** Nothing of the file is sent, so that what could not be sent is no reason to stop. */
function countStatements(file: SchemaFile): number {
  try {
    return parseScript(file).statements.length
  } catch (error) {
    if (error instanceof ActionError) return 0
    throw error
  }
}

// duplicate_table, _object, _column, _function, _schema, _database (Appendix A of the manual).
const ALREADY_THERE = ['42P07', '42710', '42701', '42723', '42P06', '42P04']

/**
 * What to do where a database without a ledger has already what the first file makes: something else applied the files, and
 * `baseline` tells the ledger so.
 */
export function baselineHint(
  { sqlstate, message }: SqlFailure,
  { tasks, adopted, ledgerRows }: Pick<Decision, 'tasks' | 'adopted' | 'ledgerRows'>,
  { source }: ApplyOptions,
): { hint?: string } {
  if (!ALREADY_THERE.includes(sqlstate) || ledgerRows > 0 || adopted.length > 0) return {}
  // A role is none of the database, and where files of this run made it, it is one of the files that says it twice.
  const isFirst = tasks.every(({ result }) => result.state !== 'applied')
  if (!isFirst || !/already exists/.test(message) || /^role /.test(message)) return {}
  const set = `set the input baseline to the last file that the database has already, for example baseline: ${example(source.files)}, or to all: those files are then recorded as applied, once, and do not run`
  return { hint: `This database was made by something else: its ledger is empty. To adopt it, ${set}.` }
}
