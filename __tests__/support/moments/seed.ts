/** Numbers from 0 to below 1 that follow from a seed: mulberry32, public domain (Tommy Ettinger). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The seed of a sample: the environment's, or always the same, so that no change is blamed for what another sample finds. */
export function seedOf(name: string): number {
  return Number(process.env[name] ?? 20_261)
}

/** So many of a list, spread evenly over it and in its order: one from each of as many equal parts. */
export function spread<T>(list: readonly T[], count: number, random: () => number): T[] {
  if (count >= list.length) return [...list]
  const size = list.length / count
  return Array.from({ length: count }, (_, part) => list[Math.floor(part * size + random() * size)] as T)
}

/** A list in another order. */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const keyed = list.map((value) => ({ value, key: random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value)
}
