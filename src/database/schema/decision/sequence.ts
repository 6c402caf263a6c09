import { compareNames, nextFreeName } from '../files/order.ts'
import type { SchemaFile } from '../files/schema-file.ts'
import type { LedgerRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'

/** How the files of a run stand to what is applied. Each answer costs the same, however many files there are. */
export interface Sequence {
  /** The last of the files that are there already and sort behind this one; undefined when there is none. */
  behind(file: SchemaFile): Known | undefined
  /** A name like this file's that sorts behind all others. */
  freeName(file: SchemaFile): string
  /** What the parent has of this file. */
  parentRow(file: SchemaFile): LedgerRow | undefined
}

/** A file that is there already: applied, or the base's. */
type Known = Pick<LedgerRow, 'name' | 'kind' | 'done' | 'statements'>

/** Prepares a {@link Sequence}; each of its parts is worked out when it is first asked for, once, and in linear time. */
export function sequenceOf(ledger: LedgerRow[], options: ApplyOptions): Sequence {
  const parent = lazy(() => options.parentLedger ?? ledger.filter((row) => row.branch !== options.branchId))
  // Files of this pull request run in their order once it is merged; only what its base has counts, or else the parent.
  const known = () => filesOfBase(options) ?? (options.isPreview ? parent() : ledger)
  const order = lazy(() => orderOf(options.source.files, known()))
  const parentByName = lazy(() => new Map(parent().map((row) => [row.name, row])))
  const names = lazy(() => lastNames(ledger, options.source.files))
  return {
    behind(file) {
      const { places, lastFrom, lastMissing } = order()
      const inFiles = lastFrom[(places.get(file.name) ?? 0) + 1]
      const isBehind = lastMissing !== undefined && compareNames(lastMissing.name, file.name) > 0
      return later(inFiles, isBehind ? lastMissing : undefined)
    },
    freeName(file) {
      const { last, beforeLast, applied } = names()
      const other = last === file.name && !applied.has(last) ? beforeLast : last
      return nextFreeName(other === undefined ? [] : [other], file.name)
    },
    parentRow: (file) => parentByName().get(file.name),
  }
}

function filesOfBase({ base, source }: ApplyOptions): Known[] | undefined {
  const files = base && source.files.filter(({ path }) => base.states.has(path))
  return files?.map(({ name, kind }) => ({ name, kind, done: 0, statements: 0 }))
}

interface Order {
  /** Each file's place in the order to run. */
  places: Map<string, number>
  /** For each place, the known file with the greatest name from there on. */
  lastFrom: (Known | undefined)[]
  /** The known file with the greatest name among those that are no files of this run. */
  lastMissing: Known | undefined
}

function orderOf(files: SchemaFile[], rows: Known[]): Order {
  const places = new Map(files.map(({ name }, index) => [name, index]))
  const lastFrom: Order['lastFrom'] = new Array(files.length + 1)
  let lastMissing: Known | undefined
  for (const row of rows) {
    if (row.kind !== 'once' || row.done < row.statements) continue
    const place = places.get(row.name)
    if (place === undefined) lastMissing = later(lastMissing, row)
    else lastFrom[place] = row
  }
  for (let place = files.length - 1; place >= 0; place -= 1) {
    lastFrom[place] = later(lastFrom[place + 1], lastFrom[place])
  }
  return { places, lastFrom, lastMissing }
}

function later(a: Known | undefined, b: Known | undefined): Known | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compareNames(a.name, b.name) > 0 ? a : b
}

/** The two greatest names of all files that run once, and those of them that are applied. */
function lastNames(ledger: LedgerRow[], files: SchemaFile[]) {
  const ofOnce = (items: { kind: string; name: string }[]) =>
    items.filter(({ kind }) => kind === 'once').map(({ name }) => name)
  const applied = new Set(ofOnce(ledger))
  let last: string | undefined
  let beforeLast: string | undefined
  for (const name of new Set([...ofOnce(files), ...applied])) {
    if (last === undefined || compareNames(name, last) > 0) [last, beforeLast] = [name, last]
    else if (beforeLast === undefined || compareNames(name, beforeLast) > 0) beforeLast = name
  }
  return { last, beforeLast, applied }
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
