/** A text with its escapes undone, which knows where each part of it stood. */
export interface DecodedText {
  text: string
  /** The place in the original text of a place in this one; `end` for the place behind a range. */
  origin(place: number, side: 'start' | 'end'): number
}

interface Encoding {
  /** The character that every escape begins with. */
  lead: string
  /** One escape, from the place where it is looked for. */
  pattern: RegExp
  /** Undoes one escape; undefined leaves it as it is. */
  decode(written: string): string | undefined
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' }
const CONTROLS: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' }

const PERCENT: Encoding = {
  lead: '%',
  // One character in UTF-8, so that a broken one does not spoil its neighbours.
  pattern:
    /%(?:[0-7][0-9a-f]|[cd][0-9a-f]%[89ab][0-9a-f]|e[0-9a-f](?:%[89ab][0-9a-f]){2}|f[0-7](?:%[89ab][0-9a-f]){3})/iy,
  decode: (written) =>
    written.length === 3
      ? String.fromCharCode(Number.parseInt(written.slice(1), 16))
      : Buffer.from(written.replaceAll('%', ''), 'hex').toString('utf8'),
}
const HTML: Encoding = {
  lead: '&',
  pattern: /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,4});/iy,
  decode(written) {
    const name = written.slice(1, -1)
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()]
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0x10ffff ? undefined : String.fromCodePoint(code)
  },
}
const BACKSLASH: Encoding = {
  lead: '\\',
  pattern: /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[^\n\r])/iy,
  decode(written) {
    if (written.length > 2) return String.fromCharCode(Number.parseInt(written.slice(2), 16))
    const char = written.slice(1)
    return CONTROLS[char] ?? char
  },
}

const ENCODINGS = [BACKSLASH, HTML, PERCENT]
// One inside another; a third would cost as much again, and nothing on the way out writes so.
const DEEPEST = 2

/**
 * A text as it is, and as it reads with percent, HTML and backslash escapes (JSON, Markdown) undone, one inside another too.
 * A text without escapes costs three looks.
 */
export function decodedTexts(text: string): DecodedText[] {
  const plain: DecodedText = { text, origin: (place) => place }
  const found = [plain]
  let last = [plain]
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const next = last.flatMap((view) => ENCODINGS.flatMap((encoding) => undo(view, encoding) ?? []))
    last = next.filter((view, index) => ![...found, ...next.slice(0, index)].some(({ text }) => text === view.text))
    found.push(...last)
  }
  return found
}

function undo(view: DecodedText, encoding: Encoding): DecodedText | undefined {
  const escapes = new Escapes()
  const parts: string[] = []
  const { text } = view
  let shorter = 0
  let done = 0
  for (let from = text.indexOf(encoding.lead); from >= 0; ) {
    const to = endOf(encoding.pattern, text, from)
    const plain = to > from ? encoding.decode(text.slice(from, to)) : undefined
    if (plain !== undefined) {
      parts.push(text.slice(done, from), plain)
      escapes.add(from, to, from - shorter, plain.length)
      shorter += to - from - plain.length
      done = to
    }
    from = text.indexOf(encoding.lead, Math.max(to, from + 1))
  }
  if (parts.length === 0) return undefined
  parts.push(text.slice(done))
  return { text: parts.join(''), origin: (place, side) => view.origin(escapes.placeBefore(place, side), side) }
}

/** Where the escape that stands at a place ends; -1 for none. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : -1
}

/** Where escapes stood in a text, and where what they became stands in the decoded one. Lists of numbers: there may be millions. */
class Escapes {
  private readonly from: number[] = []
  private readonly to: number[] = []
  private readonly at: number[] = []
  private readonly length: number[] = []

  add(from: number, to: number, at: number, length: number): void {
    this.from.push(from)
    this.to.push(to)
    this.at.push(at)
    this.length.push(length)
  }

  /** The place in the text with the escapes of a place in the decoded one. */
  placeBefore(place: number, side: 'start' | 'end'): number {
    // The end of a range belongs to the last character in it.
    const inside = side === 'start' ? place : place - 1
    let low = 0
    let high = this.at.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.at[middle] ?? 0) <= inside) low = middle + 1
      else high = middle
    }
    if (low === 0) return place
    const [from = 0, to = 0, at = 0, length = 0] = [this.from, this.to, this.at, this.length].map(
      (list) => list[low - 1],
    )
    if (inside < at + length) return side === 'start' ? from : to
    return place - (at + length) + to
  }
}
