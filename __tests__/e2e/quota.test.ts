import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { SECRET_OUTPUTS, startWorld, type World } from '../support/world.ts'

let world: World
let inputs: Record<string, string>
beforeAll(async () => {
  world = await startWorld({ loginProxy: true })
  const made = await world.run({ name: 'push' }, { project_name: 'shop', schema: 'none' })
  inputs = { project_id: made.outputs.project_id ?? '', schema: 'none' }
  expect((await world.run(pull('opened'), inputs)).conclusion).toBe('success')
})
afterAll(() => world.close())

const pull = (action: 'opened' | 'synchronize') => ({ name: 'pull_request' as const, action, number: 3 })

test.each([
  ['data transfer', /data transfer quota.*wait for the next billing period, or change the plan/s],
  ['compute time', /compute time quota.*wait for the next billing period, or change the plan/s],
] as const)('%s used up: Neon turns the login away, and the run says so at once', async (kind, sentence) => {
  world.neon.settings.quotas = [{ kind, usage: 2, limit: 1 }]
  try {
    const result = await world.run(pull('synchronize'), inputs)
    const errors = result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)
    expect(errors).toEqual([expect.stringMatching(sentence)])
    expect(errors.join()).not.toMatch(/role and its password|does not store/)
    expect(result.log).not.toMatch(/to accept connections|Waiting for Neon/)
    expect(result.outputs.db_url).toBeUndefined()
    expect(result.leaks(world.secrets(result), SECRET_OUTPUTS)).toEqual([])
  } finally {
    world.neon.settings.quotas = []
  }
})
