import { describe, expect, test } from '@jest/globals'
import type { Branch } from '../../src/neon/index.ts'
import { assertPreviewBranch, foreignPurposes, planForeign, planSweep, pullRequestsOf } from '../../src/neon/index.ts'
import { createPacer, inParallel } from '../../src/neon/parallel.ts'
import { globToRegExp } from '../../src/neon/sweep-plan.ts'
import { hurriedClock } from '../support/neon.ts'
import { testRuntime } from '../support/runtime.ts'

const NOW = Date.parse('2026-06-01T12:00:00Z')
const DAY = 86_400_000
const REPOSITORY = 'octo/learn'
const OWNER = { repository: REPOSITORY, repositoryId: '700', pullRequest: null }

let count = 0
function branch(
  name: string,
  changes: Partial<Branch> & { pull?: number; repository?: string; days?: number } = {},
): Branch {
  count += 1
  const { pull, repository = REPOSITORY, days = 1, ...rest } = changes
  return {
    projectId: 'p',
    id: `br-calm-hill-${count}`,
    name,
    created: false,
    parentId: 'br-root',
    default: false,
    protected: false,
    schemaOnly: false,
    state: 'ready',
    createdAt: new Date(NOW - days * DAY).toISOString(),
    annotations: {
      'managed-by': 'neon-postgres-setup',
      'github-commit-repo': repository,
      ...(pull === undefined ? {} : { 'github-pr-number': String(pull) }),
    },
    ...rest,
  }
}

const pullRequests = new Map([
  [1, 'closed' as const],
  [2, 'open' as const],
  [3, 'unknown' as const],
])
const verdict = (one: Branch, rules: { maxAge?: number; keep?: string[] } = {}, others: Branch[] = []) => {
  const [intent] = planSweep([one, ...others], { owner: OWNER, pullRequests, ...rules }, NOW)
  return `${intent?.remove ? 'remove' : 'keep'}: ${intent?.reason}`
}

describe('planSweep', () => {
  test.each([
    ['closed', branch('pr-1', { pull: 1 }), 'remove: pull request #1 is closed'],
    ['open', branch('pr-2', { pull: 2 }), 'keep: pull request #2 is open'],
    ['unknown to GitHub', branch('pr-3', { pull: 3 }), 'keep: the state of pull request #3 is unknown'],
    ['not asked about', branch('pr-4', { pull: 4 }), 'keep: the state of pull request #4 is unknown'],
    ['without a pull request', branch('staging'), 'keep: it belongs to no pull request'],
    ['default', branch('main', { pull: 1, default: true }), 'keep: it is the default branch of the project'],
    ['protected', branch('pr-1', { pull: 1, protected: true }), 'keep: it is protected'],
    [
      'of another repository',
      branch('pr-1', { pull: 1, repository: 'octo/other' }),
      'keep: it does not carry the mark of this action for octo/learn',
    ],
    [
      'without our mark',
      branch('pr-1', { annotations: { 'github-commit-repo': REPOSITORY, 'github-pr-number': '1' } }),
      'keep: it does not carry the mark of this action for octo/learn',
    ],
  ])('%s', (_what, one, expected) => {
    expect(verdict(one)).toBe(expected)
  })

  test('max_age takes an open one that is older, never one whose state is unknown', () => {
    const rules = { maxAge: 7 * DAY }
    expect(verdict(branch('pr-2', { pull: 2, days: 8 }), rules)).toBe('remove: it is older than 7 days')
    expect(verdict(branch('pr-2', { pull: 2, days: 6 }), rules)).toBe('keep: pull request #2 is open')
    expect(verdict(branch('pr-3', { pull: 3, days: 99 }), rules)).toMatch(/^keep: .* unknown/)
    expect(verdict(branch('staging', { days: 99 }), rules)).toBe('keep: it belongs to no pull request')
  })

  test('keep and children', () => {
    const one = branch('release/pr-1', { pull: 1 })
    expect(verdict(one, { keep: ['release/*'] })).toBe('keep: the input keep names it')
    expect(verdict(one, { keep: ['release'] })).toMatch(/^remove/)
    expect(verdict(one, {}, [branch('child', { parentId: one.id })])).toBe('keep: it has children, for example child')
  })

  test('the pull requests to ask about', () => {
    const branches = [
      branch('a', { pull: 9 }),
      branch('b', { pull: 2 }),
      branch('c', { pull: 9 }),
      branch('d', { pull: 5, repository: 'x/y' }),
    ]
    expect(pullRequestsOf(branches, OWNER)).toEqual([2, 9])
  })
})

describe('sweep_pattern', () => {
  const neons = (name: string, pull?: number, repository = REPOSITORY) =>
    branch(name, {
      annotations: {
        'github-commit-repo': repository,
        ...(pull === undefined ? {} : { 'github-pr-number': String(pull) }),
      },
    })
  const bare = (name: string, changes: Partial<Branch> = {}) => branch(name, { annotations: {}, ...changes })
  const foreign = (one: Branch, others: Branch[] = [], keep: string[] = []) => {
    const rules = { owner: OWNER, pattern: 'preview/*', keep, pullRequests, gitBranches: new Set(['alive']) }
    const all = [one, ...others]
    const [intent] = planForeign(foreignPurposes([one], rules), all, { rules, now: NOW })
    return intent ? `${intent.remove ? 'remove' : 'keep'}: ${intent.reason}` : 'not looked at'
  }

  test.each([
    ["of Neon's action, closed", neons('preview/pr-1-login', 1), 'remove: pull request #1 is closed'],
    ["of Neon's action, open", neons('preview/pr-2-login', 2), 'keep: pull request #2 is open'],
    ['the mark counts, not the name', neons('preview/pr-2-login', 1), 'remove: pull request #1 is closed'],
    ['without a mark, by the number in its name', bare('preview/pr-1-x'), 'remove: pull request #1 is closed'],
    ['the same of an open one', bare('preview/pr-2'), 'keep: pull request #2 is open'],
    ['a number that GitHub does not know', bare('preview/pr-99'), 'keep: the state of pull request #99 is unknown'],
    ["of Neon's Vercel integration, its Git branch gone", bare('preview/dead'), 'remove: the Git branch dead is gone'],
    ['the same, Git branch there', bare('preview/alive'), 'keep: the Git branch alive is there'],
    ['pr-1 as part of a word', bare('preview/pr-1st'), 'remove: the Git branch pr-1st is gone'],
    ['default', bare('preview/dead', { default: true }), 'keep: it is the default branch of the project'],
    ['protected', bare('preview/dead', { protected: true }), 'keep: it is protected'],
    ['of another name', bare('staging'), 'not looked at'],
    ["another repository's", neons('preview/pr-1', 1, 'octo/other'), 'not looked at'],
    ['with our own mark', branch('preview/pr-1', { pull: 1 }), 'not looked at'],
  ])('%s', (_, one, expected) => {
    expect(foreign(one)).toBe(expected)
  })

  test('parents and kept ones stay; without a pattern nobody is looked at', () => {
    const parent = bare('preview/dead')
    expect(foreign(parent, [bare('child', { parentId: parent.id })])).toBe('keep: it has children, for example child')
    expect(foreign(bare('preview/dead'), [], ['preview/d*'])).toBe('keep: the input keep names it')
    expect(foreignPurposes([parent], { owner: OWNER, pattern: '' })).toEqual([])
  })
})

test.each([
  ['pr-*', 'pr-7', true],
  ['pr-?', 'pr-77', false],
  ['*', 'any/thing', true],
  ['a.c', 'abc', false],
  ['(x)+[y]', '(x)+[y]', true],
])('keep %p against %p', (pattern, name, matches) => {
  expect(globToRegExp(pattern).test(name)).toBe(matches)
})

describe('assertPreviewBranch', () => {
  test('accepts the wanted branch and refuses every other', () => {
    expect(() => assertPreviewBranch(branch('pr-1'), 'pr-1')).not.toThrow()
    expect(() => assertPreviewBranch(branch('main'), 'pr-1')).toThrow(/Neon gave the branch main/)
    expect(() => assertPreviewBranch(branch('main', { default: true }), 'main')).toThrow(/default branch/)
    expect(() => assertPreviewBranch(branch('prod', { protected: true }), 'prod')).toThrow(/protected/)
  })
})

describe('pace', () => {
  test('keeps the rate and the order, and never more than its width at once', async () => {
    const clock = hurriedClock(0)
    const pace = createPacer({ ...testRuntime(), clock }, 4)
    const started = clock.now()
    let under = 0
    let most = 0
    const results = await inParallel(
      Array.from({ length: 12 }, (_, index) => index),
      3,
      async (item) => {
        await pace()
        under += 1
        most = Math.max(most, under)
        await clock.sleep(1)
        under -= 1
        return item * 2
      },
    )
    expect(results).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22])
    expect(most).toBeLessThanOrEqual(3)
    expect(clock.now() - started).toBeGreaterThanOrEqual(11 * 250)
  })

  test('the first error stops it', async () => {
    const work = inParallel([1, 2, 3], 1, async (item) => {
      if (item === 2) throw new Error('two')
      return item
    })
    await expect(work).rejects.toThrow('two')
  })
})
