import type { Report } from '../model.ts'
import { type About, aboutBranch } from './about-branch.ts'
import { closedBody } from './closed.ts'
import type { ReportOptions } from './layout.ts'
import { renderComment, saysTheSame } from './render.ts'

/** What the comment of a pull request shall say. */
export interface CommentText {
  /** Markdown, empty for nothing to say; or what makes it from the text that is there (null when there is none). */
  body: string | ((previous: string | null) => string)
  /** True: no comment is made where none is. */
  onlyIfExists?: boolean
  /** Which branch a comment's text is about: of a clean-up, all that are about its branch get the text. */
  about?(text: string): About
}

/**
 * What there is to say of a report: a clean-up marks the comments that are there and makes none; a skipped run says nothing;
 * everything else says the report, and leaves a text that says the same but for times. A run that found its pull request closed at the end is a clean-up.
 */
export function commentText(report: Report, options: ReportOptions): CommentText {
  if (report.outcome === 'skipped') return { body: '' }
  const isClosed = report.mode === 'cleanup' || report.outcome === 'deleted'
  if (isClosed) {
    const about = report.branch ? { about: aboutBranch(report.branch.name) } : {}
    return { body: (previous) => closedBody(previous ?? '', report), onlyIfExists: true, ...about }
  }
  const body = renderComment(report, options)
  return { body: (previous) => (previous !== null && saysTheSame(previous, body) ? previous : body) }
}
