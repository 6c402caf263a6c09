import { stripVTControlCharacters } from 'node:util'

const plain = !process.stdout.isTTY || process.env.NO_COLOR !== undefined
const paint = (code: number) => (text: string) => (plain ? text : `\x1b[${code}m${text}\x1b[0m`)

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)
export const blue = paint(34)

/** Prints a step's log lines as GitHub's page shows them: groups indented, annotations in their colour. */
export function createPrinter(write: (line: string) => void): (line: string) => void {
  let depth = ''
  const kinds: Record<string, (text: string) => string> = { error: red, warning: yellow, notice: blue }
  return (line) => {
    const [, kind = '', text = ''] = /^##\[(\w+)\]([\s\S]*)$/.exec(line) ?? []
    if (kind === 'endgroup') {
      depth = ''
      return
    }
    if (kind === 'group') {
      write(`  ${bold(`▸ ${text}`)}`)
      depth = '  '
      return
    }
    const colour = kinds[kind]
    const shown = colour ? colour(`${kind[0]?.toUpperCase()}${kind.slice(1)}: ${text}`) : line
    for (const row of shown.split('\n')) write(`  ${depth}${row}`)
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
