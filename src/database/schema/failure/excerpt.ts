import type { Place } from '../../sql/text-place.ts'

const LINES_AROUND = 1
const WIDEST = 120
// Of a line that is cut, this much is kept in front of the place.
const LEAD = 70
const TAB = 4

/** A character as it is shown, and how many columns it takes. */
interface Cell {
  shown: string
  width: number
}

/**
 * The line of a place with one line before and behind it, numbered, and a caret below the place:
 *
 *     11 | insert into users
 *     12 |   values (1, nope);
 *        |              ^
 *
 * Tabs become spaces, wide characters count two columns, characters that would disturb a terminal are shown as `·`, and
 * of long lines only a part is shown.
 */
export function excerpt(source: string, place: Place): string {
  const lines = source.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  const line = Math.min(Math.max(place.line, 1), lines.length)
  const first = Math.max(1, line - LINES_AROUND)
  const last = Math.min(lines.length, line + LINES_AROUND)
  const gutter = String(last).length
  const shown: string[] = []
  for (let number = first; number <= last; number += 1) {
    const text = lines[number - 1] ?? ''
    const { line: visible, caret } = cut(text, number === line ? place.column : 1)
    shown.push(`${String(number).padStart(gutter)} | ${visible}`.trimEnd())
    if (number === line) shown.push(`${' '.repeat(gutter)} | ${' '.repeat(caret)}^`)
  }
  return shown.join('\n')
}

/** The part of a line around a column (from 1, in code points), and the columns in front of that place. */
function cut(text: string, column: number): { line: string; caret: number } {
  const skipped = Math.max(0, column - 1 - LEAD)
  const cells: Cell[] = skipped > 0 ? [{ shown: '…', width: 1 }] : []
  let position = 0
  let columns = cells.length
  let caret = columns
  for (const character of text) {
    position += 1
    if (position <= skipped) continue
    const cell = show(character, columns)
    if (position === column) caret = columns
    if (columns + cell.width > WIDEST) return { line: `${join(cells)}…`, caret }
    cells.push(cell)
    columns += cell.width
  }
  return { line: join(cells), caret: position < column ? columns : caret }
}

function join(cells: Cell[]): string {
  return cells.map(({ shown }) => shown).join('')
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

function show(character: string, column: number): Cell {
  if (character === '\t') {
    const width = TAB - (column % TAB)
    return { shown: ' '.repeat(width), width }
  }
  // A joiner and variation selectors belong to the character before them.
  if (/\p{Mn}|\p{Me}|\u200d/u.test(character)) return { shown: character, width: 0 }
  if (/\p{C}|\u2028|\u2029/u.test(character)) return { shown: '·', width: 1 }
  return { shown: character, width: WIDE.test(character) ? 2 : 1 }
}
