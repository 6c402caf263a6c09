import type { SchemaFile } from '../files/schema-file.ts'
import { didSomething, type LedgerRow } from '../ledger/ledger.ts'

/** A file that has the text of one that is gone: the same file under another name. */
export interface RenamedFile {
  file: SchemaFile
  /** As it stands in the ledger, under the name before. */
  row: LedgerRow
}

/**
 * The files that were only renamed: exactly one row of the ledger has lost its file, and exactly one file without a row has
 * its text. A row of which nothing is in is none to rename: its file runs anyway. Where several could be meant, none is: then each is what its name says.
 */
export function renamesOf(ledger: readonly LedgerRow[], files: readonly SchemaFile[]): RenamedFile[] {
  const names = new Set(files.map(({ name }) => name))
  const lost = ledger.filter((row) => !names.has(row.name) && didSomething(row))
  if (lost.length === 0) return []
  const applied = new Set(ledger.map(({ name }) => name))
  const added = grouped(files.filter(({ name }) => !applied.has(name)))
  return [...grouped(lost)].flatMap(([text, rows]) => {
    const [row, ...otherRows] = rows
    const [file, ...otherFiles] = added.get(text) ?? []
    return row && file && otherRows.length + otherFiles.length === 0 ? [{ file, row }] : []
  })
}

/** By what the text is and how it runs: a file that becomes repeatable runs again. */
function grouped<T extends { checksum: string; kind: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = `${item.kind} ${item.checksum}`
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/** The ledger as it is once the files have their new names. */
export function withNewNames(ledger: readonly LedgerRow[], renamed: readonly RenamedFile[]): LedgerRow[] {
  const names = new Map(renamed.map(({ file, row }) => [row, file.name]))
  return ledger.map((row) => {
    const name = names.get(row)
    return name === undefined ? row : { ...row, name }
  })
}

/** What became of a renamed file, and how its statements could run once more all the same. */
export function renamedText({ file, row }: RenamedFile): string {
  return `${file.path} is ${row.name} under another name: its text is the same, so it counts as applied and does not run again. To run its statements once more, put them into a further file with another text; a comment is enough.`
}
