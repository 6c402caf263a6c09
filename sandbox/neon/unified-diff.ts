const CONTEXT = 3

/** A line of the comparison: kept, taken out or put in. */
interface Line {
  mark: ' ' | '-' | '+'
  text: string
}

/** The unified diff of two texts with three lines of context, without a file header; empty when they are equal. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return ''
  const lines = compare(before.split('\n'), after.split('\n'))
  const hunks = changedRanges(lines).map(([start, end]) => hunk(lines, start, end))
  return `--- a/schema.sql\n+++ b/schema.sql\n${hunks.join('')}`
}

/** By the table of longest common subsequences; schemas are short enough for it. */
function compare(before: string[], after: string[]): Line[] {
  const width = after.length + 1
  const common = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number) => common[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const same = before[row] === after[column]
      common[row * width + column] = same
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const lines: Line[] = []
  let row = 0
  let column = 0
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push({ mark: ' ', text: before[row] ?? '' })
      row += 1
      column += 1
    } else if (column >= after.length || (row < before.length && at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ mark: '-', text: before[row] ?? '' })
      row += 1
    } else {
      lines.push({ mark: '+', text: after[column] ?? '' })
      column += 1
    }
  }
  return lines
}

/** Index ranges with changes and their context; those that touch are one. */
function changedRanges(lines: Line[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const [index, { mark }] of lines.entries()) {
    if (mark === ' ') continue
    const start = Math.max(0, index - CONTEXT)
    const end = Math.min(lines.length, index + CONTEXT + 1)
    const last = ranges.at(-1)
    if (last && start <= last[1]) last[1] = end
    else ranges.push([start, end])
  }
  return ranges
}

function hunk(lines: Line[], start: number, end: number): string {
  const count = (part: Line[], other: '-' | '+') => part.filter(({ mark }) => mark !== other).length
  const before = lines.slice(0, start)
  const body = lines.slice(start, end)
  const old = `${count(before, '+') + 1},${count(body, '+')}`
  const fresh = `${count(before, '-') + 1},${count(body, '-')}`
  return `@@ -${old} +${fresh} @@\n${body.map(({ mark, text }) => `${mark}${text}\n`).join('')}`
}
