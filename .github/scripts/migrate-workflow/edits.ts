/** One change of a text: what stands from `start` to `end` becomes `text`. Offsets are those of the text as it was. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** Makes all changes at once. At one place insertions come first, in their order. @throws when two overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const edit of sorted(edits)) {
    if (edit.start < at) throw new Error(`two changes at offset ${edit.start}`)
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** Where an offset of the old text is in the new one. What was inserted exactly there stands before it. */
export function movedOffset(offset: number, edits: readonly Edit[]): number {
  const before = edits.filter(({ start, end }) => start < offset || (start === offset && end === offset))
  return before.reduce((sum, { start, end, text }) => sum + text.length - (Math.min(end, offset) - start), offset)
}

/** The number of the line, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function sorted(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
}
