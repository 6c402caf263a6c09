import { describe, expect, test } from '@jest/globals'
import { commentMarker } from '../../src/github/index.ts'
import type { Report, SchemaChange } from '../../src/model.ts'
import { visible } from '../../src/report/escape.ts'
import { annotateFailure, closedBody, commentText, renderComment, renderSummary } from '../../src/report/index.ts'
import { autolinks, HIDDEN, rendered } from '../support/dom.ts'
import {
  baseReport,
  closed,
  count,
  file,
  firstProvision,
  nothingChanged,
  pullRequest,
  sqlError,
  sweep,
  tableFacts,
} from '../support/reports.ts'
import { testRuntime } from '../support/runtime.ts'

const OPTIONS = { diagram: true, diff: true }
const comment = (report: Report, more = {}) => renderComment(report, { ...OPTIONS, ...more })
const summary = (report: Report, more = {}) => renderSummary(report, { ...OPTIONS, ...more })
const first = (markdown: string) => markdown.split('\n').find((line) => line.startsWith('### '))

/** Lines that are seen while nothing is unfolded: blocks, table rows, list items and breaks; a folded part counts one. */
function seenLines(markdown: string): number {
  const folded = markdown.replace(/<!--.*?-->/g, '').replace(/<details>[\s\S]*?<\/details>(?=\n\n|$)/g, 'folded')
  return folded.split(/\n|<br>/).filter((line) => line.trim() !== '' && !/^\| :?-/.test(line) && !/^`{3}/.test(line))
    .length
}

describe('the first line', () => {
  test.each([
    [
      pullRequest(),
      '⚠️ Neon branch [`pr-42`](https://console.neon.tech/app/projects/lively-moon-12345678/branches/br-quiet-leaf-a1b2c3d4) is ready: adds 2 tables, 2 columns; drops column `users.name`; changes column `learning_events.id`, enum `level`',
    ],
    [
      nothingChanged(),
      '✅ Neon branch [`pr-42`](https://console.neon.tech/app/projects/lively-moon-12345678/branches/br-quiet-leaf-a1b2c3d4) is ready: no schema change',
    ],
    [closed(), '🗑️ Neon branch `pr-42` is deleted'],
    [sweep(), '🧹 Old Neon branches: 2 deleted, 1 failed, 1 kept'],
  ])('%#', (report, line) => {
    expect(first(summary(report))).toBe(`### ${line}`)
  })

  test.each([
    ['rotate', 'rotated', '🔑', 'has new passwords'],
    ['plan', 'planned', '🔍', 'Plan for'],
    ['diff', 'compared', '🔍', 'compared with `main`'],
    ['reset', 'reset', '✅', 'is reset to `main`'],
    ['cleanup', 'failed', '❌', 'could not be deleted'],
    ['sweep', 'failed', '❌', 'could not be swept'],
    ['rotate', 'failed', '❌', 'could not get new passwords'],
    ['preview', 'failed', '❌', 'is not ready'],
  ] as const)('%s %s', (mode, outcome, icon, words) => {
    const line = first(summary(baseReport({ mode, outcome })))
    expect(line).toContain(icon)
    expect(line).toContain(words)
  })

  test('a connection string alone: the database is named', () => {
    const report = baseReport({ mode: 'provision', outcome: 'provisioned' })
    delete report.branch
    delete report.project
    expect(first(summary(report))).toBe('### ✅ Database `learnflow` is ready')
  })
})

describe('the comment', () => {
  test.each([
    pullRequest(),
    sqlError(),
    nothingChanged(),
    baseReport({ warnings: Array.from({ length: 30 }, (_, n) => `warning ${n}`) }),
  ])('%#: at most about 20 lines are seen', (report) => {
    expect(seenLines(comment(report))).toBeLessThanOrEqual(24)
  })

  test('says what changed, what is lost, what is rewritten', () => {
    const text = comment(pullRequest())
    expect(text).toContain('> - Drops the column `users.name` (1,204 rows) with all data.')
    expect(text).toContain(
      '`sql/0007_wide_event_ids.sql` rewrites `learning_events` (1.2 GB) under ACCESS EXCLUSIVE; reads and writes wait meanwhile.',
    )
    expect(text).toContain('| `courses` | 🟢 new: 3 columns, 1 constraint | 12\u00a0(+12) |')
    expect(text).toContain('`integer not null` → `bigint not null`')
    expect(text.indexOf('[!WARNING]')).toBeLessThan(text.indexOf('| Table or object'))
  })

  const laterRun = (sha: string): Report => {
    const later = nothingChanged()
    return {
      ...later,
      sha,
      runUrl: 'https://github.com/octo/learnflow/actions/runs/1',
      outcome: 'created',
      phases: [{ name: 'Schema', milliseconds: 99_999 }],
      ...(later.project ? { project: { ...later.project, created: true } } : {}),
      ...(later.branch
        ? { branch: { ...later.branch, readyMilliseconds: 77, expiresAt: '2027-01-01T00:00:00Z', parentName: 'other' } }
        : {}),
      ...(later.schema ? { schema: { ...later.schema, milliseconds: 5 } } : {}),
      ...(later.tables ? { tables: later.tables.map((one) => ({ ...one, bytes: one.bytes + 8192 })) } : {}),
    }
  }
  const said = (report: Report, previous: string) => {
    const { body } = commentText(report, OPTIONS)
    return typeof body === 'string' ? body : body(previous)
  }

  test('of the same commit stays as it is, whatever times, sizes and runs say', () => {
    const before = comment(nothingChanged())
    const later = laterRun(nothingChanged().sha)
    expect(said(later, before)).toBe(before)
    expect(comment(later)).not.toBe(before)
    expect(summary(later)).not.toBe(summary(nothingChanged()))
  })

  test('a file that an earlier run of the pull request applied is applied in the comment, and unchanged in the summary', () => {
    const first = nothingChanged()
    const schema = (state: 'applied' | 'unchanged') => ({
      ...{ source: 'sql/', applied: 0, unchanged: 0, pending: 0, milliseconds: 1, warnings: [] },
      files: [file('sql/1.sql', { state, milliseconds: 8 }), file('sql/0.sql', { state: 'unchanged' })],
    })
    const applied = comment({ ...first, schema: schema('applied') })
    expect(said({ ...first, schema: schema('unchanged') }, applied)).toBe(applied)
    expect(comment({ ...first, schema: schema('unchanged') })).toContain('2 files: 1 applied, 1 unchanged')
    expect(summary({ ...first, schema: schema('unchanged') })).toContain('2 files: 2 unchanged')
  })

  test('of the same commit stays, also where only its first run made namespace and Secret', () => {
    const secret = { kind: 'Secret' as const, namespace: 'shop-pr-42', name: 'postgres', keys: ['DATABASE_URL'] }
    const namespace = {
      kind: 'Namespace' as const,
      namespace: '',
      name: 'shop-pr-42',
      keys: [],
      action: 'created' as const,
    }
    const before = comment({ ...nothingChanged(), kubernetes: [namespace, { ...secret, action: 'created' }] })
    expect(before).toContain('☸️ Secret `shop-pr-42/postgres`')
    expect(said({ ...nothingChanged(), kubernetes: [{ ...secret, action: 'unchanged' }] }, before)).toBe(before)
  })

  test.each([
    ['another commit', laterRun('f'.repeat(40))],
    ['another count of rows', { ...nothingChanged(), tables: [count('users', 1)] }],
    ['a warning', { ...nothingChanged(), warnings: ['A role was kept.'] }],
    [
      'a host that changed',
      { ...nothingChanged(), database: { name: 'learnflow', role: 'r', host: 'ep-other.neon.tech' } },
    ],
    ['a failure', sqlError()],
  ])('is written anew for %s', (_, report) => {
    const before = comment(nothingChanged())
    expect(said(report, before)).toBe(comment(report))
    expect(said(report, before)).not.toBe(before)
  })

  test('names commit, expiry and host in one small line; the host of a connection string is not told', () => {
    expect(comment(pullRequest())).toMatch(
      /\n<sub>Commit `4f0c1d2` · expires 2026-12-07 10:00 UTC · host `ep-cool-dew-a1b2c3d4\.eu-central-1\.aws\.neon\.tech`<\/sub>$/,
    )
    const { branch: _branch, project: _project, ...external } = pullRequest()
    expect(comment(external)).toMatch(/\n<sub>Commit \S+<\/sub>$/)
  })

  test('a failure shows place, excerpt, consequence, next step and the run', () => {
    const text = comment(sqlError())
    expect(text).toContain('**relation "course" does not exist** (SQLSTATE `42P01`)')
    expect(text).toContain('/blob/4f0c1d2e3a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d/sql/0007_enrolments.sql#L4')
    expect(text).toContain('  |                                        ^')
    expect(text).toContain('The file was rolled back;')
    expect(text).toContain('**Next:** Correct the name, or make the table')
    expect(text.match(/The file was rolled back/g)).toHaveLength(1)
    expect(text).toContain('/actions/runs/9876543210')
  })

  test('DETAIL is shown line by line where there is one; one that is hidden says which input shows it', () => {
    const report = sqlError()
    const { failure } = report.schema ?? {}
    if (failure) failure.detail = 'view v depends on table t\nview w depends on view v'
    expect(comment(report)).toContain('Detail: view v depends on table t<br>view w depends on view v')
    if (failure) {
      delete failure.detail
      failure.detailHidden = true
    }
    for (const text of [comment(report), summary(report)]) expect(text).toContain('`show_detail: true`')
  })

  test('diagram and diff can be turned off', () => {
    expect(comment(pullRequest())).toContain('```mermaid')
    expect(comment(pullRequest(), { diagram: false })).not.toContain('```mermaid')
    expect(comment(pullRequest())).toContain('```diff')
    expect(comment(pullRequest(), { diff: false })).not.toContain('```diff')
  })

  test('nothing for a skipped run', () => {
    const report = baseReport({ outcome: 'skipped', skipReason: 'Pull request from a fork.' })
    expect(comment(report)).toBe('')
    expect(commentText(report, OPTIONS).body).toBe('')
    expect(summary(report)).toContain('Pull request from a fork.')
  })
})

describe('row counts', () => {
  const cells = (more: Parameters<typeof count>[2], rows: number | null = 5) => {
    const report = baseReport({ tables: [count('t', rows, more)] })
    return [...rendered(comment(report)).body.querySelectorAll('td')].map((cell) => cell.textContent)
  }

  test('say how far they can be trusted', () => {
    expect(cells({}, 1234567)[1]).toBe('1,234,567')
    expect(cells({ precision: 'estimate' }, 19_999_999)[1]).toBe('~20.0 M')
    expect(cells({ precision: 'at-least' }, 100_000)[1]).toBe('≥ 100,000')
    expect(cells({ visibleOnly: true })[1]).toBe('5 visible')
    expect(cells({ precision: 'unknown', reason: 'permission denied' }, null)[1]).toBe('permission denied')
    expect(cells({ change: -3 }).slice(1)).toEqual(['5', '−3', '8.0 kB'])
    expect(cells({ kind: 'partitioned' })[0]).toBe('t partitioned')
  })

  test('are found for names that SQL quotes', () => {
    const diff = {
      unified: '',
      changes: [
        {
          action: 'added' as const,
          kind: 'column' as const,
          id: 'public."order".x',
          table: 'public."order"',
          after: 'int',
        },
      ],
    }
    expect(comment(baseReport({ diff, tables: [count('order', 77)] }))).toContain('| 77 |')
  })
})

describe('limits', () => {
  const many = (tables: number): Report => {
    const names = Array.from({ length: tables }, (_, index) => `a_table_with_quite_a_long_name_number_${index}`)
    const facts = names.flatMap((name) =>
      tableFacts(name, [
        ['id', 'bigint!', 'PK'],
        ['name', 'text'],
      ]),
    )
    const changes = facts.map(
      (fact): SchemaChange => ({
        action: 'added',
        kind: fact.kind,
        id: fact.id,
        table: fact.table,
        after: fact.definition,
      }),
    )
    return baseReport({
      diff: { changes, unified: names.map((name) => `+create table ${name} (id bigint, name text);`).join('\n') },
      snapshot: { hash: '', facts },
      tables: names.map((name, index) => count(name, index)),
      schema: {
        source: 'sql/',
        files: names.map((name) =>
          file(`sql/${name}.sql`, { milliseconds: 3, locks: [{ table: name, mode: 'ACCESS EXCLUSIVE' }] }),
        ),
        applied: tables,
        unchanged: 0,
        pending: 0,
        milliseconds: 1,
        warnings: [],
      },
    })
  }

  test('a comment leaves out whole parts, and says which; no table is cut', () => {
    const text = comment(many(300))
    expect(text.length).toBeLessThanOrEqual(60_000)
    expect(text).toMatch(/Too long for a comment: diagram/)
    expect(text).toContain('https://github.com/octo/learnflow/pull/42/checks')
    const { body } = rendered(text)
    for (const row of body.querySelectorAll('table')) {
      const widths = [...row.querySelectorAll('tr')].map((line) => [...line.querySelectorAll('td, th')].length)
      expect(new Set(widths).size).toBe(1)
    }
  })

  test.each([1000, 20_000])('with %d tables the counts are still there', (tables) => {
    const text = comment(many(tables))
    expect(text.length).toBeLessThanOrEqual(60_000)
    expect(first(text)).toMatch(new RegExp(`: adds ${tables.toLocaleString('en-US')} tables$`))
  })

  test('where even the necessary parts are too long, the minimal form has counts and the greatest tables', () => {
    const report = many(300)
    report.schema = { ...(report.schema as NonNullable<Report['schema']>) }
    report.schema.failure = {
      file: 'sql/a.sql',
      line: 1,
      column: 1,
      sqlstate: '42601',
      message: 'syntax error',
      excerpt: 'x'.repeat(70_000),
      consequence: 'Rolled back.',
      next: 'Correct it.',
    }
    const text = comment(report)
    expect(text.length).toBeLessThanOrEqual(60_000)
    expect(text).toContain('300 tables with 44,850 rows')
    expect(text).toContain('a_table_with_quite_a_long_name_number_299')
    expect(text).toContain('syntax error')
  })

  test('a summary stays below 1,000,000 bytes, not characters', () => {
    const report = many(2000)
    if (report.diff) report.diff.unified = '+表'.repeat(320_000)
    const text = summary(report)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_000_000)
    expect(text).toContain('left out: diagram, schema diff')
    expect(summary(many(50))).not.toContain('left out')
  })
})

describe('closing', () => {
  test('keeps the last report folded, once, however often it is closed', () => {
    const before = comment(pullRequest())
    const once = closedBody(before, closed())
    expect(first(once)).toBe('### 🗑️ Neon branch `pr-42` is deleted')
    expect(once).toContain('| `courses` | 🟢 new')
    expect(once.match(/neon-postgres-setup closed/g)).toHaveLength(1)
    expect(closedBody(once, closed())).toBe(once)
    expect(closedBody(once, { ...closed(), outcome: 'gone' })).toBe(once)
    expect(closedBody(once.replaceAll('\n', '\r\n'), closed())).toBe(once)
  })

  test('the history renders inside the fold', () => {
    const { body } = rendered(closedBody(comment(pullRequest()), closed()))
    const [fold] = body.querySelectorAll('details')
    expect([...(fold?.querySelectorAll('details') ?? [])].length).toBeGreaterThan(3)
    expect([...(fold?.querySelectorAll('h3') ?? [])]).toHaveLength(1)
  })

  test('a history that would be too long keeps what was seen of it', () => {
    const before = `${comment(pullRequest())}\n\n<details><summary>x</summary>\n\n${'y'.repeat(60_000)}\n\n</details>`
    const text = closedBody(before, closed())
    expect(text.length).toBeLessThanOrEqual(60_000)
    expect(text).toContain('| `courses` | 🟢 new')
    expect(text).not.toContain('yyyy')
  })

  test('a failed clean-up says why and keeps the history', () => {
    const failed = {
      ...closed(),
      outcome: 'failed' as const,
      error: { message: 'The branch has a child.', advice: 'Delete the child first.' },
    }
    const text = closedBody(comment(pullRequest()), failed)
    expect(first(text)).toContain('could not be deleted')
    expect(text).toContain('The branch has a child.')
    expect(text).toContain('| `courses` | 🟢 new')
  })
})

describe('names from outside', () => {
  const NASTY =
    'a|b`c` <b>x</b>\n@octocat #123 GH-5 https://evil.example [l](https://evil.example) </details> ``` \u202e --> :smile:'

  function nastyReport(): Report {
    const id = `public."${NASTY}"`
    const facts = [
      { kind: 'table' as const, id, table: id, definition: 'table' },
      {
        kind: 'column' as const,
        id: `${id}."${NASTY}"`,
        table: id,
        definition: NASTY,
        column: { name: NASTY, position: 1, type: NASTY, key: '' as const },
      },
    ]
    const changes = ['added', 'removed', 'changed'].flatMap((action) =>
      (['table', 'column', 'index', 'function', 'enum', 'privilege', 'comment', 'view'] as const).map((kind) => ({
        action: action as SchemaChange['action'],
        kind,
        id: `${id}.${kind}.${action}`,
        table: kind === 'column' || kind === 'index' ? id : null,
        before: NASTY,
        after: NASTY,
      })),
    )
    return baseReport({
      outcome: 'failed',
      repository: 'octo/learnflow',
      project: { id: NASTY, name: NASTY, created: true, consoleUrl: `https://x.example/${NASTY}` },
      branch: {
        id: NASTY,
        name: NASTY,
        created: true,
        parentName: NASTY,
        consoleUrl: `javascript:alert('${NASTY}')`,
        expiresAt: NASTY,
      },
      database: { name: NASTY, role: NASTY, host: NASTY },
      schema: {
        source: NASTY,
        files: (['applied', 'failed', 'unchanged'] as const).map((state) =>
          file(NASTY, {
            state,
            notes: state === 'unchanged' ? [] : [NASTY],
            milliseconds: 5000,
            rows: state === 'unchanged' ? [] : [{ table: id, inserted: 1, updated: 1, deleted: 1 }],
            locks:
              state === 'unchanged'
                ? []
                : [
                    { table: id, mode: NASTY },
                    { table: NASTY, mode: 'ACCESS EXCLUSIVE' },
                  ],
            rewrites: state === 'unchanged' ? [] : [{ table: id, kind: 'table', bytes: 1e9 }],
          }),
        ),
        applied: 1,
        unchanged: 1,
        pending: 0,
        milliseconds: 1,
        warnings: [NASTY],
        failure: {
          file: NASTY,
          line: 1,
          column: 1,
          sqlstate: NASTY,
          message: NASTY,
          hint: NASTY,
          detail: NASTY,
          where: NASTY,
          excerpt: `\`\`\`\n${NASTY}`,
          consequence: NASTY,
          next: NASTY,
        },
      },
      diff: { changes, unified: `+${NASTY}\n\`\`\`\`\n` },
      snapshot: { hash: '', facts },
      tables: [count(NASTY, 5, { change: 2 }), count(NASTY, null, { precision: 'unknown', reason: NASTY })],
      kubernetes: (['Secret', 'Component', 'Namespace'] as const).map((kind) => ({
        kind,
        namespace: NASTY,
        name: NASTY,
        action: 'created',
        keys: [NASTY],
      })),
      skipReason: NASTY,
      warnings: [NASTY],
      error: { message: NASTY, advice: NASTY },
      phases: [{ name: NASTY, milliseconds: 1 }],
    })
  }

  const OWN = [
    'h3',
    'h4',
    'p',
    'br',
    'code',
    'pre',
    'div',
    'ul',
    'li',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'details',
    'summary',
    'strong',
    'a',
    'sub',
  ]
  const sweepReport = (): Report => ({
    ...nastyReport(),
    mode: 'sweep',
    sweep: [{ branchId: NASTY, branchName: NASTY, pullRequest: 3, ageDays: 1, action: 'failed', reason: NASTY }],
  })

  test.each([
    ['comment', () => comment(nastyReport())],
    ['summary', () => summary(nastyReport())],
    ['closed', () => closedBody(comment(nastyReport()), { ...nastyReport(), mode: 'cleanup' })],
    [
      'error',
      () => {
        const report = nastyReport()
        delete report.schema
        return comment(report)
      },
    ],
    ['sweep', () => summary(sweepReport())],
  ] as const)('%s: no mention, link, HTML, emoji or broken table survives', (_, render) => {
    const markdown = render()
    const result = rendered(markdown)
    expect(result.elements.filter((element) => !OWN.includes(element))).toEqual([])
    expect(autolinks(result.openText)).toEqual([])
    expect(result.links.filter((url) => !url.startsWith('https://github.com/octo/learnflow/'))).toEqual([])
    expect(result.body.textContent).not.toMatch(HIDDEN)
    expect(result.codes).toContain(visible(NASTY))
    for (const table of result.body.querySelectorAll('table')) {
      const widths = [...table.querySelectorAll('tr')].map((row) => [...row.querySelectorAll('td, th')].length)
      expect(new Set(widths).size).toBe(1)
    }
    const opened = markdown.match(/^<details>/gm)?.length ?? 0
    expect([...result.body.querySelectorAll('details')]).toHaveLength(opened)
  })

  test('the marker is the same HTML comment whatever the names are', () => {
    expect(commentMarker(nastyReport())).toMatch(
      /^<!-- neon-postgres-setup comment=[0-9a-f]{12} project=[0-9a-f]{12} database=[0-9a-f]{12} -->$/,
    )
  })
})

describe('the annotation of a failed statement', () => {
  test('stands on its line; the excerpt in the log is no workflow command', () => {
    const runtime = testRuntime()
    const failure = sqlError().schema?.failure
    if (!failure) throw new Error('no failure')
    annotateFailure(runtime, { ...failure, excerpt: '1 | a\n  ::set-output name=x::y\n##[error]z\r\n  ^' })
    expect(runtime.annotations).toEqual([
      {
        kind: 'error',
        text: [
          'relation "course" does not exist',
          'Hint: There is a table "courses".',
          'The file was rolled back; `sql/0006_courses.sql` before it stands, `sql/0008_display_name.sql` after it did not run.',
          'Next: Correct the name, or make the table or view in an earlier file: files run in the natural order of their names.',
        ].join('\n'),
        at: { location: { file: 'sql/0007_enrolments.sql', line: 4, column: 38 }, title: 'SQLSTATE 42P01' },
      },
    ])
    expect(runtime.lines[0]).toBe('sql/0007_enrolments.sql:4:38: SQLSTATE 42P01')
    const printed = (runtime.lines[1] ?? '').split('\n')
    expect(printed).toEqual(['| 1 | a', '|   ::set-output name=x::y', '| ## [error]z', '|   ^'])
  })
})

test('the first provision of LearnFlow lists its tables', () => {
  const text = summary(firstProvision())
  for (const name of ['users', 'exercises', 'submissions', 'learning_events', 'struggles'])
    expect(text).toContain(`| \`${name}\` | 0 |`)
  expect(text).toContain(
    'Secret `learnflow/postgres-credentials` created with `DATABASE_URL` and `DATABASE_URL_POOLED`',
  )
})
