import type { Fact, FactKind, SchemaChange, SchemaDiff, SchemaSnapshot } from '../../model.ts'
import type { Renames } from './names.ts'
import { noteOf } from './notes.ts'
import { type Pair, type Paired, pairFacts } from './pair.ts'
import { tellParts } from './parts.ts'
import { byKind, byText, toBlocks } from './text.ts'
import { type Block, unifiedDiff } from './unified.ts'

/** Kinds that hold what is lost when another takes their name. */
const HOLDERS: ReadonlySet<FactKind> = new Set(['table', 'column', 'sequence'])

/**
 * What turns one schema into the other, sorted by kind and identity, and both schemas as SQL-like text in one unified diff.
 * An object is the same by oid and attnum, whatever its name: a rename is a change that has `from`, and does not change what
 * speaks of the object; a table or column that was dropped and made anew under its name is `replaced`. A dropped table is
 * removed with all that belonged to it. The order of columns is no difference, nor is an index or a function that was made
 * anew as it was. Snapshots of version 1.0.0 are compared by names alone, in the kinds they know.
 */
export function diffSnapshots(before: SchemaSnapshot, after: SchemaSnapshot): SchemaDiff {
  if (isSame(before, after)) return { changes: [], unified: '' }
  const paired = pairFacts(before, after)
  const { pairs, renames } = paired
  const replaced = new Set(
    pairs.flatMap(({ isReplaced, after: fact }) => (isReplaced && fact?.kind === 'table' ? [fact.id] : [])),
  )
  const changed = pairs.flatMap((pair) => {
    const change = compareFacts(pair, renames, replaced)
    return change ? [{ change, pair }] : []
  })
  const changes = tellParts(changed, before, after).sort(byKind)
  // What is no change is no difference in the text either.
  if (changes.length === 0) return { changes, unified: '' }
  const { old, now } = blocksOf(paired)
  return { changes, unified: unifiedDiff(old, now, byText) }
}

/** Equal hashes list the same facts in the same order; then only what took another's place can differ. */
function isSame(before: SchemaSnapshot, after: SchemaSnapshot): boolean {
  if (before.hash !== after.hash) return false
  if (before.form === undefined || after.form === undefined) return true
  return before.facts.every((fact, index) => !HOLDERS.has(fact.kind) || fact.identity === after.facts[index]?.identity)
}

function compareFacts(pair: Pair, renames: Renames, replacedTables: Set<string>): SchemaChange | null {
  const { before, after } = pair
  const either = after ?? before
  if (!either) return null
  // What belongs to a table that took another's place is new with it.
  const isReplaced =
    pair.isReplaced && HOLDERS.has(either.kind) && (either.kind === 'table' || !replacedTables.has(either.table ?? ''))
  if (before && after && !isReplaced && pair.from === undefined && isAlike(before, after, renames)) return null
  const note = before && after ? noteOf(before, after) : undefined
  return {
    action: before && after ? 'changed' : after ? 'added' : 'removed',
    kind: either.kind,
    id: either.id,
    // Of what is gone too the table by its name now, if it is there.
    table: either.table !== null && !after ? renames.translate(either.table) : either.table,
    ...(before ? { before: before.definition } : {}),
    ...(after ? { after: after.definition } : {}),
    ...(pair.from === undefined ? {} : { from: pair.from }),
    ...(isReplaced ? { replaced: true as const } : {}),
    ...(note ? { note } : {}),
  }
}

// Their text names columns of their own table alone.
const OF_ONE_TABLE: ReadonlySet<FactKind> = new Set(['index', 'constraint', 'statistics', 'column'])

function isAlike(before: Fact, after: Fact, renames: Renames): boolean {
  if (before.secret !== after.secret) return false
  const ofOne = OF_ONE_TABLE.has(after.kind) && after.references === undefined && after.table !== null
  return renames.same(before.definition, after.definition, ofOne ? (after.table ?? undefined) : undefined)
}

// Columns stand where they stood before, new ones after them, so that a column made anew elsewhere is no difference.
const BEYOND_ALL_COLUMNS = 10_000

/**
 * Both schemas as blocks of text that are compared by key. What was renamed goes by the name it has now, so that it is compared
 * with itself, and what is gone does not stand in the way of what has its name now.
 */
export function blocksOf({ pairs, compared }: Paired): { old: Block[]; now: Block[] } {
  const was = new Map<string, Fact>()
  const nameNow = new Map<string, string>()
  for (const { before: then, after: now } of pairs) {
    if (!then || !now) continue
    was.set(keyOf(now), then)
    if (then.id !== now.id) nameNow.set(keyOf(then), now.id)
  }
  const isTaken = new Set([...nameNow].map(([key, id]) => `${key.slice(0, key.indexOf('\t'))}\t${id}`))
  const place = (fact: Fact) => fact.column?.position ?? 0
  const placeAfter = (fact: Fact) => {
    const known = was.get(keyOf(fact))
    return known ? place(known) : BEYOND_ALL_COLUMNS + place(fact)
  }
  const nameOf = (fact: Fact) => nameNow.get(keyOf(fact)) ?? (isTaken.has(keyOf(fact)) ? `${fact.id} (gone)` : fact.id)
  return { old: toBlocks(compared.before, place, nameOf), now: toBlocks(compared.after, placeAfter) }
}

const keyOf = (fact: Fact) => `${fact.kind}\t${fact.id}`
