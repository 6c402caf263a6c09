import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { RunResult } from '../../sandbox/runner/index.ts'
import { startWorld, type World } from '../support/world.ts'
import { KUBECONFIG, WRONG_INPUTS } from '../support/wrong-inputs.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const errorsOf = (result: RunResult) =>
  result.annotations.filter(({ type }) => type === 'error').map(({ message }) => message)

const RIGHT = { project_name: 'never-made', schema: 'none', kubeconfig: KUBECONFIG }

test('all wrong inputs of a run are one error, and nothing was asked or made', async () => {
  const inputs = Object.fromEntries(WRONG_INPUTS.map(([input, value]) => [input, value]))
  const result = await world.run({ name: 'pull_request', action: 'opened', number: 3 }, { ...RIGHT, ...inputs })
  expect(result.exitCode).toBe(1)
  expect(result.outputs).toMatchObject({ outcome: 'failed', skipped: 'false' })
  expect(result.log).toMatch(new RegExp(`(${WRONG_INPUTS.length}|${WRONG_INPUTS.length + 1}) inputs are wrong`))
  // An annotation may be cut; the log holds it all.
  for (const [, , said] of WRONG_INPUTS) expect(result.log).toContain(said)
  expect(errorsOf(result)).toHaveLength(1)
  expect(world.neon.journal).toEqual([])
  expect(world.github.journal).toEqual([])
  expect(result.leaks(['hunter2hunter2', 'kubeconfig-secret-token-1'], [])).toEqual([])
})

test.each([
  ['an unknown context', { kube_context: 'staging' }, /has no context 'staging': its contexts are dev, lost, hostless/],
  ['a server without a host', { kube_context: 'hostless' }, /whose server is no address/],
  ['broken YAML', { kubeconfig: `${KUBECONFIG}\n  a: [unclosed` }, /Could not read the kubeconfig \(text\): line \d+/],
  ['a file that is not there', { kubeconfig: './no/such/config' }, /there is no such file/],
  ['a name that is none without a number', { secret_name: 'db-{number}' }, /'db-' is left: a name has small letters/],
])('%s in the inputs for Kubernetes leaves no project behind', async (_, inputs, said) => {
  const result = await world.run({ name: 'push' }, { ...RIGHT, ...inputs })
  expect(result.exitCode).toBe(1)
  expect(errorsOf(result)).toEqual([expect.stringMatching(said)])
  expect(world.neon.journal).toEqual([])
})
