import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { parseCommand } from '../../sandbox/runner/commands.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createSecrets } from '../../src/runtime/secrets.ts'
import { instantClock } from '../support/runtime.ts'

let written = ''
beforeEach(() => {
  written = ''
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text)
    return true
  })
})
afterEach(() => {
  jest.restoreAllMocks()
})

const clock = instantClock()
const secrets = createSecrets(() => undefined)
secrets.add('hunter2-secret')
const log = () => createLog(secrets, clock)

describe('log', () => {
  test('every kind of text is redacted', async () => {
    const told = log()
    for (const tell of [told.info, told.debug, told.notice, told.warning, told.error]) tell('at hunter2-secret')
    told.error('x', { title: 'hunter2-secret' })
    await told.group('group hunter2-secret', async () => told.info('in it'))
    expect(written).not.toContain('hunter2-secret')
    expect(written.match(/\*\*\*/g)).toHaveLength(7)
  })

  test('a group ends with its duration, also when its work fails', async () => {
    const told = log()
    const work = told.group('Schema', async () => {
      told.info('one file')
      await clock.sleep(1500)
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(written).toBe('::group::Schema\none file\n(1.5 s)\n::endgroup::\n')
  })

  test('a group in which nothing is told is none; one that took a second is a line', async () => {
    const told = log()
    await told.group('Branch', async () => 1)
    await told.group('Ready', async () => {
      told.debug('asked again')
      await clock.sleep(1200)
    })
    told.info('next')
    expect(written).toBe('::debug::asked again\nReady (1.2 s)\nnext\n')
  })

  test('a group inside another belongs to it, and the next one is a group of its own', async () => {
    const told = log()
    await told.group('Reset', async () => {
      await told.group('Connection', async () => told.info('connected'))
      told.info('reset')
    })
    await told.group('Schema', async () => told.warning('late'))
    expect(written).toBe(
      '::group::Reset\nconnected\nreset\n(0.0 s)\n::endgroup::\n::group::Schema\n::warning::late\n(0.0 s)\n::endgroup::\n',
    )
  })

  test('progress comes at most every five seconds', async () => {
    const told = log()
    for (let second = 0; second < 21; second += 1) {
      told.progress(`file ${second}`)
      await clock.sleep(1000)
    }
    expect(written.trim().split('\n')).toEqual(['file 5', 'file 10', 'file 15', 'file 20'])
  })

  test('annotations stand on their place; beyond ten of a kind they are plain lines', () => {
    const told = log()
    told.error('wrong', { location: { file: 'sql/a.sql', line: 3, column: 7 }, title: '42601' })
    expect(written).toBe('::error title=42601,file=sql/a.sql,line=3,col=7::wrong\n')
    written = ''
    for (let number = 1; number <= 12; number += 1) told.warning(`w${number}`)
    expect(written.match(/^::warning::/gm)).toHaveLength(10)
    expect(written).toContain('\nwarning: w12\n')
  })

  test('the eleventh annotation is a plain line, and none of its lines a command', () => {
    const told = log()
    for (let number = 1; number <= 12; number += 1) {
      told.warning(`w${number}\n::set-output name=x::y\r::add-mask::z ##[error]q`, {
        title: 't\n::error::t',
        location: { file: 'a\n::error::f', line: 1 },
      })
    }
    const names = written.split(/\r\n|\n|\r/).map((line) => parseCommand(line)?.name)
    expect(names.filter((name) => name !== undefined)).toEqual(Array(10).fill('warning'))
  })

  test.each(['info', 'progress', 'debug', 'group'] as const)('%s tells no command of a foreign text', async (kind) => {
    const told = log()
    await clock.sleep(6000)
    const foreign = 'x\n::stop-commands::a\u2028::set-output name=b::c\r\u001b[0m::add-mask::d'
    if (kind === 'group') await told.group(foreign, async () => told.info('in it'))
    else told[kind](foreign)
    const names = written.split(/\r\n|\n|\r/).map((line) => parseCommand(line)?.name)
    const own = { info: [], progress: [], debug: ['debug'], group: ['group', 'endgroup'] }
    expect(names.filter((name) => name !== undefined)).toEqual(own[kind])
  })
})
