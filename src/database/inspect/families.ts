import type { Fact, Precision, RowsWritten, SchemaSnapshot, TableCount } from '../../model.ts'
import type { Facts } from './baseline.ts'
import { splitChain } from './names.ts'
import { partitionOf } from './notes.ts'

/** Rows of a table with its partitions, at one time; null where one of them was not counted. */
export interface Total {
  rows: number | null
  precision: Precision
  visibleOnly: boolean
}

/** A table with all that is or was a partition of it: rows move within it, and leave it only by getting lost. */
export interface Family {
  /** The table that was counted, by its name now. */
  root: string
  before?: Total
  now?: Total
  /** Rows that files wrote, by the name of the table or partition. */
  written: Map<string, { inserted: number; deleted: number }>
  /** Partitions that are gone, by their name before. */
  dropped: string[]
}

/** One time's tables: what each is known by, by its name, and what was counted. */
interface Side {
  keys: Map<string, string>
  names: Map<string, string>
  counts: Map<string, TableCount>
  foreign: Set<string>
}

/** The tables of both times, each once whatever its name, grouped by what they are partitions of. Linear. */
export class Families {
  private readonly parents = new Map<string, string>()
  private readonly families = new Map<string, Family>()
  private readonly before: Side
  private readonly now: Side

  constructor(before: Facts, now: Facts) {
    const byIdentity = before.snapshot.form !== undefined && now.snapshot.form !== undefined
    const keyOf = (fact: Fact) => (byIdentity ? (fact.identity ?? fact.id) : fact.id)
    this.before = this.readSide(before.snapshot, before.counts, keyOf)
    this.now = this.readSide(now.snapshot, now.counts, keyOf)
    for (const [key, count] of this.before.counts) this.add(key, 'before', count)
    for (const [key, count] of this.now.counts) this.add(key, 'now', count)
    for (const [key, name] of this.before.names)
      if (!this.now.names.has(key) && !this.before.counts.has(key)) this.familyOf(key).dropped.push(name)
  }

  /** Every family of which something was counted. */
  all(): Family[] {
    return [...this.families.values()]
  }

  /** Adds what a file wrote; a table that neither side knows came and went. */
  write({ table, inserted, deleted }: RowsWritten): void {
    const key = this.now.keys.get(table) ?? this.before.keys.get(table)
    if (key === undefined) return
    const { written } = this.familyOf(key)
    const known = written.get(table) ?? { inserted: 0, deleted: 0 }
    written.set(table, { inserted: known.inserted + inserted, deleted: known.deleted + deleted })
  }

  /** Rows that a table had, by its name before or, with `now`, by its name now. */
  rowsBefore(name: string, named: 'before' | 'now' = 'before'): { rows: number | null; precision: Precision } {
    const key = named === 'now' ? this.now.keys.get(name) : undefined
    const count = this.before.counts.get(key ?? this.before.keys.get(name) ?? '')
    return { rows: count?.rows ?? null, precision: count?.precision ?? 'unknown' }
  }

  /** Rows that a table has now; null when unknown. */
  rowsNow(name: string): number | null {
    return this.now.counts.get(this.now.keys.get(name) ?? '')?.rows ?? null
  }

  /** Whether a table's rows are elsewhere. */
  isForeign(name: string): boolean {
    return this.before.foreign.has(name) || this.now.foreign.has(name)
  }

  /** The family that a table belonged to, by its name before. */
  ofTable(name: string): Family | undefined {
    const key = this.before.keys.get(name)
    return key === undefined ? undefined : this.families.get(this.find(key))
  }

  private readSide(snapshot: SchemaSnapshot, counts: TableCount[], keyOf: (fact: Fact) => string): Side {
    const side: Side = { keys: new Map(), names: new Map(), counts: new Map(), foreign: new Set() }
    const tables = snapshot.facts.filter(({ kind }) => kind === 'table')
    for (const fact of tables) {
      side.keys.set(fact.id, keyOf(fact))
      side.names.set(keyOf(fact), fact.id)
      if (fact.definition.startsWith('foreign ')) side.foreign.add(fact.id)
    }
    for (const fact of tables) {
      const parent = side.keys.get(partitionOf(fact.definition)?.parent ?? '')
      if (parent !== undefined) this.unite(keyOf(fact), parent)
    }
    const plain = new Map([...side.keys].map(([name, key]) => [plainName(name), key]))
    for (const count of counts) {
      const key = plain.get(JSON.stringify([count.schema, count.name]))
      if (key !== undefined) side.counts.set(key, count)
    }
    return side
  }

  private add(key: string, time: 'before' | 'now', count: TableCount): void {
    const family = this.familyOf(key)
    family.root = this.now.names.get(key) ?? this.before.names.get(key) ?? family.root
    family[time] = sum(family[time], count)
  }

  private familyOf(key: string): Family {
    const found = this.find(key)
    const family = this.families.get(found) ?? { root: this.now.names.get(key) ?? '', written: new Map(), dropped: [] }
    this.families.set(found, family)
    return family
  }

  private find(key: string): string {
    let root = key
    for (let up = this.parents.get(root); up !== undefined; up = this.parents.get(root)) root = up
    if (root !== key) this.parents.set(key, root)
    return root
  }

  private unite(child: string, parent: string): void {
    const [one, other] = [this.find(child), this.find(parent)]
    if (one !== other) this.parents.set(one, other)
  }
}

/** A qualified and quoted name as the counts have it. */
function plainName(id: string): string {
  return JSON.stringify(
    splitChain(id).names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)),
  )
}

function sum(total: Total | undefined, { rows, precision, visibleOnly }: TableCount): Total {
  if (!total) return { rows, precision, visibleOnly }
  return {
    rows: total.rows === null || rows === null ? null : total.rows + rows,
    precision: total.precision === 'exact' ? precision : total.precision,
    visibleOnly: total.visibleOnly || visibleOnly,
  }
}
