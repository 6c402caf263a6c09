import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import type { CommandFailure } from '../../model.ts'
import { ActionError } from '../../runtime/errors.ts'

/** The error of a command that failed: its message is what the tool's own output says, its place the migration's file. */
export function commandError(command: string, failure: CommandFailure, workspace: string): ActionError {
  const { how, told, sqlstate } = failure
  const file = placeOf(failure.file, workspace)
  const named = failure.file && !told.join('\n').includes(failure.file) ? ` in ${failure.file}` : ''
  const reason =
    told.length > 1 ? `:\n${told.join('\n')}\n` : told.length === 1 ? `: ${told[0]?.replace(/\.$/, '')}.` : '.'
  return new ActionError(`migrate_command '${command}' ${how}${named}${reason}`, {
    advice: 'Its output is in the group Schema of the log. What it applied before stays, as the tool sees to it.',
    title: sqlstate ? `migrate_command failed (SQLSTATE ${sqlstate})` : 'migrate_command failed',
    ...(file ? { location: { file, line: failure.line ?? 1 } } : {}),
  })
}

/** The file below the workspace, where it is there under the name that the tool told. */
function placeOf(file: string | undefined, workspace: string): string | undefined {
  if (!file) return undefined
  const path = isAbsolute(file) ? relative(workspace, file) : file.replace(/^\.\//, '')
  if (path === '' || path.startsWith('..') || isAbsolute(path)) return undefined
  return existsSync(join(workspace, path)) ? path : undefined
}
