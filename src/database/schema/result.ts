import type { SchemaResult } from '../../model.ts'
import { seconds } from '../../runtime/clock.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Decision } from './decision/decide.ts'
import type { ApplyOptions } from './policy.ts'

/** The result without a failure, from what the files have become. */
export function summarize(
  runtime: Runtime,
  from: { decision: Decision; options: ApplyOptions; started: number; warnings: string[] },
): SchemaResult {
  const files = from.decision.results
  const { base } = from.options
  const count = (state: string, ofBase = false) =>
    files.filter((file) => file.state === state && (file.ofBase === true) === ofBase).length
  return {
    source: from.options.source.description,
    files,
    applied: count('applied'),
    unchanged: count('unchanged') + count('unchanged', true),
    pending: count('pending'),
    ...(base
      ? { base: { branch: base.branch, applied: count('applied', true), pending: count('pending', true) } }
      : {}),
    milliseconds: runtime.clock.now() - from.started,
    warnings: from.warnings,
  }
}

/** Tells the log what each file has become, and the failure with its place. */
export function tellResult({ log }: Runtime, { files, failure, applied, unchanged, milliseconds }: SchemaResult): void {
  for (const file of files) {
    if (file.state === 'applied')
      log.info(`applied ${file.path} (${file.statements} statements, ${file.milliseconds} ms)`)
    for (const note of file.state === 'unchanged' ? [] : file.notes) log.info(`  ${file.path}: ${note}`)
  }
  log.info(`${applied} files applied, ${unchanged} unchanged, in ${seconds(milliseconds)}`)
  if (!failure) return
  log.info(`${failure.file}:${failure.line}:${failure.column}: ${failure.sqlstate} ${failure.message}`)
  log.info(failure.excerpt)
  for (const text of [failure.detail, failure.hint, failure.where]) if (text) log.info(text)
  log.info(failure.consequence)
}
