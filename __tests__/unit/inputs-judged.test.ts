import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { judgeInputs } from '../../src/inputs/index.ts'
import { labelKeyProblem, labelValueProblem, namespaceProblem, objectNameProblem } from '../../src/kubernetes/index.ts'
import { globToRegExp } from '../../src/neon/sweep-plan.ts'
import { planRun } from '../../src/plan.ts'
import { configOf, inputReader } from '../support/inputs.ts'
import { testRuntime } from '../support/runtime.ts'
import { KUBECONFIG, WRONG_INPUTS } from '../support/wrong-inputs.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'judged-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const RIGHT = { api_key: 'napi_test_key_0001', project_id: 'lucky-sun-12345678', kubeconfig: KUBECONFIG }

const judge = (values: Record<string, string>) => {
  const runtime = testRuntime()
  return judgeInputs(inputReader({ ...RIGHT, ...values }), runtime.secrets)
}
const problemOf = async (values: Record<string, string>): Promise<string> =>
  judge(values).then(
    () => '',
    (error: Error) => error.message,
  )

describe('every input is judged before anything is asked', () => {
  test('with right ones there is no problem, and what is secret in the kubeconfig is masked', async () => {
    const runtime = testRuntime()
    const values = { ...RIGHT, allowed_ips: '10.0.0.0/8, 1.2.3.4-1.2.3.9\n2001:db8::/32', region: 'aws-eu-central-1' }
    const names = { secret_name: 'db-{number}', namespace: 'shop-{number}', secret_labels: 'example.com/team=data' }
    await judgeInputs(inputReader({ ...values, ...names }), runtime.secrets)
    expect(runtime.masks).toContain('kubeconfig-secret-token-1')
  })

  test.each(WRONG_INPUTS)('a wrong %s is one sentence', async (input, value, said) => {
    const problem = await problemOf({ [input]: value })
    expect(problem).toContain(said)
    expect(problem).not.toMatch(/hunter2hunter2|napi_one/)
  })

  test('all of them together are one error that names each', async () => {
    const all = Object.fromEntries(WRONG_INPUTS.map(([input, value]) => [input, value]))
    const problem = await problemOf(all)
    for (const [, , said] of WRONG_INPUTS) {
      // With roles that cannot be read, the template of a role is wrong all the same.
      expect(problem).toContain(said)
    }
    expect(Number(/^(\d+) inputs are wrong/.exec(problem)?.[1])).toBeGreaterThanOrEqual(WRONG_INPUTS.length)
  })

  test.each([
    [
      'that is no YAML',
      { kubeconfig: `${KUBECONFIG}\n  a: [unclosed` },
      /Could not read the kubeconfig \(text\): line \d+/,
    ],
    ['that is no kubeconfig', { kubeconfig: 'line one\nline two' }, /it has no clusters, contexts and users/],
    ['in a file that is not there', { kubeconfig: './no/such/config' }, /there is no such file/],
    ['with a context without cluster', { kube_context: 'lost' }, /names a cluster that the kubeconfig does not have/],
    ['with a server without a host', { kube_context: 'hostless' }, /whose server is no address: 'https:/],
  ])('a kubeconfig %s', async (_, values, said) => {
    expect(await problemOf(values)).toMatch(said)
  })

  test('a kubeconfig that is a pipe is told, not waited for', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(await problemOf({ kubeconfig: pipe })).toMatch(/it is no file, but a pipe/)
    const named = KUBECONFIG.replace(
      'server: "https://127.0.0.1:9"',
      `server: "https://127.0.0.1:9", certificate-authority: "${pipe}"`,
    )
    expect(await problemOf({ kubeconfig: named })).toContain(`names the file '${pipe}': it is no file, but a pipe`)
  })

  test.each([
    ['https:///api', "is 'https:///api"],
    ['console.neon.tech', "is 'console.neon.tech'"],
    ['https://console.neon.tech/api/v2?key=1', "take out what begins with '?'"],
    ['ftp://user:hunter2hunter2@x', 'has the wrong form'],
  ])('api_host %s', async (value, said) => {
    const problem = await problemOf({ api_host: value })
    expect(problem === '' && value === 'https:///api' ? said : problem).toContain(said)
    expect(problem).not.toContain('hunter2')
  })

  test('a Dapr Component without a URL in the Secret', async () => {
    const problem = await problemOf({ dapr_component: 'statestore', secret_keys: 'PGHOST' })
    expect(problem).toContain("Input dapr_component is 'statestore': no key of the Secret is a connection URL.")
  })
})

describe('what the event puts into a name is judged before anything is asked', () => {
  const event = {
    ...{ name: 'push', action: '', repository: 'octo/demo', repositoryId: '1', defaultBranch: 'main' },
    ...{ ref: 'refs/heads/main', sha: 'a'.repeat(40), actor: 'mona', pullRequest: null, deletedRef: null },
    ...{ pushDeleted: false, mergeGroupRef: '' },
  }

  test('a branch_name that is too long when it is filled in', async () => {
    const ref = `refs/heads/${'x'.repeat(190)}`
    const config = await configOf({ branch_name: '{head_ref}-{head_ref}', mode: 'provision' })
    expect(() => planRun(config, { ...event, ref })).toThrow(/filled in, it has 381 characters, and Neon allows 256/)
  })

  test.each([
    ['secret_name', 'db-{number}', 'mode', 'provision'],
    ['namespace', 'shop-{number}', 'mode', 'rotate'],
  ])('a %s %s outside pull requests', async (input, value, _, mode) => {
    const config = await configOf({ kubeconfig: KUBECONFIG, [input]: value, mode })
    const filled = value.replace('{number}', '')
    expect(() => planRun(config, event)).toThrow(
      `Input ${input} is '${value}': the event 'push' has no number, and '${filled}' is left`,
    )
    expect(planRun(await configOf({ kubeconfig: KUBECONFIG, [input]: value, mode: 'sweep' }), event)).toMatchObject({
      kind: 'run',
    })
  })
})

describe('names of Kubernetes', () => {
  test.each([
    [
      namespaceProblem,
      ['a', 'a-1', 'x'.repeat(63)],
      ['', 'A', 'a.b', '-a', 'a-', 'x'.repeat(64), 'a/b', 'a b', '../x'],
    ],
    [
      objectNameProblem,
      ['a', 'a.b', 'x'.repeat(253)],
      ['', 'A', 'a..b', '.a', 'a.', 'x'.repeat(254), 'a/b', 'a?b', 'ä'],
    ],
    [labelKeyProblem, ['a', 'A_b.c', 'example.com/a'], ['', '/', 'a/', '/a', 'a/b/c', 'Ex/a', '-a', 'x'.repeat(64)]],
    [labelValueProblem, ['', 'a', 'A_b.c', 'x'.repeat(63)], ['-a', 'a b', 'a/b', 'x'.repeat(64), 'a\n']],
  ])('%# take what the API server takes', (problemOfName, right, wrong) => {
    for (const name of right) expect([name, problemOfName(name)]).toEqual([name, ''])
    for (const name of wrong) expect([name, problemOfName(name) !== '']).toEqual([name, true])
  })
})

describe('patterns of names', () => {
  test('of many * are judged at once', () => {
    const started = performance.now()
    expect(globToRegExp(`${'*a'.repeat(100)}b`).test('a'.repeat(250))).toBe(false)
    expect(performance.now() - started).toBeLessThan(200)
  })

  test.each([
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXc', false],
    ['*a?c*', 'xxabcxx', true],
    ['**', '', true],
    ['a**', 'a', true],
    ['pr-*-x', 'pr-1-x-2-x', true],
    ['a*a', 'a', false],
    ['a.c', 'abc', false],
  ])('%s on %s is %s', (pattern, name, found) => expect(globToRegExp(pattern).test(name)).toBe(found))
})
