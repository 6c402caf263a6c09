import { describe, expect, test } from '@jest/globals'
import { type Credentials, parseSecretKeys, rolePasswords } from '../../src/kubernetes/index.ts'
import { fillTemplates, isSecret, urlKey } from '../../src/kubernetes/template.ts'

const password = 'p@ss:w/rd #1'
const url = (user: string, host: string) =>
  `postgresql://${user}:${encodeURIComponent(password)}@${host}/app?sslmode=require`
const credentials: Credentials = {
  url: url('owner', 'ep-a.neon.tech'),
  pooledUrl: url('owner', 'ep-a-pooler.neon.tech:6543'),
  roles: { api: { url: url('api', 'ep-a.neon.tech'), pooledUrl: url('api', 'ep-a-pooler.neon.tech') } },
}

describe('the input secret_keys', () => {
  test('has a default: the pooled URL, of the first role when there are roles', () => {
    expect(parseSecretKeys(' \n')).toEqual([{ key: 'DATABASE_URL', template: '{db_url_pooled}' }])
    expect(parseSecretKeys('', ['api'])).toEqual([{ key: 'DATABASE_URL', template: '{role.api.db_url_pooled}' }])
    expect(parseSecretKeys('', ['api', 'read-only']).map(({ key }) => key)).toEqual([
      'DATABASE_URL',
      'API_DATABASE_URL',
      'READ_ONLY_DATABASE_URL',
    ])
  })

  test('fills every placeholder from the URLs, decoded where it stands alone', () => {
    const lines = [
      'PGHOST',
      'PGPORT',
      'PGPASSWORD',
      'PGSSLMODE',
      'P={host_pooled}:{port}',
      'J={"u":"{role.api.user}"}',
      'JDBC_URL',
      '# no',
      'DIRECT_URL',
    ]
    const values = fillTemplates(parseSecretKeys(lines.join('\n'), ['api']), credentials)
    expect(values).toEqual({
      PGHOST: 'ep-a-pooler.neon.tech',
      PGPORT: '5432',
      PGPASSWORD: password,
      PGSSLMODE: 'require',
      P: 'ep-a-pooler.neon.tech:5432',
      J: '{"u":"api"}',
      JDBC_URL:
        'jdbc:postgresql://ep-a-pooler.neon.tech:6543/app?user=owner&password=p%40ss%3Aw%2Frd%20%231&sslmode=require',
      DIRECT_URL: credentials.url,
    })
  })

  test('an IPv6 address has its brackets in URLs alone', () => {
    const local = url('owner', '[::1]:6543')
    const keys = parseSecretKeys('PGHOST\nPGHOST_UNPOOLED\nDATABASE_URL\nJDBC_URL')
    expect(fillTemplates(keys, { url: local, pooledUrl: local, roles: {} })).toEqual({
      ...{ PGHOST: '::1', PGHOST_UNPOOLED: '::1', DATABASE_URL: local },
      JDBC_URL: expect.stringMatching(/^jdbc:postgresql:\/\/\[::1\]:6543\/app\?/),
    })
  })

  test('lists all problems at once', () => {
    const text = 'A B={db_url}\nFOO\nX={nope}\nY={role.web.db_url}\nZ=\nPGHOST\nPGHOST\nW={role.api}'
    expect(() => parseSecretKeys(text, ['api'])).toThrow(
      /'A B' is no key.*FOO needs a template.*X asks for \{nope\}.*Y asks for the role web.*Z has an empty template.*W asks for \{role\.api\}.*PGHOST stands there twice/,
    )
  })

  test('tells secrets from names, and which key is a URL', () => {
    expect(['{db_url}', 'x{password}', '{role.api.jdbc_url}', '{host}', '{database}', 'plain'].map(isSecret)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(urlKey(parseSecretKeys('DATABASE_URL\nDIRECT_URL'))).toBe('DIRECT_URL')
    expect(urlKey(parseSecretKeys('PGHOST\nDATABASE_URL'))).toBe('DATABASE_URL')
    expect(urlKey(parseSecretKeys('PGHOST'))).toBeUndefined()
  })

  test("gives the roles' passwords back from what a Secret holds, in every form", () => {
    for (const name of ['db_url', 'db_url_pooled', 'jdbc_url', 'password']) {
      const keys = parseSecretKeys(`K={role.api.${name}}`, ['api'])
      expect(rolePasswords(keys, fillTemplates(keys, credentials))).toEqual(new Map([['api', password]]))
    }
    expect(rolePasswords(parseSecretKeys('K={role.api.user}', ['api']), { K: 'api' })).toEqual(new Map())
    expect(rolePasswords(parseSecretKeys('K={role.api.db_url}', ['api']), { K: 'no url' })).toEqual(new Map())
    expect(rolePasswords(parseSecretKeys('DATABASE_URL'), { DATABASE_URL: credentials.url })).toEqual(new Map())
  })
})
