import type { FactKind, Report, SchemaChange } from '../model.ts'
import { groupChanges, PLURALS } from './changes.ts'
import { code } from './escape.ts'
import { plural } from './format.ts'
import { partName, shortName } from './object-names.ts'

/** One thing that was made, dropped or changed. */
interface Thing {
  action: SchemaChange['action']
  kind: FactKind
  /** As it is named in a sentence: of a column with its table. */
  name: string
}

const VERBS: Record<SchemaChange['action'], string> = { added: 'adds', removed: 'drops', changed: 'changes' }
// What a reader asks for first; everything else comes behind it, as the diff has it.
const FIRST: readonly FactKind[] = ['table', 'column', 'view', 'materialized view', 'index', 'constraint']
const MOST_KINDS = 3
const LONGEST_NAME = 60

/**
 * What a run's schema did to the database, in things and not in totals: `adds 2 tables, column users.points; drops index x`,
 * then the rows that its files deleted. Safe Markdown; empty where the differences are not known.
 */
export function deeds(report: Report): string {
  if (!report.diff) return ''
  const things = thingsOf(report)
  const texts = (Object.keys(VERBS) as SchemaChange['action'][]).map((action) =>
    sentence(
      VERBS[action],
      things.filter((thing) => thing.action === action),
    ),
  )
  const rows = rowsOf(report)
  const deleted = rows.deleted > 0 ? `deletes ${plural(rows.deleted, 'row')}` : ''
  if (things.length > 0) return [...texts, deleted].filter(Boolean).join('; ')
  const written = rows.written > 0 ? `writes ${plural(rows.written, 'row')}` : ''
  return ['no schema change', written, deleted].filter(Boolean).join('; ')
}

/** The changed things; what came or went with its table or view is part of that. */
function thingsOf(report: Report): Thing[] {
  const { tables, others } = groupChanges(report.diff)
  const ofTables = tables.flatMap(({ table, kind, action, changes }): Thing[] => {
    if (action !== 'changed') return [{ action, kind, name: shortName(table) }]
    return changes.map((change) => ({ action: change.action, kind: change.kind, name: nameOf(change) }))
  })
  return [...ofTables, ...others.map((change) => ({ action: change.action, kind: change.kind, name: nameOf(change) }))]
}

function nameOf({ kind, id, table }: SchemaChange): string {
  return kind === 'column' && table ? `${shortName(table)}.${partName(id, table)}` : partName(id, table)
}

function sentence(verb: string, things: Thing[]): string {
  if (things.length === 0) return ''
  const kinds = [...new Set(things.map(({ kind }) => kind))].sort((a, b) => rank(a) - rank(b))
  const shown = kinds.length > MOST_KINDS ? kinds.slice(0, MOST_KINDS - 1) : kinds
  const parts = shown.map((kind) => {
    const [first, ...more] = things.filter((thing) => thing.kind === kind)
    if (first && more.length === 0) return `${kind} ${code(first.name, LONGEST_NAME)}`
    return plural(more.length + 1, kind, PLURALS[kind])
  })
  const left = things.filter(({ kind }) => !shown.includes(kind)).length
  return `${verb} ${[...parts, ...(left > 0 ? [plural(left, 'other thing')] : [])].join(', ')}`
}

function rank(kind: FactKind): number {
  const place = FIRST.indexOf(kind)
  return place < 0 ? FIRST.length : place
}

function rowsOf(report: Report): { written: number; deleted: number } {
  const rows = report.schema?.files.filter(({ ofBase }) => !ofBase).flatMap((file) => file.rows) ?? []
  const sum = (pick: (one: (typeof rows)[number]) => number) => rows.reduce((total, one) => total + pick(one), 0)
  return { written: sum(({ inserted, updated }) => inserted + updated), deleted: sum(({ deleted }) => deleted) }
}
