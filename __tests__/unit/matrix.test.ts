import { describe, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { allCells, nameOf, type Recording, randomOf, sampleOf } from '../support/matrix/cells.ts'
import { HTTP_FAULTS } from '../support/matrix/faults.ts'
import { PLAYS, type Play } from '../support/matrix/modes.ts'
import type { Ending } from '../support/matrix/play-cells.ts'
import { unclear, unclearSuccess } from '../support/matrix/sentence.ts'
import { renderTable } from '../support/matrix/table.ts'

const recording: Recording = {
  http: [
    { server: 'neon', what: 'GET /projects', turn: 1 },
    { server: 'neon', what: 'GET /projects', turn: 2 },
    { server: 'neon', what: 'GET /projects', turn: 3 },
    { server: 'github', what: 'POST /graphql viewer', turn: 1 },
  ],
  queries: [1, 4],
  milliseconds: 500,
}
const cells = allCells(new Map(PLAYS.map((play): [Play, Recording] => [play, recording])))

describe('the cells of the fault matrix', () => {
  test('are every recorded call with every fault, once and lasting', () => {
    const names = cells.map(nameOf)
    expect(new Set(names).size).toBe(names.length)
    for (const fault of HTTP_FAULTS) {
      for (const end of ['', ', lasting']) expect(names).toContain(`diff · GET /projects (2) · ${fault.name}${end}`)
    }
    expect(names).toContain('reset · SQL connection 2, last query · failover, lasting')
    // It has one query, which is the first.
    expect(names).not.toContain('reset · SQL connection 1, last query · failover')
  })

  test('give the same sample for the same seed, another for another, and every play in each', () => {
    const names = (seed: number) => sampleOf(cells, 24, randomOf(seed)).map(nameOf)
    expect(names(7)).toEqual(names(7))
    expect(names(7)).not.toEqual(names(8))
    for (const seed of [1, 2, 3]) {
      const sample = sampleOf(cells, 24, randomOf(seed))
      expect(new Set(sample.map(({ play }) => play)).size).toBe(PLAYS.length)
      expect(sample).toHaveLength(24)
    }
  })

  test('are shown in a table that marks each ending and tells violations', () => {
    const [first, second] = cells
    if (!first || !second) throw new Error('no cells')
    const ending = (cell: typeof first, outcome: Ending['outcome']): Ending => {
      return { cell, outcome, said: 'two branches', runs: 2, milliseconds: 1 }
    }
    const text = renderTable([ending(first, 'same'), ending(second, 'violation')])
    expect(text).toMatch(/GET \/projects +=!/)
    expect(text).toContain(`VIOLATION ${nameOf(second)}: two branches`)
    expect(text).toContain(
      '2 cells, 4 runs: 1 got over it, 0 converged in the next run, 0 did not meet their fault, 1 viol',
    )
  })
})

describe('a failed run', () => {
  const failed = (messages: string[], more: Partial<RunResult> = {}): RunResult => {
    const annotations = messages.map((message) => ({ type: 'error', message }))
    return { exitCode: 1, annotations, droppedAnnotations: [], log: '', ...more } as unknown as RunResult
  }
  const sentence = 'Could not read the branch pr-7: Neon answered 500: injected 500. Run the job again.'

  test('is clear with one sentence of ours', () => {
    expect(unclear(failed([sentence]))).toEqual([])
  })

  test.each([
    ['a runtime text', failed(['fetch failed'])],
    ['an accident', failed(["Could not read it: Cannot read properties of undefined (reading 'id')."])],
    ["the driver's word", failed(['write CONNECTION_CLOSED 127.0.0.1:5432'])],
    ['half a sentence', failed(['the connection was lost'])],
    ['two sentences', failed([sentence, sentence])],
    ['no sentence', failed([])],
    ['another exit code', failed([sentence], { exitCode: 7 })],
    ['a stack trace', failed([sentence], { log: 'Error\n    at run (/home/runner/dist/index.js:1:2)' })],
  ])('is not with %s', (_, result) => {
    expect(unclear(result)).toHaveLength(1)
  })

  test('is not one that succeeded with a warning of the runtime', () => {
    const annotations = [{ type: 'warning', message: 'The comment was not written: x is not iterable' }]
    expect(unclearSuccess({ ...failed([]), exitCode: 0, annotations } as unknown as RunResult)).toHaveLength(1)
  })
})
