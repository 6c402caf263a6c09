import type { Reply } from '../http/serve.ts'

const DEFAULT_PAGE_SIZE = 30
const LARGEST_PAGE_SIZE = 100

/**
 * One page of a list with the `Link` header of api.github.com: `page` from 1, `per_page` 30 unless given and never more
 * than 100; `prev` and `first` from the second page on, `next` and `last` up to the one before the last.
 * @param address where the list lives; GitHub's links name the repository by id, and clients follow them as they are.
 */
export function page(items: readonly unknown[], query: URLSearchParams, address: string): Reply {
  const size = Math.min(positive(query.get('per_page')) ?? DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
  const number = positive(query.get('page')) ?? 1
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = (target: number, relation: string) => {
    const parameters = new URLSearchParams(query)
    parameters.set('page', String(target))
    return `<${address}?${parameters}>; rel="${relation}"`
  }
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
    ...(number > 1 ? [link(1, 'first')] : []),
  ]
  return {
    status: 200,
    body: items.slice((number - 1) * size, number * size),
    ...(links.length > 0 ? { headers: { link: links.join(', ') } } : {}),
  }
}

function positive(text: string | null): number | undefined {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : undefined
}
