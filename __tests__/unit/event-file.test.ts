import { execFileSync } from 'node:child_process'
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
