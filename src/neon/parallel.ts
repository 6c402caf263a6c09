import type { Runtime } from '../runtime/runtime.ts'

/** Returns a function that resolves at most `perSecond` times a second, in the order it was called. */
export function createPacer({ clock, signal }: Runtime, perSecond: number): () => Promise<void> {
  const gap = 1000 / perSecond
  let next = clock.now()
  return async () => {
    const turn = Math.max(next, clock.now())
    next = turn + gap
    if (turn > clock.now()) await clock.sleep(turn - clock.now(), signal)
  }
}

/** Does `work` on every item, at most `width` at once; results come in the order of the items. The first error stops it. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const workers = Array.from({ length: Math.max(1, width) }, async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  })
  await Promise.all(workers)
  return results
}
