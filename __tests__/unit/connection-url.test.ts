import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { connectionUrl, readConnectionUrl } from '../../src/database/connection-url.ts'
import { toolEnvironment } from '../../src/database/migrate/environment.ts'
import { encryptionsOf } from '../../src/database/tls.ts'
import { isNeonHost } from '../../src/runtime/neon-hosts.ts'
import { configOf } from '../support/inputs.ts'

const problemsOf = (text: string) => readConnectionUrl(text).problems
const withParameters = (query: string) => `postgresql://u:p@db.example/app?${query}`
const NEON = 'ep-cool-sun-a1b2.eu-central-1.aws.neon.tech'

describe('the parts of a connection URL', () => {
  test.each<[string, object]>([
    ['postgresql://u:p@h/d', { host: 'h', port: 5432, address: 'h', user: 'u', password: 'p', database: 'd' }],
    ['postgres://u:p@h:6543/d', { port: 6543, address: 'h:6543' }],
    ['POSTGRESQL://u:p@h/d', { host: 'h' }],
    ['postgresql://us%40er:p%25%2F%20%C3%A9@h/d%2Fe', { user: 'us@er', password: 'p%/ é', database: 'd/e' }],
    ['postgresql://u:p@ss@h/d', { user: 'u', password: 'p@ss', host: 'h' }],
    ['postgresql://u:pé,:;=&$!*@h/d', { password: 'pé,:;=&$!*' }],
    ['postgresql://u@h/d', { user: 'u', password: '' }],
    ['postgresql://h/d', { user: '', password: '', database: 'd' }],
    ['postgresql://u:p@h', { database: '' }],
    ['postgresql://u:p@[::1]:6543/d', { host: '::1', port: 6543, address: '[::1]:6543' }],
    ['postgresql://u:p@[2001:db8::7]/d', { host: '2001:db8::7', port: 5432, address: '[2001:db8::7]' }],
    ['postgresql://u:p@my_db/d', { host: 'my_db' }],
    [`postgresql://u:p@${NEON}/d`, { isNeon: true, sslMode: 'verify-full' }],
  ])('%s', (text, parts) => expect(connectionUrl(text)).toMatchObject(parts))

  test.each([
    ['mysql://u:p@h/d', "is not a URL that starts with 'postgresql://'."],
    ['host=h user=u password=hunter2', "is not a URL that starts with 'postgresql://'."],
    ['postgresql://u:p@h/d\nx', 'has a line break or a tab: write it in one line.'],
    ['postgresql://u:p@h1:5432,h2:5432/d', 'names several hosts: give the one that takes writes.'],
    ['postgresql://u:p@h1,h2/d', 'names several hosts: give the one that takes writes.'],
    ['postgresql://u:p@h:99999/d', 'is no valid URL: check its host and its port.'],
    ['postgresql://u:p@[::1/d', 'is no valid URL: check its host and its port.'],
    ['postgresql://u:p@[fe80::1%25eth0]/d', 'is no valid URL: check its host and its port.'],
    ['postgresql://u:p@h:0/d', 'has the port 0: give the port of the server, 5432 in most cases.'],
    ['postgresql://u:p@h/d#x', "has a '#': write %23 for it."],
    ['postgresql:///d', /names no host .*sockets of the file system are not supported/],
    ['postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/d', /sockets of the file system are not supported/],
    ['postgresql://u:p@/d?application_name=x', /names no host/],
    ['postgresql://u:pa%ss@h/d', "has a '%' in its password that begins no escape: write %25 for it."],
    ['postgresql://u:pa%@h/d', "has a '%' in its password that begins no escape: write %25 for it."],
    ['postgresql://u%zz:p@h/d', "has a '%' in its user that begins no escape: write %25 for it."],
    ['postgresql://u:p@h/d%', "has a '%' in its database that begins no escape: write %25 for it."],
    ['postgresql://u:p@h/d?options=%', "has a '%' in its parameters that begins no escape: write %25 for it."],
    ['postgresql://u:p%ff@h/d', /has an escape in its password that is not UTF-8: write %25/],
    ['postgresql://u:p%00@h/d', 'has a NUL character in its password: take it out.'],
  ])('%j is refused', (text, problem) => expect(problemsOf(text)).toEqual([expect.stringMatching(textOf(problem))]))

  test.each(['pa/ss', 'pa?ss', 'pa#ss', '12/3', '5432?sslmode=x', 'a@b/c', 'p?secret&word'])(
    'a password %j that is not escaped is told as such, and no part of it',
    (password) => {
      expect(problemsOf(`postgresql://user:${password}@h/d`)).toEqual([
        "has an '@' behind the host: in user and password write %2F for '/', %3F for '?' and %23 for '#', elsewhere %40 for '@'.",
      ])
    },
  )

  test('any text is read or refused, and what was refused cannot be seen in it', () => {
    const part = fc.constantFrom(
      'postgresql://',
      'u',
      ':',
      '@',
      '/',
      '?',
      '#',
      '%',
      '%4',
      '%ff',
      '&',
      '=',
      ',',
      '[',
      ' ',
    )
    const secret = 'hunter2'
    const text = fc.array(fc.oneof(part, fc.constant(secret), fc.constant('sslmode')), { maxLength: 12 })
    fc.assert(
      fc.property(text, (parts) => {
        const { url, problems } = readConnectionUrl(`postgresql://${parts.join('')}`)
        expect(url === null).toBe(problems.length > 0)
        // A word of its own in place of a parameter's name is no part of a password, which an '@' would follow.
        for (const problem of problems) expect(problem.replace(/parameter '[\w.-]*'/, '')).not.toContain(secret)
      }),
      { numRuns: 5000, seed: 3 },
    )
  })
})

describe('parameters', () => {
  test('what a single connection can take is honoured', () => {
    const query =
      'options=-c%20search_path%3Dshop&connect_timeout=7&application_name=my%20app&sslmode=require&channel_binding=prefer'
    expect(connectionUrl(withParameters(query))).toMatchObject({
      startup: { options: '-c search_path=shop' },
      connectSeconds: 7,
      applicationName: 'my app',
      sslMode: 'require',
      environment: {
        PGOPTIONS: '-c search_path=shop',
        PGCONNECT_TIMEOUT: '7',
        PGAPPNAME: 'my app',
        PGSSLMODE: 'require',
        PGCHANNELBINDING: 'prefer',
      },
    })
    expect(connectionUrl(withParameters('schema=my%22shop')).startup).toEqual({ search_path: '"my""shop"' })
  })

  test.each([
    'connection_limit=5&pool_timeout=30&statement_cache_size=0',
    'pgbouncer=false',
    'uselibpqcompat=true',
    'client_encoding=utf8',
    'client_encoding=auto',
    'target_session_attrs=any',
    'gssencmode=disable',
    'sslnegotiation=postgres',
    'channel_binding=disable',
    'channel_binding=require&sslmode=verify-full',
  ])('%s changes nothing for a single connection, and is fine', (query) =>
    expect(problemsOf(withParameters(query))).toEqual([]),
  )

  test('what Neon itself writes into its URLs is fine there', () => {
    const query = 'sslmode=require&channel_binding=require&connect_timeout=30&pool_timeout=30&pgbouncer=true'
    expect(problemsOf(`postgresql://u:p@${NEON}/d?${query}`)).toEqual([])
  })

  test.each([
    ['sslmode=on', /'sslmode', which must be disable, allow, /],
    ['sslmode=', /'sslmode', which must be/],
    ['ssl=1', /'ssl', which can only be true/],
    ['ssl=true&sslmode=disable', /'sslmode' twice/],
    ['options=a&options=b', /'options' twice/],
    ['connect_timeout=0', /'connect_timeout', which must be a number of seconds from 1 to 600/],
    ['connect_timeout=1h', /'connect_timeout', which must be/],
    ['connect_timeout=601', /'connect_timeout', which must be/],
    ['application_name=', /'application_name', which is empty/],
    ['channel_binding=require', /'channel_binding' with the value require, .*write sslmode=verify-full/],
    ['channel_binding=require&sslmode=require', /'channel_binding' with the value require/],
    ['channel_binding=yes', /'channel_binding', which must be disable, prefer or require/],
    ['sslrootcert=ca.pem', /'sslrootcert', which nothing would look at: write sslmode=verify-full/],
    ['sslrootcert=ca.pem&sslmode=prefer', /'sslrootcert', which nothing would look at/],
    ['sslrootcert=ca.pem&sslmode=disable', /'sslrootcert', which nothing would look at/],
    ['sslrootcert=system&sslmode=require', /'sslrootcert' with the value system, which goes with sslmode=verify-full/],
    ['sslcert=c.pem', /'sslcert', .*logging in with a certificate is not supported/],
    ['sslkey=k.pem', /'sslkey', .*logging in with a certificate is not supported/],
    ['passfile=.pgpass', /'passfile', .*write everything into the URL/],
    ['service=shop', /'service', .*write everything into the URL/],
    ['host=/var/run/postgresql', /'host', .*in its own place/],
    ['hostaddr=10.0.0.1', /'hostaddr', .*in place of the host/],
    ['port=6543', /'port', .*in its own place/],
    ['user=x', /'user', .*in its own place/],
    ['password=hunter2', /'password', .*in its own place/],
    ['dbname=x', /'dbname', .*in its own place/],
    ['target_session_attrs=read-write', /'target_session_attrs', which must be any/],
    ['client_encoding=latin1', /'client_encoding', which must be UTF8/],
    ['gssencmode=require', /'gssencmode', which must be disable or prefer/],
    ['sslnegotiation=direct', /'sslnegotiation', which must be postgres/],
    ['pgbouncer=true', /'pgbouncer', so its host is a connection pooler/],
    ['sslaccept=strict', /'sslaccept', .*write sslmode=verify-full/],
    ['search_path=shop', /'search_path', which this action does not know: .*options=-c%20name%3Dvalue/],
    ['keepalives_idle=10', /'keepalives_idle', which this action does not know/],
    ['constructor=x', /'constructor', which this action does not know/],
    ['hunter%402=x', /a name that is no word, which this action does not know/],
  ])('%s is refused by its name', (query, problem) => {
    const problems = problemsOf(withParameters(query))
    expect(problems).toEqual([expect.stringMatching(problem)])
    expect(problems.join()).not.toContain('hunter')
  })

  test('all problems are told at once, with those of the other inputs', async () => {
    const connection_string = 'postgresql://u:hunter%2secret@h/d?sslcert=c&service=x#y'
    const read = () => configOf({ project_id: '', api_key: '', connection_string, counts: 'all' })
    await expect(read()).rejects.toThrow(
      /5 inputs are wrong:[\s\S]*counts[\s\S]*connection_string has a '%' in its password[\s\S]*connection_string has a '#'[\s\S]*'sslcert'[\s\S]*'service'/,
    )
    await expect(read()).rejects.not.toThrow(/hunter/)
  })
})

describe('TLS by sslmode', () => {
  const unverified = { rejectUnauthorized: false }
  const never = { use: 'never', options: unverified }
  const always = { use: 'always', options: unverified }
  const full = { use: 'always', options: { rejectUnauthorized: true } }
  const authority = { use: 'always', options: { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) } }

  test.each<[string, object[]]>([
    ['postgresql://u:p@127.0.0.1/d', [{ use: 'if-offered', options: unverified }]],
    [withParameters('sslmode=prefer'), [{ use: 'if-offered', options: unverified }]],
    [withParameters('sslmode=disable'), [never]],
    [withParameters('sslmode=allow'), [never, always]],
    [withParameters('sslmode=require'), [always]],
    [withParameters('ssl=true'), [always]],
    [withParameters('sslmode=verify-ca'), [authority]],
    [withParameters('sslmode=verify-full'), [full]],
    ...['', '?sslmode=disable', '?sslmode=prefer', '?sslmode=require', '?sslmode=verify-ca'].map(
      (query): [string, object[]] => [`postgresql://u:p@${NEON}/d${query}`, [full]],
    ),
  ])('%s', (text, ways) => expect(encryptionsOf(connectionUrl(text))).toEqual(ways))

  test('a file of certificates is read where it says; with it, require looks at the certificate as libpq does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
    try {
      const pem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'
      const path = join(folder, 'ca.pem')
      writeFileSync(path, pem)
      const ways = (mode: string) => encryptionsOf(connectionUrl(withParameters(`sslmode=${mode}&sslrootcert=${path}`)))
      expect(ways('verify-full')).toEqual([{ use: 'always', options: { ...full.options, ca: pem } }])
      for (const mode of ['require', 'verify-ca']) {
        expect(ways(mode)).toEqual([{ use: 'always', options: { ...authority.options, ca: pem } }])
      }
      writeFileSync(path, 'not a certificate')
      expect(() => ways('verify-full')).toThrow('it holds no PEM certificate')
      const told = { project_id: '', connection_string: withParameters('sslmode=require&sslrootcert=ca-7.pem') }
      await expect(async () => await configOf(told)).rejects.toThrow(
        /Input connection_string: Could not take the certificates of sslrootcert from 'ca-7\.pem': there is no such file/,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('the system’s authorities are asked with verify-full only, which is then the default', () => {
    const url = connectionUrl(withParameters('sslrootcert=system'))
    expect(url.sslMode).toBe('verify-full')
    const [way] = encryptionsOf(url)
    expect(way.options).toMatchObject({ rejectUnauthorized: true, ca: expect.arrayContaining([expect.any(String)]) })
  })
})

describe('a migration tool gets the same connection', () => {
  test.each([
    ['postgresql://u:p@h/d', 'prefer'],
    [withParameters('sslmode=disable'), 'disable'],
    [withParameters('sslmode=allow'), 'allow'],
    [withParameters('ssl=true'), 'require'],
    [withParameters('sslmode=verify-full'), 'verify-full'],
    [withParameters('sslrootcert=system'), 'verify-full'],
    // A tool has no certificates to verify with unless the user told it, and no run on Neon goes without TLS.
    [`postgresql://u:p@${NEON}/d`, 'require'],
    [`postgresql://u:p@${NEON}/d?sslmode=prefer`, 'require'],
    [`postgresql://u:p@${NEON}/d?sslmode=verify-full`, 'verify-full'],
  ])('%s: PGSSLMODE %s', (url, mode) => {
    expect(toolEnvironment({ url, urlPooled: url })).toMatchObject({ DATABASE_URL: url, PGSSLMODE: mode })
  })

  test('with the parts of the URL decoded', () => {
    const url = 'postgresql://us%40er:p%25ss@[::1]:6543/my%20db?connect_timeout=9&sslmode=disable'
    expect(toolEnvironment({ url, urlPooled: url })).toEqual({
      ...{ DATABASE_URL: url, DIRECT_URL: url, DATABASE_URL_UNPOOLED: url, DATABASE_URL_POOLED: url },
      ...{ PGHOST: '::1', PGPORT: '6543', PGUSER: 'us@er', PGPASSWORD: 'p%ss', PGDATABASE: 'my db' },
      ...{ PGSSLMODE: 'disable', PGCONNECT_TIMEOUT: '9' },
    })
  })
})

describe('Neon’s hosts', () => {
  test.each([
    [NEON, true],
    ['ep-a-pooler.us-east-2.aws.neon.tech', true],
    ['ep-a.c-2.eu-central-1.aws.neon.build', true],
    ['db.neon.com', true],
    ['console.neon.tech', true],
    ['neon.com', true],
    ['EP-A.AWS.NEON.TECH', true],
    ['ep-a.aws.neon.tech.', true],
    ['neon.tech.example.com', false],
    ['myneon.tech', false],
    ['neon.technology', false],
    ['neon.example', false],
    ['127.0.0.1', false],
    ['', false],
  ])('%s: %s', (host, is) => expect(isNeonHost(host)).toBe(is))
})

function textOf(problem: string | RegExp): RegExp {
  return typeof problem === 'string' ? new RegExp(`^${problem.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : problem
}
