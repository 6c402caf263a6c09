import { describe, expect, test } from '@jest/globals'
import { type Event, readEvent } from '../../src/event.ts'
import { planRun, reasonToSkip } from '../../src/plan.ts'
import { ownerOf } from '../../src/run.ts'
import { configOf } from '../support/inputs.ts'
import { KUBECONFIG } from '../support/wrong-inputs.ts'

const event = (name: string, changes: Partial<Event> = {}): Event => ({
  name,
  action: '',
  repository: 'octo/learn',
  repositoryId: '700',
  defaultBranch: 'main',
  ref: 'refs/heads/main',
  sha: 'a'.repeat(40),
  actor: 'octocat',
  pullRequest: null,
  deletedRef: null,
  pushDeleted: false,
  mergeGroupRef: '',
  ...changes,
})
const pull = (action: string, changes: Partial<NonNullable<Event['pullRequest']>> = {}, name = 'pull_request') =>
  event(name, {
    action,
    pullRequest: {
      number: 7,
      headRef: 'feature/Ünï code',
      headSha: 'b'.repeat(40),
      fromFork: false,
      isClosed: action === 'closed',
      author: 'octocat',
      ...changes,
    },
  })

describe('mode by event', () => {
  test.each([
    ['push to the default branch', event('push'), 'provision', ''],
    ['push of a tag', event('push', { ref: 'refs/tags/v1' }), 'provision', ''],
    ['workflow_dispatch', event('workflow_dispatch'), 'provision', ''],
    ['repository_dispatch', event('repository_dispatch'), 'provision', ''],
    ['release published', event('release', { ref: 'refs/tags/v1', action: 'published' }), 'provision', ''],
    ['pull request opened', pull('opened'), 'preview', 'pr-7'],
    ['pull request reopened', pull('reopened'), 'preview', 'pr-7'],
    ['pull request synchronize', pull('synchronize'), 'preview', 'pr-7'],
    ['pull request labeled', pull('labeled'), 'preview', 'pr-7'],
    ['pull request closed', pull('closed'), 'cleanup', 'pr-7'],
    ['pull_request_target of this repository', pull('opened', {}, 'pull_request_target'), 'preview', 'pr-7'],
    ['schedule', event('schedule'), 'sweep', ''],
    [
      'merge queue',
      event('merge_group', { mergeGroupRef: 'refs/heads/gh-readonly-queue/main/pr-7-aa' }),
      'preview',
      'queue-aaaaaaaa',
    ],
    ['branch deleted', event('delete', { deletedRef: { name: 'feature/x', isBranch: true } }), 'cleanup', ''],
  ])('%s', async (_, given, mode, branchName) => {
    expect(planRun(await configOf({ schema: 'db' }), given)).toMatchObject({ kind: 'run', mode, branchName })
  })

  test('a push elsewhere skips: its migrations are not merged', async () => {
    const given = event('push', { ref: 'refs/heads/feature' })
    expect(planRun(await configOf(), given)).toMatchObject({ kind: 'skip', reason: expect.stringContaining('feature') })
    expect(planRun(await configOf({ branch_name: 'dev' }), given)).toMatchObject({
      mode: 'provision',
      branchName: 'dev',
    })
    expect(planRun(await configOf({ mode: 'provision' }), given)).toMatchObject({ mode: 'provision', branchName: '' })
  })

  test('a push that deleted its ref, and a deleted tag, skip', async () => {
    expect(planRun(await configOf(), event('push', { pushDeleted: true })).kind).toBe('skip')
    expect(planRun(await configOf(), event('delete', { deletedRef: { name: 'v1', isBranch: false } })).kind).toBe(
      'skip',
    )
  })

  test('another event needs a mode', async () => {
    await expect(async () => planRun(await configOf(), event('issue_comment'))).rejects.toThrow(/issue_comment/)
    expect(planRun(await configOf({ mode: 'provision' }), event('issue_comment'))).toMatchObject({ mode: 'provision' })
  })
})

describe("the official actions' inputs", () => {
  test('branch deletes, branch with parent resets, compare_branch compares', async () => {
    expect(planRun(await configOf({ branch: 'preview/x' }), event('push'))).toMatchObject({
      mode: 'cleanup',
      branchName: 'preview/x',
    })
    expect(planRun(await configOf({ branch_id: 'br-a-b-c1' }), event('push'))).toMatchObject({
      mode: 'cleanup',
      branchName: 'br-a-b-c1',
    })
    expect(planRun(await configOf({ branch: 'dev', parent: 'true' }), event('push'))).toMatchObject({
      mode: 'reset',
      branchName: 'dev',
    })
    expect(planRun(await configOf({ compare_branch: 'preview/x' }), pull('opened'))).toMatchObject({ mode: 'diff' })
  })
})

describe('branch names', () => {
  test('templates', async () => {
    expect(planRun(await configOf({ branch_name: 'preview/{number}-{head_ref}' }), pull('opened'))).toMatchObject({
      branchName: 'preview/7-feature/Ünï-code-833e0af7',
      naming: 'template',
    })
    expect(planRun(await configOf({ branch_name: 'p-{sha}' }), pull('opened'))).toMatchObject({
      branchName: 'p-bbbbbbbb',
    })
    expect(
      planRun(
        await configOf({ branch_name: 'x-{head_ref}' }),
        event('delete', { deletedRef: { name: 'f', isBranch: true } }),
      ),
    ).toMatchObject({ mode: 'cleanup', branchName: '', deletedHeadRef: 'f' })
  })

  test('without a pull request a preview needs a name', async () => {
    await expect(async () => planRun(await configOf({ mode: 'preview' }), event('push'))).rejects.toThrow(
      /no pull request to name the branch after/,
    )
    await expect(async () =>
      planRun(await configOf({ mode: 'preview', branch_name: 'pr-{number}' }), event('push')),
    ).rejects.toThrow(/has no number/)
    expect(planRun(await configOf({ mode: 'preview', branch_name: 'dev' }), event('push'))).toMatchObject({
      branchName: 'dev',
    })
  })
})

describe('what an event must not do', () => {
  test.each(['labeled', 'edited', 'unlabeled', 'synchronize', 'review_requested'])(
    '%s on a closed pull request does not bring its branch back',
    async (action) => {
      const plan = planRun(await configOf(), pull(action, { isClosed: true }))
      expect(plan).toEqual({ kind: 'skip', reason: expect.stringMatching(/#7 is closed/) })
    },
  )

  test.each(['workflow_dispatch', 'repository_dispatch', 'push'])(
    '%s on a feature branch does not reach the default database',
    async (name) => {
      const given = event(name, { ref: 'refs/heads/feature' })
      expect(planRun(await configOf(), given)).toEqual({
        kind: 'skip',
        reason: expect.stringMatching(/feature, not .*main/),
      })
      expect(planRun(await configOf({ branch_name: 'dev' }), given)).toMatchObject({
        mode: 'provision',
        naming: 'plain',
      })
      expect(planRun(await configOf({ mode: 'provision' }), given)).toMatchObject({ mode: 'provision' })
    },
  )

  test.each(['created', 'edited', 'deleted', 'released', 'prereleased', 'unpublished', ''])(
    'a release that was %p, not published, skips',
    async (action) => {
      expect(planRun(await configOf(), event('release', { action })).kind).toBe('skip')
    },
  )

  describe('with connection_string, where nothing separates the database from the pull request', () => {
    const inputs = { project_id: '', connection_string: 'postgresql://u:p@db.example/app' }

    test('a push to another Git branch skips, whatever branch_name says', async () => {
      const given = event('push', { ref: 'refs/heads/feature' })
      expect(planRun(await configOf(inputs), given).kind).toBe('skip')
      expect(planRun(await configOf({ ...inputs, branch_name: 'x' }), given).kind).toBe('skip')
      expect(planRun(await configOf({ ...inputs, mode: 'provision' }), given)).toMatchObject({ mode: 'provision' })
    })

    test('a pull request is a plan, and a skip for a tool that cannot plan', async () => {
      expect(planRun(await configOf(inputs), pull('opened'))).toMatchObject({ mode: 'plan' })
      expect(planRun(await configOf({ ...inputs, mode: 'preview' }), pull('opened'))).toMatchObject({ mode: 'preview' })
      expect(planRun(await configOf({ ...inputs, migrate_command: 'x' }), pull('opened')).kind).toBe('skip')
    })
  })
})

describe('two Git branches never share a Neon branch', () => {
  const nameOf = async (headRef: string) => {
    const plan = planRun(await configOf({ branch_name: '{head_ref}' }), pull('opened', { headRef }))
    return plan.kind === 'run' ? plan.branchName : ''
  }

  test.each([
    ['what was replaced', 'feature x', 'feature-x'],
    ['other characters', 'a#b', 'a!b'],
    ['what was cut', `${'l'.repeat(250)}1`, `${'l'.repeat(250)}2`],
    ['at the ends', '-a', 'a'],
    ['nothing left', '###', '!!!'],
  ])('%s', async (_, one, other) => {
    expect(await nameOf(one)).not.toBe(await nameOf(other))
    expect((await nameOf(one)).length).toBeLessThanOrEqual(200)
    expect(await nameOf(one)).not.toBe('')
  })

  test('an ordinary name stays as it is', async () => {
    expect(await nameOf('feature/ABC-12_x.y')).toBe('feature/ABC-12_x.y')
  })

  test('{repository} tells repositories of one project apart; other braces stay', async () => {
    const plan = async (branch_name: string) => planRun(await configOf({ branch_name }), pull('opened'))
    expect(await plan('{repository}-pr-{number}')).toMatchObject({ branchName: 'octo/learn-pr-7', naming: 'template' })
    expect(await plan('preview/7-{a}-{nummer}')).toMatchObject({
      branchName: 'preview/7-{a}-{nummer}',
      naming: 'plain',
    })
  })
})

test('an entry of the merge queue of release/pr-12-x belongs to the number that stands last', async () => {
  const given = event('merge_group', {
    mergeGroupRef: `refs/heads/gh-readonly-queue/release/pr-12-x/pr-45-${'a'.repeat(40)}`,
  })
  const plan = planRun(await configOf(), given)
  if (plan.kind !== 'run') throw new Error(plan.reason)
  expect(ownerOf({ event: given, plan })).toEqual({ repository: 'octo/learn', repositoryId: '700', pullRequest: 45 })
})

const KEY = { given: true, onMissing: 'fail' } as const
const NO_KEY = { given: false, onMissing: 'fail' } as const

describe('a step that names no branch outside pull requests', () => {
  const given = event('push')

  test('is an error that says both ways: the default branch is not handed out by accident', async () => {
    await expect(async () => planRun(await configOf(), given)).rejects.toThrow(
      /names no branch, and on the event 'push' that would be the default/,
    )
    await expect(async () => planRun(await configOf(), event('workflow_dispatch'))).rejects.toThrow(/names no branch/)
  })

  test.each([
    ['schema', { schema: 'db' }],
    ['migrate_command', { migrate_command: 'npx x' }],
    ['roles', { roles: 'api=readonly' }],
    ['kubeconfig', { kubeconfig: KUBECONFIG }],
    ['project_name', { project_id: '', project_name: 'shop' }],
    ['mode', { mode: 'provision' }],
  ])('unless %s asks for a database to be set up', async (_, inputs) => {
    expect(planRun(await configOf(inputs), given)).toMatchObject({ mode: 'provision', branchName: '' })
  })
})

describe('branch_name on events that say nothing', () => {
  test.each(['schedule', 'create', 'workflow_run', 'issue_comment', 'deployment_status'])(
    '%s: that branch is provisioned',
    async (name) => {
      expect(planRun(await configOf({ branch_name: 'nightly' }), event(name))).toMatchObject({
        mode: 'provision',
        branchName: 'nightly',
        naming: 'plain',
      })
    },
  )
})

test('{slug} is small letters without slashes, and still nobody shares it', async () => {
  const slug = async (headRef: string) => {
    const plan = planRun(await configOf({ branch_name: 'p-{slug}' }), pull('opened', { headRef }))
    return plan.kind === 'run' ? plan.branchName : ''
  }
  expect(await slug('fix-login')).toBe('p-fix-login')
  expect(await slug('Feature/ABC_1')).toMatch(/^p-feature-abc_1-[0-9a-f]{8}$/)
  expect(await slug('feature/a')).not.toBe(await slug('feature-a'))
  expect(await slug('A')).not.toBe(await slug('a'))
})

describe('runs without secrets', () => {
  test('a repository that is not set up yet can skip', () => {
    expect(reasonToSkip({ given: false, onMissing: 'skip' }, pull('opened'))).toMatch(/on_missing_key: skip/)
    expect(reasonToSkip({ given: true, onMissing: 'skip' }, pull('opened'))).toBe('')
  })

  test('forks and Dependabot skip', () => {
    expect(reasonToSkip(NO_KEY, pull('opened', { fromFork: true }))).toContain('#7 comes from a fork')
    expect(reasonToSkip(NO_KEY, pull('opened', { author: 'dependabot[bot]' }))).toContain('Dependabot')
    expect(reasonToSkip(NO_KEY, { ...pull('opened'), actor: 'dependabot[bot]' })).toContain('Dependabot')
    expect(reasonToSkip(KEY, pull('opened', { fromFork: true }))).toBe('')
  })

  test('anyone else goes on, and is told by the inputs what is missing', async () => {
    expect(reasonToSkip(NO_KEY, pull('opened'))).toBe('')
    await expect(async () => await configOf({ api_key: '' })).rejects.toThrow(/api_key is missing/)
  })

  test("pull_request_target with a fork's head is refused even with secrets", () => {
    expect(() => reasonToSkip(KEY, pull('opened', { fromFork: true }, 'pull_request_target'))).toThrow(/Refusing/)
    expect(reasonToSkip(KEY, pull('closed', { fromFork: true }, 'pull_request_target'))).toBe('')
  })
})

describe('events', () => {
  test('a pull request from a fork, and from a deleted repository', () => {
    const payload = (repo: unknown) => ({
      action: 'opened',
      repository: { full_name: 'Octo/Learn', default_branch: 'trunk' },
      pull_request: { number: 3, head: { ref: 'x', sha: 'c', repo }, user: { login: 'someone' } },
    })
    const env = {
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_REF: 'refs/pull/3/merge',
      GITHUB_SHA: 'm',
      GITHUB_ACTOR: 'someone',
    }
    expect(readEvent(env, payload({ full_name: 'octo/learn' })).pullRequest?.fromFork).toBe(false)
    expect(readEvent(env, payload({ full_name: 'stranger/learn' })).pullRequest?.fromFork).toBe(true)
    expect(readEvent(env, payload(null)).pullRequest?.fromFork).toBe(true)
    expect(readEvent(env, payload(null)).defaultBranch).toBe('trunk')
  })

  test('an empty payload', () => {
    expect(readEvent({ GITHUB_REPOSITORY: 'a/b', GITHUB_EVENT_NAME: 'schedule' }, {})).toMatchObject({
      repository: 'a/b',
      pullRequest: null,
    })
  })
})
