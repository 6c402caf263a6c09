/** A text with its escapes undone, which knows where each part of it stood. */
export interface DecodedText {
  text: string
  /** The place in the original text of a place in this one; `end` for the place behind a range. */
  origin(place: number, side: 'start' | 'end'): number
}

/** Where an escape stood, and what it became. */
interface Escape {
  from: number
  to: number
  at: number
  length: number
}

interface Encoding {
  pattern: RegExp
  /** Undoes one escape; undefined leaves it as it is. */
  decode(written: string): string | undefined
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: '\u00a0' }
const CONTROLS: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' }

const PERCENT: Encoding = {
  // One character in UTF-8, so that a broken one does not spoil its neighbours.
  pattern:
    /%(?:[0-7][0-9a-f]|[cd][0-9a-f]%[89ab][0-9a-f]|e[0-9a-f](?:%[89ab][0-9a-f]){2}|f[0-7](?:%[89ab][0-9a-f]){3})/gi,
  decode: (written) => Buffer.from(written.replaceAll('%', ''), 'hex').toString('utf8'),
}
const HTML: Encoding = {
  pattern: /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,4});/gi,
  decode(written) {
    const name = written.slice(1, -1)
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()]
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0x10ffff ? undefined : String.fromCodePoint(code)
  },
}
const BACKSLASH: Encoding = {
  pattern: /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[^\n\r])/gi,
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

function undo(view: DecodedText, { pattern, decode }: Encoding): DecodedText | undefined {
  const escapes: Escape[] = []
  let shorter = 0
  const text = view.text.replace(pattern, (raw: string, from: number) => {
    const plain = decode(raw)
    if (plain === undefined) return raw
    escapes.push({ from, to: from + raw.length, at: from - shorter, length: plain.length })
    shorter += raw.length - plain.length
    return plain
  })
  if (escapes.length === 0) return undefined
  return { text, origin: (place, side) => view.origin(placeBefore(escapes, place, side), side) }
}

function placeBefore(escapes: Escape[], place: number, side: 'start' | 'end'): number {
  // The end of a range belongs to the last character in it.
  const inside = side === 'start' ? place : place - 1
  let low = 0
  let high = escapes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((escapes[middle]?.at ?? 0) <= inside) low = middle + 1
    else high = middle
  }
  const last = escapes[low - 1]
  if (!last) return place
  if (inside < last.at + last.length) return side === 'start' ? last.from : last.to
  return place - (last.at + last.length) + last.to
}
