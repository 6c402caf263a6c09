import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readEvent } from '../../src/event.ts'
import { judgeInputs } from '../../src/inputs/index.ts'
import { planRun } from '../../src/plan.ts'
import { inputCase } from '../support/fuzz/input-case.ts'
import { judgeCase } from '../support/fuzz/judge-case.ts'
import { PROTOTYPE_NAMES } from '../support/fuzz/odd-texts.ts'
import { inputReader } from '../support/inputs.ts'
import { testRuntime } from '../support/runtime.ts'
import { KUBECONFIG } from '../support/wrong-inputs.ts'

const SEED = Number(process.env.FUZZ_SEED ?? 20_261)
const RIGHT = { api_key: 'napi_test_key_0001', project_id: 'lucky-sun-12345678', mode: 'provision' }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const judge = (values: Record<string, string>) =>
  judgeInputs(inputReader({ ...RIGHT, ...values }), testRuntime().secrets)
const problemOf = (values: Record<string, string>): Promise<string> =>
  judge(values).then(
    () => '',
    (error: Error) => error.message,
  )

describe('odd inputs and events', () => {
  test('always end in a decision or in an error that names every wrong input, tells no secret and is readable', async () => {
    process.stdout.write(`fuzz of inputs and events: seed ${SEED} (FUZZ_SEED); npm run test:fuzz takes 10,000\n`)
    const faults: string[] = []
    const ends = new Set<string>()
    for (const [index, given] of fc.sample(inputCase, { numRuns: 400, seed: SEED }).entries()) {
      const verdict = await judgeCase(given, join(folder, 'event.json'))
      ends.add(verdict.end)
      faults.push(...verdict.faults.map((fault) => `case ${index}: ${fault}`))
    }
    expect(faults).toEqual([])
    expect(ends).toEqual(new Set(['run', 'skip', 'error']))
  })

  test.each(PROTOTYPE_NAMES)('%s is a name like any other', async (name) => {
    expect(await problemOf({ secret_keys: name, kubeconfig: KUBECONFIG })).toMatch(
      /^Input secret_keys: .*needs a template/,
    )
    expect(await problemOf({ secret_keys: `X={${name}}`, kubeconfig: KUBECONFIG })).toMatch(
      name === '__proto__' ? /^$/ : /X asks for \{\w+\}; known are/,
    )
    const labels = problemOf({ secret_labels: `${name}=x`, kubeconfig: KUBECONFIG })
    expect(await labels).toMatch(name === '__proto__' ? /has '__proto__=x': the name of a label/ : /^$/)
    expect(await problemOf({ connection_string: `postgresql://u@h/d?${name}=1`, project_id: '' })).toMatch(
      /which this action does not know/,
    )
  })

  test('a number that no pull request has is none', () => {
    for (const number of [0, -1, 0.5, 1e21, 2 ** 53, '7', null, [7]]) {
      const payload = { pull_request: { number }, repository: { id: number, full_name: 'octo/demo' } }
      const event = readEvent({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_REPOSITORY_ID: '9' }, payload)
      expect(event).toMatchObject({ pullRequest: null, repositoryId: '9' })
    }
  })

  test('many problems of one input are told as the first twenty and a number', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `line ${n}`)
    const labels = await problemOf({ secret_labels: lines.join('\n'), kubeconfig: KUBECONFIG })
    const told: [string, string][] = [
      [labels, "'line 19', and 4980 more: each must read"],
      [await problemOf({ secret_keys: lines.join('\n'), kubeconfig: KUBECONFIG }), 'and 4980 more'],
      [await problemOf({ roles: lines.join(',') }), 'and 9980 more'],
      [await problemOf({ allowed_ips: lines.map((_, n) => `x${n}`).join(',') }), "'x19', and 4980 more"],
    ]
    for (const [problem, said] of told) {
      expect(problem).toContain(said)
      expect(problem.length).toBeLessThan(3000)
    }
  })
})

/** Milliseconds of the quicker of two runs. */
async function quickest(work: () => unknown): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < 2; run += 1) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return Math.min(...times)
}

describe('the time to read an input grows with its length alone', () => {
  const WORST: [input: string, piece: string, tail: string][] = [
    ['timeout', '9', 'x'],
    ['expires_in', '9', 'd d'],
    ['expires_at', 'T', '!'],
    ['timestamp', '2026-01-01T00:00', '!'],
    ['api_host', '/', 'x'],
    ['sweep_pattern', 'a', ''],
    ['sweep_pattern', '*', 'a'],
    ['project_id', 'a-', '!'],
    ['region', 'a-1', '!'],
    ['allowed_ips', '1.2.3.4-', 'x'],
    ['secret_keys', 'a', ''],
    ['secret_keys', 'X={role.a.', 'x'],
    ['secret_keys', '.a', '}'],
    ['secret_keys', 'A={db_url}\n', ''],
    ['secret_labels', 'a=', '!'],
    ['secret_labels', 'a=b\n', ''],
    ['secret_name', 'a-', '!'],
    ['roles', 'a=readonly,', ''],
    ['dapr_component', 'a.', '!'],
    ['masking_rules', '[', ''],
    ['kubeconfig', 'token: "\\', ''],
    ['kubeconfig', "token: 'a''", ''],
    ['connection_string', 'postgresql://a:', '@'],
    ['connection_string', 'postgresql://h/d?a=', '&'],
    ['keep', '*a', '\n'],
    ['branch_name', '{head_ref', '}'],
  ]
  test.each(WORST)('%s of many %j and %j', async (input, piece, tail) => {
    const prefix = piece === '.a' ? 'X={role.' : ''
    const read = (length: number) => {
      const value = prefix + piece.repeat(length / piece.length) + tail
      return () => problemOf({ kubeconfig: KUBECONFIG, [input]: value })
    }
    await read(100)()
    const short = await quickest(read(30_000))
    expect(await quickest(read(120_000))).toBeLessThan(8 * short + 150)
  })

  test('and so does that of a Git branch', async () => {
    const config = await judge({ branch_name: '{head_ref}', mode: 'preview' })
    const plan = (length: number) => {
      const ref = `refs/heads/a${'-'.repeat(length)}b`
      const event = readEvent({ GITHUB_EVENT_NAME: 'push', GITHUB_REF: ref }, {})
      return () => expect(planRun(config, event)).toMatchObject({ kind: 'run', mode: 'preview' })
    }
    const short = await quickest(plan(30_000))
    expect(await quickest(plan(120_000))).toBeLessThan(8 * short + 150)
  })
})
