import { createHash } from 'node:crypto'
import type { Report } from '../model.ts'

const PATTERN =
  /^\s*(<!-- neon-postgres-setup comment=([0-9a-f]{12}) project=([0-9a-f]{12}|unknown) database=([0-9a-f]{12}|unknown) -->)/

/**
 * The hidden HTML comment that a pull request comment is found by: one per project, database and `comment_id`, for mode `diff`
 * and for all others. The parts
 * are hashes, so that no name can end the HTML comment. A run that failed before it knew the project says `unknown`.
 */
export function commentMarker(
  report: Pick<Report, 'commentId' | 'project' | 'database'> & Partial<Pick<Report, 'mode'>>,
): string {
  const part = (value: string | undefined) => (value === undefined || value === '' ? 'unknown' : hash(value))
  // A comparison stands beside the preview's report and must not take its place.
  const id = report.mode === 'diff' ? `${report.commentId}\0diff` : report.commentId
  const parts = [hash(id), part(report.project?.id), part(report.database?.name)]
  return `<!-- neon-postgres-setup comment=${parts[0]} project=${parts[1]} database=${parts[2]} -->`
}

function hash(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 12)
}

/** The marker that a comment's text begins with, or an empty string; a marker further on is a quotation. */
export function markerIn(body: string): string {
  return PATTERN.exec(body)?.[1] ?? ''
}

/** A comment's body as its marker (empty where it has none) and the text below. */
export function splitMarker(body: string): { marker: string; text: string } {
  const marker = markerIn(body)
  return { marker, text: body.slice(body.indexOf(marker) + marker.length).trim() }
}

/** How well a comment's marker answers the one that is looked for: the same, compatible (a part is unknown), or another. */
export function compareMarkers(wanted: string, found: string): 'same' | 'compatible' | 'other' {
  if (found !== '' && wanted === found) return 'same'
  const left = PATTERN.exec(wanted)?.slice(2)
  const right = PATTERN.exec(found)?.slice(2)
  if (!left || !right) return 'other'
  const agree = left.every((part, index) => part === right[index] || part === 'unknown' || right[index] === 'unknown')
  return agree ? 'compatible' : 'other'
}

/** Whether two markers are of comments about the same project, as far as both know it. */
export function isSameProject(wanted: string, found: string): boolean {
  const left = PATTERN.exec(wanted)?.[3]
  const right = PATTERN.exec(found)?.[3]
  if (left === undefined || right === undefined) return false
  return left === right || left === 'unknown' || right === 'unknown'
}

/** Of two compatible markers one that knows whatever either knows. */
export function mergeMarkers(wanted: string, found: string): string {
  const left = PATTERN.exec(wanted)?.slice(2)
  const right = PATTERN.exec(found)?.slice(2)
  if (!left || !right) return wanted
  const parts = left.map((part, index) => (part === 'unknown' ? right[index] : part))
  return `<!-- neon-postgres-setup comment=${parts[0]} project=${parts[1]} database=${parts[2]} -->`
}
