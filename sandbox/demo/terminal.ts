import { stripVTControlCharacters } from 'node:util'

const plain = !process.stdout.isTTY || process.env.NO_COLOR !== undefined
const paint = (code: number) => (text: string) => (plain ? text : `\x1b[${code}m${text}\x1b[0m`)

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)
export const blue = paint(34)

/** A group of the log that is open: its latest line waits, so that the time it took can stand behind the last one. */
interface OpenGroup {
  title: string
  waiting: string | undefined
  isFirst: boolean
}

/**
 * Prints a step's log lines as GitHub's page shows them: groups indented below their title and first line, annotations in their
 * colour.
 */
export function createPrinter(write: (line: string) => void): (line: string) => void {
  let group: OpenGroup | undefined
  const kinds: Record<string, (text: string) => string> = { error: red, warning: yellow, notice: blue }
  const flush = (open: OpenGroup, behind = '') => {
    const text = `${open.waiting ?? ''}${behind}`
    if (open.isFirst) write(`  ${bold(`▸ ${open.title}`)}  ${text}`.trimEnd())
    else for (const row of text.split('\n')) write(`    ${row}`)
    open.isFirst = false
    open.waiting = undefined
  }
  return (line) => {
    const [, kind = '', text = ''] = /^##\[(\w+)\]([\s\S]*)$/.exec(line) ?? []
    if (kind === 'endgroup' || kind === 'group') {
      if (group && (group.isFirst || group.waiting !== undefined)) flush(group)
      group = kind === 'group' ? { title: text, waiting: undefined, isFirst: true } : undefined
      return
    }
    const colour = kinds[kind]
    const shown = colour ? colour(`${kind[0]?.toUpperCase()}${kind.slice(1)}: ${text}`) : line
    if (!group) {
      for (const row of shown.split('\n')) write(`  ${row}`)
    } else if (/^\([\d.]+ s\)$/.test(shown)) flush(group, ` ${dim(shown)}`)
    else {
      if (group.waiting !== undefined) flush(group)
      group.waiting = shown
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
