import { describe, expect, test } from '@jest/globals'
import type { JournalEntry } from '../../sandbox/http/serve.ts'
import type { Branch } from '../../sandbox/neon/index.ts'
import type { EventSettings } from '../../sandbox/runner/index.ts'
import { type Judgement, judgeStep, lostOutputs } from '../support/drop-in/judge.ts'
import type { PlayedFile } from '../support/drop-in/play-file.ts'
import { countFiles, type Row, renderTable } from '../support/drop-in/table.ts'
import type { PlayedJob, PlayedStep, Workflow } from '../support/play-workflow.ts'

const opened: EventSettings = { name: 'pull_request', action: 'opened', number: 7 }
const workflow: Workflow = { on: 'pull_request', jobs: { a: { permissions: { 'pull-requests': 'write' } } } }
const fileOn = (event: EventSettings = opened, more: Partial<PlayedFile> = {}) =>
  ({ name: 'x', file: 'x.yml', workflow, event, world: { repository: 'octo/learn' }, ...more }) as PlayedFile

const branch = (name: string, more: object = {}) =>
  ({ id: `br-${name}`, name, project_id: 'p', default: false, parent_id: 'br-main', ...more }) as Branch
const main = branch('main', { default: true, parent_id: undefined })
const request = (method: string, path: string, status = 200, body = '{}') =>
  ({ method, path, status, body, headers: {}, at: 0 }) as JournalEntry

/** A step of ours that has run well, and did nothing. */
function step(uses: string, more: Partial<PlayedStep> = {}): PlayedStep {
  const inputs = { api_key: 'k', project_id: 'p', ...more.inputs }
  const plain = { job: 'a', id: 'db', name: 'x', kind: 'ours', conclusion: 'success', outcome: 'success' } as const
  const empty = { outputs: {}, annotations: [], log: '', summary: '', neon: [], github: [] }
  return { ...plain, ...empty, uses, branches: { before: [main], after: [main] }, ...more, inputs }
}

/** A create that made `pr-7` as it should. */
function created(more: Partial<PlayedStep> = {}, made: object = {}): PlayedStep {
  const pr = branch('pr-7', made)
  return step('neondatabase/create-branch-action@v6', {
    outputs: { created: 'true', branch_id: pr.id, branch_name: 'pr-7', db_url: 'postgresql://x' },
    neon: [request('POST', '/api/v2/projects/p/branches', 201)],
    branches: { before: [main], after: [main, pr] },
    ...more,
    inputs: { branch_name: 'pr-7', ...more.inputs },
  })
}
const judged = (one: PlayedStep, text = '', event?: EventSettings): Judgement => judgeStep(one, fileOn(event), text)
const said = (one: PlayedStep, text = '', event?: EventSettings) => {
  const { verdict, reasons } = judged(one, text, event)
  return [verdict, ...reasons]
}

describe('a create', () => {
  test('that makes the branch is as before', () => {
    expect(judged(created(), 'steps.db.outputs.db_url')).toEqual({
      verdict: 'unchanged',
      reasons: [],
      unaskedEnd: false,
      besides: [],
    })
  })

  test.each<[string, PlayedStep, string[]]>([
    [
      'fails',
      created({ outcome: 'failure', annotations: [{ type: 'error', message: 'no\nmore' }] }),
      ['broke', 'create fails: no'],
    ],
    ['skips', created({ outputs: { skipped: 'true' } }), ['broke', 'create is skipped']],
    ['gives nothing', created({ outputs: {} }), ['broke', 'gives no branch']],
    [
      'gives the default branch',
      created({ outputs: { branch_id: 'br-main', branch_name: 'main' } }),
      ['broke', 'gives the default branch in place of a new one'],
    ],
    ['gives another name', created({ inputs: { branch_name: 'n' } }), ['broke', 'gives the branch pr-7 in place of n']],
    [
      'gives an old branch where Neon would choose a name',
      created({
        inputs: { branch_name: '' },
        outputs: { branch_id: 'br-pr-7', branch_name: 'pr-7' },
        neon: [],
        branches: { before: [main, branch('pr-7')], after: [main, branch('pr-7')] },
      }),
      ['broke', 'gives the branch pr-7 in place of a new one'],
    ],
    [
      'copies another parent',
      created({
        inputs: { parent_branch: 'dev' },
        branches: { before: [main, branch('dev')], after: [main, branch('dev'), branch('pr-7')] },
      }),
      ['broke', 'copies another parent than dev'],
    ],
    [
      'has another end',
      created({ inputs: { expires_at: '2026-01-01T00:00:00Z' } }),
      ['broke', 'ends at no time, not at 2026-01-01T00:00:00Z'],
    ],
    [
      'takes away another branch',
      created({ branches: { before: [main, branch('pr-1')], after: [main, branch('pr-7')] } }),
      ['broke', 'deletes the branch pr-1'],
    ],
  ])('that %s broke', (_what, one, wanted) => {
    expect(said(one)).toEqual(wanted)
  })

  test('whose output is read and empty broke; one that the old version never set is none of it', () => {
    expect(said(created(), 'steps.db.outputs.password and steps.db.outputs.db_url_with_pooler')).toEqual([
      'broke',
      'the output password is empty',
    ])
  })

  test('that applies what the file applies itself broke', () => {
    const one = created({ outputs: { ...created().outputs, applied: '2' } })
    const loop = 'for file in sql/*.sql; do psql -f "$file"; done'
    expect(said(one, loop)).toEqual(['broke', 'applies the SQL files that a step of the file applies again'])
    expect(judged(one, '').besides).toEqual(['applies 2 SQL files'])
  })

  test('that failed before may fail, and is not held against it', () => {
    const failed = { outcome: 'failure', annotations: [{ type: 'error', message: 'no such parent' }] } as const
    expect(
      said(created({ ...failed, annotations: [...failed.annotations], inputs: { parent_branch: 'gone' } })),
    ).toEqual(['unchanged'])
    expect(judged(created({ inputs: { api_key: '' } })).besides).toEqual(['no longer fails (no api_key)'])
  })

  test('with an end that nobody asked for is told apart', () => {
    const end = { expires_at: '2026-01-01T00:00:00Z' }
    expect(judged(created({}, end)).unaskedEnd).toBe(true)
    expect(judged(created({ inputs: { expires_at: end.expires_at } }, end)).unaskedEnd).toBe(false)
    const kept = { before: [main, branch('pr-7', end)], after: [main, branch('pr-7', end)] }
    expect(judged(created({ branches: kept })).unaskedEnd).toBe(false)
  })

  test('with a warning is a notice, unless the old version had it too', () => {
    const warned = (message: string) => created({ annotations: [{ type: 'warning', message }] })
    expect(said(warned('The comment'))).toEqual(['notice', 'warning: The comment'])
    expect(said(warned("Unexpected input(s) 'parent', valid inputs are ['a']"))).toEqual(['unchanged'])
    const older = {
      ...warned("Unexpected input(s) 'username', 'odd', valid inputs are ['a']"),
      uses: 'neondatabase/create-branch-action@v5',
    }
    expect(said(older)).toEqual(['notice', "warning: Unexpected input(s) 'username'"])
  })
})

describe('what is not true', () => {
  test.each<[string, PlayedStep, string]>([
    ['created', created({ outputs: { ...created().outputs, created: 'false' } }), 'says created=false'],
    ['the name', created({ outputs: { ...created().outputs, branch_name: 'pr-8' } }), 'calls pr-7 pr-8'],
    [
      'the end',
      created({ outputs: { ...created().outputs, expires_at: '2026-01-01T00:00:00Z' } }),
      'says it ends at 2026-01-01T00:00:00Z, Neon says never',
    ],
    [
      'ready',
      created({ summary: '### ✅ Neon branch `pr-9` is ready' }),
      'says that pr-9 is ready, and it is not there',
    ],
    [
      'gone',
      created({ log: 'The branch pr-7 is already gone.' }),
      "says 'branch pr-7 is already gone', and it is there",
    ],
    [
      'deleted, in a comment',
      created({
        github: [
          request(
            'POST',
            '/repos/o/r/issues/7/comments',
            201,
            '{"body":"### Neon branch [`pr-3`](https://x) is deleted"}',
          ),
        ],
      }),
      "says 'branch [`pr-3`](https://x) is deleted', and it never was there",
    ],
  ])('%s', (_what, one, sentence) => {
    expect(said(one)).toEqual(['false statement', sentence])
  })

  test('what an earlier comment said, or one that was refused, is not held against it', () => {
    const body = JSON.stringify({ body: '### Neon branch `pr-7` is ready\n\nNeon branch `pr-1` is ready' })
    const github = [
      request('PATCH', '/c/comments/1', 200, body),
      request('POST', '/i/7/comments', 403, body.replace('pr-7', 'pr-2')),
    ]
    expect(said(created({ github }))).toEqual(['unchanged'])
  })
})

describe('delete, reset and diff', () => {
  const both = { before: [main, branch('pr-7')], after: [main, branch('pr-7')] }
  const gone = { before: [main, branch('pr-7')], after: [main] }

  test('a branch that stays, and one that goes', () => {
    const remove = (more: Partial<PlayedStep>) =>
      step('neondatabase/delete-branch-action@v3', { inputs: { branch: 'pr-7' }, ...more })
    expect(said(remove({ branches: both, outputs: { deleted: 'false' } }))).toEqual(['broke', 'does not delete pr-7'])
    expect(said(remove({ branches: gone, outputs: { deleted: 'true' } }))).toEqual(['unchanged'])
    expect(judged(remove({ outputs: { deleted: 'false' } })).besides).toEqual(["no longer fails (no branch 'pr-7')"])
    const byId = step('neondatabase/delete-branch-action@v3', { inputs: { branch_id: 'br-pr-7' }, branches: both })
    expect(said(byId)).toEqual(['broke', 'does not delete pr-7'])
  })

  test('a reset that asks Neon for nothing', () => {
    const reset = (neon: JournalEntry[]) =>
      step('neondatabase/reset-branch-action@v1', { inputs: { branch: 'pr-7', parent: 'true' }, branches: both, neon })
    expect(said(reset([]))).toEqual(['broke', 'does not reset pr-7'])
    expect(said(reset([request('POST', '/api/v2/projects/p/branches/br-pr-7/restore')]))).toEqual(['unchanged'])
  })

  test('a diff that gives none; outside a pull request it failed before', () => {
    const diff = step('neondatabase/schema-diff-action@v1', { inputs: { compare_branch: 'pr-7' }, branches: both })
    expect(said(diff)).toEqual(['broke', 'gives no diff'])
    expect(said({ ...diff, outputs: { diff: '' } })).toEqual(['unchanged'])
    expect(said(diff, '', { name: 'deployment_status' })).toEqual(['unchanged'])
  })
})

test('outputs that no longer reach another job: of version 6 they did, of version 5 they did not', () => {
  const lost = (uses: string, text: string) => {
    const jobs = [{ id: 'a', dropped: ['url'] }] as PlayedJob[]
    const played = { started: true, jobs, steps: [step(uses)], outputs: {} }
    const source = { a: { outputs: { url: 'steps.db.outputs.db_url' } } }
    return lostOutputs(fileOn(opened, { played, workflow: { on: 'pull_request', jobs: source } }), text)
  }
  const read = 'needs.a.outputs.url'
  expect(lost('neondatabase/create-branch-action@v6', read)).toEqual([
    expect.stringContaining('the output url of the job a is dropped'),
  ])
  expect(lost('neondatabase/create-branch-action@v6', '')).toEqual([])
  expect(lost('neondatabase/create-branch-action@v5', read)).toEqual([])
})

test('a file is as bad as its worst step', () => {
  const row = (file: string, verdict: Row['verdict'], more: Partial<Row> = {}): Row => ({
    file,
    verdict,
    event: 'push',
    step: 's',
    reasons: [],
    unaskedEnd: false,
    besides: [],
    ...more,
  })
  const rows = [
    row('a', 'unchanged'),
    row('a', 'broke', { reasons: ['bad'] }),
    row('a', 'broke', { reasons: ['bad'], event: 'release' }),
    row('b', 'notice', { unaskedEnd: true }),
    row('c', 'unchanged', { besides: ['writes a comment'] }),
  ]
  expect(countFiles(rows)).toEqual({ unchanged: 1, notice: 1, 'false statement': 0, broke: 1, 'unasked end': 1 })
  const table = renderTable(rows)
  expect(table).toMatch(/^broke +a +3 steps\n {4}push, release · s: bad\n/)
  expect(table).toContain('3 files: 1 unchanged, 1 notice, 0 false statement, 1 broke, 1 unasked end')
})
