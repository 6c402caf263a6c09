// Enough to keep the file system busy, few enough for any limit of open files.
const AT_ONCE = 32

/** Does `work` on each item, 32 at a time, and returns the results in the items' order. Rejects with the first error. */
export async function mapAtOnce<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))))
  }
  return results
}
