import type { TableCount } from '../model.ts'
import { whole } from '../runtime/plural.ts'

export { plural, whole } from '../runtime/plural.ts'

/** Bytes for people, in Postgres' units (`pg_size_pretty`: 1 kB is 1024 bytes). */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? whole(value) : value.toFixed(1)} ${units[unit]}`
}

/** A number that is only roughly known: three digits and a unit. */
function rough(count: number): string {
  if (count < 10_000) return whole(count)
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 100_000 ? 1 : 0)} k`
  return count < 1_000_000_000 ? `${(count / 1_000_000).toFixed(1)} M` : `${(count / 1_000_000_000).toFixed(1)} G`
}

/** A row count as far as it can be trusted: `1,204`, `~20.0 M`, `≥ 100,000`, `–` when unknown. */
export function rows(count: Pick<TableCount, 'rows' | 'precision' | 'visibleOnly'>): string {
  if (count.rows === null || count.precision === 'unknown') return '–'
  const marks = { exact: '', estimate: '~', 'at-least': '≥ ' }
  const number = count.precision === 'estimate' ? rough(count.rows) : whole(count.rows)
  return `${marks[count.precision]}${number}${count.visibleOnly ? ' visible' : ''}`
}

/** A change with its sign, `+12` or `−3`; empty for none. */
export function signed(change: number | undefined): string {
  if (!change) return ''
  return change > 0 ? `+${whole(change)}` : `−${whole(-change)}`
}

/** Milliseconds in a table cell: `12 ms`, `3.4 s`. */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return ''
  if (milliseconds < 1000) return `${whole(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** `a`, `a and b`, `a, b and c`; after `most` of them, `and 4 more`. */
export function listing(items: string[], most = items.length): string {
  const shown = items.length > most ? [...items.slice(0, most), `${items.length - most} more`] : items
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
