import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildEvent, type EventSettings, type OwnEvent } from '../../sandbox/runner/index.ts'
import { evaluate, evaluateCondition, evaluateText } from '../support/workflow/expressions.ts'
import { foreignOutputs } from '../support/workflow/foreign.ts'
import { matrixLegs } from '../support/workflow/matrix.ts'
import type { Workflow } from '../support/workflow/model.ts'
import { type ScriptRunner, startScripts } from '../support/workflow/run-script.ts'
import { eventsOf, isStarted } from '../support/workflow/triggers.ts'

/** An expression as a workflow writes it. */
const $ = (inner: string) => ['$', `{{ ${inner} }}`].join('')

const fine = { success: true, failure: false, cancelled: false }
const broken = { success: false, failure: true, cancelled: false }
const contexts = {
  github: {
    event_name: 'pull_request',
    event: { number: 7, label: { name: 'db' }, labels: [{ name: 'a' }, { name: 'B' }] },
  },
  steps: { db: { outputs: { branch_id: 'br-1' }, outcome: 'success' } },
  vars: { EMPTY: '' },
}

describe('expressions', () => {
  test.each([
    [`pr-${$('github.event.number')}`, 'pr-7'],
    [$('steps.db.outputs.branch_id') + $('steps.other.outputs.url'), 'br-1'],
    [$("vars.EMPTY || 'neondb'"), 'neondb'],
    [$("format('{0}/{1}', 'a', github.event.number)"), 'a/7'],
    [$("contains(github.event.labels.*.name, 'b')"), 'true'],
    [$("join(fromJSON('[1, 2]'), '-')"), '1-2'],
    [`${$('1.0')} ${$('null')} ${$('true')}`, '1  true'],
  ])('%s is %s', (text, value) => {
    expect(evaluateText(text, contexts)).toBe(value)
  })

  test('a text that is one expression keeps its kind; a number of YAML loses its zeros as on GitHub', () => {
    expect(evaluate($(`fromJSON('["a", "b"]')`), contexts)).toEqual(['a', 'b'])
    expect(evaluateText(1.1, contexts)).toBe('1.1')
    expect(evaluateText(null, contexts)).toBe('')
  })

  test.each<[unknown, typeof fine, boolean]>([
    [undefined, fine, true],
    [undefined, broken, false],
    ["github.event_name == 'push'", fine, false],
    ["github.event_name == 'pull_request'", broken, false],
    ['always()', broken, true],
    [$("always() && steps.db.outputs.branch_id != ''"), broken, true],
    ["always() && steps.none.outputs.branch_id != ''", broken, false],
    ['failure()', broken, true],
    ['!cancelled()', broken, true],
    // GitHub's trap: text around an expression makes all of it a text, and that is true.
    [`${$("github.event_name == 'push'")} && true`, fine, true],
  ])('if: %s after %j lets it run: %s', (condition, status, runs) => {
    expect(evaluateCondition(condition, contexts, status)).toBe(runs)
  })

  test('what cannot be read is an error, not an empty text', () => {
    expect(() => evaluateText($('githob.ref'), contexts)).toThrow()
    expect(() => evaluateText($('nosuch(1)'), contexts)).toThrow()
  })
})

describe('matrices', () => {
  test('combinations, without the excluded ones; an included entry adds to what it fits, or stands alone', () => {
    expect(matrixLegs(undefined)).toEqual([{}])
    expect(matrixLegs({ a: [1, 2], b: ['x', 'y'], exclude: [{ a: 1, b: 'x' }] })).toEqual([
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ])
    expect(
      matrixLegs({
        a: [1, 2],
        include: [
          { a: 1, c: 'fits' },
          { a: 3, c: 'alone' },
        ],
      }),
    ).toEqual([{ a: 1, c: 'fits' }, { a: 2 }, { a: 3, c: 'alone' }])
    expect(matrixLegs({ include: [{ a: 1 }, { a: 2 }] })).toEqual([{ a: 1 }, { a: 2 }])
  })
})

const repository = { fullName: 'o/r', id: 1, defaultBranch: 'main', private: false, serverUrl: 'https://github.com' }
const workflowOn = (on: Workflow['on']): Workflow => ({ on, jobs: {} })
const starts = (on: Workflow['on'], event: EventSettings) =>
  isStarted(workflowOn(on), event, buildEvent(event, repository))

describe('triggers', () => {
  const opened: OwnEvent = { name: 'pull_request', action: 'opened', number: 7 }
  test.each<[Workflow['on'], EventSettings, boolean]>([
    ['push', { name: 'push' }, true],
    [['push', 'pull_request'], opened, true],
    ['push', opened, false],
    [{ pull_request: null }, opened, true],
    [{ pull_request: null }, { ...opened, action: 'closed' } as OwnEvent, false],
    [{ pull_request: { types: ['closed'] } }, { ...opened, action: 'closed' } as OwnEvent, true],
    [{ pull_request: { branches: ['release/**'] } }, opened, false],
    [{ pull_request: { branches: ['release/**'] } }, { ...opened, baseRef: 'release/a/b' } as OwnEvent, true],
    [{ push: { branches: ['main'] } }, { name: 'push', branch: 'dev' }, false],
    [{ push: { 'branches-ignore': ['main'] } }, { name: 'push', branch: 'dev' }, true],
    [{ push: { branches: ['**', '!main'] } }, { name: 'push', branch: 'main' }, false],
    [{ push: { branches: ['main'] } }, { name: 'push', tag: 'v1' }, false],
    [{ push: { tags: ['v*'] } }, { name: 'push', tag: 'v1' }, true],
    [{ push: { tags: ['v*'] } }, { name: 'push', branch: 'main' }, false],
    [{ release: { types: ['published'] } }, { name: 'release', tag: 'v1', action: 'created' }, false],
    [{ workflow_run: { workflows: ['CI'], types: ['completed'] } }, { name: 'workflow_run', workflow: 'CI' }, true],
    [{ workflow_run: { workflows: ['CI'] } }, { name: 'workflow_run', workflow: 'Docs' }, false],
    [{ workflow_call: null }, { name: 'workflow_call', caller: opened }, true],
  ])('on %j, the event %j starts it: %s', (on, event, started) => {
    expect(starts(on, event)).toBe(started)
  })

  test('every event that a workflow waits for is played, and starts it', () => {
    const on = {
      pull_request: { types: ['closed', 'opened', 'labeled'] },
      push: { branches: ['main', 'release/*'], tags: ['v*'] },
      schedule: [{ cron: '1 2 * * *' }] as never,
      workflow_dispatch: { inputs: { name: { default: 'x' }, kind: { options: ['a', 'b'] } } },
      release: null,
    }
    const events = eventsOf(workflowOn(on))
    expect(events.map((event) => [event.name, 'action' in event ? event.action : ''])).toEqual([
      ['pull_request', 'opened'],
      ['pull_request', 'labeled'],
      ['pull_request', 'closed'],
      ['push', ''],
      ['push', ''],
      ['push', ''],
      ['schedule', ''],
      ['workflow_dispatch', ''],
      ['release', 'published'],
    ])
    expect(events).toContainEqual({ name: 'workflow_dispatch', inputs: { name: 'x', kind: 'a' } })
    // The push to feature/login is there because of the pattern, and does not meet it.
    for (const event of events.filter((one) => !('branch' in one) || one.branch === 'main'))
      expect(starts(on, event)).toBe(true)
  })
})

describe('scripts', () => {
  let scripts: ScriptRunner
  let folder = ''
  beforeAll(async () => {
    scripts = await startScripts()
    folder = mkdtempSync(join(tmpdir(), 'scripts-test-'))
  })
  afterAll(async () => {
    await scripts.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('texts and dates are made, other tools do nothing, and what fails fails', async () => {
    const script = `npm ci && psql "$URL" -c 'select 1'
      echo "end=$(date -u -d '2026-01-01 +14 days' +%Y-%m-%d)" >> "$GITHUB_OUTPUT"
      echo "ALIAS=$(echo "$HEAD" | tr '/' '-')" >> "$GITHUB_ENV"
      echo "### $(curl https://example.com)" >> "$GITHUB_STEP_SUMMARY"`
    expect(await scripts.run(script, { HEAD: 'feature/x' }, folder)).toEqual({
      exitCode: 0,
      log: '',
      outputs: { end: '2026-01-15' },
      environment: { ALIAS: 'feature-x' },
      summary: '### \n',
    })
    expect(await scripts.run('test -n "$URL"', {}, folder)).toMatchObject({ exitCode: 1 })
  })
})

test('other actions of the stories answer as they do on GitHub', () => {
  const github = { head_ref: 'feature/x', base_ref: 'main', ref_name: '7/merge', ref_type: 'branch' }
  expect(foreignOutputs('tj-actions/branch-names@v8', {}, { github })).toMatchObject({ current_branch: 'feature/x' })
  expect(foreignOutputs('dorny/paths-filter@v3', { filters: "db:\n  - 'sql/**'" }, { github })).toEqual({ db: 'true' })
  expect(foreignOutputs('some/other@v1', {}, { github })).toEqual({})
})
