import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

const BIOME = join(process.cwd(), 'node_modules/.bin/biome')

/** A file of the house, an import in it, and whether the arrow may be. */
const ARROWS: [file: string, specifier: string, allowed: boolean][] = [
  ['src/neon/new.ts', '../database/connect.ts', false],
  ['src/neon/new.ts', '../kubernetes/index.ts', false],
  ['src/neon/new.ts', '../github/index.ts', false],
  ['src/neon/new.ts', '../run.ts', false],
  ['src/neon/new.ts', '../runtime/retry.ts', true],
  ['src/neon/new.ts', './client.ts', true],
  ['src/kubernetes/new.ts', '../neon/index.ts', false],
  ['src/kubernetes/new.ts', '../model.ts', true],
  ['src/github/new.ts', '../neon/index.ts', false],
  ['src/github/new.ts', '../report/index.ts', false],
  ['src/database/new.ts', '../neon/index.ts', false],
  ['src/database/new.ts', './schema/index.ts', false],
  ['src/database/schema/new.ts', '../../kubernetes/index.ts', false],
  ['src/database/schema/new.ts', '../inspect/index.ts', false],
  ['src/database/schema/execution/new.ts', '../../../github/index.ts', false],
  ['src/database/inspect/facts/new.ts', '../../../neon/index.ts', false],
  ['src/database/migrate/new.ts', '../connection-url.ts', true],
  ['src/database/schema/execution/new.ts', '../../connection-url.ts', true],
  ['src/database/schema/decision/new.ts', '../../connection-url.ts', false],
  ['src/neon/new.ts', '../runtime/neon-hosts.ts', true],
  ['src/report/new.ts', '../github/index.ts', false],
  ['src/report/new.ts', '../run.ts', false],
  ['src/report/new.ts', '../model.ts', true],
  ['src/findings/new.ts', '../database/sql/split.ts', false],
  ['src/findings/new.ts', '../runtime/errors.ts', true],
  ['src/runtime/new.ts', '../model.ts', false],
  ['src/database/sql/new.ts', '../schema/files/script.ts', false],
  ['src/database/sql/new.ts', '../connect.ts', false],
  ['src/database/schema/files/new.ts', '../decision/task.ts', false],
  ['src/database/schema/files/new.ts', '../../sql/split.ts', true],
  ['src/database/schema/decision/new.ts', '../execution/session.ts', false],
  ['src/database/schema/decision/new.ts', '../files/script.ts', true],
  ['src/database/schema/ledger/new.ts', '../decision/decide.ts', false],
  ['src/database/schema/failure/new.ts', '../execution/chain.ts', false],
  ['src/database/schema/execution/new.ts', '../decision/task.ts', true],
  ['src/database/observe/new.ts', '../schema/execution/session.ts', false],
  ['src/workflows/new.ts', '../neon/branch-ensure.ts', false],
  ['src/workflows/new.ts', '../database/schema/apply.ts', false],
  ['src/workflows/new.ts', '../neon/index.ts', true],
  ['src/workflows/steps/new.ts', '../preview.ts', false],
  ['src/main-new.ts', './inputs/reader.ts', false],
  ['src/main-new.ts', './workflows/index.ts', true],
  ['src/workflows/new.ts', '../../sandbox/neon/index.ts', false],
  ['sandbox/neon/new.ts', '../../src/model.ts', false],
  ['sandbox/neon/new.ts', '../http/serve.ts', true],
]

let house = ''
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'rooms-'))
  for (const file of ['biome.json', '.github/rooms.json']) cpSync(file, join(house, file))
})
afterAll(() => rmSync(house, { recursive: true, force: true }))

/** What the linter says of files in a house of their own, one line for each error. */
function lint(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true })
    writeFileSync(join(house, path), text)
  }
  const { stdout, stderr } = spawnSync(BIOME, ['lint', '--reporter=github', '--max-diagnostics=none'], {
    cwd: house,
    encoding: 'utf8',
  })
  for (const path of Object.keys(files)) rmSync(join(house, path))
  return `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('::error'))
}

describe('an arrow between rooms that must not be is an error of npm run check', () => {
  test('every arrow of the list, and no other', () => {
    const files = Object.fromEntries(
      ARROWS.map(([file, specifier], index) => [
        file.replace('new.ts', `new-${index}.ts`),
        `import { thing } from '${specifier}'\n\nexport const used = [thing]\n`,
      ]),
    )
    const errors = lint(files)
    const forbidden = ARROWS.map(([file], index) => {
      const path = file.replace('new.ts', `new-${index}.ts`)
      return errors.some((line) => line.includes(path) && line.includes('noRestrictedImports'))
    })
    const told = ARROWS.map(([file, specifier], index) => `${file} -> ${specifier}: ${forbidden[index] ? 'no' : 'yes'}`)
    expect(told).toEqual(
      ARROWS.map(([file, specifier, allowed]) => `${file} -> ${specifier}: ${allowed ? 'yes' : 'no'}`),
    )
  })

  test('files that import each other in a circle', () => {
    const errors = lint({
      'src/report/a.ts': "import { b } from './b.ts'\n\nexport const a = () => b()\n",
      'src/report/b.ts': "import { a } from './a.ts'\n\nexport const b = (): unknown => a\n",
    })
    expect(errors.filter((line) => line.includes('noImportCycles'))).not.toEqual([])
  })

  test('the house itself has none', () => {
    const { status, stdout, stderr } = spawnSync(BIOME, ['lint', '--reporter=github', 'src', 'sandbox'], {
      encoding: 'utf8',
    })
    expect({ status, told: `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('::error')) }).toEqual({
      status: 0,
      told: [],
    })
  })
})
