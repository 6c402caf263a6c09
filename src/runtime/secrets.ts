import { decodedTexts } from './decoded-text.ts'
import { type Needle, needlesOf, SHORTEST_PREFIX, secretForms } from './secret-forms.ts'

/** Knows every secret of the run, so that it is masked before it can be printed and redacted where masks do not reach. */
export interface Secrets {
  /** Registers a secret in all its forms; values under six characters are ignored, they would mask ordinary text. */
  add(value: string): void
  /**
   * Replaces every known secret in a text by `***`, in whatever form it stands there, and also the first twelve characters
   * or more of one. Comes before a text is escaped, cut, encoded or made JSON.
   */
  redact(text: string): string
  /**
   * As {@link redact} for what others look objects up by (labels): short secrets stay, since a weak password such as
   * `postgres` is a word that names are made of.
   */
  redactLong(text: string): string
  /** As {@link redact}, but with a `*` for each character, line breaks kept: places in the text stay what they are. */
  cover(text: string): string
}

interface Range {
  start: number
  end: number
}

/**
 * A store of secrets that hands the forms of each to `mask` (the runner's `::add-mask::`) as soon as it is known.
 */
export function createSecrets(mask: (value: string) => void): Secrets {
  const masked = new Set<string>()
  const needles = new Map<string, Needle>()
  let search: ((text: string) => Range[]) | undefined
  const ranges = (text: string): Range[] => {
    if (needles.size === 0) return []
    search ??= createSearch([...needles.values()])
    return findIn(text, search)
  }
  return {
    add(value) {
      for (const form of secretForms(value)) {
        if (masked.has(form)) continue
        masked.add(form)
        mask(form)
      }
      for (const needle of needlesOf(value)) {
        if (needles.has(needle.text)) continue
        needles.set(needle.text, needle)
        search = undefined
      }
    },
    redact: (text) => replace(text, ranges(text), () => '***'),
    redactLong(text) {
      const long = ranges(text).filter(({ start, end }) => end - start >= SHORTEST_PREFIX)
      return replace(text, long, () => '***')
    },
    cover: (text) => replace(text, ranges(text), (secret) => secret.replace(/[^\r\n]/gu, '*')),
  }
}

/** The ranges of a text that give a secret away, in order and apart from each other. */
function findIn(text: string, search: (text: string) => Range[]): Range[] {
  const found = decodedTexts(text).flatMap((view) =>
    search(view.text).map(({ start, end }) => ({ start: view.origin(start, 'start'), end: view.origin(end, 'end') })),
  )
  const merged: Range[] = []
  for (const range of found.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else merged.push({ ...range })
  }
  return merged
}

function replace(text: string, ranges: Range[], by: (secret: string) => string): string {
  let clean = ''
  let end = 0
  for (const range of ranges) {
    clean += text.slice(end, range.start) + by(text.slice(range.start, range.end))
    end = range.end
  }
  return clean + text.slice(end)
}

/**
 * Finds every place where a needle stands, or the first twelve characters or more of one. One regular expression of the
 * beginnings passes over the text, whatever the number of needles; what begins is then compared.
 */
function createSearch(needles: Needle[]): (text: string) => Range[] {
  // What counts only as a whole is compared as one: the beginnings of URLs are alike, and texts are full of them.
  const headOf = ({ text, whole }: Needle) => (whole ? text : text.slice(0, SHORTEST_PREFIX))
  const heads = [...new Set(needles.map(headOf))].sort((a, b) => b.length - a.length)
  const beginnings = new RegExp(heads.map(escapeRegExp).join('|'), 'g')
  // The expression answers with the longest beginning; the shorter ones in it count too.
  const candidates = new Map(
    heads.map((head) => [head, needles.filter((needle) => head.startsWith(headOf(needle)))] as const),
  )
  return (text) => {
    const found: Range[] = []
    beginnings.lastIndex = 0
    for (let match = beginnings.exec(text); match; match = beginnings.exec(text)) {
      const start = match.index
      beginnings.lastIndex = start + 1
      for (const needle of candidates.get(match[0]) ?? []) {
        const length = lengthAt(text, start, needle)
        if (length === 0) continue
        const range = { start, end: start + length }
        found.push(needle.base64 ? widened(text, range) : range)
      }
    }
    return found
  }
}

/** A range of base64 with the group of four characters before and behind it, which hold bytes of the same secret. */
function widened(text: string, { start, end }: Range): Range {
  const before = /[\w+/-]{0,4}$/.exec(text.slice(Math.max(0, start - 4), start))?.[0].length ?? 0
  const behind = /^[\w+/-]{0,4}={0,2}/.exec(text.slice(end, end + 6))?.[0].length ?? 0
  return { start: start - before, end: end + behind }
}

/** How much of a needle stands at a place; 0 where it is too little. */
function lengthAt(text: string, start: number, { text: needle, whole }: Needle): number {
  if (text.startsWith(needle, start)) return needle.length
  if (whole || needle.length <= SHORTEST_PREFIX) return 0
  let length = SHORTEST_PREFIX
  while (text[start + length] === needle[length]) length += 1
  return length
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
