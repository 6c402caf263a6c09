import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseDuration } from '../../src/runtime/durations.ts'
import { configOf } from '../support/inputs.ts'
import { KUBECONFIG } from '../support/wrong-inputs.ts'

const problemsOf = (values: Record<string, string>): Promise<string> =>
  configOf(values).then(
    () => '',
    (error: Error) => error.message,
  )

describe('durations', () => {
  test.each([
    ['90', 90_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['1d12h', 129_600_000],
    ['7d', 604_800_000],
    ['2 w', 1_209_600_000],
    ['0', 0],
  ])('%s is %d ms', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds))

  test.each(['', 'soon', '7 days', '-1d', '1d-', '1x', 'd'])('%j is no duration', (text) =>
    expect(parseDuration(text)).toBeNull(),
  )
})

describe('inputs', () => {
  test('defaults come from action.yml alone', async () => {
    const config = await configOf()
    expect(config.mode).toBe('auto')
    expect(config.neon.apiHost).toBe('https://console.neon.tech/api/v2')
    expect(config.neon).toMatchObject({ suspendTimeout: null, minCu: null, maxCu: null, blockPublicConnections: null })
    expect(config.schema).toMatchObject({
      entries: null,
      lockWait: 60_000,
      lockTimeout: 10_000,
      statementTimeout: 600_000,
    })
    expect(config.kubernetes).toBeNull()
    expect(config.report).toMatchObject({
      comment: 'auto',
      summary: true,
      diff: true,
      counts: 'exact',
      requireTables: 'auto',
    })
  })

  test('every wrong input is named at once, with its value', async () => {
    const text = await problemsOf({
      api_key: '',
      project_id: 'Lucky Sun',
      mode: 'migrate',
      pg_version: 'seventeen',
      comment: 'yes',
      lock_wait: 'soon',
      min_cu: '4',
      max_cu: '2',
      expires_in: '7d',
      expires_at: '2027-01-01T00:00:00Z',
      branch_name: 'br-cool-sun-a1b2c3d4',
      api_host: 'console.neon.tech',
      secret_labels: 'team',
      kubeconfig: 'x',
    })
    for (const part of [
      '12 inputs are wrong',
      'api_key is missing',
      "mode is 'migrate'",
      "pg_version is 'seventeen'",
      "comment is 'yes'",
      "lock_wait is 'soon'",
      'min_cu 4 and max_cu 2',
      "expires_in '7d' and expires_at",
      "branch_name is 'br-cool-sun-a1b2c3d4'",
      "api_host is 'console.neon.tech'",
      "line 'team'",
      "project_id is 'Lucky Sun'",
    ]) {
      expect(text).toContain(part)
    }
  })

  test('one wrong input is one sentence', async () => {
    expect(await problemsOf({ counts: 'all' })).toBe(
      "Input counts is 'all': it must be one of 'exact', 'estimate', 'off'.",
    )
  })

  test('neither project_id nor project_name', async () => {
    expect(await problemsOf({ project_id: '' })).toMatch(/project_id and project_name are missing/)
  })

  test('a connection string replaces Neon and is never repeated', async () => {
    expect(
      (await configOf({ project_id: '', api_key: '', connection_string: 'postgresql://u:hunter2secret@h/db' }))
        .connectionString,
    ).toContain('hunter2')
    const wrong = await problemsOf({ project_id: '', connection_string: 'mysql://u:hunter2secret@h/db' })
    expect(wrong).toContain("starts with 'postgresql://'")
    expect(wrong).not.toContain('hunter2secret')
    expect(await problemsOf({ connection_string: 'postgresql://u:p@h/db' })).toContain('not both')
    expect(await problemsOf({ project_id: '', mode: 'sweep', connection_string: 'postgresql://u:p@h/db' })).toContain(
      "mode 'sweep'",
    )
  })

  test('suspend_timeout keeps 0 and -1 apart from nothing', async () => {
    expect((await configOf({ suspend_timeout: '0' })).neon.suspendTimeout).toBe(0)
    expect((await configOf({ suspend_timeout: '-1' })).neon.suspendTimeout).toBe(-1)
    expect((await configOf()).neon.suspendTimeout).toBeNull()
  })

  test('lists take lines and commas', async () => {
    expect((await configOf({ allowed_ips: '10.0.0.0/8, 1.2.3.4\n5.6.7.8' })).neon.allowedIps).toEqual([
      '10.0.0.0/8',
      '1.2.3.4',
      '5.6.7.8',
    ])
    expect((await configOf({ schema: 'learnflow\n\n db/**/*.sql ' })).schema.entries).toEqual([
      'learnflow',
      'db/**/*.sql',
    ])
    expect((await configOf({ schema: 'none' })).schema.entries).toEqual([])
  })

  test('ledgers are tables, with or without their schema', async () => {
    const told = 'app_log, audit.app_log\nhistory.log'
    expect((await configOf({ migrate_ledger: told })).schema.migrateLedgers).toEqual([
      'app_log',
      'audit.app_log',
      'history.log',
    ])
    for (const wrong of ['"a"', "a'b", 'a b', 'a.b c', '.a', 'a.', 'x\\y']) {
      expect(await problemsOf({ migrate_ledger: `ok, ${wrong}` })).toContain(`Input migrate_ledger has '${wrong}'`)
    }
  })

  test('labels are key=value lines', async () => {
    const config = await configOf({ kubeconfig: KUBECONFIG, secret_labels: 'team=learn\ncost-centre: 7' })
    expect(config.kubernetes?.secretLabels).toEqual({ team: 'learn', 'cost-centre': '7' })
  })

  test('a life that is no duration is refused with the other inputs, before a project could be made', async () => {
    expect(await problemsOf({ expires_in: 'soon', counts: 'all' })).toMatch(
      /2 inputs are wrong[\s\S]*expires_in is 'soon'/,
    )
    expect((await configOf({ expires_in: 'never' })).neon.expiresIn).toBe('never')
  })

  test.each(['tomorrow', '2026-07-01', '2026-07-01T12:00:00', '2026-13-01T12:00:00Z', '1780000000'])(
    'an expires_at %j is refused with the other inputs, in every mode',
    async (expires_at) => {
      for (const mode of ['preview', 'cleanup', 'sweep']) {
        const text = await problemsOf({ expires_at, counts: 'all', mode })
        expect(text).toContain('2 inputs are wrong')
        expect(text).toContain(
          `Input expires_at is '${expires_at}', which is no RFC 3339 time with a zone. Write it like`,
        )
      }
    },
  )

  test('a time that has passed is no wrong input: a cleanup may come after it', async () => {
    for (const mode of ['preview', 'cleanup', 'sweep']) {
      expect((await configOf({ mode, expires_at: '2020-01-01T00:00:00+02:00' })).neon.expiresAt).toBe(
        '2020-01-01T00:00:00+02:00',
      )
    }
  })

  test('never is a life, but no other duration', async () => {
    for (const name of ['timeout', 'max_age', 'lock_wait', 'history_retention']) {
      expect(await problemsOf({ [name]: 'never' })).toContain(`Input ${name} is 'never': it must be a duration`)
    }
  })

  test.each(['branch', 'branch_id', 'branch_name', 'compare_branch'])(
    'an empty %s is a name that went missing, not an input that was not given',
    async (name) => {
      expect(await problemsOf({ [name]: '' })).toContain(`Input ${name} is given, but empty`)
      expect(await problemsOf({ [name]: '  ' })).toContain(`Input ${name} is given, but empty`)
      expect(await problemsOf({})).toBe('')
    },
  )

  describe('branch in mode auto means delete only in a step that has nothing else', () => {
    test.each([
      ['schema', 'db'],
      ['kubeconfig', 'apiVersion: v1'],
      ['parent', 'false'],
      ['database', 'app'],
      ['expires_in', '7d'],
      ['dry_run', 'true'],
      ['roles', 'api=readonly'],
      ['comment', 'false'],
    ])('not beside %s', async (name, value) => {
      const told = await problemsOf({ branch: 'staging', [name]: value })
      expect(told).toContain(`Input branch 'staging' in mode auto means delete, but ${name} is given too`)
      expect(told).toMatch(/mode: cleanup .* mode: reset .* branch_name/)
      expect(await problemsOf({ branch_id: 'br-a-b-c1', [name]: value })).toContain('means delete, but')
      expect(await problemsOf({ branch: 'staging', mode: 'cleanup', [name]: value })).not.toContain('means delete')
    })

    test("Neon's delete action takes just these", async () => {
      const inputs = { branch: 'preview/x', api_host: 'https://console.neon.example/api/v2' }
      expect(await problemsOf(inputs)).toBe('')
      expect(await problemsOf({ ...inputs, parent: 'true', database: 'app' })).toBe('')
    })
  })

  test('any text in any input either gives a config or a list of problems, never another exception', async () => {
    const names = [
      'mode',
      'timeout',
      'connection_string',
      'pg_version',
      'expires_in',
      'expires_at',
      'schema',
      'secret_labels',
      'branch_name',
      'allowed_ips',
      'min_cu',
    ]
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'grapheme' })), async (values) => {
        try {
          await configOf({ api_key: '', project_id: 'p', ...values })
        } catch (error) {
          expect((error as Error).name).toBe('ActionError')
          expect((error as Error).message).toMatch(/Input/)
        }
      }),
    )
  })
})
