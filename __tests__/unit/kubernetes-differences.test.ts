import { describe, expect, test } from '@jest/globals'
import { differences } from '../../src/kubernetes/differences.ts'

const desired = {
  metadata: { labels: { team: 'data' } },
  spec: {
    version: 'v2',
    metadata: [
      { name: 'connectionString', secretKeyRef: { name: 'postgres-credentials', key: 'DIRECT_URL' } },
      { name: 'timeout', value: 20 },
    ],
  },
}
/** The desired object after a change, with the keys of every object in the order a server writes them. */
function asServed(change: (copy: typeof desired) => void = () => undefined): unknown {
  const copy = structuredClone(desired)
  change(copy)
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, below]) => [key, turned(below)] as const)
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)))
  }
  return turned(copy)
}

describe('an object that a server returns', () => {
  test('is equal whatever the order of its keys, in lists too', () => {
    expect(JSON.stringify(asServed())).not.toBe(JSON.stringify(desired))
    expect(differences(asServed(), desired)).toEqual([])
  })

  test('may have more than we asked for beside ours', () => {
    const served = {
      ...(asServed() as object),
      status: {},
      metadata: { labels: { team: 'data', more: 'x' }, uid: '1' },
    }
    expect(differences(served, desired)).toEqual([])
  })

  test.each<[string, (copy: typeof desired) => void]>([
    [
      'another value deep in an item',
      (copy) => Object.assign(copy.spec.metadata[0] ?? {}, { secretKeyRef: { name: 'x' } }),
    ],
    ['a number as text', (copy) => Object.assign(copy.spec.metadata[1] ?? {}, { value: '20' })],
    ['a field more in an item', (copy) => Object.assign(copy.spec.metadata[1] ?? {}, { envRef: 'X' })],
    ['an item less', (copy) => void copy.spec.metadata.pop()],
    ['an item more', (copy) => void copy.spec.metadata.push({ name: 'maxConns', value: 1 })],
    ['the items in another order', (copy) => void copy.spec.metadata.reverse()],
    ['an object in place of the list', (copy) => Object.assign(copy.spec, { metadata: { 0: copy.spec.metadata[0] } })],
    ['no list', (copy) => Object.assign(copy.spec, { metadata: null })],
  ])('differs with %s', (_, change) => {
    expect(differences(asServed(change), desired)).toEqual(['spec.metadata'])
  })

  test('names each place by its path, and shows no value', () => {
    const served = asServed((copy) => {
      copy.spec.version = 'v1'
      copy.metadata.labels = {} as typeof copy.metadata.labels
    })
    expect(differences(served, desired)).toEqual(['metadata.labels.team', 'spec.version'])
    expect(differences(null, desired)).toEqual([''])
  })
})
