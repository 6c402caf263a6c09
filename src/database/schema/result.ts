import type { SchemaResult } from '../../model.ts'
import { seconds } from '../../runtime/clock.ts'
import { plural, whole } from '../../runtime/plural.ts'
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

/** Tells the log what each file has become. The failure is told once, with its annotation, when the report is published. */
export function tellResult({ log }: Runtime, { files, applied, unchanged, failure, milliseconds }: SchemaResult): void {
  for (const file of files) {
    if (file.state === 'applied')
      log.info(`applied ${file.path} (${plural(file.statements, 'statement')}, ${file.milliseconds} ms)`)
    for (const note of file.state === 'unchanged' ? [] : file.notes) log.info(`  ${file.path}: ${note}`)
  }
  const failed = failure ? '1 failed, ' : ''
  log.info(`${failed}${plural(applied, 'file')} applied, ${whole(unchanged)} unchanged, in ${seconds(milliseconds)}`)
}
