import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { reliabilityTable, rowsOf } from '../../.github/scripts/reliability.ts'

test('a row has the sums of a case, the greatest of times, and how many promises were broken', () => {
  const content = {
    inputs: { runs: 5, ended: { run: 2, skip: 1, error: 2 }, slowestMs: 30, faults: [] },
    texts: { texts: 12_000, different: [{ source: 'select' }] },
    seed: 7,
  }
  expect(rowsOf('fuzz', content)).toEqual([
    '| `npm run test:fuzz` | inputs | runs 5, run 2, skip 1, error 2, slowest 30 ms | 0 |',
    '| `npm run test:fuzz` | texts | texts 12,000 | 1 |',
  ])
})

test('many cases are one row', () => {
  const cases = Object.fromEntries(
    [1, 2, 3, 4, 5].map((n) => [`case ${n}`, { moments: 10, longestMilliseconds: n, flaws: n === 5 ? ['left'] : [] }]),
  )
  expect(rowsOf('moments', cases)).toEqual(['| `npm run test:moments` | 5 cases | moments 50, longest 5 ms | 1 |'])
})

test('where a file is missing, its rows are not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'figures-'))
  try {
    const head = '| Script | What | Figures | Broken promises |\n| --- | --- | --- | --: |'
    expect(reliabilityTable(join(folder, 'none'))).toBe(head)
    writeFileSync(join(folder, 'crowds.json'), '{"two": {"runs": 1}}')
    expect(reliabilityTable(folder)).toBe(`${head}\n| \`npm run test:crowds\` | two | runs 1 | 0 |`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the figures that are committed broke no promise', () => {
  const broken = reliabilityTable('docs/reliability')
    .split('\n')
    .slice(2)
    .filter((row) => !row.endsWith('| 0 |'))
  expect(broken).toEqual([])
})
