import { lowerCase } from './split.ts'
import { Tokenizer, type TokenKind } from './tokens.ts'

/** One token of a statement that is no comment, with how deep in parentheses it stands. */
export interface Item {
  kind: TokenKind
  /** As written; of a word, in lower case. */
  text: string
  /** 0 outside parentheses; an opening and its closing parenthesis have the depth outside of them. */
  depth: number
}

/** The tokens of a statement without its comments, at most `most` of them. */
export function itemsOf(text: string, most = Number.POSITIVE_INFINITY): Item[] {
  const items: Item[] = []
  const tokens = new Tokenizer(text)
  let depth = 0
  while (items.length < most && tokens.next()) {
    const { kind, start, end } = tokens
    if (kind === 'comment') continue
    if (kind === 'close' && depth > 0) depth -= 1
    const written = text.slice(start, end)
    items.push({ kind, text: kind === 'word' ? lowerCase(written) : written, depth })
    if (kind === 'open') depth += 1
  }
  return items
}

/** Index of the first of these words outside quotes, at `depth` if that is given; -1 if there is none. */
export function indexOfWord(items: Item[], words: string[], options: { from?: number; depth?: number } = {}): number {
  const { from = 0, depth } = options
  return items.findIndex(
    (item, index) =>
      index >= from &&
      item.kind === 'word' &&
      words.includes(item.text) &&
      (depth === undefined || item.depth === depth),
  )
}

/** Whether the words stand one after the other from an index, outside quotes. */
export function hasWords(items: Item[], index: number, ...words: string[]): boolean {
  return words.every((word, offset) => {
    const item = items[index + offset]
    return item?.kind === 'word' && item.text === word
  })
}

/** Index behind these words where they stand, in any order, as in `[if exists] [only]`. */
export function passWords(items: Item[], index: number, words: string[]): number {
  let at = index
  while (items[at]?.kind === 'word' && words.includes(items[at]?.text ?? '')) at += 1
  return at
}

/** A qualified name that begins at an index, `app.users` or `"App"."Users"`, and the index behind it. */
export function nameAt(items: Item[], index: number): { name: string; next: number } {
  const parts: string[] = []
  let at = index
  for (;;) {
    const item = items[at]
    if (item?.kind !== 'word' && item?.kind !== 'name') break
    parts.push(unquote(item))
    at += 1
    if (items[at]?.text !== '.') break
    at += 1
  }
  return { name: parts.join('.'), next: at }
}

// A quoted name that could stand unquoted is the same name; others keep their quotes, so that "A" and a stay apart.
function unquote(item: Item): string {
  if (item.kind === 'word') return item.text
  const inner = item.text.slice(1, -1)
  return /^[a-z_][a-z0-9_$]*$/.test(inner) && item.text.startsWith('"') ? inner : item.text
}
