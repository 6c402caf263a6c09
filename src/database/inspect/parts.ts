import type { Fact, SchemaChange, SchemaSnapshot } from '../../model.ts'
import { hasOtherParents, partitionOf } from './notes.ts'
import type { Pair } from './pair.ts'

/** A change and the facts it was made of. */
export interface Told {
  change: SchemaChange
  pair: Pair
}

/**
 * Tells what was dropped or made from what only became, or ceased to be, a parent's: such a part is still there, and its
 * change is told by that of the table; where the table has none, by itself. So with the NOT NULL constraint that PostgreSQL
 * 18 makes beside each column that says so.
 */
export function tellParts(told: Told[], before: SchemaSnapshot, after: SchemaSnapshot): SchemaChange[] {
  const [partsBefore, partsNow] = [new Set(before.partsOfOthers), new Set(after.partsOfOthers)]
  const moved = new Set(
    told.flatMap(({ change }) =>
      change.kind === 'table' &&
      change.before !== undefined &&
      change.after !== undefined &&
      hasOtherParents(change.before, change.after)
        ? [change.id, change.from ?? change.id]
        : [],
    ),
  )
  // The name that PostgreSQL gives to a NOT NULL is made of table and column, and stays when they are renamed.
  const renamed = new Set(
    told.flatMap(({ change, pair }) =>
      change.from === undefined ? [] : [pair.before?.table ?? null, pair.after?.table ?? null],
    ),
  )
  const columns = new Set(told.flatMap(({ change: { kind, id } }) => (kind === 'column' ? [id] : [])))
  const extensions = new Set(
    told.flatMap(({ change: { kind, action, id } }) => (kind === 'extension' && action !== 'changed' ? [id] : [])),
  )
  let parents: ParentColumns | undefined
  return told.flatMap(({ change, pair }) => {
    const identity = (pair.after ?? pair.before)?.identity ?? ''
    const isParentsNow = change.action === 'removed' && partsNow.has(identity)
    const wasParents = change.action === 'added' && partsBefore.has(identity)
    if (isRestartUsed(change) || isCommentOf(change, extensions)) return []
    if ((renamed.has(change.table) || isNamedByServer(change)) && isToldByColumn(change, columns)) return []
    if (!isParentsNow && !wasParents) return [change]
    if (change.table !== null && moved.has(change.table)) return []
    if (isNotNull(change))
      return renamed.has(change.table) ? [] : [{ ...change, action: 'changed', note: 'has another name' }]
    parents ??= new ParentColumns(before, after)
    return [asParentsPart(change, isParentsNow, parents)]
  })
}

/** A sequence that began elsewhere and was used since: its value is data now, and nobody took the setting back. */
const isRestartUsed = ({ action, kind, before }: SchemaChange) =>
  action === 'removed' && kind === 'setting' && /^restart with -?\d+$/.test(before ?? '')

/** A NOT NULL that came or went with its column, or with what the column says. */
const isToldByColumn = ({ action, kind, table, before, after }: SchemaChange, columns: Set<string>) =>
  kind === 'constraint' &&
  action !== 'changed' &&
  columns.has(`${table}.${/^NOT NULL (.*)$/s.exec(after ?? before ?? '')?.[1]}`)

const isNamedByServer = ({ id }: SchemaChange) => /_not_null\d*"?$/.test(id)

/** An extension brings its comment, and takes it along. */
const isCommentOf = ({ action, kind, id }: SchemaChange, extensions: Set<string>) =>
  action !== 'changed' && kind === 'comment' && id.startsWith('extension ') && extensions.has(id.slice(10))

const isNotNull = ({ kind, before, after }: SchemaChange) =>
  kind === 'constraint' && /^NOT NULL /.test(after ?? before ?? '')

function asParentsPart(change: SchemaChange, isParentsNow: boolean, parents: ParentColumns): SchemaChange {
  const { kind, id, table } = change
  if (kind !== 'column') {
    const note = isParentsNow
      ? 'part of what the partitioned table has now'
      : 'its own now, no part of what the partitioned table has'
    return { ...change, action: 'changed', note }
  }
  const inherited = parents.of(isParentsNow ? 'after' : 'before', table ?? '', id)
  const [before, after] = isParentsNow ? [change.before, inherited] : [inherited, change.after]
  return {
    ...{ action: 'changed', kind, id, table },
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    note: isParentsNow ? 'as its parent has it now' : 'not as its parent has it any more',
  }
}

/** The definition of a column that a table has from its partitioned parent, at either time. */
class ParentColumns {
  private readonly facts = new Map<string, Fact>()

  constructor(before: SchemaSnapshot, after: SchemaSnapshot) {
    for (const [time, { facts }] of [['before', before] as const, ['after', after] as const])
      for (const fact of facts)
        if (fact.kind === 'table' || fact.kind === 'column') this.facts.set(`${time} ${fact.kind} ${fact.id}`, fact)
  }

  of(time: 'before' | 'after', table: string, column: string): string | undefined {
    const name = column.slice(table.length + 1)
    let parent = this.parentOf(time, table)
    for (let depth = 0; parent !== undefined && depth < 20; depth += 1) {
      const fact = this.facts.get(`${time} column ${parent}.${name}`)
      if (fact) return fact.definition
      parent = this.parentOf(time, parent)
    }
    return undefined
  }

  private parentOf(time: 'before' | 'after', table: string): string | undefined {
    const definition = this.facts.get(`${time} table ${table}`)?.definition ?? ''
    return partitionOf(definition)?.parent ?? /^inherits \((.*?)\)$/m.exec(definition)?.[1]?.split(', ')[0]
  }
}
