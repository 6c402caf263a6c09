const LONGEST = 100
const CONTROL = /[\p{Cc}\u2028\u2029]/gu

/** Whether a text has a character that a terminal or a log would act on. */
export function hasControl(text: string): boolean {
  return text.search(CONTROL) >= 0
}

/** A value as an error shows it: in quotes, on one line, and not longer than a line. */
export function quoted(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return `'${shown.replace(CONTROL, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
