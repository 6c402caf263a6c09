import type { SqlFailure } from '../../../model.ts'
import { ActionError, errorCode, errorMessage } from '../../../runtime/errors.ts'
import type { Script } from '../files/script.ts'
import { excerpt } from './excerpt.ts'
import { placeOfError, textAt } from './locate.ts'
import { nextStep } from './next-step.ts'
import { messageWithoutValues, whereWithoutValues } from './values.ts'

/** What a server says about an error; the names are those of the driver. */
interface ServerError {
  code?: string
  message?: string
  detail?: string
  hint?: string
  where?: string
  position?: string
  internal_position?: string
  internal_query?: string
  table_name?: string
  severity?: string
  /** The server's source file that raised it, without its folder. */
  file?: string
}

/** Where and how a file failed. */
export interface FailedStep {
  script: Script
  /** Which statement, from 0; -1 for the file as a whole. */
  statement: number
  /** True when it was a check at the end of the file and not the statement itself. */
  atEnd: boolean
  error: unknown
  consequence: string
  showDetail: boolean
  /** Hides the secrets of a text without moving anything in it ({@link Secrets.cover}). */
  cover(text: string): string
}

/** The failure as the report shows it: in the repository's terms, without row values unless they are asked for. */
export function describeFailure(failed: FailedStep): SqlFailure {
  const { script, error, showDetail } = failed
  const server = error as ServerError
  const statement = failed.atEnd ? statementOfTable(script, server.table_name) : Math.max(0, failed.statement)
  const place = placeOfError(script, statement, failed.atEnd ? {} : server)
  // What the file itself says is no secret.
  const knows = (value: string) => script.file.text.includes(value)
  const message = showDetail ? errorMessage(error) : messageWithoutValues(errorMessage(error), errorCode(error), knows)
  const kind = script.statements[statement]?.words.join(' ') ?? ''
  const showsDetail = showDetail || namesOnly(server)
  const where = server.where && (showDetail ? server.where : whereWithoutValues(server.where, knows))
  return {
    file: script.file.path,
    ...place,
    sqlstate: errorCode(error),
    message: failed.atEnd ? `${message} (found at the end of the file)` : message,
    ...(server.hint ? { hint: server.hint } : {}),
    ...(server.detail && showsDetail ? { detail: server.detail } : {}),
    ...(server.detail && !showsDetail ? { detailHidden: true } : {}),
    ...(where ? { where } : {}),
    excerpt: excerpt(failed.cover(script.file.text), place),
    consequence: failed.consequence,
    next: nextStep(server, { kind, at: textAt(script, statement, server) }),
  }
}

// Where the server words its own DETAIL about objects; what a function, a trigger or an extension raises comes from elsewhere.
const ABOUT_OBJECTS =
  /^(?:dependency|pg_shdepend|tablecmds|indexcmds|parse_utilcmd|typecmds|matview|view|trigger|policy|rewriteDefine|rewriteHandler|publicationcmds|heap|index)\.c$/

/** Whether DETAIL names objects alone and no values of rows: what depends on what, and what cannot be changed because of it. */
function namesOnly({ code = '', file = '' }: ServerError): boolean {
  return /^(?:0A|2B|42)/.test(code) && ABOUT_OBJECTS.test(file)
}

/** The failure as an error with its annotation and outputs, for a workflow that ends with it. */
export function failureError(failure: SqlFailure): ActionError {
  const { file, line, column, sqlstate, next } = failure
  return new ActionError(`Could not apply ${file}, line ${line}: ${failure.message}.`, {
    advice: next,
    location: { file, line, column },
    title: sqlstate,
    outputs: { failed_file: file, failed_line: String(line), sqlstate },
  })
}

/**
 * Whether the server refused something, and the connection is still there. Its severity says so whatever the SQLSTATE is: a
 * RAISE can have any, and FATAL ends the connection also with a code of another class (25P03, 25P04).
 */
export function isServerError(error: unknown): boolean {
  const code = errorCode(error)
  if (!/^[0-9A-Z]{5}$/.test(code)) return false
  const severity = typeof error === 'object' && error !== null && 'severity' in error ? error.severity : undefined
  if (severity !== undefined) return severity !== 'FATAL' && severity !== 'PANIC'
  return !code.startsWith('08') && !code.startsWith('57P')
}

/** Whether a failure says nothing about the file or what it met: locks, time limits, resources (classes 40, 53, 55P, 57). */
export function isOfTheMoment({ sqlstate }: SqlFailure): boolean {
  return /^(?:40|53|55P03|57)/.test(sqlstate)
}

/** The connection is gone, maybe while a file was applied. */
export function connectionLost(error: unknown, path?: string): ActionError {
  const during = path ? ` while ${path} was applied` : ''
  return new ActionError(`Lost the connection to the database${during}: ${errorMessage(error)}.`, {
    advice: 'Run the job again: it goes on where this run ended.',
    title: errorCode(error),
  })
}

/** Whether a guard of the chain failed: by a division by zero, which outside a function carries no context. */
export function isGuard(error: unknown): boolean {
  const where = typeof error === 'object' && error !== null && 'where' in error ? error.where : undefined
  return errorCode(error) === '22012' && !where
}

/** What a failed guard at the end of a file means. */
export function endedTransaction(): Error {
  const message = 'the file ended the transaction that it ran in, so part of it may be applied'
  return Object.assign(new Error(message), { code: '2D000' })
}

/** A file whose row in the ledger could not be opened. */
export function openError(path: string, error: unknown): ActionError {
  if (errorCode(error) === '23505') {
    return new ActionError(`Could not apply ${path}: another run applied it in the meantime.`, {
      advice: 'Run the job again.',
    })
  }
  return new ActionError(`Could not begin ${path}: ${errorMessage(error)}.`, {
    advice: 'Look at the table neon_setup.migrations: this role must be able to write to it.',
    title: errorCode(error),
  })
}

// A deferred constraint names its table: the last statement that mentions it is the likeliest cause.
function statementOfTable({ statements }: Script, table: string | undefined): number {
  const name = table && new RegExp(`(?<![\\w$])${table.replace(/[^\w]/g, '\\$&')}(?![\\w$])`)
  const found = name ? statements.findLastIndex(({ text }) => name.test(text)) : -1
  return found < 0 ? Math.max(0, statements.length - 1) : found
}
