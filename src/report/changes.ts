import type { FactKind, SchemaChange, SchemaDiff } from '../model.ts'
import { code } from './escape.ts'
import { plural } from './format.ts'
import { partName } from './names.ts'

/** Everything that changed on one table; `action` is what became of the table itself. */
export interface TableChanges {
  table: string
  action: SchemaChange['action']
  changes: SchemaChange[]
}

/** The changes of a diff, those of tables together, the rest one by one. Order: the diff's own. */
export interface GroupedChanges {
  tables: TableChanges[]
  others: SchemaChange[]
}

/** Groups a diff by table. */
export function groupChanges(diff: SchemaDiff | undefined): GroupedChanges {
  const tables = new Map<string, TableChanges>()
  const others: SchemaChange[] = []
  for (const change of diff?.changes ?? []) {
    const name = change.kind === 'table' ? change.id : change.table
    if (name === null) {
      others.push(change)
      continue
    }
    const group = tables.get(name) ?? { table: name, action: 'changed', changes: [] }
    tables.set(name, group)
    if (change.kind === 'table') group.action = change.action
    if (change.kind !== 'table' || change.action === 'changed') group.changes.push(change)
  }
  return { tables: [...tables.values()], others }
}

const DOT = { added: '🟢', removed: '🔴', changed: '🟡' } as const

/** The word and colour for what became of something. */
export const STATE_OF = {
  added: `${DOT.added} new`,
  removed: `${DOT.removed} dropped`,
  changed: `${DOT.changed} changed`,
} as const
const PLURALS: Partial<Record<FactKind, string>> = { index: 'indexes', policy: 'policies' }

/** `6 columns, 2 indexes, 1 constraint`: what a table brought or took with it. */
export function tally(changes: SchemaChange[]): string {
  const counts = new Map<FactKind, number>()
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => plural(count, kind, PLURALS[kind])).join(', ')
}

// Bodies of these are too long for a line; the unified diff has them.
const LONG: readonly FactKind[] = [
  'function',
  'view',
  'materialized view',
  'trigger',
  'event trigger',
  'policy',
  'rule',
  'table',
  'privilege',
]

/** One change as safe Markdown: `🟢 column`, name and definition. */
export function changeLine(change: SchemaChange): string {
  const name = `${DOT[change.action]} ${change.kind} ${code(partName(change.id, change.table))}`
  if (LONG.includes(change.kind)) return name
  const before = change.before ? code(change.before, 80) : ''
  const after = change.after ? code(change.after, 80) : ''
  if (change.action === 'changed' && before && after) return `${name}: ${before} → ${after}`
  const definition = change.action === 'added' ? after : ''
  return definition ? `${name}: ${definition}` : name
}

/** What happened to one table as one table cell; at most `most` changes are written out. */
export function tableCell(group: TableChanges, most: number): string {
  if (group.action !== 'changed') return [STATE_OF[group.action], tally(group.changes)].filter(Boolean).join(': ')
  const lines = group.changes.slice(0, most).map(changeLine)
  const left = group.changes.length - lines.length
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('<br>')
}
