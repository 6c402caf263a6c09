import type { FileResult } from '../model.ts'
import { code, prose, table } from './escape.ts'
import { duration, listing, size, whole } from './format.ts'
import { shortName } from './object-names.ts'

const FILE_STATES: Record<FileResult['state'], string> = {
  applied: '✅ applied',
  unchanged: 'unchanged',
  pending: '🕒 pending',
  failed: '❌ failed',
  partial: '❌ half applied',
  edited: '❌ edited after it was applied',
  accepted: '✅ accepted as applied',
  missing: '⚠️ applied, file is gone',
  ignored: 'ignored',
}

/** The files with what they cost: milliseconds, statements, rows written, locks, rewrites. */
export function filesTable(files: FileResult[]): string {
  const quiet = files.filter(isQuiet).map((file) => code(file.path))
  const lines = files
    .filter((file) => !isQuiet(file))
    .map((file) => [
      [code(file.path), ...file.notes.map((note) => prose(note, 200))].join('<br>'),
      FILE_STATES[file.state],
      duration(file.milliseconds),
      file.statements > 0 ? whole(file.statements) : '',
      file.rows.map(written).join('<br>'),
      effects(file).join('<br>'),
    ])
  const titles = ['File', 'State', 'Time:', 'Statements:', 'Rows written', 'Locks and rewrites']
  const unchanged = quiet.length > 0 ? `Unchanged: ${listing(quiet, 100)}.` : ''
  return [lines.length > 0 ? table(titles, lines) : '', unchanged].filter(Boolean).join('\n\n')
}

/** True for a file about which there is nothing to say. */
function isQuiet(file: FileResult): boolean {
  const effects = file.rows.length + file.locks.length + file.rewrites.length + file.notes.length
  return file.state === 'unchanged' && effects === 0
}

function written(change: FileResult['rows'][number]): string {
  const parts = [
    change.inserted > 0 ? `+${whole(change.inserted)}` : '',
    change.updated > 0 ? `~${whole(change.updated)}` : '',
    change.deleted > 0 ? `−${whole(change.deleted)}` : '',
  ].filter(Boolean)
  return `${code(shortName(change.table))} ${parts.join(' ')}`
}

function effects(file: FileResult): string[] {
  return [
    ...file.rewrites.map((one) => `rewrites ${one.kind} ${code(shortName(one.table))} (${size(one.bytes)})`),
    ...file.locks.map((lock) => `${prose(lock.mode)} on ${code(shortName(lock.table))}`),
    ...(file.transactional ? [] : ['outside a transaction']),
  ]
}
