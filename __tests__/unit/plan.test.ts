import { describe, expect, test } from '@jest/globals'
import { type Event, readEvent } from '../../src/event.ts'
import { planRun, reasonToSkip } from '../../src/plan.ts'
import { configOf } from '../support/inputs.ts'

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
    ['release', event('release', { ref: 'refs/tags/v1' }), 'provision', ''],
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
  ])('%s', (_, given, mode, branchName) => {
    expect(planRun(configOf(), given)).toMatchObject({ kind: 'run', mode, branchName })
  })

  test('a push elsewhere skips: its migrations are not merged', () => {
    const given = event('push', { ref: 'refs/heads/feature' })
    expect(planRun(configOf(), given)).toMatchObject({ kind: 'skip', reason: expect.stringContaining('feature') })
    expect(planRun(configOf({ branch_name: 'dev' }), given)).toMatchObject({ mode: 'provision', branchName: 'dev' })
    expect(planRun(configOf({ mode: 'provision' }), given)).toMatchObject({ mode: 'provision', branchName: '' })
  })

  test('a push that deleted its ref, and a deleted tag, skip', () => {
    expect(planRun(configOf(), event('push', { pushDeleted: true })).kind).toBe('skip')
    expect(planRun(configOf(), event('delete', { deletedRef: { name: 'v1', isBranch: false } })).kind).toBe('skip')
  })

  test('another event needs a mode', () => {
    expect(() => planRun(configOf(), event('issue_comment'))).toThrow(/issue_comment/)
    expect(planRun(configOf({ mode: 'provision' }), event('issue_comment'))).toMatchObject({ mode: 'provision' })
  })
})

describe("the official actions' inputs", () => {
  test('branch deletes, branch with parent resets, compare_branch compares', () => {
    expect(planRun(configOf({ branch: 'preview/x' }), event('push'))).toMatchObject({
      mode: 'cleanup',
      branchName: 'preview/x',
    })
    expect(planRun(configOf({ branch_id: 'br-a-b-c1' }), event('push'))).toMatchObject({
      mode: 'cleanup',
      branchName: 'br-a-b-c1',
    })
    expect(planRun(configOf({ branch: 'dev', parent: 'true' }), event('push'))).toMatchObject({
      mode: 'reset',
      branchName: 'dev',
    })
    expect(planRun(configOf({ compare_branch: 'preview/x' }), pull('opened'))).toMatchObject({ mode: 'diff' })
  })
})

describe('branch names', () => {
  test('templates', () => {
    expect(planRun(configOf({ branch_name: 'preview/{number}-{head_ref}' }), pull('opened'))).toMatchObject({
      branchName: 'preview/7-feature/Ünï-code',
    })
    expect(planRun(configOf({ branch_name: 'p-{sha}' }), pull('opened'))).toMatchObject({ branchName: 'p-bbbbbbbb' })
    expect(
      planRun(
        configOf({ branch_name: 'x-{head_ref}' }),
        event('delete', { deletedRef: { name: 'f', isBranch: true } }),
      ),
    ).toMatchObject({
      mode: 'cleanup',
      branchName: 'x-f',
    })
  })

  test('without a pull request a preview needs a name', () => {
    expect(() => planRun(configOf({ mode: 'preview' }), event('push'))).toThrow(
      /no pull request to name the branch after/,
    )
    expect(() => planRun(configOf({ mode: 'preview', branch_name: 'pr-{number}' }), event('push'))).toThrow(
      /has no number/,
    )
    expect(planRun(configOf({ mode: 'preview', branch_name: 'dev' }), event('push'))).toMatchObject({
      branchName: 'dev',
    })
  })
})

describe('runs without secrets', () => {
  test('forks and Dependabot skip', () => {
    expect(reasonToSkip(false, pull('opened', { fromFork: true }))).toContain('#7 comes from a fork')
    expect(reasonToSkip(false, pull('opened', { author: 'dependabot[bot]' }))).toContain('Dependabot')
    expect(reasonToSkip(false, { ...pull('opened'), actor: 'dependabot[bot]' })).toContain('Dependabot')
    expect(reasonToSkip(true, pull('opened', { fromFork: true }))).toBe('')
  })

  test('anyone else goes on, and is told by the inputs what is missing', () => {
    expect(reasonToSkip(false, pull('opened'))).toBe('')
    expect(() => configOf({ api_key: '' })).toThrow(/api_key is missing/)
  })

  test("pull_request_target with a fork's head is refused even with secrets", () => {
    expect(() => reasonToSkip(true, pull('opened', { fromFork: true }, 'pull_request_target'))).toThrow(/Refusing/)
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
