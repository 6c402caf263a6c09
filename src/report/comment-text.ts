import type { Report } from '../model.ts'
import { closedBody } from './closed.ts'
import type { ReportOptions } from './layout.ts'
import { renderComment } from './render.ts'

/** What the comment of a pull request shall say. */
export interface CommentText {
  /** Markdown, empty for nothing to say; or what makes it from the text that is there (null when there is none). */
  body: string | ((previous: string | null) => string)
  /** True: no comment is made where none is. */
  onlyIfExists?: boolean
}

/**
 * What there is to say of a report: a clean-up marks the comment that is there and makes none; a skipped run says nothing;
 * everything else says the report. A run that found its pull request closed at the end is a clean-up.
 */
export function commentText(report: Report, options: ReportOptions): CommentText {
  if (report.outcome === 'skipped') return { body: '' }
  const isClosed = report.mode === 'cleanup' || report.outcome === 'deleted'
  if (isClosed) return { body: (previous) => closedBody(previous ?? '', report), onlyIfExists: true }
  return { body: renderComment(report, options) }
}
