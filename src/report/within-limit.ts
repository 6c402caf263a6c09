/** A part of a text that may be left out whole when the text would be too long. */
export interface Part {
  /** Safe Markdown; an empty part is no part. */
  markdown: string
  /** What the reader is told was left out; without it the part always stays. */
  name?: string
  /** The greatest goes first. */
  rank?: number
}

/** How to fit parts into a limit. */
export interface FitOptions {
  limit: number
  /** Length in the unit of the limit. */
  measure(text: string): number
  /** The sentence that says what is missing. */
  missing(names: string[]): string
}

/** The parts joined by blank lines; whole parts are left out, never cut, until they fit. Undefined when even the rest does not. */
export function fitParts(parts: Part[], options: FitOptions): string | undefined {
  const left: string[] = []
  let kept = parts.filter((part) => part.markdown !== '')
  for (;;) {
    const note = left.length > 0 ? [{ markdown: options.missing(left) }] : []
    const text = [...kept, ...note].map((part) => part.markdown).join('\n\n')
    if (options.measure(text) <= options.limit) return text
    const optional = kept.filter((part) => part.name !== undefined)
    const first = optional.sort((a, b) => (b.rank ?? 0) - (a.rank ?? 0))[0]
    if (!first) return undefined
    left.push(first.name ?? '')
    kept = kept.filter((part) => part !== first)
  }
}
