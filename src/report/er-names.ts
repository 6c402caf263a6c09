import { unquoted } from './object-names.ts'

// Every ASCII mark that some version of Mermaid reads as syntax or as Markdown, and a character that looks like it. Mermaid's
// grammar of attributes knows letters, digits, `-_[]()` and everything from U+00C0 (erDiagram.jison, ATTRIBUTE_WORD).
const LOOKALIKES: Record<string, string> = {
  ' ': '␣',
  '!': 'ǃ',
  '"': '″',
  '#': '♯',
  $: '＄',
  '%': '٪',
  '&': '＆',
  "'": '’',
  '(': '❨',
  ')': '❩',
  '*': '∗',
  '+': '˖',
  ',': '‚',
  '.': '․',
  '/': '∕',
  ':': '∶',
  ';': '⁏',
  '<': '‹',
  '=': '꞊',
  '>': '›',
  '?': '？',
  '@': '＠',
  '[': '⟦',
  '\\': '∖',
  ']': '⟧',
  '^': 'ˆ',
  _: 'ˍ',
  '`': '‵',
  '{': '❴',
  '|': '∣',
  '}': '❵',
  '~': '∼',
}

function lookalike(char: string): string {
  const known = LOOKALIKES[char]
  if (known) return known
  // Controls, Latin-1 signs, invisible and direction-changing characters.
  return char < '\u00c0' || /[\p{C}\p{Z}\u2028\u2029]/u.test(char) ? '□' : char
}

/** A name from the catalog as text that Mermaid shows as it is, whatever its characters. */
export function erLabel(id: string): string {
  const name = unquoted(id).replace(/[^A-Za-z0-9]/gu, (char, index: number, all: string) => {
    const inside = /[A-Za-z0-9]/.test(all[index - 1] ?? '') && /[A-Za-z0-9]/.test(all[index + 1] ?? '')
    return (char === '_' || char === '.' || char === '-') && inside ? char : lookalike(char)
  })
  return name || '□'
}

const TYPES: [RegExp, string][] = [
  [/^timestamp(\(\d\))? with time zone/, 'timestamptz$1'],
  [/^timestamp(\(\d\))? without time zone/, 'timestamp$1'],
  [/^time(\(\d\))? with time zone/, 'timetz$1'],
  [/^time(\(\d\))? without time zone/, 'time$1'],
  [/^character varying/, 'varchar'],
  [/^character(?=\(|$|\[)/, 'char'],
  [/^double precision/, 'float8'],
  [/^bit varying/, 'varbit'],
]

/** A type as one word: `timestamp with time zone` is `timestamptz`, `numeric(10,2)` keeps its numbers. */
export function erType(type: string): string {
  const short = TYPES.reduce(
    (text, [pattern, name]) => text.replace(pattern, name),
    unquoted(type).replace(/^public\./, ''),
  )
  return word(short, /[A-Za-z0-9_()[\]]/)
}

/** A column name as one attribute word. */
export function erAttribute(name: string): string {
  return word(name, /[A-Za-z0-9_]/)
}

function word(text: string, allowed: RegExp): string {
  const chars = Array.from(text).map((char) => (allowed.test(char) ? char : lookalike(char)))
  const joined = chars.join('').replace(/^_+|_+$|__+/g, (run) => 'ˍ'.repeat(run.length))
  // A word begins with no digit or bracket, and `pk`, `fk`, `uk` are read as keys even when more follows.
  if (/^(?:pk|fk|uk)(?![A-Za-z0-9_])/i.test(joined)) return wide(joined.slice(0, 2)) + joined.slice(2)
  return /^[0-9()[\]-]/.test(joined) ? wide(joined.slice(0, 1)) + joined.slice(1) : joined || '□'
}

/** The full-width form of ASCII characters. */
function wide(text: string): string {
  return text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
}
