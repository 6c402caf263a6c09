import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { SchemaChange } from '../../src/model.ts'
import { changesJson, tablesJson } from '../../src/report/index.ts'
import { count, nothingChanged, pullRequest } from '../support/reports.ts'

function validator(name: string) {
  const schema = JSON.parse(readFileSync(new URL(`../../docs/schemas/${name}.schema.json`, import.meta.url), 'utf8'))
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema)
  return (text: string) => {
    validate(JSON.parse(text))
    return validate.errors ?? []
  }
}

const change = (index: number, text = ''): SchemaChange => ({
  action: 'added',
  kind: 'function',
  id: `public.f${index}()`,
  table: null,
  after: text,
})

describe('output changes', () => {
  const errors = validator('changes')

  test('answers the published schema and counts by action', () => {
    const { diff } = pullRequest()
    const text = changesJson(diff ?? { changes: [], unified: '' })
    expect(errors(text)).toEqual([])
    expect(JSON.parse(text)).toMatchObject({ total: 15, added: 12, removed: 1, changed: 2, complete: true })
    expect(JSON.parse(text).changes[0]).toEqual({
      action: 'added',
      kind: 'table',
      id: 'public.courses',
      table: 'public.courses',
      before: null,
      after: 'table',
      from: null,
      replaced: false,
    })
  })

  test('no change is an empty list', () => {
    const text = changesJson({ changes: [], unified: '' })
    expect(errors(text)).toEqual([])
    expect(JSON.parse(text)).toMatchObject({ total: 0, changes: [] })
  })

  test('a long one loses definitions before it loses entries, and says so', () => {
    const bodies = changesJson({
      changes: Array.from({ length: 100 }, (_, index) => change(index, 'x'.repeat(10_000))),
      unified: '',
    })
    expect(errors(bodies)).toEqual([])
    expect(bodies.length).toBeLessThanOrEqual(200_000)
    expect(JSON.parse(bodies)).toMatchObject({ total: 100, complete: false })
    expect(JSON.parse(bodies).changes).toHaveLength(100)

    const many = changesJson({ changes: Array.from({ length: 20_000 }, (_, index) => change(index)), unified: '' })
    expect(errors(many)).toEqual([])
    expect(many.length).toBeLessThanOrEqual(200_000)
    expect(JSON.parse(many)).toMatchObject({ total: 20_000, complete: false })
  })

  test('the schema refuses what it should', () => {
    expect(errors('{"total":1}')).not.toEqual([])
    expect(errors(changesJson({ changes: [{ ...change(1), kind: 'planet' as never }], unified: '' }))).not.toEqual([])
  })
})

describe('output tables', () => {
  const errors = validator('tables')

  test('answers the published schema', () => {
    const counts = [
      ...(nothingChanged().tables ?? []),
      count('secret', null, { precision: 'unknown', reason: 'permission denied' }),
      count('big', 100_000, { precision: 'at-least', kind: 'foreign' }),
      count('mine', 3, { visibleOnly: true, change: -2 }),
    ]
    const text = tablesJson(counts)
    expect(errors(text)).toEqual([])
    expect(JSON.parse(text).tables.at(-1)).toMatchObject({ rows: 3, visible_only: true, change: -2, reason: null })
    expect(JSON.parse(text).tables.at(-3)).toMatchObject({ rows: null, reason: 'permission denied' })
  })

  test('a long one is shortened and says so', () => {
    const text = tablesJson(Array.from({ length: 9000 }, (_, index) => count(`t${index}`, index)))
    expect(errors(text)).toEqual([])
    expect(text.length).toBeLessThanOrEqual(200_000)
    expect(JSON.parse(text)).toMatchObject({ total: 9000, complete: false })
  })
})
