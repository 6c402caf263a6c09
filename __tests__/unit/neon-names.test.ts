import { describe, expect, test } from '@jest/globals'
import { annotationsFor, gitBranchOf, isMarked, madeBy, markOf, rememberedNames } from '../../src/neon/annotations.ts'
import { chooseNames } from '../../src/neon/database-choice.ts'
import { expiryOf, isExpiryDue, parseLife } from '../../src/neon/expiry.ts'
import { parseMaskingRules } from '../../src/neon/masking.ts'
import { isNearName } from '../../src/neon/near-name.ts'
import { parseParent } from '../../src/neon/parent.ts'
import { projectBody } from '../../src/neon/project-settings.ts'
import { buildUrls, pooledHost, type UrlParts } from '../../src/neon/url.ts'

const NOW = Date.parse('2026-06-01T12:00:00Z')

describe('life and expiry', () => {
  test.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['1.5h', 5_400_000],
    [' 7 D ', 604_800_000],
    ['1d12h', 129_600_000],
    ['never', undefined],
    [' Never ', undefined],
  ])('%p', (text, milliseconds) => {
    expect(parseLife(text)).toBe(milliseconds)
  })

  test.each(['', '7', '1d12', 'd', '0d', '-1d', '7y', 'forever'])('%p is refused with an example', (text) => {
    expect(() => parseLife(text)).toThrow(`Input expires_in is '${text}', which is no duration.`)
  })

  test('the moment is UTC with seconds, as the API asks', () => {
    expect(expiryOf({ expiresIn: '7d' }, NOW + 678)).toEqual({ at: '2026-06-08T12:00:00Z' })
    expect(expiryOf({ expiresAt: '2026-06-03T14:00:00+02:00' }, NOW)).toEqual({ at: '2026-06-03T12:00:00Z' })
    expect(expiryOf({ expiresIn: 'never' }, NOW)).toEqual({})
    expect(expiryOf({}, NOW)).toEqual({})
  })

  test('more than 30 days is cut to 30 days with a notice', () => {
    for (const wish of [{ expiresIn: '60d' }, { expiresAt: '2027-01-01T00:00:00Z' }, { expiresIn: '30d' }]) {
      const { at, notice } = expiryOf(wish, NOW)
      expect(at).toBe('2026-07-01T11:59:00Z')
      expect(notice).toContain('30 days')
    }
  })

  test.each(['2026-05-31T12:00:00Z', '2026-06-01T12:00:00Z'])('%p has passed', (expiresAt) => {
    expect(() => expiryOf({ expiresAt }, NOW)).toThrow(/which has passed/)
  })

  test.each(['tomorrow', '2026-07-01', '2026-07-01T12:00:00', '1780000000'])('%p is no RFC 3339 time', (expiresAt) => {
    expect(() => expiryOf({ expiresAt }, NOW)).toThrow(/no RFC 3339 time with a zone/)
  })
})

describe('when the end of a branch is set anew', () => {
  const DAY = 86_400_000
  const at = (days: number) => new Date(NOW + days * DAY).toISOString()

  test.each([
    [{ expiresIn: '10d' }, 10, false],
    [{ expiresIn: '10d' }, 9.01, false],
    [{ expiresIn: '10d' }, 8.99, true],
    [{ expiresIn: '10d' }, 11.01, true],
    [{ expiresIn: '12h' }, 0.46, false],
    [{ expiresIn: '12h' }, 0.44, true],
    [{ expiresAt: at(10) }, 10, false],
    [{ expiresAt: at(10) }, 9.99, true],
    [{ expiresAt: at(10) }, undefined, true],
    [{ expiresIn: '10d' }, undefined, true],
    // Cut to 30 days, it moves on with each run.
    [{ expiresAt: at(90) }, 29.5, false],
    [{ expiresAt: at(90) }, 20, true],
  ])('%p, where it ends in %p days: %p', (request, days, due) => {
    const wished = expiryOf(request, NOW).at ?? ''
    expect(isExpiryDue(request, { wished, present: days === undefined ? undefined : at(days), now: NOW })).toBe(due)
  })
})

describe('names that may be a slip of one another', () => {
  test.each([
    ['learnflow', 'lernflow'],
    ['learnflow', 'LearnFlow'],
    ['learnflow', 'learn-flow'],
    ['learn_flow', 'learn flow'],
    ['learnflow', 'learnflo'],
    ['learnflow', 'learnfl'],
    ['learnflow', 'learnflows'],
    ['learnflow', 'leranflow'],
    ['shop', 'shops'],
    ['shop', 'Sho-p'],
    ['münster', 'munster'],
  ])('%p and %p', (one, other) => {
    expect([isNearName(one, other), isNearName(other, one)]).toEqual([true, true])
  })

  test.each([
    ['learnflow', 'learnf'],
    ['learnflow', 'teachflow'],
    ['shop', 'stops'],
    ['shop', 'sh'],
    ['api', 'web'],
    ['blog', 'catalog'],
  ])('%p and %p are none', (one, other) => {
    expect([isNearName(one, other), isNearName(other, one)]).toEqual([false, false])
  })
})

describe('database and role', () => {
  const one = [{ name: 'app', owner: 'app_owner' }]
  const two = [...one, { name: 'audit', owner: 'auditor' }]
  const roles = ['app_owner', 'auditor', 'reader']
  const branchName = 'pr-7'

  test('the only database and its owner', () => {
    expect(chooseNames({ databases: one, roles, branchName })).toEqual({ database: 'app', role: 'app_owner' })
  })

  test('the wanted database with its own owner; the wanted role', () => {
    expect(chooseNames({ database: 'audit', databases: two, roles, branchName })).toEqual({
      database: 'audit',
      role: 'auditor',
    })
    expect(chooseNames({ role: 'reader', databases: one, roles, branchName })).toEqual({
      database: 'app',
      role: 'reader',
    })
  })

  test('otherwise the choices are listed', () => {
    expect(() => chooseNames({ databases: two, roles, branchName })).toThrow(
      'The branch pr-7 has 2 databases, so one must be chosen: app, audit.',
    )
    expect(() => chooseNames({ database: 'nope', databases: two, roles, branchName })).toThrow(
      'The branch pr-7 has no database nope: it has app, audit.',
    )
    expect(() => chooseNames({ role: 'nope', databases: one, roles, branchName })).toThrow(
      'The branch pr-7 has no role nope: it has app_owner, auditor, reader.',
    )
    expect(() => chooseNames({ databases: [], roles, branchName })).toThrow('has 0 databases')
  })
})

describe('URLs', () => {
  const parts: UrlParts = {
    host: 'ep-calm-hill-a1b2c3.eu-central-1.aws.neon.tech',
    pooledHost: 'ep-calm-hill-a1b2c3-pooler.eu-central-1.aws.neon.tech',
    database: 'app',
    role: 'app_owner',
    password: 'npg_abc',
  }
  const base = 'postgresql://app_owner:npg_abc@ep-calm-hill-a1b2c3'
  const rest = '.eu-central-1.aws.neon.tech/app'

  test('sslmode as asked; omit leaves it out', () => {
    expect(buildUrls(parts, { ssl: 'require' })).toEqual({
      url: `${base}${rest}?sslmode=require`,
      pooledUrl: `${base}-pooler${rest}?sslmode=require`,
    })
    expect(buildUrls(parts, { ssl: 'verify-full' }).url).toMatch(/\?sslmode=verify-full$/)
    expect(buildUrls(parts, { ssl: 'omit' }).url).toBe(`${base}${rest}`)
  })

  test('prisma parameters as create-branch-action sets them', () => {
    expect(buildUrls(parts, { ssl: 'require', prisma: true })).toEqual({
      url: `${base}${rest}?connect_timeout=30&sslmode=require`,
      pooledUrl: `${base}-pooler${rest}?connect_timeout=30&pool_timeout=30&pgbouncer=true&sslmode=require`,
    })
  })

  test('channel binding only on request', () => {
    expect(buildUrls(parts, { ssl: 'require', channelBinding: true }).url).toMatch(
      /\?sslmode=require&channel_binding=require$/,
    )
  })

  test('every character of role, password and database survives', () => {
    const odd = { ...parts, role: 'a b@c/d', password: "p%41:/?#[]@!$&'()*+,;=ü😀", database: 'my db/ü?x#y' }
    const url = new URL(buildUrls(odd, { ssl: 'require' }).url)
    expect(decodeURIComponent(url.username)).toBe(odd.role)
    expect(decodeURIComponent(url.password)).toBe(odd.password)
    expect(decodeURIComponent(url.pathname.slice(1))).toBe(odd.database)
    expect(url.host).toBe(parts.host)
  })

  test('the pooled host', () => {
    expect(pooledHost(parts.host, 'ep-calm-hill-a1b2c3')).toBe(parts.pooledHost)
    expect(pooledHost(parts.host)).toBe(parts.pooledHost)
    expect(pooledHost(parts.pooledHost)).toBe(parts.pooledHost)
    expect(pooledHost('127.0.0.1:54321', 'ep-calm-hill-a1b2c3')).toBe('127.0.0.1:54321')
    expect(pooledHost('127.0.0.1:54321')).toBe('127.0.0.1:54321')
    expect(pooledHost('ep-a-b-c1.c-2.us-east-1.aws.neon.tech')).toBe('ep-a-b-c1-pooler.c-2.us-east-1.aws.neon.tech')
  })
})

describe('parent_branch', () => {
  test.each([
    ['main', { branch: 'main' }],
    ['br-calm-hill-a1b2c3d4', { branch: 'br-calm-hill-a1b2c3d4' }],
    ['main@2026-01-31T12:00:00Z', { branch: 'main', timestamp: '2026-01-31T12:00:00.000Z' }],
    ['main@2026-01-31T12:00:00+01:00', { branch: 'main', timestamp: '2026-01-31T11:00:00.000Z' }],
    ['br-calm-hill-a1b2c3d4@0/1A2B3C4', { branch: 'br-calm-hill-a1b2c3d4', lsn: '0/1A2B3C4' }],
    ['team@home', { branch: 'team@home' }],
    ['team@home@0/16B3748', { branch: 'team@home', lsn: '0/16B3748' }],
    ['@octo/lib', { branch: '@octo/lib' }],
    ['2026-01-31T12:00:00Z', { branch: '', timestamp: '2026-01-31T12:00:00.000Z' }],
    ['0/16B3748', { branch: '', lsn: '0/16B3748' }],
    ['main@2026-13-45T99:00:00Z', { branch: 'main@2026-13-45T99:00:00Z' }],
  ])('%p', (text, wish) => {
    expect(parseParent(text)).toEqual(wish)
  })
})

describe('annotations', () => {
  const marks = annotationsFor({
    origin: { repository: 'Octo/Learn', repositoryId: '700', sha: 'abc', pullRequest: 7, actor: '' },
    request: 'r-1',
    database: 'app',
  })

  test('what is written, empty values left out', () => {
    expect(marks).toEqual({
      'managed-by': 'neon-postgres-setup',
      'neon-postgres-setup-request': 'r-1',
      'neon-postgres-setup-repository-id': '700',
      'neon-postgres-setup-database': 'app',
      'github-commit-repo': 'Octo/Learn',
      'github-commit-sha': 'abc',
      'github-pr-number': '7',
    })
  })

  test('what is read: our mark, that of version 1.0.0, and that of create-branch-action', () => {
    const mark = { by: 'us', repository: 'Octo/Learn', repositoryId: '700', pullRequest: 7 }
    expect(markOf(marks)).toEqual(mark)
    const { 'neon-postgres-setup-repository-id': _id, ...first } = marks
    expect(markOf(first)).toEqual({ ...mark, repositoryId: '' })
    const { 'managed-by': _mark, ...neons } = first
    expect(markOf(neons)).toEqual({ ...mark, by: 'neon-action', repositoryId: '' })
    expect(markOf({ ...marks, 'github-pr-number': '7x' })?.pullRequest).toBeNull()
    expect(markOf({})).toBeNull()
    expect(markOf({ 'managed-by': 'terraform', 'github-commit-repo': 'octo/learn' })).toBeNull()
    expect(isMarked({})).toBe(false)
    expect([madeBy(marks, 'r-1'), madeBy(marks, 'r-2')]).toEqual([true, false])
    expect(rememberedNames(marks)).toEqual({ database: 'app', role: undefined })
    expect(gitBranchOf({ 'github-commit-ref': 'refs/heads/a/b' })).toBe('a/b')
  })
})

describe('masking rules', () => {
  const rule = { database_name: 'neondb', schema_name: 'public', table_name: 'users', column_name: 'email' }

  test('a good list, unknown fields dropped', () => {
    const text = JSON.stringify([
      { ...rule, masking_function: 'anon.fake_email()', extra: 1 },
      { ...rule, masking_value: 'x' },
    ])
    expect(parseMaskingRules(text)).toEqual([
      { ...rule, masking_function: 'anon.fake_email()' },
      { ...rule, masking_value: 'x' },
    ])
  })

  test.each([
    ['not json', /no JSON array/],
    ['{}', /no JSON array/],
    ['[]', /empty/],
    ['[1]', /rule 1 is no object/],
    [JSON.stringify([{ ...rule, column_name: '', masking_value: 'x' }]), /rule 1 lacks column_name/],
    [JSON.stringify([rule]), /exactly one of masking_function and masking_value/],
    [JSON.stringify([{ ...rule, masking_value: 'x', masking_function: 'y' }]), /exactly one/],
  ])('%p is refused', (text, cause) => {
    expect(() => parseMaskingRules(text)).toThrow(cause)
  })
})

describe('settings of a new project', () => {
  test('nothing is sent that was not given', () => {
    expect(projectBody('learn', undefined, {})).toEqual({ name: 'learn' })
  })

  test('everything that was given, zero and minus one included', () => {
    const settings = {
      regionId: 'aws-eu-central-1',
      pgVersion: 16,
      database: 'app',
      role: 'app_owner',
      historyRetention: 0,
      allowedIps: ['10.0.0.0/8'],
      blockPublicConnections: false,
      suspendTimeout: -1,
      minCu: 0.25,
      maxCu: 2,
    }
    expect(projectBody('learn', 'org-1', settings)).toEqual({
      name: 'learn',
      org_id: 'org-1',
      region_id: 'aws-eu-central-1',
      pg_version: 16,
      history_retention_seconds: 0,
      default_endpoint_settings: {
        suspend_timeout_seconds: -1,
        autoscaling_limit_min_cu: 0.25,
        autoscaling_limit_max_cu: 2,
      },
      settings: { allowed_ips: { ips: ['10.0.0.0/8'] }, block_public_connections: false },
      branch: { database_name: 'app', role_name: 'app_owner' },
    })
  })
})
