import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import type { CommandFailure, SchemaResult } from '../../model.ts'
import { ActionError } from '../../runtime/errors.ts'

/** The error of a command that failed, with all that is known of what it did before. */
export class CommandFailed extends ActionError {
  readonly result: SchemaResult

  constructor(result: SchemaResult, failure: CommandFailure, workspace: string) {
    const { message, advice, title, location } = describe(result.source, failure, workspace)
    super(message, { advice, title, ...(location ? { location } : {}) })
    this.result = { ...result, commandFailure: failure }
  }
}

/** Several lines stay lines: psql marks the place in the one above. */
function reasonOf(told: string[]): string {
  const [first, ...more] = told
  if (first === undefined) return '; its output does not say why.'
  return more.length > 0 ? `:\n${told.join('\n')}\n` : `: ${first.replace(/\.$/, '')}.`
}

/** The message is what the tool's own output says, the place the migration's file. */
function describe(command: string, failure: CommandFailure, workspace: string) {
  const { how, told, sqlstate } = failure
  const file = placeOf(failure.file, workspace)
  const named = failure.file && !told.join('\n').includes(failure.file) ? ` in ${failure.file}` : ''
  const reason = reasonOf(told)
  return {
    message: `migrate_command '${command}' ${how}${named}${reason}`,
    advice: 'Its output is in the group Schema of the log. What it applied before stays, as the tool sees to it.',
    title: sqlstate ? `migrate_command failed (SQLSTATE ${sqlstate})` : 'migrate_command failed',
    location: file ? { file, line: failure.line ?? 1 } : undefined,
  }
}

/** The file below the workspace, where it is there under the name that the tool told. */
function placeOf(file: string | undefined, workspace: string): string | undefined {
  if (!file) return undefined
  const path = isAbsolute(file) ? relative(workspace, file) : file.replace(/^\.\//, '')
  if (path === '' || path.startsWith('..') || isAbsolute(path)) return undefined
  return existsSync(join(workspace, path)) ? path : undefined
}
