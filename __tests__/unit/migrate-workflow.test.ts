import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Lexer, parse } from 'yaml'
import { applyEdits, movedOffset } from '../../.github/scripts/migrate-workflow/edits.ts'
import { migrateWorkflow } from '../../.github/scripts/migrate-workflow/migrate.ts'
import { readActionFile } from '../../sandbox/runner/index.ts'
import { lintWorkflow } from '../support/lint-workflow.ts'

const USES = 'acme/neon-postgres-setup@v1'
const OLD = /neondatabase\/(?:create|delete|reset)-branch-action@\S+|neondatabase\/schema-diff-action@\S+/g
const names = globSync('__tests__/fixtures/workflows/*.yml')
  .map((file) => basename(file, '.yml'))
  .sort()
const textOf = (name: string) => readFileSync(`__tests__/fixtures/workflows/${name}.yml`, 'utf8')
const migrate = (text: string) => migrateWorkflow(text, USES)

interface Step {
  uses?: string
  with?: Record<string, unknown>
}
interface File {
  permissions?: unknown
  jobs: Record<string, { permissions?: unknown; steps?: Step[] }>
}

/** The comments of a text in their order, as YAML sees them: not those within a script. */
function commentsOf(text: string): string[] {
  return [...new Lexer().lex(text)].filter((token) => token.startsWith('#')).map((token) => token.trim())
}

/** A file without what the change is about: what our steps are and have, and permissions of jobs. */
function rest(text: string): unknown {
  const file = parse(text) as File
  for (const job of Object.values(file.jobs)) {
    delete job.permissions
    for (const step of job.steps ?? []) {
      if (!step.uses || !(step.uses === USES || step.uses.startsWith('neondatabase/'))) continue
      delete step.with
      step.uses = 'ours'
    }
  }
  return file
}

describe('every file of the corpus', () => {
  test.each(names)('%s: valid, clean, whole, and done once for all', async (name) => {
    const before = textOf(name)
    const { text, changed, remarks } = migrate(before)
    expect(changed).toBe(true)
    expect(text).not.toContain('neondatabase/')
    expect(rest(text)).toEqual(rest(before))
    expect(await lintWorkflow(text, `${name}.yml`)).toEqual([])
    // Every comment is there, in its order; what became a comment stands between.
    const wanted = commentsOf(before).map((comment) => comment.replace(OLD, USES))
    const there = commentsOf(text)
    expect(there.filter((comment) => wanted.includes(comment))).toEqual(wanted)
    const lines = text.split('\n').length
    for (const { line } of remarks) expect(line).toBeLessThanOrEqual(lines)
    const again = migrate(text)
    expect(again).toEqual({ text, changed: false, remarks: [] })
  })

  test('has only inputs that this action knows afterwards, but for those it does not know now', async () => {
    const { inputs } = await readActionFile('.')
    const unknown = names.flatMap((name) => {
      const { jobs } = parse(migrate(textOf(name)).text) as File
      const ours = Object.values(jobs).flatMap(({ steps }) => (steps ?? []).filter(({ uses }) => uses === USES))
      return ours.flatMap((step) => Object.keys(step.with ?? {}).filter((input) => !inputs.has(input)))
    })
    expect(unknown).toEqual([])
  })
})

// What is said of each shape. `permissions` and `expiry` are left out here: they follow rules tested below.
const SAID: Record<string, string[]> = {
  'after-ci': ['mode workflow_run'],
  'always-delete-failed-create': [
    'name deletes the branch of line',
    'needless always() may stay',
    'schema folder named sql',
  ],
  'call-caller': [],
  'call-create': ['mode the event is that of the caller'],
  'call-delete': ['mode mode: cleanup never makes', 'name No step of this file makes'],
  'ci-run-id': [
    'mode mode: cleanup never makes',
    'name deletes the branch of line',
    'needless an empty branch_id',
    'needless expires_in: 1d',
    'schema folder named sql',
  ],
  'cloudflare-preview': ['needless expires_in: 14d', 'schema folder named sql'],
  'create-no-name': [
    'mode mode: cleanup never makes',
    'name Neon chose a name before',
    'name deletes the branch of line',
    'needless always() may stay',
    'schema folder named sql',
  ],
  'create-role-name': ["input 'parent_id' was no input", "input 'role_name' was no input"],
  'create-v3': ['input makes the password'],
  'create-v4': ['schema folder named sql'],
  'create-v5-full': [],
  'create-v6-full': ['needless expires_in: 30d', 'version # v6.4.0'],
  'create-v6-parent': ["input did not know 'parent'", 'schema folder named sql'],
  'deployment-status-diff': [],
  'deployment-status-e2e': [
    'mode deployment_status',
    'name deletes the branch of line',
    'needless always() may stay',
    'schema folder named sql',
  ],
  'diff-github-token': [
    'mode mode: cleanup never makes',
    'name deletes the branch of line',
    'needless always() may stay',
    'needless shows the schema changes',
    'schema folder named sql',
  ],
  'diff-own-comment': [
    'name deletes the branch of line',
    'needless one comment of its own',
    'needless shows the schema changes',
    'schema folder named sql',
  ],
  'diff-point-in-time': [],
  'diff-username': [
    "input 'username' was no input",
    'name deletes the branch of line',
    'needless always() may stay',
    'needless shows the schema changes',
    'schema folder named sql',
  ],
  'dispatch-name': ['needless expires_in: Nd'],
  drafts: ['name deletes the branch of line'],
  'e2e-matrix': [
    'name No step of this file makes a branch named',
    'needless always() may stay',
    'schema folder named sql',
  ],
  'fly-preview': ['name deletes the branch of line', 'schema folder named sql'],
  'fork-guard': ['name deletes the branch of line', 'needless guard against forks', 'needless guard against forks'],
  'git-branch-created': ['mode On create'],
  'git-branch-deleted': ['name No step of this file makes'],
  'issue-comment': [
    'mode issue_comment',
    'name deletes the branch of line',
    'name resets the branch of line',
    'needless one comment of its own',
  ],
  'kube-preview': ['name deletes the branch of line'],
  'labeled-preview': ['name deletes the branch of line'],
  'merge-queue': ['name deletes the branch of line', 'needless always() may stay', 'schema folder named sql'],
  'merged-production': ['name No step of this file makes'],
  'monorepo-two-projects': [
    'name deletes the branch of line',
    'needless shows the schema changes',
    'needless shows the schema changes',
  ],
  'nightly-e2e': [
    'mode on schedule it sweeps',
    'name deletes the branch of line',
    'needless always() may stay',
    'schema folder named sql',
  ],
  'no-guard-fork': [],
  'path-filter': ['mode mode: diff fails then', 'needless shows the schema changes', 'schema folder named sql'],
  'pull-request-target': ['name deletes the branch of line', 'needless guard against forks'],
  'push-head-or-ref': [],
  'push-ref-name': ['schema folder named sql'],
  'push-staging': ['schema folder named sql'],
  'push-tag-rehearsal': ['name deletes the branch of line', 'needless always() may stay', 'schema folder named sql'],
  'release-backup': [],
  'repository-dispatch': [],
  'reset-cs-names': ['name No step of this file makes', 'schema folder named sql'],
  'reset-label': [
    'name deletes the branch of line',
    'name resets the branch of line',
    'needless name of the Git branch',
  ],
  'reset-on-release': ['name No step of this file makes'],
  'reset-push-preview': ['name No step of this file makes', 'schema folder named sql'],
  'reset-weekly': ['name No step of this file makes'],
  'review-approved': [
    'mode pull_request_review',
    'name deletes the branch of line',
    'needless always() may stay',
    'schema folder named sql',
  ],
  'scheduled-cleanup': [
    'mode mode: cleanup never makes',
    'name No step of this file makes',
    'needless continue-on-error',
  ],
  'seed-psql-loop': [
    'name deletes the branch of line',
    'needless applies SQL files itself',
    'schema applies the SQL files itself',
  ],
  'template-schema-diff': [
    'name deletes the branch of line',
    'needless name of the Git branch',
    'needless shows the schema changes',
    'schema folder named sql',
  ],
  'template-v5': [
    'name deletes the branch of line',
    'needless name of the Git branch',
    'outputs Nothing in this file reads it',
    'outputs Nothing in this file reads it',
  ],
  'template-v6-expiry': [
    'input A step in a comment',
    'name deletes the branch of line',
    'needless expires_in: 14d',
    'needless name of the Git branch',
    'schema folder named sql',
  ],
  'two-jobs-branch-id': [
    'mode mode: cleanup never makes',
    'name deletes the branch of line',
    'needless always() may stay',
  ],
  'two-jobs-urls': ['outputs empty in line 31', 'outputs empty in line 32'],
  'vercel-api': ['name deletes the branch of line', 'needless continue-on-error'],
  'vercel-cli': [
    'name deletes the branch of line',
    'needless name of the Git branch',
    'needless name of the Git branch',
    'needless one comment of its own',
    'schema folder named sql',
  ],
  'vercel-integration-cleanup': ['name No step of this file makes'],
}

describe('what is said', () => {
  test('there is a line of the table for each file', () => {
    expect(Object.keys(SAID).sort()).toEqual(names)
  })

  test.each(names)('of %s', (name) => {
    const said = migrate(textOf(name)).remarks.filter(({ topic }) => topic !== 'permissions' && topic !== 'expiry')
    const wanted = [...(SAID[name] ?? [])]
    const found = said.map(({ topic, text }) => {
      const at = wanted.findIndex((one) => one.startsWith(`${topic} `) && text.includes(one.slice(topic.length + 1)))
      return at < 0 ? `${topic} ${text}` : wanted.splice(at, 1)[0]
    })
    expect({ found: found.sort(), missing: wanted }).toEqual({ found: (SAID[name] ?? []).sort(), missing: [] })
  })

  test('each remark stands at the line it speaks of', () => {
    const { text, remarks } = migrate(textOf('two-jobs-urls'))
    const lines = text.split('\n')
    const of = (topic: string) =>
      remarks.filter((one) => one.topic === topic).map(({ line }) => lines[line - 1]?.trim())
    expect(of('outputs')).toEqual([expect.stringMatching(/^db_url: /), expect.stringMatching(/^db_url_pooled: /)])
    expect(of('expiry')).toEqual([`uses: ${USES}`])
    expect(of('permissions')).toEqual(['database:'])
    expect([lines[31], lines[30]]).toEqual([
      expect.stringMatching(/outputs\.db_url }}$/),
      expect.stringMatching(/db_url_pooled }}$/),
    ])
  })
})

/** A workflow of one step on these events. */
const workflow = (on: string, uses: string, inputs: string, job = '', head = '') => `on: ${on}
${head}jobs:
  a:
${job}    runs-on: ubuntu-latest
    steps:
      - id: x
        uses: neondatabase/${uses}
        with:
          api_key: k # the key
${inputs.replace(/^/gm, '          ')}
`
const withOf = (text: string) => (parse(migrate(text).text) as File).jobs.a?.steps?.[0]?.with

describe('inputs', () => {
  test.each([
    ['create-branch-action@v5', 'username: u\nparent: dev', { role: 'u', parent_branch: 'dev' }],
    ['create-branch-action@v5.2.0', 'username: u', { role: 'u' }],
    [
      'reset-branch-action@v1',
      'branch: b\nparent: true\ncs_username: u\ncs_database: d\ncs_prisma: true\ncs_ssl: omit',
      {
        branch: 'b',
        parent: true,
        role: 'u',
        database: 'd',
        prisma: true,
        ssl: 'omit',
      },
    ],
    ['schema-diff-action@v1', 'compare_branch: b\n"github-token": t', { compare_branch: 'b', github_token: 't' }],
    ['delete-branch-action@v3', 'branch_id: br-1', { branch_id: 'br-1' }],
  ])('%s: %j', (uses, given, inputs) => {
    const named = uses.startsWith('create') ? `branch_name: n\n${given}` : given
    expect(withOf(workflow('push', uses, named))).toEqual({
      api_key: 'k',
      ...(uses.startsWith('create') ? { branch_name: 'n' } : {}),
      ...inputs,
    })
  })

  test('a step that has the new name already keeps it, and the old one becomes a comment', () => {
    const given = 'branch_name: n\nrole: new\nusername: old # once\n"password": p'
    const { text, remarks } = migrate(workflow('push', 'create-branch-action@v5', given))
    expect(text).toContain('          # username: old # once\n          # "password": p\n')
    expect(parse(text).jobs.a.steps[0].with).toEqual({ api_key: 'k', branch_name: 'n', role: 'new' })
    expect(remarks.filter(({ topic }) => topic === 'input').map((one) => one.text)).toEqual([
      "Version 5 did not know 'role' and ignored it; it counts from now on.",
      "'username' is 'role' here, which this step has already. It is a comment now.",
      expect.stringMatching(/^Neon makes the password .* It is a comment now\.$/),
    ])
  })

  test('two old names for one thing become one', () => {
    const given = 'branch: b\nparent: true\ncs_username: u\ncs_role_name: v'
    expect(withOf(workflow('push', 'reset-branch-action@v1', given))).toEqual({
      api_key: 'k',
      branch: 'b',
      parent: true,
      role: 'u',
    })
  })

  test.each(['branch: main', 'branch_id: br-1', 'compare_branch: main', 'mode: cleanup', 'connection_string: c'])(
    'what a create ignored must not choose what is done: %s',
    (given) => {
      const { text, remarks } = migrate(workflow('push', 'create-branch-action@v6', `branch_name: n\n${given}`))
      expect(text).toContain(`          # ${given}`)
      expect(remarks.map((one) => one.text).join()).toContain('was no input of version 6 and was ignored')
    },
  )

  test('what cannot become a comment stays, and is spoken of', () => {
    const before =
      'on: push\njobs: { a: { runs-on: x, steps: [{ uses: neondatabase/create-branch-action@v6, with: { api_key: k, branch_name: n, branch: b } }] } }\n'
    const { text, remarks } = migrate(before)
    expect(text).toBe(before.replace('neondatabase/create-branch-action@v6', USES))
    expect(remarks.map((one) => one.text).join()).toContain('Take it out: the runner would warn of it.')
  })

  test('keeps quotes, spaces, blank lines and line ends as they are', () => {
    const before =
      "on:   push\r\n\r\njobs:\r\n  a:\r\n    runs-on: x\r\n    steps:\r\n    -   uses: 'neondatabase/create-branch-action@v5'   # pinned\r\n        with: {branch_name:  n,   api_key: k,username: u}\r\n"
    const after = before.replace('neondatabase/create-branch-action@v5', USES).replace('username', 'role')
    expect(migrate(before).text).toBe(after)
  })
})

describe('mode', () => {
  const modeOn = (on: string) => withOf(workflow(on, 'create-branch-action@v6', 'branch_name: n'))?.mode
  test.each([
    ['pull_request', undefined],
    ['push', undefined],
    ['[pull_request, push, workflow_dispatch, release, merge_group]', undefined],
    ['schedule: [{ cron: "1 2 * * *" }]', 'provision'],
    ['[issue_comment, workflow_run]', 'provision'],
    ['[push, issue_comment]', '$' + "{{ github.event_name == 'issue_comment' && 'provision' || 'auto' }}"],
    [
      '[push, issue_comment, deployment_status]',
      '$' +
        "{{ (github.event_name == 'issue_comment' || github.event_name == 'deployment_status') && 'provision' || 'auto' }}",
    ],
  ])('a create on %s: %s', (on, mode) => {
    const text = on.startsWith('schedule') ? `\n  ${on}` : on
    expect(modeOn(text)).toBe(mode)
  })

  test.each([
    ['delete-branch-action@v3', 'branch: pr-1', undefined],
    ['delete-branch-action@v3', 'branch: $[steps.x.outputs.branch_id]', 'cleanup'],
    ['delete-branch-action@v3', 'branch_id: $[needs.a.outputs.id]', 'cleanup'],
    ['delete-branch-action@v3', 'branch: pr-$[github.event.number]', undefined],
    ['reset-branch-action@v1', 'branch: b\nparent: true', undefined],
    ['reset-branch-action@v1', 'branch: b\nparent: "true"', undefined],
    ['reset-branch-action@v1', 'branch: b', 'reset'],
    ['reset-branch-action@v1', 'branch: b\nparent: $[inputs.parent]', 'reset'],
    ['schema-diff-action@v1', 'compare_branch: $[steps.x.outputs.branch_id]', 'diff'],
    ['schema-diff-action@v1', 'compare_branch: pr-$[github.event.number]', undefined],
  ])('%s with %j: %s', (uses, inputs, mode) => {
    const text = inputs.replace(/\$\[(.*?)\]/g, (_whole, inner: string) => ['$', `{{ ${inner} }}`].join(''))
    expect(withOf(workflow('workflow_dispatch', uses, text))?.mode).toBe(mode)
  })

  test('a create on a closed pull request, which nothing guards, is spoken of', () => {
    const on = '{ pull_request: { types: [opened, closed] } }'
    const said = (job: string) => migrate(workflow(on, 'create-branch-action@v6', 'branch_name: n', job)).remarks
    expect(said('').map(({ text }) => text)).toContainEqual(
      expect.stringContaining('On a closed pull request this step deletes'),
    )
    const guarded = "    if: github.event.action != 'closed'\n"
    expect(said(guarded).some(({ topic }) => topic === 'mode')).toBe(false)
  })
})

describe('permissions', () => {
  const given = (job: string, head = '', on = 'pull_request', inputs = 'branch_name: n') => {
    const { text, remarks } = migrate(workflow(on, 'create-branch-action@v6', inputs, job, head))
    const said = remarks.filter(({ topic }) => topic === 'permissions').map((one) => one.text)
    return { permissions: (parse(text) as File).jobs.a?.permissions, said: said.join() }
  }
  const both = { contents: 'read', 'pull-requests': 'write' }

  test.each<[string, string, string, unknown, string]>([
    ['none anywhere', '', '', both, "the repository's default permissions"],
    [
      'of the workflow',
      '',
      'permissions: { contents: read, id-token: write }\n',
      { ...both, 'id-token': 'write' },
      'those of the workflow',
    ],
    ['enough of the workflow', '', 'permissions: { contents: write, pull-requests: write }\n', undefined, ''],
    ['write-all', '', 'permissions: write-all\n', undefined, ''],
    ['read-all', '', 'permissions: read-all\n', undefined, 'does not let the job write its comment'],
    ['of the job, too few', '    permissions:\n      contents: read\n', '', both, 'write pull requests'],
    [
      'of the job, read only',
      '    permissions:\n      pull-requests: read # for gh\n',
      '',
      both,
      'read the contents and write pull requests',
    ],
    ['of the job, none at all', '    permissions: {}\n', '', both, 'permissions of its own'],
    [
      'of the job, in one line',
      '    permissions: { id-token: write }\n',
      '',
      { ...both, 'id-token': 'write' },
      'read the contents',
    ],
    ['of the job, enough', '    permissions: { contents: read, pull-requests: write }\n', '', both, ''],
  ])('%s', (_what, job, head, permissions, said) => {
    const result = given(job, head)
    expect(result.permissions).toEqual(permissions)
    expect(result.said).toContain(said)
    if (said === '') expect(result.said).toBe('')
  })

  test('none where nothing is commented: other events, or comment: false', () => {
    expect(given('', '', 'push').permissions).toBeUndefined()
    expect(given('', '', 'pull_request', 'branch_name: n\ncomment: false').permissions).toBeUndefined()
  })

  test('a called workflow must not ask for more than its caller has: it is only told', () => {
    const result = given('', '', 'workflow_call')
    expect(result).toEqual({
      permissions: undefined,
      said: expect.stringContaining('GitHub does not start one that asks for more'),
    })
  })
})

describe('texts', () => {
  test('changes at one place: insertions first, then what is replaced', () => {
    const edits = [
      { start: 3, end: 5, text: 'XY' },
      { start: 3, end: 3, text: '+' },
      { start: 0, end: 1, text: '' },
    ]
    expect(applyEdits('abcdefg', edits)).toBe('bc+XYfg')
    expect([1, 3, 5, 7].map((offset) => movedOffset(offset, edits))).toEqual([0, 3, 5, 7])
    expect(() =>
      applyEdits('abc', [
        { start: 0, end: 2, text: '' },
        { start: 1, end: 2, text: '' },
      ]),
    ).toThrow()
  })

  test('what is no workflow is refused with the place', () => {
    expect(() => migrate('on: push')).toThrow(/no jobs/)
    expect(() => migrate('on: push\njobs: {a: [}')).toThrow(/line 2/)
  })
})

describe('npm run migrate-workflow', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'migrate-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const run = (...args: string[]) => {
    const script = '.github/scripts/migrate-workflow/main.ts'
    return spawnSync('node_modules/.bin/node', [script, ...args], { encoding: 'utf8' })
  }

  test('prints the file, and what to look at beside it; --write changes it', () => {
    const file = join(folder, 'preview.yml')
    cpSync('__tests__/fixtures/workflows/template-v5.yml', file)
    const printed = run('--uses', USES, file)
    expect(printed.stdout).toBe(migrate(textOf('template-v5')).text)
    expect(printed.stderr).toContain(`${file}:25 needless: Only for the name`)
    expect(readFileSync(file, 'utf8')).toBe(textOf('template-v5'))
    expect(run('--write', '--uses', USES, file)).toMatchObject({ status: 0, stdout: '' })
    expect(readFileSync(file, 'utf8')).toBe(printed.stdout)
    expect(run('--write', file)).toMatchObject({ status: 0, stderr: `${file}: nothing to change\n` })
  })

  test('says what it cannot read, and how it is used', () => {
    const file = join(folder, 'broken.yml')
    writeFileSync(file, 'on: push\njobs: {a: [}')
    expect(run(file)).toMatchObject({ status: 1, stderr: expect.stringContaining(`${file}: `) })
    expect(run(join(folder, 'absent.yml'))).toMatchObject({ status: 1, stderr: expect.stringContaining('ENOENT') })
    expect(run()).toMatchObject({ status: 2, stderr: expect.stringContaining('Usage: npm run migrate-workflow') })
  })
})
