/** One line of a comparison: in both texts, only before, or only after. */
interface Line {
  side: ' ' | '-' | '+'
  text: string
}

/** A part of a text with an identity, so that it is compared with its own earlier form alone. */
export interface Block {
  key: string
  lines: string[]
}

const CONTEXT = 3
// Past this many differing lines in one block its alignment tells a reader nothing, and costs the square of it.
const MOST_EDITS = 1000

/**
 * The unified diff (as `diff -u` and `git diff` write it) of two texts that are given as blocks, sorted by the same rule.
 * `order` says which of two keys comes first. Empty when all blocks are equal.
 */
export function unifiedDiff(before: Block[], after: Block[], order: (a: string, b: string) => number): string {
  const lines = alignBlocks(before, after, order)
  if (!lines.some((line) => line.side !== ' ')) return ''
  return ['--- before', '+++ after', ...hunks(lines), ''].join('\n')
}

function alignBlocks(before: Block[], after: Block[], order: (a: string, b: string) => number): Line[] {
  const old = new Map(before.map((block) => [block.key, block.lines]))
  const now = new Map(after.map((block) => [block.key, block.lines]))
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort(order)
    .flatMap((key) => compareLines(old.get(key) ?? [], now.get(key) ?? []))
}

/** The shortest list of removed and added lines that turns one list into the other, with the lines they share. */
export function compareLines(before: string[], after: string[]): Line[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  const shorter = Math.min(before.length, after.length) - start
  while (end < shorter && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1
  return [
    ...mark(' ', before.slice(0, start)),
    ...shortestEdit(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...mark(' ', before.slice(before.length - end)),
  ]
}

const mark = (side: Line['side'], texts: string[]): Line[] => texts.map((text) => ({ side, text }))

/**
 * Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986): for each number of edits the
 * furthest point on each diagonal; the trace of these leads back to the edits.
 */
function shortestEdit(before: string[], after: string[]): Line[] {
  const replaced = () => [...mark('-', before), ...mark('+', after)]
  if (before.length === 0 || after.length === 0) return replaced()
  const furthest = new Map<number, number>([[1, 0]])
  const at = (diagonal: number, from: Map<number, number>) => from.get(diagonal) ?? -1
  const trace: Map<number, number>[] = []
  const most = Math.min(before.length + after.length, MOST_EDITS)
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(new Map(furthest))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down =
        diagonal === -edits || (diagonal !== edits && at(diagonal - 1, furthest) < at(diagonal + 1, furthest))
      let x = down ? at(diagonal + 1, furthest) : at(diagonal - 1, furthest) + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1
      furthest.set(diagonal, x)
      if (x >= before.length && x - diagonal >= after.length) return walkBack(before, after, trace)
    }
  }
  return replaced()
}

function walkBack(before: string[], after: string[], trace: Map<number, number>[]): Line[] {
  const lines: Line[] = []
  let x = before.length
  let y = after.length
  const keep = (text: string | undefined, side: Line['side']) => lines.push({ side, text: text ?? '' })
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const furthest = trace[edits] ?? new Map<number, number>()
    const at = (diagonal: number) => furthest.get(diagonal) ?? -1
    const diagonal = x - y
    const down = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1))
    const fromX = down ? at(diagonal + 1) : at(diagonal - 1)
    const fromY = fromX - (down ? diagonal + 1 : diagonal - 1)
    while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0)) {
      x -= 1
      y -= 1
      keep(before[x], ' ')
    }
    if (edits === 0) break
    if (down) keep(after[fromY], '+')
    else keep(before[fromX], '-')
    x = fromX
    y = fromY
  }
  return lines.reverse()
}

/** The hunks of a comparison: each change with three lines around it; changes closer than that share one. */
function hunks(lines: Line[]): string[] {
  const output: string[] = []
  let oldLine = 1
  let newLine = 1
  let heading = ''
  let index = 0
  while (index < lines.length) {
    const range = nextHunk(lines, index)
    if (!range) break
    for (const line of lines.slice(index, range.start)) {
      oldLine += 1
      newLine += 1
      heading = isHeading(line.text) ? line.text : heading
    }
    const hunk = lines.slice(range.start, range.end)
    const inOld = hunk.filter((line) => line.side !== '+')
    const inNew = hunk.filter((line) => line.side !== '-')
    const place = `@@ -${span(oldLine, inOld.length)} +${span(newLine, inNew.length)} @@`
    output.push(heading && !isHeading(hunk[0]?.text ?? '') ? `${place} ${heading}` : place)
    output.push(...hunk.map((line) => line.side + line.text))
    heading = inNew.map((line) => line.text).findLast(isHeading) ?? heading
    oldLine += inOld.length
    newLine += inNew.length
    index = range.end
  }
  return output
}

/** The first line of a statement; it heads the hunks that begin inside it, as a function's name does in `git diff`. */
const isHeading = (text: string) => /^(create|alter|grant) /i.test(text)

/** An empty range is named after the line before it (`-0,0` for a text that was empty). */
const span = (start: number, length: number) => `${length === 0 ? start - 1 : start},${length}`

function nextHunk(lines: Line[], from: number): { start: number; end: number } | null {
  const changed = (line: Line) => line.side !== ' '
  const first = lines.findIndex((line, index) => index >= from && changed(line))
  if (first < 0) return null
  let last = first
  for (let index = first + 1; index < lines.length && index <= last + 2 * CONTEXT + 1; index += 1) {
    const line = lines[index]
    if (line && changed(line)) last = index
  }
  return { start: Math.max(from, first - CONTEXT), end: Math.min(lines.length, last + 1 + CONTEXT) }
}
