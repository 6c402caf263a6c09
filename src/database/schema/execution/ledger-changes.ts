import { commitOf, type Decision } from '../decision/decide.ts'
import { acceptChecksum, adoptRow, renameRow } from '../ledger/ledger.ts'
import type { ApplyOptions } from '../policy.ts'

/** SQL for what a run writes to the ledger without running a file: new names, accepted texts, files that are there already. */
export function ledgerChanges({ edited, renamed, adopted }: Decision, options: ApplyOptions): string[] {
  const { branchId: branch, runId } = options
  const accepted = edited.filter(({ action }) => action === 'accept')
  return [
    ...renamed.map(({ file, row }) => renameRow(row.name, { name: file.name, commitSha: commitOf(file, options) })),
    ...accepted.map(({ file }) => acceptChecksum(file.name, file.checksum)),
    ...adopted.map(({ file, statements }) => {
      const { name, checksum, kind } = file
      return adoptRow({ name, checksum, kind, statements, branch, runId, commitSha: commitOf(file, options) })
    }),
  ]
}
