import { ActionError } from '../runtime/errors.ts'
import { findBranch } from './branch-lookup.ts'
import type { Neon } from './client.ts'

/** Input `parent_branch`, taken apart: a name or an id, and perhaps a moment of its history. */
export interface ParentWish {
  branch: string
  /** RFC 3339. */
  timestamp?: string
  lsn?: string
}

/** A parent as the create request takes it. */
export interface Parent {
  id: string
  name: string
  /** Part of the request's `branch`. */
  fields: { parent_id: string; parent_timestamp?: string; parent_lsn?: string }
}

/** Reads `name`, `name@2026-01-31T12:00:00Z` or `name@0/1A2B3C4`. An `@` before anything else belongs to the name. */
export function parseParent(text: string): ParentWish {
  const at = text.lastIndexOf('@')
  const branch = text.slice(0, at)
  const moment = text.slice(at + 1)
  if (at < 1) return { branch: text }
  if (/^[0-9A-F]+\/[0-9A-F]+$/i.test(moment)) return { branch, lsn: moment }
  if (/^\d{4}-\d\d-\d\d([T ]|$)/.test(moment) && !Number.isNaN(Date.parse(moment))) {
    return { branch, timestamp: new Date(moment).toISOString() }
  }
  return { branch: text }
}

/** Looks the parent up. Throws {@link ActionError} when the project has no such branch. */
export async function findParent(neon: Neon, projectId: string, text: string): Promise<Parent> {
  const wish = parseParent(text)
  const found = await findBranch(neon, projectId, wish.branch)
  if (!found) {
    throw new ActionError(`The project ${projectId} has no branch ${wish.branch} to branch from.`, {
      advice: 'Correct the input parent_branch: a name, an id, or one of both with @timestamp or @lsn.',
    })
  }
  const { timestamp, lsn } = wish
  const fields = {
    parent_id: found.id,
    ...(timestamp ? { parent_timestamp: timestamp } : {}),
    ...(lsn ? { parent_lsn: lsn } : {}),
  }
  return { id: found.id, name: found.name, fields }
}
