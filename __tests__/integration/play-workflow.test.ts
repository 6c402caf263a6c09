import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { EventSettings } from '../../sandbox/runner/index.ts'
import { type PlayedWorkflow, playWorkflow } from '../support/play-workflow.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
let folder = ''
beforeAll(async () => {
  world = await startWorld()
  folder = await mkdtemp(join(tmpdir(), 'play-test-'))
})
afterAll(() => Promise.all([world.close(), rm(folder, { recursive: true, force: true })]))

const opened: EventSettings = { name: 'pull_request', action: 'opened', number: 7 }

async function play(text: string, event = opened, files: Record<string, string> = {}): Promise<PlayedWorkflow> {
  const file = join(folder, 'workflow.yml')
  for (const [name, content] of Object.entries({ ...files, 'workflow.yml': text })) {
    await writeFile(join(folder, name), content)
  }
  return playWorkflow({ file, event, world, secrets: { KEY: 'sekret-value' }, vars: { WHO: 'octo' } })
}
const ends = ({ steps }: PlayedWorkflow) => Object.fromEntries(steps.map(({ id, outcome }) => [id, outcome]))
const results = ({ jobs }: PlayedWorkflow) => Object.fromEntries(jobs.map(({ label, result }) => [label, result]))

test('steps see what came before them, and a failure stops all but those that ask for it', async () => {
  const played = await play(`on: pull_request
env: { A: workflow }
jobs:
  one:
    runs-on: ubuntu-latest
    env: { A: job, B: '\${{ vars.WHO }}' }
    steps:
      - { id: first, run: 'echo "word=$A-$B" >> "$GITHUB_OUTPUT"; echo "C=later" >> "$GITHUB_ENV"' }
      - { id: second, run: 'test "$WORD/$C" = job-octo/later', env: { WORD: '\${{ steps.first.outputs.word }}' } }
      - { id: hidden, run: exit 1, continue-on-error: true }
      - { id: asked, run: 'true', if: steps.hidden.outcome == 'failure' && steps.hidden.conclusion == 'success' }
      - { id: broken, run: exit 3 }
      - { id: after, run: 'true' }
      - { id: always, run: 'true', if: always() }
      - { id: failure, run: 'true', if: failure() }
`)
  expect(ends(played)).toEqual({
    first: 'success',
    second: 'success',
    hidden: 'failure',
    asked: 'success',
    broken: 'failure',
    after: 'skipped',
    always: 'success',
    failure: 'success',
  })
  expect(results(played)).toEqual({ one: 'failure' })
})

test('jobs run in the order of their needs; outputs come along, but not those with a secret in them', async () => {
  const played = await play(`on: pull_request
jobs:
  last:
    needs: [made, broken]
    if: always()
    runs-on: ubuntu-latest
    steps: [{ id: last, run: 'test "\${{ needs.made.outputs.id }}" = br-1 && test -z "\${{ needs.made.outputs.url }}"' }]
  after:
    needs: broken
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
  made:
    runs-on: ubuntu-latest
    outputs: { id: '\${{ steps.x.outputs.id }}', url: '\${{ steps.x.outputs.url }}' }
    steps: [{ id: x, run: 'echo "id=br-1" >> "$GITHUB_OUTPUT"; echo "url=postgres://\${{ secrets.KEY }}@h" >> "$GITHUB_OUTPUT"' }]
  broken:
    runs-on: ubuntu-latest
    steps: [{ run: exit 1 }]
`)
  expect(results(played)).toEqual({ made: 'success', broken: 'failure', last: 'success', after: 'skipped' })
  expect(played.jobs.find(({ id }) => id === 'made')).toMatchObject({ outputs: { id: 'br-1' }, dropped: ['url'] })
})

test('a matrix has a leg for each value, and a called workflow hands its outputs back', async () => {
  const called = `on:
  workflow_call:
    inputs: { name: { type: string } }
    outputs: { told: { value: '\${{ jobs.a.outputs.told }}' } }
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: { told: '\${{ steps.t.outputs.told }}' }
    steps: [{ id: t, run: 'echo "told=\${{ inputs.name }} \${{ github.event_name }}" >> "$GITHUB_OUTPUT"' }]
`
  const text = `on: pull_request
jobs:
  call: { uses: ./.github/workflows/called.yml, with: { name: 'pr-\${{ github.event.number }}' } }
  legs:
    needs: call
    runs-on: ubuntu-latest
    strategy: { matrix: { n: "\${{ fromJSON('[1, 2]') }}" } }
    steps: [{ run: 'test "\${{ needs.call.outputs.told }}" = "pr-7 pull_request" && test \${{ matrix.n }} = 1' }]
`
  const played = await play(text, opened, { 'called.yml': called })
  expect(results(played)).toEqual({ call: 'success', 'legs (1)': 'success', 'legs (2)': 'failure' })
})

test('a fork has no secrets, and a token that only reads; permissions are those of the job', async () => {
  const text = `on: pull_request
permissions: { contents: read }
jobs:
  a:
    runs-on: ubuntu-latest
    permissions: { contents: read, pull-requests: write }
    steps: [{ id: key, run: 'test -n "\${{ secrets.KEY }}"' }]
  b:
    runs-on: ubuntu-latest
    steps: [{ run: 'true' }]
`
  world.github.openPull({ number: 7 })
  const comment = async (job: string) => {
    const headers = { authorization: `Bearer ghs_${job.padEnd(36, '0')}` }
    const url = `${world.github.apiUrl}/repos/${world.repository}/issues/7/comments`
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ body: 'x' }) })).status
  }
  expect(ends(await play(text))).toMatchObject({ key: 'success' })
  expect([await comment('a'), await comment('b')]).toEqual([201, 403])
  const fork: EventSettings = { ...opened, headRepository: 'stranger/learn' } as EventSettings
  expect(ends(await play(text, fork))).toMatchObject({ key: 'failure' })
  expect(await comment('a')).toBe(403)
})

test('a called workflow has the permissions of its caller, and is not started when it asks for more', async () => {
  const called = (permissions: string) =>
    `on: workflow_call\n${permissions}jobs: { inner: { runs-on: x, steps: [{ run: 'true' }] } }\n`
  const text = `on: pull_request
jobs:
  call:
    permissions: { contents: read, pull-requests: read }
    uses: ./.github/workflows/called.yml
`
  const start = (permissions: string) => play(text, opened, { 'called.yml': called(permissions) })
  expect(results(await start(''))).toEqual({ call: 'success' })
  expect(results(await start('permissions: { pull-requests: read }\n'))).toEqual({ call: 'success' })
  await expect(start('permissions: { pull-requests: write }\n')).rejects.toThrow('its caller has read')
})

test('an event that the workflow does not wait for starts nothing', async () => {
  const text = 'on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: exit 1 }] } }'
  expect(await play(text)).toMatchObject({ started: false, jobs: [] })
})
