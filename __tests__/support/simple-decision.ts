import type { Decision } from '../../src/database/schema/decision/decide.ts'
import { compareNames, nextFreeName } from '../../src/database/schema/files/order.ts'
import type { SchemaFile } from '../../src/database/schema/files/schema-file.ts'
import type { LedgerRow } from '../../src/database/schema/ledger/ledger.ts'
import type { ApplyOptions } from '../../src/database/schema/policy.ts'

/** What a decision says of order, edits and free names. */
export interface SimpleDecision {
  outOfOrder: [name: string, behind: string, freeName: string][]
  edited: [name: string, action: string, inParent: boolean, freeName: string][]
  missing: string[]
  renamed: [before: string, name: string][]
}

/** The same of a real decision. */
export function simplified({ outOfOrder, edited, missing, renamed }: Decision): SimpleDecision {
  return {
    outOfOrder: outOfOrder.map(({ file, behind, freeName }) => [file.name, behind, freeName]),
    edited: edited.map(({ file, action, inParent, freeName }) => [file.name, action, inParent, freeName]),
    missing: missing.map(({ name }) => name),
    renamed: renamed.map(({ file, row }) => [row.name, file.name]),
  }
}

/**
 * The rules of a decision as they read, worked out anew for each file, for ledgers whose rows are complete or empty: slow,
 * and the measure for the quick one.
 */
export function simpleDecision(before: LedgerRow[], options: ApplyOptions): SimpleDecision {
  const renamed = simpleRenames(before, options.source.files)
  const ledger = before.map((row) => {
    const [, name] = renamed.find(([old]) => old === row.name) ?? []
    return name === undefined ? row : { ...row, name }
  })
  const { source, policy, isPreview, parentLedger, branchId } = options
  const parent = parentLedger ?? ledger.filter(({ branch }) => branch !== branchId)
  const decision: SimpleDecision = { outOfOrder: [], edited: [], missing: [], renamed }
  for (const file of source.files) {
    const row = ledger.find(({ name }) => name === file.name)
    const runs = row === undefined || row.done === 0
    if (runs && file.kind === 'once') {
      const behind = lastBehind(file, isPreview ? parent : ledger, source.files)
      if (behind !== undefined) decision.outOfOrder.push([file.name, behind, freeName(file, ledger, source.files)])
    }
    if (runs || row.checksum === file.checksum || file.kind === 'repeatable') continue
    const onParent = parent.find(({ name }) => name === file.name)
    const inParent = onParent !== undefined && onParent.checksum !== file.checksum
    const resets = policy.onEdit === 'reset' && isPreview && !inParent
    const action = policy.onEdit === 'accept' ? 'accept' : resets ? 'reset' : 'fail'
    decision.edited.push([file.name, action, inParent, freeName(file, ledger, source.files)])
  }
  const gone = ledger.filter(({ name }) => source.files.every((file) => file.name !== name))
  decision.missing = gone.map(({ name }) => name).sort(compareNames)
  return decision
}

function simpleRenames(ledger: LedgerRow[], files: SchemaFile[]): SimpleDecision['renamed'] {
  const isLost = (row: LedgerRow) => row.done > 0 && files.every(({ name }) => name !== row.name)
  const isNew = (file: SchemaFile) => ledger.every(({ name }) => name !== file.name)
  const alike = (a: LedgerRow | SchemaFile, b: LedgerRow | SchemaFile) => a.checksum === b.checksum && a.kind === b.kind
  return ledger.filter(isLost).flatMap((row): SimpleDecision['renamed'] => {
    const twins = ledger.filter((other) => isLost(other) && alike(other, row))
    const [file, ...others] = files.filter((one) => isNew(one) && alike(one, row))
    return file && twins.length === 1 && others.length === 0 ? [[row.name, file.name]] : []
  })
}

function lastBehind(file: SchemaFile, rows: LedgerRow[], files: SchemaFile[]): string | undefined {
  const place = (name: string) => files.findIndex((other) => other.name === name)
  const behind = rows.filter(({ name, kind, done }) => {
    if (kind !== 'once' || done === 0) return false
    return place(name) < 0 ? compareNames(name, file.name) > 0 : place(name) > place(file.name)
  })
  return behind
    .map(({ name }) => name)
    .sort(compareNames)
    .at(-1)
}

function freeName(file: SchemaFile, ledger: LedgerRow[], files: SchemaFile[]): string {
  const others = files.filter(({ kind, name }) => kind === 'once' && name !== file.name)
  const applied = ledger.filter(({ kind }) => kind === 'once')
  return nextFreeName(
    [...others, ...applied].map(({ name }) => name),
    file.name,
  )
}
