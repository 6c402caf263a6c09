import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Machine, rootCertificate } from '../../src/database/migrate/certificates.ts'
import { keepsParameters, type ToolWishes, toolEnvironment } from '../../src/database/migrate/environment.ts'

const DIRECT = 'postgresql://us%40er:p%2Bw@ep-a.aws.neon.tech/my%20db?sslmode=require'
const POOLED = 'postgresql://us%40er:p%2Bw@ep-a-pooler.aws.neon.tech/my%20db?sslmode=require'
const CHECK = '-c client_connection_check_interval=500'

const make = (wishes: Partial<ToolWishes> = {}, url = DIRECT, urlPooled = POOLED) =>
  toolEnvironment(
    { url, urlPooled },
    { given: {}, mark: 'ours-1', checksClient: true, keepsParameters: true, ...wishes },
  )
const parametersOf = (url = '') => Object.fromEntries(new URL(url).searchParams)

describe('a query whose client is gone is ended by the server', () => {
  test('the setting and the name are in the variables and in the URL of the direct host, all else as it was', () => {
    const environment = make()
    expect(environment).toMatchObject({ PGOPTIONS: CHECK, PGAPPNAME: 'ours-1' })
    for (const name of ['DATABASE_URL', 'DIRECT_URL', 'DATABASE_URL_UNPOOLED']) {
      const url = environment[name] ?? ''
      expect(url.startsWith(`${DIRECT}&`)).toBe(true)
      expect(url).not.toMatch(/[+ ]/)
      expect(parametersOf(url)).toEqual({ sslmode: 'require', options: CHECK, application_name: 'ours-1' })
    }
  })

  test('the pooler, which refuses the setting, gets options that it takes, so that PGOPTIONS does not count there', () => {
    expect(parametersOf(make().DATABASE_URL_POOLED)).toEqual({
      sslmode: 'require',
      options: '-c application_name=ours-1',
    })
    expect(make({}, DIRECT, DIRECT).DATABASE_URL_POOLED).toBe(DIRECT)
    expect(make({ checksClient: false }).DATABASE_URL_POOLED).toBe(POOLED)
  })

  test('a server without the setting is not asked for it', () => {
    const environment = make({ checksClient: false })
    expect(environment.PGOPTIONS).toBeUndefined()
    expect(parametersOf(environment.DATABASE_URL)).toEqual({ sslmode: 'require', application_name: 'ours-1' })
  })

  test.each([
    ['of the step', { PGOPTIONS: '-c geqo=off' }, ''],
    ['of the URL', { PGOPTIONS: '-c work_mem=1MB' }, '&options=-c%20geqo%3Doff'],
  ])('options %s stay, ours behind them', (_, given, more) => {
    const environment = make({ given }, DIRECT + more)
    expect(environment.PGOPTIONS).toBe(`-c geqo=off ${CHECK}`)
    expect(parametersOf(environment.DATABASE_URL).options).toBe(`-c geqo=off ${CHECK}`)
    expect(environment.DATABASE_URL?.match(/options=/g)).toHaveLength(1)
  })

  test.each(['-c client_connection_check_interval=9s', '--client-connection-check-interval=0'])(
    "options that speak of the setting are the user's alone: %s",
    (options) => {
      expect(make({ given: { PGOPTIONS: options } }).PGOPTIONS).toBe(options)
    },
  )

  test('a name that the user gave stays, in the environment or in the URL', () => {
    const environment = make({ given: { PGAPPNAME: 'theirs' } })
    // It is in the step's environment, which the command gets as it is.
    expect(environment.PGAPPNAME).toBeUndefined()
    expect(parametersOf(environment.DATABASE_URL).application_name).toBeUndefined()
    const named = make({}, `${DIRECT}&application_name=theirs`)
    expect(named.PGAPPNAME).toBe('theirs')
    expect(parametersOf(named.DATABASE_URL).application_name).toBe('theirs')
  })

  test.each([
    ['npx prisma migrate deploy', true],
    ['cd apps/php-legacy-api-client && npm run migrate', true],
    ['php artisan migrate --force', false],
    ['cd api && vendor/bin/sail artisan migrate', false],
    ['uv run alembic upgrade head', false],
    ['./manage.py migrate', false],
    ['env X=1 python3.12 -m app.migrate', false],
  ])('%s: parameters in the URL %s', (command, keeps) => {
    expect(keepsParameters(command, tmpdir())).toBe(keeps)
    const environment = make({ keepsParameters: keeps })
    // What is below it reads the variables in any case.
    expect(environment.PGOPTIONS).toBe(CHECK)
    expect(environment.DATABASE_URL === DIRECT).toBe(!keeps)
  })

  test.each(['artisan', 'alembic.ini'])('a %s in the workspace says the same of `make migrate`', (file) => {
    const folder = mkdtempSync(join(tmpdir(), 'neon-keeps-'))
    try {
      expect(keepsParameters('make migrate', folder)).toBe(true)
      writeFileSync(join(folder, file), '')
      expect(keepsParameters('make migrate', folder)).toBe(false)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('certificates for a tool that verifies', () => {
  const DEBIAN = '/etc/ssl/certs/ca-certificates.crt'
  const VERIFIED = 'postgresql://u:p@h/d?sslmode=verify-full'
  const machine = (files: string[], given: Machine['given'] = {}, libpq: number | null = null): Machine => ({
    given: { HOME: '/home/runner', ...given },
    exists: (path) => files.includes(path),
    libpqVersion: async () => libpq,
  })

  test.each([
    ['the system’s store', VERIFIED, machine([DEBIAN]), DEBIAN],
    ['of another system', VERIFIED, machine(['/etc/pki/tls/certs/ca-bundle.crt']), '/etc/pki/tls/certs/ca-bundle.crt'],
    [
      'the store that OpenSSL was told',
      VERIFIED,
      machine([DEBIAN, '/ca.pem'], { SSL_CERT_FILE: '/ca.pem' }),
      '/ca.pem',
    ],
    ['a store that is not there', VERIFIED, machine([DEBIAN], { SSL_CERT_FILE: '/gone.pem' }), DEBIAN],
    ['verify-ca too', VERIFIED.replace('full', 'ca'), machine([DEBIAN]), DEBIAN],
    ['without a store, libpq 16 knows its own', VERIFIED, machine([], {}, 16), 'system'],
    ['libpq 15 does not', VERIFIED, machine([], {}, 15), undefined],
    ['nor one that nobody knows', VERIFIED, machine([]), undefined],
    ['nothing is verified with require', VERIFIED.replace('verify-full', 'require'), machine([DEBIAN]), undefined],
    ["the user's variable wins", VERIFIED, machine([DEBIAN], { PGSSLROOTCERT: '/own.pem' }), undefined],
    ["the user's file wins", VERIFIED, machine([DEBIAN, '/home/runner/.postgresql/root.crt']), undefined],
    ["the URL's wins", `${VERIFIED}&sslrootcert=/own.pem`, machine([DEBIAN]), undefined],
  ])('%s', async (_, url, there, expected) => {
    expect(await rootCertificate(url, there)).toBe(expected)
  })

  test('they are a variable, and never a parameter of DATABASE_URL, where node-postgres would read a file of that name', () => {
    const environment = make({ rootCertificate: DEBIAN }, `${VERIFIED}&sslrootcert=system`)
    expect(environment.PGSSLROOTCERT).toBe(DEBIAN)
    expect(environment.DATABASE_URL).not.toContain('sslrootcert')
    expect(make({}, `${VERIFIED}&sslrootcert=system`).PGSSLROOTCERT).toBe('system')
    // Of an authority of their own, the file is what node-postgres needs.
    expect(parametersOf(make({}, `${VERIFIED}&sslrootcert=/own.pem`).DATABASE_URL).sslrootcert).toBe('/own.pem')
  })
})
