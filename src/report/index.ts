import type { Report } from '../model.ts'
import { closedBody } from './closed.ts'
import type { CommentOptions } from './comment.ts'
import type { ReportOptions } from './layout.ts'
import { commentMarker } from './marker.ts'
import { renderComment } from './render.ts'

export { annotateFailure } from './annotate.ts'
export { closedBody } from './closed.ts'
export { type CommentOptions, type CommentResult, upsertComment } from './comment.ts'
export { type ErOptions, erDiagram } from './er-diagram.ts'
export { changesJson, tablesJson } from './json.ts'
export type { ReportOptions } from './layout.ts'
export { commentMarker } from './marker.ts'
export { renderComment, renderSummary } from './render.ts'

/**
 * What `upsertComment` has to write for a report: a clean-up marks the comment that is there and makes none; a skipped run
 * says nothing; everything else writes the report.
 */
export function commentFor(
  report: Report,
  options: ReportOptions,
): Pick<CommentOptions, 'marker' | 'body' | 'onlyIfExists'> {
  const marker = commentMarker(report)
  if (report.outcome === 'skipped') return { marker, body: '' }
  if (report.mode === 'cleanup') {
    return { marker, body: (previous) => closedBody(previous ?? '', report), onlyIfExists: true }
  }
  return { marker, body: renderComment(report, options) }
}
