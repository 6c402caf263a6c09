const LONGEST = 100
const MOST = 20
const CONTROL = /[\p{Cc}\u2028\u2029]/gu

/** Whether a text has a character that a terminal or a log would act on. */
export function hasControl(text: string): boolean {
  return text.search(CONTROL) >= 0
}

/** A value as an error shows it: in quotes, on one line, and not longer than a line. */
export function quoted(text: string): string {
  return `'${oneLine(text)}'`
}

/** {@link quoted} without the quotes. */
export function oneLine(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text
  return shown.replace(CONTROL, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Many problems as one text: the first twenty, and how many more there are. */
export function firstOf(problems: readonly string[], separator: string): string {
  const more = problems.length - MOST
  return [...problems.slice(0, MOST), ...(more > 0 ? [`and ${more} more`] : [])].join(separator)
}

/** A text without the same character over and over at its end. (An expression would begin anew at each of them.) */
export function withoutTail(text: string, char: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === char) end -= 1
  return text.slice(0, end)
}

/** Those of the names that stand there a second time. */
export function namedTwice(names: readonly string[]): string[] {
  const seen = new Set<string>()
  return names.filter((name) => seen.size === seen.add(name).size)
}
