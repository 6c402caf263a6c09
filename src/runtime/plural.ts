/** A whole number with thousands separators. */
export function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `1 file`, `2 files`; the plural is the noun with `s` unless given. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${whole(count)} ${count === 1 ? noun : nouns}`
}
