import { describe, expect, test } from '@jest/globals'
import type { ServerKind } from '../../src/database/connect.ts'
import { nextTry } from '../../src/database/ready.ts'

/** Whether there is another try after this one, at each of these seconds. */
function patience(kind: ServerKind, code: string, message = ''): number {
  const error = Object.assign(new Error(message), { code })
  const goesOn = (second: number, attempt: number) =>
    nextTry({ kind, error, attempt, elapsed: second * 1000 }) !== 'stop'
  const seconds = Array.from({ length: 120 }, (_, index) => index / 2)
  return seconds.findLast((second) => goesOn(second, 1)) ?? -1
}

const PASSING = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'CONNECTION_CLOSED', 'CONNECT_TIMEOUT', 'ETIMEDOUT']
const NAMES = ['ENOTFOUND', 'EAI_AGAIN']
const STARTING = ['57P01', '57P03', '53300']
const FINAL = ['28P01', '28000', '3D000', '42501', 'TLS_NOT_OFFERED', 'CERTIFICATE_REJECTED', '']

describe('a server of Neon is waited for', () => {
  test.each([...PASSING, ...NAMES, ...STARTING, '08006', '08P01'])('%s: a minute', (code) =>
    expect(patience('neon', code)).toBe(59.5),
  )

  test('and its proxy that has no compute yet', () =>
    expect(patience('neon', 'XX000', "Couldn't connect to compute node")).toBe(59.5))

  test.each(FINAL)('%j: not at all', (code) => expect(patience('neon', code)).toBe(-1))
})

describe('a foreign server is there, or it starts, or it fails in seconds', () => {
  test.each(STARTING)('%s says that it is not ready yet: a minute', (code) =>
    expect(patience('foreign', code)).toBe(59.5),
  )

  test.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'EPIPE', 'CONNECTION_CLOSED', '08006'])(
    '%s: 5 s',
    (code) => expect(patience('foreign', code)).toBe(4.5),
  )

  test.each(['CONNECT_TIMEOUT', 'ETIMEDOUT', ...FINAL])('%j: once', (code) =>
    expect(patience('foreign', code)).toBe(-1),
  )

  test.each(NAMES)('%s: three tries in two seconds', (code) => {
    const error = Object.assign(new Error(''), { code })
    const waits = [1, 2, 3].map((attempt) => nextTry({ kind: 'foreign', error, attempt, elapsed: 30_000 }))
    expect(waits).toEqual([expect.any(Number), expect.any(Number), 'stop'])
    expect(Number(waits[0]) + Number(waits[1])).toBeLessThanOrEqual(2000)
  })
})
