import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Figures of a whole run of a suite, by the name of what was played. */
export type Figures<T> = Record<string, T>

const fileOf = (name: string) => join(import.meta.dirname, '../../../docs/reliability', `${name}.json`)

/** The figures that are kept; empty when there are none yet. */
export function readFigures<T>(name: string): Figures<T> {
  try {
    return JSON.parse(readFileSync(fileOf(name), 'utf8')) as Figures<T>
  } catch {
    return {}
  }
}

/** Keeps figures in the place of those of the same name; others stay, so that a set can be run in pieces. */
export function keepFigures<T>(name: string, figures: Figures<T>): void {
  const all = { ...readFigures<T>(name), ...figures }
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b)))
  mkdirSync(dirname(fileOf(name)), { recursive: true })
  writeFileSync(fileOf(name), `${JSON.stringify(sorted, null, 2)}\n`)
}

/** Prints rows under headings, in columns. */
export function printTable(headings: readonly string[], rows: readonly (string | number)[][]): void {
  const all = [headings, ...rows].map((row) => row.map(String))
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  process.stdout.write(`${lines.join('\n')}\n`)
}
