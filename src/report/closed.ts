import type { Report } from '../model.ts'
import { branchMark } from './about-branch.ts'
import { errorBlock } from './blocks.ts'
import { code, details, link, prose } from './escape.ts'
import { headline } from './headline.ts'

// First line of a closed comment's text; nothing from outside can stand there.
const CLOSED = '<!-- neon-postgres-setup closed -->'
const HISTORY = '<!-- neon-postgres-setup history -->'
const OPEN = /^\s*<!-- neon-postgres-setup state=[0-9a-f]{12}[^>]{0,40} -->/
const LONGEST = 60_000

/**
 * The comment of a closed pull request: says that the branch is deleted (or why it is not), and keeps the last report
 * folded. Called again on its own result it changes nothing, so that a second clean-up writes nothing.
 * @param previousBody the text that is there, without its marker; empty where there is none.
 */
export function closedBody(previousBody: string, report: Report): string {
  const previous = previousBody.replaceAll('\r\n', '\n').trim()
  // Deleted before, by the run that wrote this.
  if (report.outcome === 'gone' && previous.startsWith(CLOSED)) return previous
  const { project } = report
  const mark = branchMark(report)
  const head = [
    `${CLOSED}${mark ? `\n<!-- neon-postgres-setup ${mark} -->` : ''}\n\n### ${headline(report)}`,
    report.error ? errorBlock(report.error) : '',
    report.outcome === 'kept' ? report.warnings.map((text) => prose(text)).join('\n\n') : '',
    project ? `Project ${link(code(project.name), project.consoleUrl)}` : '',
  ]
  const whole = historyOf(previousBody)
  const visible = whole.split('<details')[0]?.trim() ?? ''
  const texts = [whole, visible, ''].map((history) =>
    [...head, history ? details('Last report', `${HISTORY}\n\n${history}`) : ''].filter(Boolean).join('\n\n'),
  )
  return texts.find((text) => text.length <= LONGEST) ?? ''
}

/** The report inside a comment's text: of a closed one what it keeps, of another all of it. */
function historyOf(body: string): string {
  const rest = body.replaceAll('\r\n', '\n').replace(OPEN, '').trim()
  if (!rest.startsWith(CLOSED)) return rest
  const start = rest.indexOf(HISTORY)
  return start < 0 ? '' : rest.slice(start + HISTORY.length, rest.lastIndexOf('</details>')).trim()
}
