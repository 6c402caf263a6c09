import type { SqlFailure } from '../model.ts'
import type { Runtime } from '../runtime/runtime.ts'

/**
 * Puts a failed statement on its line of the pull request as an error annotation, and the lines around it with a caret into
 * the log.
 */
export function annotateFailure(runtime: Runtime, failure: SqlFailure): void {
  const { message, hint, detail, consequence, next } = failure
  const told = [message, hint && `Hint: ${hint}`, detail && `Detail: ${detail}`, consequence, `Next: ${next}`]
  const { file, line, column, sqlstate, where } = failure
  runtime.log.info(`${file}:${line}:${column}: SQLSTATE ${sqlstate}`)
  runtime.log.info(barred(failure.excerpt))
  if (where) runtime.log.info(`In: ${where}`)
  runtime.log.error(told.filter(Boolean).join('\n'), {
    location: { file: failure.file, line: failure.line, column: failure.column },
    title: `SQLSTATE ${failure.sqlstate}`,
  })
}

/** The excerpt with a bar in front of each line, which shows where it begins and ends. */
function barred(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n')
  return lines.map((line) => `| ${line}`).join('\n')
}
