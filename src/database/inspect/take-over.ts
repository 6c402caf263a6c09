import type { Fact, SchemaSnapshot, TableCount } from '../../model.ts'
import type { Baseline } from './baseline.ts'

/** A database at one moment, as differences are told against it. */
export type Facts = Pick<Baseline, 'snapshot' | 'counts'>

/**
 * What was kept, with every fact as it is now that differs between `before` and `after`: what happened in between is then no
 * difference any more. The rows of a table move by as many as came or went, where all three are known exactly.
 */
export function takeOver(kept: Facts, before: Facts, after: Facts): Facts {
  return {
    snapshot: takeOverFacts(kept.snapshot, before.snapshot, after.snapshot),
    counts: takeOverCounts(kept.counts, before.counts, after.counts),
  }
}

function takeOverFacts(kept: SchemaSnapshot, before: SchemaSnapshot, after: SchemaSnapshot): SchemaSnapshot {
  if (before.hash === after.hash) return kept
  if (kept.hash === before.hash) return after
  const [old, now] = [byKey(before.facts, keyOfFact), byKey(after.facts, keyOfFact)]
  const facts = byKey(kept.facts, keyOfFact)
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const fact = now.get(key)
    if (fact && fact.definition !== old.get(key)?.definition) facts.set(key, fact)
    else if (!fact) facts.delete(key)
  }
  // The server's hash is of no state that ever was; without one, snapshots are compared fact by fact.
  return { hash: '', facts: [...facts.values()] }
}

function takeOverCounts(kept: TableCount[], before: TableCount[], after: TableCount[]): TableCount[] {
  const [old, now] = [byKey(before, keyOfCount), byKey(after, keyOfCount)]
  const counts = byKey(kept, keyOfCount)
  for (const key of old.keys()) if (!now.has(key)) counts.delete(key)
  for (const [key, count] of now) {
    const [then, known] = [old.get(key), counts.get(key)]
    if (!then) counts.set(key, count)
    else if (known) counts.set(key, moved(known, then, count))
  }
  return [...counts.values()]
}

function moved(kept: TableCount, before: TableCount, after: TableCount): TableCount {
  const all = [kept, before, after].map(({ rows, precision }) => (precision === 'exact' ? rows : null))
  const [then, from, to] = all
  if (then == null || from == null || to == null) return { ...kept, rows: null, precision: 'unknown' }
  return { ...kept, rows: then + to - from }
}

const keyOfFact = ({ kind, id }: Fact) => `${kind} ${id}`
const keyOfCount = ({ schema, name }: TableCount) => JSON.stringify([schema, name])

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  return new Map(items.map((item) => [keyOf(item), item]))
}
