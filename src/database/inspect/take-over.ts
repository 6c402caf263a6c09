import { createHash } from 'node:crypto'
import type { Fact, SchemaSnapshot, TableCount } from '../../model.ts'
import type { Facts } from './baseline.ts'

export type { Facts }

/**
 * What a branch began with, had main's newer files been there already: `kept` with everything taken over that main's files
 * changed, told by looks right before and right after them. What the pull request changed stays as it is in `kept`, and so
 * what is compared with the result differs by the pull request's own alone. Where both changed the same fact, it counts as
 * main's; what the pull request made and main changed stays the pull request's. Row counts move by as much as main moved
 * them. Pure and linear.
 */
export function takeOver(kept: Facts, before: Facts, after: Facts): Facts {
  return {
    snapshot: takeOverSnapshot(kept.snapshot, before.snapshot, after.snapshot),
    counts: takeOverCounts(kept.counts, before.counts, after.counts),
  }
}

const nameOf = ({ kind, id }: Fact) => `${kind} ${id}`
const keyOf = (fact: Fact) => (fact.identity === undefined ? nameOf(fact) : `${fact.kind} ${fact.identity}`)

function takeOverSnapshot(kept: SchemaSnapshot, before: SchemaSnapshot, after: SchemaSnapshot): SchemaSnapshot {
  const was = new Map(before.facts.map((fact) => [keyOf(fact), fact]))
  const is = new Map(after.facts.map((fact) => [keyOf(fact), fact]))
  const known = new Map(kept.facts.map((fact) => [keyOf(fact), fact]))
  // A baseline of version 1.0.0 has names alone.
  const inKept = (fact: Fact) =>
    known.get(keyOf(fact)) ?? (kept.form === undefined ? known.get(nameOf(fact)) : undefined)
  const changed = new Map<Fact, Fact | null>()
  const added: Fact[] = []
  for (const [key, then] of was) {
    const now = is.get(key)
    const own = inKept(then)
    if (own && !(now && isEqual(then, now))) changed.set(own, now ?? null)
  }
  for (const [key, now] of is) {
    if (was.has(key)) continue
    const own = inKept(now)
    if (own) changed.set(own, now)
    else added.push(now)
  }
  const facts = [...kept.facts.flatMap((fact) => changed.get(fact) ?? (changed.has(fact) ? [] : [fact])), ...added]
  const sorted = facts
    .map((fact) => ({ fact, key: Buffer.from(`${fact.kind}\0${fact.id}`) }))
    .sort((a, b) => a.key.compare(b.key))
  const list = sorted.map(({ fact }) => fact)
  const snapshot: SchemaSnapshot = { ...kept, hash: hashOf(list), facts: list }
  if (kept.partsOfOthers) snapshot.partsOfOthers = takeOverParts(kept.partsOfOthers, before, after)
  return snapshot
}

function isEqual(a: Fact, b: Fact): boolean {
  return a.id === b.id && a.definition === b.definition && a.secret === b.secret
}

function takeOverParts(kept: string[], before: SchemaSnapshot, after: SchemaSnapshot): string[] {
  const [was, is] = [new Set(before.partsOfOthers), new Set(after.partsOfOthers)]
  const stays = kept.filter((part) => !was.has(part) || is.has(part))
  return [...new Set([...stays, ...[...is].filter((part) => !was.has(part))])].sort()
}

/** The hash that the server computes over the same facts; they are sorted as it sorts them, by kind and bytes. */
function hashOf(facts: Fact[]): string {
  const hash = createHash('sha256')
  facts.forEach(({ kind, id, definition, secret }, index) => {
    const text = [kind, id, definition, ...(secret === undefined ? [] : [secret])].join('\x1f')
    hash.update(index === 0 ? text : `\x1e${text}`)
  })
  return hash.digest('hex')
}

const nameOfTable = ({ schema, name }: TableCount) => JSON.stringify([schema, name])
const tableOf = (count: TableCount) => (count.oid === undefined ? nameOfTable(count) : String(count.oid))

function takeOverCounts(kept: TableCount[], before: TableCount[], after: TableCount[]): TableCount[] {
  const was = new Map(before.map((count) => [tableOf(count), count]))
  const is = new Map(after.map((count) => [tableOf(count), count]))
  const namedBefore = new Map(before.map((count) => [nameOfTable(count), count]))
  const namedAfter = new Map(after.map((count) => [nameOfTable(count), count]))
  const counts = kept.flatMap((own) => {
    // A baseline of version 1.0.0 has names alone.
    const then = own.oid === undefined ? namedBefore.get(nameOfTable(own)) : was.get(tableOf(own))
    const now = then ? is.get(tableOf(then)) : own.oid === undefined ? namedAfter.get(nameOfTable(own)) : undefined
    if (!then) return now ? [now] : [own]
    return now ? [moved(own, then, now)] : []
  })
  const known = new Set(counts.map(tableOf))
  const isKnown = (count: TableCount) => known.has(tableOf(count)) || known.has(nameOfTable(count))
  const made = after.filter((count) => !was.has(tableOf(count)) && !isKnown(count))
  return [...counts, ...made]
}

function moved(own: TableCount, then: TableCount, now: TableCount): TableCount {
  const named =
    then.schema === now.schema && then.name === now.name ? own : { ...own, schema: now.schema, name: now.name }
  if (then.rows === now.rows && then.precision === now.precision) return named
  const isExact = [own, then, now].every(({ precision }) => precision === 'exact')
  if (!isExact || own.rows === null || then.rows === null || now.rows === null) return now
  return { ...named, rows: Math.max(0, own.rows + now.rows - then.rows) }
}
