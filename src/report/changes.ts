import type { FactKind, SchemaChange, SchemaDiff } from '../model.ts'
import { code, prose } from './escape.ts'
import { plural } from './format.ts'
import { partName, shortName } from './object-names.ts'

/** Everything that changed on one table or view; `action` is what became of the thing itself. */
export interface TableChanges {
  table: string
  kind: 'table' | 'view' | 'materialized view'
  action: SchemaChange['action']
  changes: SchemaChange[]
}

/** The changes of a diff, those of tables and views together, the rest one by one. Order: the diff's own. */
export interface GroupedChanges {
  tables: TableChanges[]
  others: SchemaChange[]
}

const HEADS: readonly FactKind[] = ['table', 'view', 'materialized view']
const isHead = (change: SchemaChange): change is SchemaChange & { kind: TableChanges['kind'] } =>
  HEADS.includes(change.kind)

/** Groups a diff by table or view. */
export function groupChanges(diff: SchemaDiff | undefined): GroupedChanges {
  const tables = new Map<string, TableChanges>()
  const others: SchemaChange[] = []
  for (const change of diff?.changes ?? []) {
    const name = isHead(change) ? change.id : change.table
    if (name === null) {
      others.push(change)
      continue
    }
    const group = tables.get(name) ?? { table: name, kind: 'table', action: 'changed', changes: [] }
    tables.set(name, group)
    if (isHead(change)) Object.assign(group, { kind: change.kind, action: change.action })
    if (!isHead(change) || change.action === 'changed') group.changes.push(change)
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

/** Plurals that are not the noun with `s`. */
export const PLURALS: Partial<Record<FactKind, string>> = {
  index: 'indexes',
  policy: 'policies',
  statistics: 'statistics',
  'operator class': 'operator classes',
  'operator family': 'operator families',
  'text search dictionary': 'text search dictionaries',
  'large objects': 'large objects',
}

/** `6 columns, 2 indexes, 1 constraint`: what a table brought or took with it. */
export function tally(changes: SchemaChange[]): string {
  const counts = new Map<FactKind, number>()
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => plural(count, kind, PLURALS[kind])).join(', ')
}

// The definition of these fits a line; the unified diff has the rest.
const SHORT: readonly FactKind[] = [
  'column',
  'constraint',
  'index',
  'enum',
  'domain',
  'type',
  'sequence',
  'extension',
  'privilege',
  'setting',
  'publication',
  'server',
  'cast',
  'operator',
  'collation',
  'large objects',
]

/** One change as safe Markdown: `🟢 new column`, name and definition, or what happened in words; the colour alone tells not everybody. */
export function changeLine(change: SchemaChange): string {
  const name = `${STATE_OF[change.action]} ${change.kind} ${code(partName(change.id, change.table))}`
  const story = whatHappened(change)
  if (story) return `${name}: ${story}`
  if (!SHORT.includes(change.kind)) return name
  const values = beforeAndAfter(change)
  return values ? `${name}: ${values}` : name
}

/** A rename, a replacement or a note as safe Markdown; empty where the definitions say it all. */
export function whatHappened(change: SchemaChange): string {
  const { from, table, replaced, note, before, after, kind } = change
  const other = from !== undefined && before !== after && SHORT.includes(kind) ? beforeAndAfter(change) : ''
  return [
    from === undefined ? '' : `was ${code(formerName(from, table, change.id))}`,
    replaced ? 'dropped and made anew' : '',
    note ? prose(note, 300) : '',
    other,
  ]
    .filter(Boolean)
    .join('; ')
}

/** Of a part of a table its own former name, whatever the table was called then. */
function formerName(from: string, table: string | null, id: string): string {
  if (table === null || id === table || !id.startsWith(`${table}.`)) return shortName(from)
  return /(?:"(?:[^"]|"")*"|[^."]+)$/.exec(from)?.[0] ?? from
}

/** The old and new definition of a change, or the new one of an addition, as code; empty for a removal. */
export function beforeAndAfter(change: SchemaChange): string {
  const before = change.before ? code(shortDefinition(change.kind, change.before), 80) : ''
  const after = change.after ? code(shortDefinition(change.kind, change.after), 80) : ''
  if (change.action === 'changed' && before && after) return `${before} → ${after}`
  return change.action === 'added' ? after : ''
}

/** A definition without what stands beside it already: the index's name and table, the word `enum`. */
function shortDefinition(kind: FactKind, definition: string): string {
  if (kind === 'index') return definition.replace(/^CREATE (UNIQUE )?INDEX .*? USING /s, '$1')
  return kind === 'enum' ? definition.replace(/^enum \((.*)\)$/s, '$1') : definition
}

/** What happened to one table as one table cell; at most `most` changes are written out. */
export function tableCell(group: TableChanges, most: number): string {
  if (group.action !== 'changed') return [STATE_OF[group.action], tally(group.changes)].filter(Boolean).join(': ')
  const lines = group.changes.slice(0, most).map(changeLine)
  const left = group.changes.length - lines.length
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('<br>')
}
