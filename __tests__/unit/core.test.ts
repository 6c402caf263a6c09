import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { seconds } from '../../src/runtime/clock.ts'
import { ActionError, errorMessage } from '../../src/runtime/errors.ts'
import { watchLifetime } from '../../src/runtime/lifetime.ts'
import { backoff, retry } from '../../src/runtime/retry.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'
import { instantClock } from '../support/runtime.ts'

describe('secrets', () => {
  test('raw, encoded and per line are masked and redacted', () => {
    const masks: string[] = []
    const secrets = createSecrets((value) => masks.push(value))
    secrets.add("p@ss/w'rd!")
    expect(masks).toEqual(["p@ss/w'rd!", "p%40ss%2Fw'rd!", 'p%40ss%2Fw%27rd%21'])
    expect(secrets.redact("a p@ss/w'rd! b p%40ss%2Fw%27rd%21 c")).toBe('a *** b *** c')
    secrets.add('first line\nsecond line')
    expect(masks).toContain('second line')
  })

  test('short values are left alone', () => {
    const secrets = createSecrets(() => undefined)
    secrets.add('main')
    expect(secrets.redact('main')).toBe('main')
  })

  test('no known secret survives redaction, also when one holds another', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.string(),
        (secret, before, after) => {
          const secrets = createSecrets(() => undefined)
          secrets.add(secret)
          secrets.add(`postgresql://u:${secret}@host/db`)
          const clean = secrets.redact(
            `${before}postgresql://u:${secret}@host/db ${encodeURIComponent(secret.toWellFormed())}${after}`,
          )
          expect(clean.replaceAll('***', '')).not.toContain(`:${secret}@`)
        },
      ),
    )
  })
})

describe('retry', () => {
  const options = (decide: (attempt: number, elapsed: number) => number | 'stop') => {
    const clock = instantClock()
    return {
      clock,
      signal: new AbortController().signal,
      decide: (_: unknown, attempt: number, elapsed: number) => decide(attempt, elapsed),
    }
  }

  test('tries until it works and waits as told', async () => {
    const given = options((attempt) => attempt * 1000)
    let calls = 0
    const result = await retry(given, async () => {
      calls += 1
      if (calls < 3) throw new Error('not yet')
      return 'done'
    })
    expect([result, calls, given.clock.slept]).toEqual(['done', 3, [1000, 2000]])
  })

  test('stops with the last error', async () => {
    let calls = 0
    const work = retry(
      options((_, elapsed) => (elapsed < 5000 ? 2000 : 'stop')),
      async () => {
        calls += 1
        throw new Error(`attempt ${calls}`)
      },
    )
    await expect(work).rejects.toThrow('attempt 4')
  })

  test('an abort ends it with the reason', async () => {
    const controller = new AbortController()
    const work = retry({ ...options(() => 1000), signal: controller.signal }, async () => {
      controller.abort(new ActionError('The run was cancelled.'))
      throw new Error('socket hang up')
    })
    await expect(work).rejects.toThrow('cancelled')
  })

  test('backoff doubles up to its most, with at most a quarter of jitter', () => {
    expect([1, 2, 3, 4, 5, 9].map((attempt) => backoff(attempt, 1000, 8000, () => 0))).toEqual([
      1000, 2000, 4000, 8000, 8000, 8000,
    ])
    expect(backoff(3, 1000, 8000, () => 1)).toBe(3000)
  })
})

describe('errors', () => {
  test('say message and advice, and look into aggregates', () => {
    expect(errorMessage(new ActionError('It failed.', { advice: 'Do this.' }))).toBe('It failed. Do this.')
    expect(errorMessage(new Error('write CONNECTION_CLOSED 127.0.0.1:5432'))).toBe('the connection was lost')
    expect(errorMessage(new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]))).toBe(
      'connect ECONNREFUSED 127.0.0.1:1',
    )
    expect(errorMessage('text')).toBe('text')
    expect(errorMessage(new TypeError(''))).toBe('TypeError')
  })
})

test('seconds for people', () => {
  expect([0, 440, 12_000, 200_000].map(seconds)).toEqual(['0.0 s', '0.4 s', '12.0 s', '3 min 20 s'])
})

test('a timeout of more than 24.8 days does not end the run at once', async () => {
  const lifetime = watchLifetime(30 * 86_400_000)
  try {
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(lifetime.signal.aborted).toBe(false)
  } finally {
    lifetime.dispose()
  }
})
