import type { Fact, SchemaChange, SchemaDiff, SchemaSnapshot } from '../../model.ts'
import { byKind, byText, toBlocks } from './text.ts'
import { unifiedDiff } from './unified.ts'

/**
 * What turns one schema into the other: each fact that is only there, only here, or defined otherwise, sorted by kind
 * and identity; and both schemas as SQL-like text in one unified diff. The catalog keeps no names of the past, so a
 * rename is one removed and one added. A dropped table is removed with all that belonged to it. The order of columns is
 * no difference. Of equal hashes nothing is compared.
 */
export function diffSnapshots(before: SchemaSnapshot, after: SchemaSnapshot): SchemaDiff {
  if (before.hash === after.hash) return { changes: [], unified: '' }
  const old = new Map(before.facts.map((fact) => [keyOf(fact), fact]))
  const now = new Map(after.facts.map((fact) => [keyOf(fact), fact]))
  const changes = [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => compareFacts(old.get(key), now.get(key)))
    .filter((change) => change !== null)
    .sort(byKind)
  return { changes, unified: unified(before, after, old) }
}

const keyOf = (fact: Fact) => `${fact.kind} ${fact.id}`

function compareFacts(before: Fact | undefined, after: Fact | undefined): SchemaChange | null {
  const either = after ?? before
  if (!either || before?.definition === after?.definition) return null
  const action = before && after ? 'changed' : after ? 'added' : 'removed'
  return {
    action,
    kind: either.kind,
    id: either.id,
    table: either.table,
    ...(before ? { before: before.definition } : {}),
    ...(after ? { after: after.definition } : {}),
  }
}

// Columns stand where they stood before, new ones after them, so that a column made anew elsewhere is no difference.
const BEYOND_ALL_COLUMNS = 10_000

function unified(before: SchemaSnapshot, after: SchemaSnapshot, old: Map<string, Fact>): string {
  const place = (fact: Fact) => fact.column?.position ?? 0
  const placeAfter = (fact: Fact) => {
    const known = old.get(keyOf(fact))
    return known ? place(known) : BEYOND_ALL_COLUMNS + place(fact)
  }
  return unifiedDiff(toBlocks(before, place), toBlocks(after, placeAfter), byText)
}
