// From this many letters on, two of them may differ.
const LONG = 6

/**
 * Whether one name may be a slip of the other: they differ in case, in dashes, underscores and spaces, or in one letter;
 * in two where both have six or more. Letters count after those differences are taken off.
 */
export function isNearName(one: string, other: string): boolean {
  const [a, b] = [fold(one), fold(other)]
  return distance(a, b) <= (Math.min(a.length, b.length) < LONG ? 1 : 2)
}

function fold(name: string): string[] {
  return [
    ...name
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s_-]+/g, ''),
  ]
}

/** How many letters must be put in, taken out or exchanged to make one name of the other (Levenshtein). */
function distance(a: readonly string[], b: readonly string[]): number {
  let row = [0, ...b.map((_, index) => index + 1)]
  for (const [index, letter] of a.entries()) {
    const next = [index + 1]
    for (const [column, other] of b.entries()) {
      const exchanged = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(exchanged, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
