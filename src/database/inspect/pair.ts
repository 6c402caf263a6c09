import type { Fact, FactKind, SchemaSnapshot } from '../../model.ts'
import { Renames, splitChain } from './names.ts'

/** A fact of either side, or of both. */
export interface Pair {
  before?: Fact
  after?: Fact
  /** Another object took the name of one that is gone. */
  isReplaced: boolean
  /** The identity that {@link before} had, where its own name or its schema is another now. */
  from?: string
}

/** Both schemas' facts, each with what it was, and the names that changed on the way. */
export interface Paired {
  pairs: Pair[]
  /** What of each schema was compared: all, or what both snapshots know. */
  compared: { before: Fact[]; after: Fact[] }
  renames: Renames
}

// What version 1.0.0 knew; against a snapshot of its own nothing else can be compared.
const FIRST_KINDS: ReadonlySet<FactKind> = new Set<FactKind>([
  ...([
    'schema',
    'extension',
    'table',
    'column',
    'constraint',
    'index',
    'view',
    'materialized view',
    'function',
  ] as const),
  ...(['trigger', 'policy', 'enum', 'domain', 'type', 'sequence', 'rule', 'statistics', 'event trigger'] as const),
  ...(['privilege', 'comment'] as const),
])
const FIRST_PRIVILEGES =
  /^(?:table|sequence|column|function|procedure|type|schema|default|owner of (?:view|materialized view|table|sequence|function|type|schema)) /
const isOfFirstForm = ({ kind, id, definition }: Fact) =>
  FIRST_KINDS.has(kind) &&
  !(kind === 'comment' && /^(?:extension |database$|schema public$)/.test(id)) &&
  !(kind === 'privilege' && !FIRST_PRIVILEGES.test(id)) &&
  !(kind === 'type' && /^(?:base|shell)\b/.test(definition)) &&
  !(kind === 'constraint' && definition.startsWith('NOT NULL '))

/** Kinds whose identity in text is made of another's name, and who have none of their own. */
const NAMELESS: ReadonlySet<FactKind> = new Set([
  ...([
    'privilege',
    'comment',
    'setting',
    'security label',
    'large objects',
    'user mapping',
    'cast',
    'transform',
  ] as const),
])

/**
 * Finds for each fact what it was: by identity first, so that a rename is one; what is left, by name. A table or column that
 * only has the name in common is replaced. Where one side has no identities, names are all there is. Linear.
 */
export function pairFacts(before: SchemaSnapshot, after: SchemaSnapshot): Paired {
  const knows = before.form !== undefined && after.form !== undefined
  const [old, now] = knows
    ? [before.facts, after.facts]
    : [before.facts.filter(isOfFirstForm), after.facts.filter(isOfFirstForm)]
  const renames = new Renames()
  const found = new Map<Fact, Pair>()
  const byIdentity = new Map(knows ? old.map((fact) => [identityOf(fact), fact]) : [])
  const taken = new Set<Fact>()
  for (const fact of now) {
    const then = byIdentity.get(identityOf(fact))
    if (!then) continue
    taken.add(then)
    found.set(fact, { before: then, after: fact, isReplaced: false })
  }
  for (const { before: then, after: fact } of found.values()) if (then && fact) noteRename(then, fact, renames)
  const byName = new Map(
    old.filter((fact) => !taken.has(fact)).map((fact) => [nameOf(fact.kind, renames.translate(fact.id)), fact]),
  )
  for (const fact of now) {
    if (found.has(fact)) continue
    const then = byName.get(nameOf(fact.kind, fact.id))
    if (then) taken.add(then)
    found.set(fact, then ? { before: then, after: fact, isReplaced: knows } : { after: fact, isReplaced: false })
  }
  const pairs = [
    ...found.values(),
    ...old.filter((fact) => !taken.has(fact)).map((fact) => ({ before: fact, isReplaced: false })),
  ]
  return {
    pairs: renames.isEmpty ? pairs : pairs.map((pair) => withFormerName(pair, renames)),
    renames,
    compared: { before: old, after: now },
  }
}

const identityOf = ({ kind, identity }: Fact) => `${kind} ${identity}`
const nameOf = (kind: FactKind, id: string) => `${kind} ${id}`

function noteRename(before: Fact, after: Fact, renames: Renames): void {
  if (before.id === after.id || NAMELESS.has(after.kind)) return
  const [old, now] = [ownName(before), ownName(after)]
  if (after.kind === 'column' && after.table !== null && old !== now) renames.addColumn(after.table, old, now)
  // Of what belongs to a table the name alone: the qualified one changes with the table's.
  if (after.table === null || after.table === after.id || isQualified(after))
    renames.add(chainOf(before), chainOf(after))
  else if (after.kind !== 'column' && old !== now) renames.add(old, now)
}

/** Whether its identity begins with its schema, and not with its table. */
const isQualified = (fact: Fact) => fact.table === null || !fact.id.startsWith(`${fact.table}.`)
const chainOf = (fact: Fact) => splitChain(fact.id).names.join('.')
const ownName = (fact: Fact) =>
  isQualified(fact) ? (splitChain(fact.id).names.at(-1) ?? fact.id) : fact.id.slice((fact.table ?? '').length + 1)

/** Tells a name of its own that changed from one that only goes with its table, its schema, or the types it takes. */
function withFormerName(pair: Pair, renames: Renames): Pair {
  const { before, after } = pair
  if (!before || !after || before.id === after.id) return pair
  if (NAMELESS.has(after.kind)) return renames.same(before.id, after.id) ? pair : { ...pair, from: before.id }
  if (!isQualified(after)) return ownName(before) === ownName(after) ? pair : { ...pair, from: before.id }
  const [was, is] = [splitChain(before.id), splitChain(after.id)]
  const schemas = (names: string[]) => names.slice(0, -1).join('.')
  const isSame =
    was.names.at(-1) === is.names.at(-1) &&
    renames.translate(schemas(was.names)) === schemas(is.names) &&
    renames.same(was.rest, is.rest)
  return isSame ? pair : { ...pair, from: before.id }
}
