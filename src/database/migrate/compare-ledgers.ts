import type { FileResult } from '../../model.ts'
import type { LedgerRow, ReadLedger } from './ledgers.ts'

/** What a command did to the ledgers. */
export interface LedgerChange {
  files: FileResult[]
  /** How many migrations ran; null where no ledger tells. */
  applied: number | null
  /** Names that were in a ledger before and are no more. */
  takenBack: string[]
}

/** A migration with all rows that its ledger has of it, in their order. */
interface Migration {
  ledger: ReadLedger
  name: string
  rows: LedgerRow[]
}

/** What each migration of the ledgers became between two looks, the newest last as the tool has them. */
export function compareLedgers(before: readonly ReadLedger[], after: readonly ReadLedger[]): LedgerChange {
  const known = new Set(before.flatMap((ledger) => ledger.rows.map((row) => keyOf(ledger, row))))
  const migrations = migrationsOf(after)
  const isAmbiguous = ambiguous(migrations)
  const files = migrations.map((migration) => toFile(migration, known, isAmbiguous))
  return { files, applied: countApplied(before, after, files), takenBack: takenBack(before, migrations) }
}

const keyOf = ({ place }: ReadLedger, { key, state }: LedgerRow) => `${place}\0${key}\0${state}`

function migrationsOf(ledgers: readonly ReadLedger[]): Migration[] {
  const found = new Map<string, Migration>()
  for (const ledger of ledgers) {
    for (const row of ledger.rows) {
      if (row.state === 'own') continue
      const id = `${ledger.place}\0${row.name}`
      const migration = found.get(id)
      if (migration) migration.rows.push(row)
      else found.set(id, { ledger, name: row.name, rows: [row] })
    }
  }
  return [...found.values()]
}

/** Names that several ledgers have. */
function ambiguous(migrations: Migration[]): (name: string) => boolean {
  const times = new Map<string, number>()
  for (const { name } of migrations) times.set(name, (times.get(name) ?? 0) + 1)
  return (name) => (times.get(name) ?? 0) > 1
}

/** The number is only known where some ledger lists what ran, and none moved that has but the newest version. */
function countApplied(
  before: readonly ReadLedger[],
  after: readonly ReadLedger[],
  files: readonly FileResult[],
): number | null {
  if (after.length === 0) return null
  const keys = (ledgers: readonly ReadLedger[]) =>
    ledgers.flatMap((ledger) => (ledger.tool.isPointer ? ledger.rows.map((row) => keyOf(ledger, row)) : [])).join('\n')
  if (keys(before) !== keys(after)) return null
  return files.filter(({ state }) => state === 'applied').length
}

function takenBack(before: readonly ReadLedger[], after: Migration[]): string[] {
  const there = new Set(after.map(({ ledger, name }) => `${ledger.place}\0${name}`))
  return migrationsOf(before)
    .filter(({ ledger, name }) => !ledger.tool.isPointer && !there.has(`${ledger.place}\0${name}`))
    .map(({ name }) => name)
}

function toFile(migration: Migration, known: Set<string>, isAmbiguous: (name: string) => boolean): FileResult {
  const { ledger, name, rows } = migration
  const last = rows.at(-1)
  const isNew = last !== undefined && !known.has(keyOf(ledger, last))
  // Names are keys of what earlier runs observed, so no two may be the same.
  const path = isAmbiguous(name) ? `${ledger.place}: ${name}` : name
  return {
    path,
    name: path,
    kind: 'command',
    state: stateOf(last, isNew),
    transactional: true,
    statements: 0,
    rows: [],
    locks: [],
    rewrites: [],
    notes: notesOf(migration, isNew),
  }
}

function stateOf(row: LedgerRow | undefined, isNew: boolean): FileResult['state'] {
  if (row?.state === 'failed') return 'failed'
  if (row?.state === 'undone') return 'ignored'
  if (!isNew) return 'unchanged'
  return row?.state === 'accepted' ? 'accepted' : 'applied'
}

function notesOf({ ledger, rows }: Migration, isNew: boolean): string[] {
  const last = rows.at(-1)
  const failed = rows.slice(0, -1).filter(({ state }) => state === 'failed' || state === 'undone').length
  return [
    ledger.isNamed ? `in ${ledger.place}` : `by ${ledger.tool.tool}`,
    last?.state === 'accepted' ? 'baseline: taken as applied, it did not run' : '',
    last?.state === 'undone' ? 'taken back' : '',
    last?.state === 'failed' && !isNew ? 'failed in an earlier run' : '',
    last?.repeats ? 'repeatable: it runs again when its text changes' : '',
    failed > 0 && !last?.repeats
      ? `after ${failed === 1 ? 'an attempt that was' : `${failed} attempts that were`} undone or failed`
      : '',
    ledger.tool.isPointer ? 'the newest version; its ledger does not list those before' : '',
  ].filter(Boolean)
}
