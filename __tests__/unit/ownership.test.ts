import { describe, expect, test } from '@jest/globals'
import { claimBranch } from '../../src/neon/branch-claim.ts'
import type { Branch } from '../../src/neon/index.ts'
import { describeMark, isMadeBy, type Mark, type Owner, standingOf } from '../../src/ownership.ts'

const owner = (changes: Partial<Owner> = {}): Owner => ({
  repository: 'acme/shop',
  repositoryId: '700',
  pullRequest: 7,
  ...changes,
})
const mark = (changes: Partial<Mark> = {}): Mark => ({ by: 'us', ...owner(), ...changes })
const outside = owner({ pullRequest: null })

describe('how an object stands to who asks', () => {
  test.each<[string, Mark | null, Owner, string]>([
    ['made by this pull request', mark(), owner(), 'ours'],
    ['by another pull request of this repository', mark({ pullRequest: 8 }), owner(), 'other'],
    ['by this repository outside pull requests', mark({ pullRequest: null }), owner(), 'shared'],
    ['by another repository, same number', mark({ repository: 'acme/api', repositoryId: '701' }), owner(), 'other'],
    ['by this repository under its old name', mark({ repository: 'acme/old' }), owner(), 'ours'],
    ['by a repository that had this name before', mark({ repositoryId: '1' }), owner(), 'other'],
    ['by version 1.0.0, which wrote no id', mark({ repositoryId: '' }), owner(), 'ours'],
    ['by version 1.0.0, in other letters', mark({ repositoryId: '', repository: 'Acme/Shop' }), owner(), 'ours'],
    ['by version 1.0.0 of another repository', mark({ repositoryId: '', repository: 'acme/api' }), owner(), 'other'],
    ['a mark without a repository', mark({ repositoryId: '', repository: '' }), owner(), 'other'],
    ['without a mark', null, owner(), 'unmarked'],
    ["by Neon's action for this pull request", mark({ by: 'neon-action', repositoryId: '' }), owner(), 'ours'],
    ["by Neon's action for another", mark({ by: 'neon-action', repositoryId: '', pullRequest: 8 }), owner(), 'other'],
    [
      "by Neon's action for none",
      mark({ by: 'neon-action', repositoryId: '', pullRequest: null }),
      owner(),
      'unmarked',
    ],
    [
      "by Neon's action in another repository",
      mark({ by: 'neon-action', repositoryId: '', repository: 'acme/api' }),
      owner(),
      'other',
    ],
    ['outside: by any pull request of this repository', mark({ pullRequest: 8 }), outside, 'ours'],
    ['outside: by this repository', mark({ pullRequest: null }), outside, 'ours'],
    ['outside: by another repository', mark({ repository: 'acme/api', repositoryId: '701' }), outside, 'other'],
    ["outside: by Neon's action", mark({ by: 'neon-action', repositoryId: '' }), outside, 'unmarked'],
    ['outside: without a mark', null, outside, 'unmarked'],
  ])('%s', (_, given, who, standing) => {
    expect(standingOf(given, who)).toBe(standing)
  })

  test('exactly the same owner: the pull request, or none, on both sides', () => {
    expect(isMadeBy(mark(), owner())).toBe(true)
    expect(isMadeBy(mark(), outside)).toBe(false)
    expect(isMadeBy(mark({ pullRequest: null }), owner())).toBe(false)
    expect(isMadeBy(mark({ pullRequest: null }), outside)).toBe(true)
    expect(isMadeBy(mark({ repositoryId: '701' }), owner())).toBe(false)
    expect(isMadeBy(null, owner())).toBe(false)
  })

  test('is told in words', () => {
    expect(describeMark(mark())).toBe('pull request #7 of acme/shop')
    expect(describeMark(mark({ pullRequest: null }))).toBe('acme/shop')
    expect(describeMark(null)).toMatch(/^nobody/)
  })
})

describe('claiming a branch that is there', () => {
  const branch = (given: Mark | null): Branch => ({
    ...{ projectId: 'p', id: 'br-calm-hill-1', name: 'staging', created: false, default: false, protected: false },
    ...{ schemaOnly: false, state: 'ready', createdAt: '2026-01-01T00:00:00Z' },
    annotations: given
      ? {
          'managed-by': 'neon-postgres-setup',
          'github-commit-repo': given.repository,
          'neon-postgres-setup-repository-id': given.repositoryId,
          ...(given.pullRequest === null ? {} : { 'github-pr-number': String(given.pullRequest) }),
        }
      : {},
  })
  const claim = (given: Mark | null, who: Owner, namedByUser: boolean) => {
    try {
      return claimBranch(branch(given), { owner: who, namedByUser })
    } catch (error) {
      return error instanceof Error ? error.message : 'no error'
    }
  }

  test.each<[string, Mark | null, Owner, string, string]>([
    ['own', mark(), owner(), 'owner', 'owner'],
    ['unmarked', null, owner(), 'guest', 'refused'],
    ['shared by the repository', mark({ pullRequest: null }), owner(), 'guest', 'refused'],
    ["another pull request's", mark({ pullRequest: 8 }), owner(), 'refused', 'refused'],
    ["another repository's", mark({ repositoryId: '701', repository: 'acme/api' }), owner(), 'refused', 'refused'],
    ['outside: made by a template', mark({ pullRequest: null }), outside, 'guest', 'owner'],
    ['outside: unmarked', null, outside, 'guest', 'refused'],
    ['outside: of a pull request', mark({ pullRequest: 8 }), outside, 'owner', 'owner'],
  ])('%s', (_, given, who, whenNamed, underTemplate) => {
    const short = (text: string) => (text.startsWith('Refused to use the branch staging: ') ? 'refused' : text)
    expect([claim(given, who, true), claim(given, who, false)].map(short)).toEqual([whenNamed, underTemplate])
  })

  test('a refusal says whose it is and how to get a name of its own', () => {
    expect(() => claimBranch(branch(mark({ pullRequest: 8 })), { owner: owner(), namedByUser: true })).toThrow(
      'Refused to use the branch staging: it belongs to pull request #8 of acme/shop.',
    )
  })
})
