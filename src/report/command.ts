import type { CommandFailure, Report } from '../model.ts'
import { code, details, fence, prose } from './escape.ts'
import { plural } from './format.ts'

/** A migration command that failed: how it ended, the lines that tell why, what to do. */
export function commandBlock(report: Report, failure: CommandFailure): string {
  const state = failure.sqlstate ? ` (SQLSTATE ${code(failure.sqlstate)})` : ''
  const file = failure.file ? ` in ${code(failure.file)}` : ''
  const next = report.error?.advice ? `**Next:** ${prose(report.error.advice)}` : ''
  return [
    `> [!CAUTION]\n> ${code('migrate_command')} ${prose(failure.how)}${file}${state}`,
    failure.told.length > 0 ? fence(failure.told.join('\n')) : '',
    next,
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** The end of a command's output, folded. DETAIL, which can hold values of rows, only where it may be shown. */
export function commandOutput({ output }: CommandFailure, showDetail: boolean): string {
  if (output === '') return ''
  const shown = showDetail ? output : withoutDetail(output)
  return details(`Last ${plural(shown.split('\n').length, 'line')} of migrate_command`, fence(shown))
}

const HIDDEN = '(hidden: show_detail)'

/** As libpq prints it, as node-postgres does in its error object, and what a COPY or a check shows of a row. */
function withoutDetail(output: string): string {
  return output
    .split('\n')
    .map((line) =>
      line
        .replace(/(\bDETAIL\b ?:|\bdetail['"]?: ?|\bDetail: ?)(?! ?(?:undefined|null|None)\b).*$/, `$1 ${HIDDEN}`)
        .replace(/\bFailing row contains .*$/, HIDDEN)
        .replace(/(\bCONTEXT: +COPY [^:]*: ").*$/, `$1${HIDDEN}`),
    )
    .join('\n')
}
