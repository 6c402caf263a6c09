import { describe, expect, test } from '@jest/globals'
import type { Run } from '../../src/run.ts'
import { externalTarget } from '../../src/workflows/steps/target.ts'
import { configOf } from '../support/inputs.ts'
import { testRuntime } from '../support/runtime.ts'

/** As much of a run as a target is made from. */
async function runOf(connection_string: string) {
  const runtime = testRuntime()
  const config = await configOf({ api_key: '', project_id: '', connection_string })
  return { runtime, run: { runtime, config } as unknown as Run }
}

describe('the target of a connection string', () => {
  test.each([
    ['postgresql://u:hunter2secret@db.example:6543/app', 'foreign'],
    ['postgresql://u:hunter2secret@[::1]/app', 'foreign'],
    ['postgresql://u:hunter2secret@ep-a-b-c1.eu-central-1.aws.neon.tech/app', 'neon'],
  ])('%s is %s, by its host', async (text, kind) => {
    expect(externalTarget((await runOf(text)).run, false)).toMatchObject({ url: text, kind, branchId: 'external' })
  })

  test('its parts are decoded, an IPv6 address without brackets, and its secrets are masked', async () => {
    const text = 'postgresql://own%40er:p%25ss%2Fword@[::1]:6543/my%20db'
    const { run, runtime } = await runOf(text)
    expect(externalTarget(run, false)).toMatchObject({
      ...{ host: '::1', pooledHost: '::1', database: 'my db', role: 'own@er', password: 'p%ss/word' },
      pooledUrl: text,
    })
    expect(runtime.masks).toEqual(expect.arrayContaining(['p%ss/word', text]))
  })

  test.each([
    ['postgresql://db.example/app', 'Input connection_string for db.example names no user.'],
    ['postgresql://u:p@[::1]:6543', 'Input connection_string for [::1]:6543 names no database.'],
  ])('%s is refused', async (text, message) => {
    const { run } = await runOf(text)
    expect(() => externalTarget(run, false)).toThrow(message)
  })
})
