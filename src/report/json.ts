import type { SchemaChange, SchemaDiff, TableCount } from '../model.ts'

// All outputs of a job may have 1 MB together, measured in UTF-16 (GitHub's manual: jobs.<job_id>.outputs).
const LONGEST = 200_000

/**
 * The output `changes`: `{ total, added, removed, changed, complete, changes: [{ action, kind, id, table, before, after,
 * from, replaced }] }` as JSON, described by docs/schemas/changes.schema.json. Very long ones come without definitions, then with fewer entries;
 * `complete` tells.
 */
export function changesJson(diff: SchemaDiff): string {
  const all = diff.changes
  const count = (action: SchemaChange['action']) => all.filter((change) => change.action === action).length
  const head = { total: all.length, added: count('added'), removed: count('removed'), changed: count('changed') }
  const entries = all.map((change) => ({
    action: change.action,
    kind: change.kind,
    id: change.id,
    table: change.table,
    before: change.before ?? null,
    after: change.after ?? null,
    from: change.from ?? null,
    replaced: change.replaced ?? false,
  }))
  const short = entries.map((entry) => ({ ...entry, before: null, after: null }))
  const whole = JSON.stringify({ ...head, complete: true, changes: entries })
  return whole.length <= LONGEST ? whole : shortened(head, 'changes', short)
}

/**
 * The output `tables`: `{ total, complete, tables: [{ schema, name, kind, rows, precision, visible_only, bytes, change,
 * reason }] }` as JSON, described by docs/schemas/tables.schema.json. Very long ones come with fewer entries.
 */
export function tablesJson(counts: TableCount[]): string {
  const entries = counts.map((count) => ({
    schema: count.schema,
    name: count.name,
    kind: count.kind,
    rows: count.rows,
    precision: count.precision,
    visible_only: count.visibleOnly,
    bytes: count.bytes,
    change: count.change ?? null,
    reason: count.reason ?? null,
  }))
  const whole = JSON.stringify({ total: counts.length, complete: true, tables: entries })
  return whole.length <= LONGEST ? whole : shortened({ total: counts.length }, 'tables', entries)
}

function shortened(head: Record<string, number>, key: string, entries: object[]): string {
  const kept: object[] = []
  let length = 200
  for (const entry of entries) {
    length += JSON.stringify(entry).length + 1
    if (length > LONGEST) break
    kept.push(entry)
  }
  return JSON.stringify({ ...head, complete: false, [key]: kept })
}
