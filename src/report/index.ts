/** From the result of a run to the texts that people and programs read. */
export { aboutBranch } from './about-branch.ts'
export { annotateFailure } from './annotate.ts'
export { closedBody } from './closed.ts'
export { type CommentText, commentText } from './comment-text.ts'
export { type ErOptions, erDiagram } from './er-diagram.ts'
export { changesJson, tablesJson } from './json.ts'
export type { ReportOptions } from './layout.ts'
export { renderComment, renderSummary } from './render.ts'
