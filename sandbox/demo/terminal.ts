import { stripVTControlCharacters } from 'node:util'

const plain = !process.stdout.isTTY || process.env.NO_COLOR !== undefined
const paint = (code: number) => (text: string) => (plain ? text : `\x1b[${code}m${text}\x1b[0m`)

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)
export const blue = paint(34)

/** A group of the log that is open; while it has one line only, nothing of it is printed. */
interface OpenGroup {
  title: string
  first: string | undefined
  isPrinted: boolean
}

/**
 * Prints a step's log lines as GitHub's page shows them: groups indented, annotations in their colour. A group with one line
 * takes one.
 */
export function createPrinter(write: (line: string) => void): (line: string) => void {
  let group: OpenGroup | undefined
  const kinds: Record<string, (text: string) => string> = { error: red, warning: yellow, notice: blue }
  const inside = (text: string) => {
    for (const row of text.split('\n')) write(`    ${row}`)
  }
  const open = ({ title, first }: OpenGroup) => {
    write(`  ${bold(`▸ ${title}`)}`)
    if (first !== undefined) inside(first)
  }
  const close = ({ title, first, isPrinted }: OpenGroup) => {
    if (!isPrinted) write(`  ${bold(`▸ ${title}`)}${first === undefined ? '' : `  ${first}`}`)
  }
  return (line) => {
    const [, kind = '', text = ''] = /^##\[(\w+)\]([\s\S]*)$/.exec(line) ?? []
    if (kind === 'endgroup' || kind === 'group') {
      if (group) close(group)
      group = kind === 'group' ? { title: text, first: undefined, isPrinted: false } : undefined
      return
    }
    const colour = kinds[kind]
    const shown = colour ? colour(`${kind[0]?.toUpperCase()}${kind.slice(1)}: ${text}`) : line
    if (!group) {
      for (const row of shown.split('\n')) write(`  ${row}`)
    } else if (group.isPrinted) inside(shown)
    else if (/^\([\d.]+ s\)$/.test(shown) && group.first !== undefined) {
      group.first = `${group.first} ${shown}`
    } else if (group.first === undefined) group.first = shown
    else {
      open(group)
      group.isPrinted = true
      inside(shown)
    }
  }
}

/** Rows as a table with aligned columns; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))))
  const pad = (cell: string, column: number) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)))
  const lines = rows.map((row) => row.map(pad).join('  ').trimEnd())
  const rule = widths.map((columns) => '─'.repeat(columns)).join('  ')
  return [bold(lines[0] ?? ''), dim(rule), ...lines.slice(1)].join('\n')
}

/** Columns on the screen: colours take none. */
function width(text: string): number {
  return stripVTControlCharacters(text).length
}
