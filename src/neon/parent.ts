import { ActionError } from '../runtime/errors.ts'
import { type Branch, listBranches } from './branch-lookup.ts'
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

/**
 * Reads `name`, `name@2026-01-31T12:00:00Z` or `name@0/1A2B3C4`. An `@` before anything else belongs to the name. A moment
 * alone is one of the default branch's history, as version 5 of Neon's create-branch-action had it: the name is empty then.
 */
export function parseParent(text: string): ParentWish {
  const at = text.lastIndexOf('@')
  const branch = text.slice(0, at)
  const moment = text.slice(at + 1)
  if (at === 0) return { branch: text }
  return { branch: text, ...momentOf(text, ''), ...(at > 0 ? momentOf(moment, branch) : {}) }
}

/** A moment of a branch's history, as a timestamp or an LSN; undefined for any other text. */
function momentOf(text: string, branch: string): ParentWish | undefined {
  if (/^[0-9A-F]+\/[0-9A-F]+$/i.test(text)) return { branch, lsn: text }
  const isTime = /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) && !Number.isNaN(Date.parse(text))
  return isTime ? { branch, timestamp: new Date(text).toISOString() } : undefined
}

/**
 * The branch that an input names as the parent, and the moment of its history, where it names one; undefined where the
 * project has no such branch. A branch of exactly the whole text wins: names may hold an `@` and something like a moment.
 * Throws ActionError and NeonError.
 */
export async function lookUpParent(
  neon: Neon,
  projectId: string,
  text: string,
): Promise<{ branch: Branch; wish: ParentWish } | undefined> {
  const wish = parseParent(text)
  let found: Branch | undefined
  // The search is for a part of the name, so that it finds the whole text as well.
  for await (const branch of listBranches(neon, projectId, wish.branch)) {
    if (branch.name === text) return { branch, wish: { branch: text } }
    if (wish.branch === '' && branch.default) found = branch
    if (branch.name === wish.branch || (branch.id === wish.branch && found === undefined)) found = branch
  }
  return found && { branch: found, wish }
}

/** The parent for a create request. Throws {@link ActionError} when the project has no such branch. */
export async function findParent(neon: Neon, projectId: string, text: string): Promise<Parent> {
  const found = await lookUpParent(neon, projectId, text)
  if (!found) throw noParent(projectId, text)
  const { branch, wish } = found
  const { timestamp, lsn } = wish
  const fields = {
    parent_id: branch.id,
    ...(timestamp ? { parent_timestamp: timestamp } : {}),
    ...(lsn ? { parent_lsn: lsn } : {}),
  }
  return { id: branch.id, name: branch.name, fields }
}

/** The error for a parent that the project does not have. */
export function noParent(projectId: string, text: string): ActionError {
  return new ActionError(`The project ${projectId} has no branch ${parseParent(text).branch} to branch from.`, {
    advice: adviceFor(text),
  })
}

/** A word that says that there shall be a parent, and not which, was meant for the input `parent`. */
function adviceFor(text: string): string {
  const form = 'a name, an id, or one of both with @timestamp or @lsn'
  if (!/^(?:true|false|yes|no|on|off|parent|\^parent|default|ture|flase|1|0)$/i.test(text)) {
    return `Correct the input parent_branch: ${form}.`
  }
  return `Write parent: true or parent: false if a reset to the parent is meant; parent_branch names the branch to begin from: ${form}.`
}
