import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readPayload } from '../../src/event-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the payload is what the file of the runner holds; without a file it is empty', () => {
  const path = join(folder, 'event.json')
  writeFileSync(path, '{"action":"opened"}')
  expect(readPayload({ GITHUB_EVENT_PATH: path })).toEqual({ action: 'opened' })
  expect(readPayload({})).toEqual({})
})

test.each([
  ['truncated JSON', '{"action":"ope', /it is no JSON object/],
  ['nothing', '', /it is no JSON object/],
  ['a page', '<html>', /it is no JSON object/],
  ['null', 'null', /it is no JSON object/],
  ['a list', '[]', /it is no JSON object/],
])('an event file with %s is an error of ours that names the file', (_, text, said) => {
  const path = join(folder, 'broken.json')
  writeFileSync(path, text)
  const read = () => readPayload({ GITHUB_EVENT_PATH: path })
  expect(read).toThrow(said)
  expect(read).toThrow(`Could not read the event from GITHUB_EVENT_PATH '${path}'`)
})

test('an event file that is not there, a folder or a pipe is an error of ours', () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  expect(() => readPayload({ GITHUB_EVENT_PATH: join(folder, 'none') })).toThrow(/there is no such file/)
  for (const path of [folder, pipe]) expect(() => readPayload({ GITHUB_EVENT_PATH: path })).toThrow(/it is no file/)
})

test.each([
  ['is broken', '{"action":"ope', /it is no JSON object/],
  ['is not there', undefined, /there is no such file/],
])('a whole run whose event file %s tells it, not a package that reads it too', (_, text, said) => {
  const path = join(folder, 'whole.json')
  if (text === undefined) rmSync(path, { force: true })
  else writeFileSync(path, text)
  const env = { PATH: process.env.PATH, GITHUB_EVENT_PATH: path, INPUT_API_KEY: 'napi_test_key_0001' }
  const args = ['--disable-warning=ExperimentalWarning', 'src/index.ts']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  expect(stdout).toContain(`::error::Could not read the event from GITHUB_EVENT_PATH '${path}'`)
  expect(stdout).toMatch(said)
})
