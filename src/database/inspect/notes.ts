import type { Fact } from '../../model.ts'

const clause = (definition: string, start: string) => definition.split('\n').find((line) => line.startsWith(start))

const PARTITION = /^partition of ((?:"(?:[^"]|"")*"|[^\s".])+\.(?:"(?:[^"]|"")*"|[^\s".])+) (.*)$/s

/** The table that a table is a partition of, and its bounds; null of one that is none. */
export function partitionOf(definition: string): { parent: string; bounds: string } | null {
  const [, parent, bounds] = PARTITION.exec(clause(definition, 'partition of ') ?? '') ?? []
  return parent !== undefined && bounds !== undefined ? { parent, bounds } : null
}

const inherits = (definition: string) => /^inherits \((.*)\)$/s.exec(clause(definition, 'inherits (') ?? '')?.[1]

/** Whether a table got or lost a parent: then columns, constraints and indexes of its own may be the parent's, or its own again. */
export function hasOtherParents(before: string, after: string): boolean {
  return partitionOf(before)?.parent !== partitionOf(after)?.parent || inherits(before) !== inherits(after)
}

/** What happened to a table that got or lost a parent, in words; undefined where the definitions say it all. */
export function noteOf(before: Fact, after: Fact): string | undefined {
  if (after.kind !== 'table') return undefined
  const [was, is] = [partitionOf(before.definition), partitionOf(after.definition)]
  if (!was && is) return `attached to ${is.parent} as a partition ${is.bounds}`
  if (was && !is) return `detached from ${was.parent}; it keeps its rows`
  if (was && is && was.bounds !== is.bounds) return `partition of ${is.parent} ${was.bounds} is ${is.bounds} now`
  const [had, has] = [inherits(before.definition), inherits(after.definition)]
  if (had === has) return undefined
  if (had === undefined) return `inherits from ${has} now`
  return has === undefined ? `inherits from ${had} no more` : `inherits from ${has} now, not from ${had}`
}
