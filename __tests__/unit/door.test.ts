import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseCommand } from '../../sandbox/runner/commands.ts'
import { findLeaks } from '../../sandbox/runner/index.ts'
import { code, fence, prose } from '../../src/report/escape.ts'
import { cleanDeep, harmless } from '../../src/runtime/door.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'
import { ODD_PASSWORDS } from '../support/odd-passwords.ts'

const COMMANDS = ['::stop-commands::x', '::add-mask::a', '::set-output name=a::b', '::error file=x::y', '##[error]z']
/** Lines as the strictest and the most lenient reader would take them. */
const linesOf = (text: string) => [
  ...text.split(/\r\n|\n|\r/),
  ...text.replace(/\u001b\[[0-9;]*m|[\u200b\ufeff\u0000]/g, '').split(/[\n\r\v\f\u0085\u2028\u2029]/),
]
const commandsIn = (text: string) => linesOf(text).filter((line) => parseCommand(line) !== undefined)

describe('no line of a foreign text is a workflow command', () => {
  const BEFORE = [
    ...['', ' \t', 'table "x\n', 'x\r', 'x\r\n', 'x\n\n  ', 'x\u2028', 'x\u2029', 'x\u0085', 'x\v', 'x\f'],
    ...['\u001b[31m', 'x\n\u001b[0m \u001b[1;4m', '\ufeff', '\u200b', '\u0000', '\u00a0', 'x\r\u001b[2K'],
  ]
  test.each(COMMANDS)('%s', (command) => {
    for (const before of BEFORE) {
      const text = `${before}${command}`
      expect({ before, found: commandsIn(harmless(text)) }).toEqual({ before, found: [] })
      expect(harmless(text).replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    }
  })

  test('whatever stands around it', () => {
    const bit = fc.constantFrom(
      ...COMMANDS,
      ...BEFORE,
      ':',
      '#',
      '[',
      '::',
      '##',
      ' ',
      'a',
      '\u001b',
      '\u001b]0;x\u0007',
    )
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 12 }), (bits) => {
        expect(commandsIn(harmless(bits.join('')))).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })

  test('ordinary SQL and addresses stay as they are', () => {
    const text = "select '1'::int, a::text from t -- # 1 ## 2\n  http://[::1]:5432 x::y::z"
    expect(harmless(text)).toBe(text)
  })

  test('five megabytes of the worst text take no second each', () => {
    const started = process.cpuUsage()
    for (const bit of [' ', '\n', '\u001b[31m', '\u001b]', '# ', ':', '\u001b0 ']) {
      harmless(`${bit.repeat(5_000_000 / bit.length)}:x`)
    }
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(5000)
  })

  test.each([' ', '\u200b', '\u001b[31m', '\u001b'])('behind millions of %j', (unseen) => {
    const many = unseen.repeat(3_000_000)
    expect(commandsIn(harmless(`a\n${many}::stop-commands::x\n:${many}:y ##${many}[group]z`))).toEqual([])
  })
})

const references = (text: string) => text.replace(/[!-/:-@[-`{-~]/g, (char) => `&#${char.charCodeAt(0)};`)
const FORMS: Record<string, (secret: string) => string> = {
  raw: (secret) => secret,
  'percent, JavaScript': encodeURIComponent,
  'percent, every byte, small letters': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
  'percent, as a URL keeps it': (secret) => {
    const url = new URL('postgresql://user@host/db')
    url.password = secret.replaceAll('%', '%25')
    return url.password
  },
  'percent twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  form: (secret) => new URLSearchParams({ x: secret }).toString(),
  JSON: (secret) => JSON.stringify({ secret }),
  'JSON of Go': (secret) => JSON.stringify(secret).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)),
  HTML: (secret) =>
    secret.replace(/[<>&"]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c] ?? c),
  'character references': references,
  'Markdown, escaped': (secret) => secret.replace(/[\\`*_[\]<>|~]/g, '\\$&'),
  'a literal of SQL': (secret) => `'${secret.replaceAll("'", "''")}'`,
  'a name of SQL': (secret) => `"${secret.replaceAll('"', '""')}"`,
  'a word of a shell': (secret) => `'${secret.replaceAll("'", "'\\''")}'`,
  ...Object.fromEntries(
    [0, 1, 2].map((shift) => [
      `base64 behind ${shift} bytes`,
      (secret: string) => Buffer.from(`${'u'.repeat(shift)}${secret} and more`).toString('base64'),
    ]),
  ),
  base64url: (secret) => Buffer.from(`u${secret}`).toString('base64url'),
  'the first twelve characters': (secret) => `${secret.slice(0, 12)}… `,
  'all but the last character': (secret) => secret.slice(0, -1),
}

describe('a secret is redacted in every form', () => {
  test.each(Object.entries(FORMS))('%s', (_, write) => {
    for (const password of ODD_PASSWORDS) {
      const secrets = createSecrets(() => undefined)
      secrets.add(password)
      const clean = secrets.redact(`before ${write(password)} behind`)
      expect({ password, leaks: findLeaks([{ where: 'text', text: clean }], [password]) }).toEqual({
        password,
        leaks: [],
      })
      expect(clean).toMatch(/^before .*\*\*\*.*behind$/s)
    }
  })

  test('whatever the secret, the text around it, and one form in another', () => {
    const inner = ['raw', 'percent, JavaScript', 'JSON', 'character references', 'a literal of SQL'] as const
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme-composite' }).filter((text) => text.trim().length > 5),
        fc.string({ unit: 'binary-ascii' }),
        fc.constantFrom(...inner),
        fc.constantFrom(...inner),
        (secret, around, first, second) => {
          const secrets = createSecrets(() => undefined)
          secrets.add(secret)
          const text = `${around}${FORMS[second]?.(FORMS[first]?.(secret) ?? '')}${around}`
          const places = [{ where: 'text', text: secrets.redact(text) }]
          expect(findLeaks(places, [secret])).toEqual([])
        },
      ),
      { numRuns: 500 },
    )
  })

  test('the beginning of an address is none', () => {
    const secrets = createSecrets(() => undefined)
    secrets.add('postgresql://owner:npg_canary_0001@host.example/db')
    const other = 'postgresql://owner@host.example/db'
    expect(secrets.redact(other)).toBe(other)
  })

  test('secrets that overlap or hold each other leave nothing of either', () => {
    const secrets = createSecrets(() => undefined)
    for (const secret of ['abcdef', 'defghi', 'xabcdefy', 'ababababab']) secrets.add(secret)
    expect(secrets.redact('<abcdefghi> <xabcdefy> <abababababab> <xabcdefz>')).toBe('<***> <***> <***> <x***z>')
  })

  test('covered, it takes as much room as before', () => {
    const secrets = createSecrets(() => undefined)
    secrets.add('npg_canary\nsecond line')
    const text = "a 'npg_canary\nsecond line' b"
    expect(secrets.cover(text)).toBe("a '**********\n***********' b")
  })

  test('hundreds of secrets cost a megabyte little', () => {
    const secrets = createSecrets(() => undefined)
    for (let n = 0; n < 300; n += 1) {
      secrets.add(`npg_${n}_canary`)
      secrets.add(`postgresql://u${n}:npg_${n}_canary@h${n}/db`)
    }
    const text = "insert into t values (1, 'postgresql://u1@h/db', '\\n', '%20', '&amp;');\n".repeat(30_000)
    const started = process.cpuUsage()
    secrets.redact(text)
    // 2.1 MB; 600 passes of replaceAll over each form took more than ten seconds.
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(5000)
  })

  test.each(Object.entries({ code, prose, fence }))('before it is escaped: %s', (_, write) => {
    const secrets = createSecrets(() => undefined)
    for (const password of ODD_PASSWORDS) secrets.add(password)
    const report = { error: { message: ODD_PASSWORDS.join(' ; ') }, warnings: ODD_PASSWORDS, outcome: 'failed' }
    const clean = cleanDeep(secrets, report)
    const text = [clean.error.message, ...clean.warnings].map((one) => write(one)).join('\n')
    expect(findLeaks([{ where: 'text', text }], ODD_PASSWORDS)).toEqual([])
    expect(clean.outcome).toBe('failed')
  })
})

describe('nothing passes beside the door', () => {
  const WRITERS =
    /from '@actions\/core'|process\.std(?:out|err)|console\.[a-z]+\(|appendFile|writeFile|createWriteStream/
  const EXCEPTIONS = /byContract\(|as Clean\b/
  const filesWith = async (pattern: RegExp) => {
    const root = join(import.meta.dirname, '../../src')
    const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts'))
    return files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8'))).sort()
  }

  test.each(['console.error', 'console.log', 'throw', 'Promise.reject'])('nor does %s of a package', (way) => {
    const source = join(import.meta.dirname, '../../src/runtime/exits.ts')
    const attack = way.startsWith('console')
      ? `${way}(thrown.message)`
      : way === 'throw'
        ? 'setTimeout(() => { throw thrown })'
        : `${way}(thrown)`
    const script = `
      import { closeOtherExits } from ${JSON.stringify(source)}
      closeOtherExits({
        line: (text) => process.stdout.write('line ' + text),
        fatal: (error) => process.stdout.write('fatal ' + error.message),
      })
      const thrown = Object.assign(new Error('foreign'), { stack: 'foreign' })
      ${attack}`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    )
    const told = way.startsWith('console')
      ? { status: 0, stdout: 'line foreign' }
      : { status: 1, stdout: 'fatal foreign' }
    expect({ status, stdout, stderr }).toEqual({ ...told, stderr: '' })
  })

  test('only exits.ts writes; main.ts reads inputs', async () => {
    expect(await filesWith(WRITERS)).toEqual(['main.ts', 'runtime/exits.ts'])
  })

  test('only named places make an exception', async () => {
    expect(await filesWith(EXCEPTIONS)).toEqual(['github/comment.ts', 'main.ts', 'publish.ts', 'runtime/door.ts'])
  })
})
