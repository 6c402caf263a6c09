import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { compareNames, nextFreeName } from '../../src/database/schema/files/order.ts'
import { readSchema } from '../../src/database/schema/files/read.ts'
import type { SchemaSource } from '../../src/database/schema/files/schema-file.ts'
import { ActionError } from '../../src/runtime/errors.ts'

const BUNDLED = fileURLToPath(new URL('../../sql', import.meta.url))

let outer: string
let workspace: string

beforeEach(async () => {
  outer = await mkdtemp(path.join(tmpdir(), 'schema-files-'))
  workspace = path.join(outer, 'repository')
  await mkdir(workspace)
})

afterEach(async () => {
  await rm(outer, { recursive: true, force: true })
})

/** Writes files below the workspace; a list of names gets `select 1;` each. */
async function write(files: Record<string, string | Buffer> | string[]): Promise<void> {
  const entries: [string, string | Buffer][] = Array.isArray(files)
    ? files.map((name) => [name, 'select 1;\n'])
    : Object.entries(files)
  for (const [name, text] of entries) {
    const file = path.join(workspace, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

function read(...entries: string[]): Promise<SchemaSource> {
  return readSchema({ workspace, bundledDirectory: BUNDLED, entries })
}

async function names(...entries: string[]): Promise<string[]> {
  return (await read(...entries)).files.map((file) => file.name)
}

async function failure(...entries: string[]): Promise<ActionError> {
  const error = await read(...entries).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ActionError)) throw new Error(`no ActionError but ${String(error)}`)
  return error
}

describe('readSchema finds', () => {
  test('the files of a folder and the folders below, in natural order, and nothing else', async () => {
    await write(['sql/10_x.sql', 'sql/2_x.sql', 'sql/a/1.sql', 'sql/a/b/3.SQL', 'sql/README.md', 'sql/.hidden.sql'])
    await write(['sql/node_modules/pkg/1.sql', 'sql/.git/2.sql', 'sql/a/node_modules/3.sql', 'other/1.sql'])
    expect(await names('sql')).toEqual(['2_x.sql', '10_x.sql', 'a/1.sql', 'a/b/3.SQL'])
    expect(await names('./sql/')).toEqual(await names('sql'))
    expect(await names(path.join(workspace, 'sql'))).toEqual(await names('sql'))
  })

  test('the workspace itself', async () => {
    await write(['a.sql', 'b/c.sql'])
    expect(await names('.')).toEqual(['a.sql', 'b/c.sql'])
  })

  test('each file with all that others need', async () => {
    const text = '\ufeffselect 1;\r\nselect 2;\r\n'
    await write({ 'db/sql/x/1.sql': text })
    const [file] = (await read('db/sql')).files
    expect(file).toEqual({
      path: 'db/sql/x/1.sql',
      name: 'x/1.sql',
      absolute: path.join(workspace, 'db/sql/x/1.sql'),
      text,
      checksum: createHash('sha256').update('select 1;\nselect 2;\n').digest('hex'),
      kind: 'once',
      bundled: false,
    })
  })

  test('one checksum for LF, CRLF and a byte-order mark, and another for another text', async () => {
    await write({ 'a.sql': 'a\nb\n', 'b.sql': 'a\r\nb\r\n', 'c.sql': '\ufeffa\nb\n', 'd.sql': 'a\n\nb\n', 'e.sql': '' })
    const sums = (await read('.')).files.map((file) => file.checksum)
    expect(new Set(sums.slice(0, 3)).size).toBe(1)
    expect(new Set(sums).size).toBe(3)
  })

  test('a file by its name, whatever its ending', async () => {
    await write(['db/schema.ddl', 'db/other.sql'])
    const { files } = await read('db/schema.ddl')
    expect(files).toMatchObject([{ path: 'db/schema.ddl', name: 'schema.ddl' }])
  })

  test('the files of a glob, named from its first folder without a wildcard', async () => {
    await write(['db/one/1.sql', 'db/two/sql/2.sql', 'db/two/3.txt', 'db/.x/4.sql', '.ci/sql/5.sql'])
    expect(await names('db/**/*.sql')).toEqual(['one/1.sql', 'two/sql/2.sql'])
    expect(await names('db/{one,two}/**/*')).toEqual(['one/1.sql', 'two/sql/2.sql'])
    expect(await names('db/one/[0-9].sql')).toEqual(['1.sql'])
    expect(await names('**/2.sql')).toEqual(['db/two/sql/2.sql'])
    expect(await names('.ci/*/*.sql')).toEqual(['sql/5.sql'])
  })

  test('nothing, in seconds and beside all else, with a glob that would never end', async () => {
    await write([`db/${'a'.repeat(200)}.sql`])
    let beats = 0
    const beat = setInterval(() => (beats += 1), 100)
    const endless = ['{a,b}'.repeat(28), `${'*a'.repeat(12)}c`, '*(a|aa)*(a|aa)c']
    const errors = await Promise.all(endless.map((pattern) => failure(`db/${pattern}`)))
    clearInterval(beat)
    for (const { message, advice } of errors) {
      expect(message).toMatch(/": (it was not done within 5 seconds|Worker .+memory.+)\.$/)
      expect(advice).toContain('fewer braces')
    }
    expect(beats).toBeGreaterThan(5)
  }, 60_000)

  test('a folder whose name looks like a glob', async () => {
    await write(['app/[id]/1.sql'])
    expect(await names('app/[id]')).toEqual(['1.sql'])
  })

  test('the bundled schema, and a folder of the same name by its path', async () => {
    const bundled = await read('learnflow')
    expect(bundled.description).toBe('learnflow (bundled)')
    expect(bundled.files[0]).toMatchObject({ path: 'learnflow/0001_users.sql', name: '0001_users.sql', bundled: true })
    expect(bundled.files[0]?.text).toBe(await readFile(path.join(BUNDLED, '0001_users.sql'), 'utf8'))
    await write(['learnflow/mine.sql'])
    expect(await names('./learnflow')).toEqual(['mine.sql'])
  })

  test('several entries in their order, repeatable files of all behind', async () => {
    await write(['z/1.sql', 'z/R__view.sql', 'a/2.sql', 'a/R__a.sql'])
    const source = await read(' z ', '', 'a')
    expect(source.files.map((file) => [file.path, file.kind])).toEqual([
      ['z/1.sql', 'once'],
      ['a/2.sql', 'once'],
      ['z/R__view.sql', 'repeatable'],
      ['a/R__a.sql', 'repeatable'],
    ])
    expect(source.description).toBe('z, a')
  })

  test('1,000 files in order', async () => {
    const wanted = Array.from({ length: 1000 }, (_, index) => `${index + 1}_step.sql`)
    await write(wanted.map((name) => `sql/${name}`).reverse())
    expect(await names('sql')).toEqual(wanted)
  })

  test('a file of 5 MB, and an empty one', async () => {
    await write({ 'sql/1.sql': 'insert into t values (1);\n'.repeat(200_000), 'sql/2.sql': '' })
    const { files } = await read('sql')
    expect(files.map((file) => file.text.length)).toEqual([5_200_000, 0])
  })
})

describe('readSchema sorts out', () => {
  test('repeatable files by name and by comment, and only by a real comment', async () => {
    await write({
      'sql/R__a.sql': '',
      'sql/b.repeatable.sql': '',
      'sql/c.sql': 'create view v as select 1;\n-- neon: repeatable\n',
      'sql/d.sql': "select '\n-- neon: repeatable\n';",
      'sql/e.sql': '/*\n-- neon: repeatable\n*/',
      'sql/f.sql': '--NEON:Repeatable',
      'sql/Rxx.sql': '',
    })
    const { files } = await read('sql')
    expect(files.filter((file) => file.kind === 'repeatable').map((file) => file.name)).toEqual([
      'R__a.sql',
      'b.repeatable.sql',
      'c.sql',
      'f.sql',
    ])
  })

  test('files that undo, with the reason', async () => {
    await write(['sql/1.up.sql', 'sql/1.down.sql', 'sql/2.undo.sql', 'sql/U1__x.sql', 'sql/U1.2__x.sql'])
    await write(['sql/revert/a.sql', 'sql/x/verify/b.sql', 'sql/Users__seed.sql', 'sql/countdown.sql'])
    const source = await read('sql')
    expect(source.files.map((file) => file.name)).toEqual(['1.up.sql', 'Users__seed.sql', 'countdown.sql'])
    expect(new Map(source.skipped.map(({ path, reason }) => [path, reason]))).toEqual(
      new Map([
        ['sql/1.down.sql', '*.down.sql files undo a migration'],
        ['sql/2.undo.sql', '*.undo.sql files undo a migration'],
        ['sql/U1__x.sql', 'U…__*.sql files undo a migration'],
        ['sql/U1.2__x.sql', 'U…__*.sql files undo a migration'],
        ['sql/revert/a.sql', 'files in a folder revert/ do not belong to the way forward'],
        ['sql/x/verify/b.sql', 'files in a folder verify/ do not belong to the way forward'],
      ]),
    )
  })
})

describe('readSchema reads', () => {
  test.each([
    ['little end first', [0xff, 0xfe], (text: string) => Buffer.from(text, 'utf16le')],
    ['big end first', [0xfe, 0xff], (text: string) => Buffer.from(text, 'utf16le').swap16()],
  ])('UTF-16 with its mark is read, %s', async (_, mark, encode) => {
    await write({ 'sql/a.sql': Buffer.concat([Buffer.from(mark), encode("select 'Orléans 😀';\r\n")]) })
    const [file] = (await read('sql')).files
    expect(file?.text).toBe("select 'Orléans 😀';\r\n")
  })
})

describe('readSchema refuses', () => {
  test('an entry that names nothing', async () => {
    await write(['empty/README.md', 'undo/1.down.sql'])
    expect((await failure('nope')).message).toBe('Could not take the schema "nope": there is no folder or file nope.')
    expect((await failure('empty')).message).toMatch(/there are no \.sql files in empty\//)
    expect((await failure('empty/*.sql')).message).toMatch(/there are no \.sql files that match empty\/\*\.sql/)
    expect((await failure('nope/**/*.sql')).message).toMatch(/there are no \.sql files that match/)
    expect((await failure('undo')).message).toMatch(/in undo\/ are only files that undo migrations/)
    expect((await failure('undo')).advice).not.toBe('')
  })

  test('what lies outside the workspace', async () => {
    await write(['sql/1.sql'])
    await writeFile(path.join(outer, 'secret.sql'), 'select 1')
    for (const entry of [
      '..',
      '../secret.sql',
      'sql/../../secret.sql',
      '/etc',
      outer,
      '../*.sql',
      'sql/*/../../../*.sql',
    ]) {
      expect((await failure(entry)).message).toBe(`Could not take the schema "${entry}": it is outside the workspace.`)
    }
    expect((await failure('{sql,..}/*.sql')).message).toMatch(/outside the workspace/)
    expect(await names('sql/../sql')).toEqual(['1.sql'])
  })

  test('a symbolic link out of the workspace, and tells of folders behind links', async () => {
    await write(['sql/1.sql', 'elsewhere/2.sql'])
    await writeFile(path.join(outer, 'secret.sql'), 'select 1')
    await symlink('../elsewhere/2.sql', path.join(workspace, 'sql/2.sql'))
    await symlink('../elsewhere', path.join(workspace, 'sql/folder'))
    const source = await read('sql')
    expect(source.files.map((file) => file.name)).toEqual(['1.sql', '2.sql'])
    expect(source.skipped).toEqual([{ path: 'sql/folder', reason: 'folders behind a symbolic link are not read' }])

    await symlink('../../secret.sql', path.join(workspace, 'sql/3.sql'))
    for (const entry of ['sql', 'sql/3.sql', 'sql/*.sql']) {
      expect((await failure(entry)).message).toBe('Could not take the schema "sql/3.sql": it is outside the workspace.')
    }
    await symlink(outer, path.join(workspace, 'out'))
    expect((await failure('out')).message).toMatch(/outside the workspace/)
    expect((await failure('out/*.sql')).message).toMatch(/outside the workspace/)
    expect((await failure('out/secret.sql')).message).toMatch(/outside the workspace/)
  })

  test('a workspace behind a symbolic link is no reason to refuse', async () => {
    await write(['sql/1.sql'])
    await symlink(workspace, path.join(outer, 'link'))
    const source = await readSchema({
      workspace: path.join(outer, 'link'),
      bundledDirectory: BUNDLED,
      entries: ['sql'],
    })
    expect(source.files).toMatchObject([{ path: 'sql/1.sql', name: '1.sql' }])
  })

  test('the same file twice, and two files of one ledger name', async () => {
    await write(['a/1.sql', 'b/1.sql', 'a/x/2.sql'])
    expect((await failure('a', 'a/x')).message).toBe(
      'Could not take the schema file a/x/2.sql: it is named twice, also as a/x/2.sql.',
    )
    const clash = await failure('a', 'b')
    expect(clash.message).toContain('"1.sql" is also the name of a/1.sql')
    expect(clash.advice).toContain('Rename one of them')
    expect(await names('{a,b}/1.sql')).toEqual(['a/1.sql', 'b/1.sql'])
  })

  test.each([
    ['invalid UTF-8', Buffer.from([0x73, 0xc3, 0x28]), /a\.sql, line 1, column 2: it is not valid UTF-8/],
    [
      'a byte of LATIN1 behind other lines',
      Buffer.concat([Buffer.from('select 1;\r\n-- \ufffd é\n'), Buffer.from("select 'Orl\xe9ans';", 'latin1')]),
      /a\.sql, line 3, column 12: it is not valid UTF-8/,
    ],
    [
      'a bad byte behind characters of two and four bytes',
      Buffer.concat([Buffer.from('-- \ufffd é\n-- 😀é '), Buffer.from([0xff])]),
      /a\.sql, line 2, column 7: it is not valid UTF-8/,
    ],
    [
      'UTF-16 with half a character',
      Buffer.from([0xff, 0xfe, 0x73, 0, 0x3d, 0xd8]),
      /a\.sql, line 1, column 1: it begins as UTF-16, but is not valid UTF-16/,
    ],
    ['UTF-16 without a mark', Buffer.from('select', 'utf16le'), /a\.sql, line 1, column 2: it holds a NUL character/],
  ])('%s', async (_, bytes, message) => {
    await write({ 'sql/a.sql': bytes })
    const error = await failure('sql')
    expect(error.message).toMatch(message)
    expect(error.location).toEqual({ file: 'sql/a.sql', line: Number(/line (\d+)/.exec(error.message)?.[1]) })
  })
})

/** As a user whom the owner's rights do not include: nothing is closed to root. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  for (const folder of [outer, workspace]) await chmod(folder, 0o755)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

describe('readSchema names, and never passes over,', () => {
  const badName = () => Buffer.concat([Buffer.from(`${workspace}/sql/2_`), Buffer.from([0xe9]), Buffer.from('.sql')])

  test.each<[string, () => Promise<unknown> | unknown, RegExp]>([
    [
      'a name that is no UTF-8',
      () => writeFile(badName(), 'select 2;'),
      /sql\/2_\ufffd\.sql: its name is not valid UTF-8/,
    ],
    [
      'a link to nothing',
      () => symlink('gone.sql', path.join(workspace, 'sql/2.sql')),
      /sql\/2\.sql: it is a symbolic link that leads nowhere/,
    ],
    [
      'a link to itself',
      () => symlink('2.sql', path.join(workspace, 'sql/2.sql')),
      /sql\/2\.sql: it is a symbolic link that leads to itself/,
    ],
    [
      'a named pipe',
      () => execFileSync('mkfifo', [path.join(workspace, 'sql/2.sql')]),
      /sql\/2\.sql: it is a named pipe and no file/,
    ],
    ['a socket', () => listen(path.join(workspace, 'sql/2.sql')), /sql\/2\.sql: it is a socket and no file/],
  ])('%s', async (_, make, message) => {
    await write(['sql/1.sql'])
    const made = await make()
    for (const entry of ['sql', 'sql/*.sql', '.']) {
      const error = await failure(entry)
      expect(error.message).toMatch(message)
      expect(error.advice).toContain('remove it')
      expect(error.location?.file).toContain('sql/2')
    }
    if (made instanceof Server) await new Promise((resolve) => made.close(resolve))
  })

  test('a folder whose name is no UTF-8 and that may hold files', async () => {
    await write(['sql/1.sql'])
    await mkdir(Buffer.concat([Buffer.from(`${workspace}/sql/`), Buffer.from([0xff])]))
    expect((await failure('sql')).message).toMatch(/sql\/\ufffd: its name is not valid UTF-8/)
  })

  test('a name that has the replacement character of its own is one like any other', async () => {
    await write(['sql/\ufffd.sql'])
    expect(await names('sql')).toEqual(['\ufffd.sql'])
  })

  test('a named pipe that the entry itself names, without waiting for it', async () => {
    execFileSync('mkfifo', [path.join(workspace, 'pipe')])
    expect((await failure('pipe')).message).toMatch(/file pipe: it is a named pipe and no file/)
  })

  test('a file that may not be read', async () => {
    await write(['sql/1.sql', 'sql/2.sql'])
    await chmod(path.join(workspace, 'sql/2.sql'), 0o000)
    const error = await asNobody(() => failure('sql'))
    expect(error.message).toBe('Could not read sql/2.sql: it may not be read.')
    expect(error.location).toEqual({ file: 'sql/2.sql', line: 1 })
  })

  test('the line of the byte that is no UTF-8, and of a NUL', async () => {
    await write({
      'a/1.sql': Buffer.from("select 1;\n-- \ufffd é\r\nselect 'Orl\xe9ans';\n".replace('é', '\xe9'), 'latin1'),
    })
    expect((await failure('a')).location).toEqual({ file: 'a/1.sql', line: 2 })
    const bad = Buffer.concat([Buffer.from('-- \ufffd 😀\n\n'), Buffer.from([0x27, 0xe9, 0x27, 0x0a])])
    await write({ 'b/1.sql': bad, 'c/1.sql': 'select 1;\n\0' })
    expect((await failure('b')).location).toEqual({ file: 'b/1.sql', line: 3 })
    expect((await failure('c')).location).toEqual({ file: 'c/1.sql', line: 2 })
  })
})

function listen(socket: string): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(socket, () => resolve(server))
  })
}

describe('readSchema recognises the format of', () => {
  test.each<[string, Record<string, string>, string, string, string]>([
    [
      'dbmate',
      { 'm/1.sql': '-- migrate:up\nselect 1;\n-- migrate:down\n' },
      'm',
      'm/1.sql',
      'npx dbmate --migrations-dir m --no-dump-schema migrate',
    ],
    ['goose', { 'm/1.sql': '-- +goose Up\nselect 1;\n' }, 'm', 'm/1.sql', 'goose -dir m postgres "$DIRECT_URL" up'],
    [
      'node-pg-migrate',
      { 'm/1.sql': 'select 1;\n-- Down Migration\n' },
      'm',
      'm/1.sql',
      'npx node-pg-migrate up --migrations-dir m',
    ],
    [
      'Sqitch',
      { 'deploy/a.sql': '', 'sqitch.plan': '' },
      'deploy',
      'deploy/a.sql',
      'sqitch --chdir . deploy "db:$DIRECT_URL"',
    ],
    [
      'Sqitch',
      { 'db/deploy/a.sql': '', 'db/revert/a.sql': '', 'db/sqitch.plan': '' },
      'db',
      'db/deploy/a.sql',
      'sqitch --chdir db deploy "db:$DIRECT_URL"',
    ],
    [
      'Drizzle',
      { 'drizzle/0000_a.sql': '', 'drizzle/meta/_journal.json': '{}' },
      'drizzle',
      'drizzle/0000_a.sql',
      'npx drizzle-kit migrate',
    ],
    [
      'Prisma',
      { 'prisma/migrations/1_a/migration.sql': '', 'prisma/migrations/migration_lock.toml': '' },
      'prisma',
      'prisma/migrations/1_a/migration.sql',
      'npx prisma migrate deploy',
    ],
    [
      'Atlas',
      { 'migrations/1.sql': '', 'migrations/atlas.sum': '' },
      'migrations/*.sql',
      'migrations/1.sql',
      'atlas migrate apply --dir file://migrations --url "$DIRECT_URL"',
    ],
    [
      'Flyway',
      { 'sql/V1__a.sql': '', 'flyway.toml': '' },
      'sql',
      'sql/V1__a.sql',
      'flyway -url="jdbc:postgresql://$PGHOST/$PGDATABASE?sslmode=require" -user="$PGUSER" -password="$PGPASSWORD" -locations=filesystem:sql migrate',
    ],
    [
      'Flyway',
      { 'sql/a.sql': '', 'sql/flyway.conf': '' },
      'sql',
      'sql/a.sql',
      'flyway -url="jdbc:postgresql://$PGHOST/$PGDATABASE?sslmode=require" -user="$PGUSER" -password="$PGPASSWORD" -locations=filesystem:sql migrate',
    ],
  ])('%s', async (tool, files, entry, file, command) => {
    await write(files)
    const error = await failure(entry)
    expect(error.message).toContain(`Could not take ${file} as plain SQL: `)
    expect(error.message).toContain(`belongs to ${tool}.`)
    expect(error.advice).toContain(`migrate_command: ${command}`)
    expect(error.advice.endsWith(command)).toBe(true)
  })

  test('a tool, and quotes its folder for the shell', async () => {
    await write({ "my sql's/1.sql": '-- migrate:up\n' })
    expect((await failure("my sql's")).advice).toContain(`--migrations-dir 'my sql'\\''s' --no-dump-schema`)
  })

  test('nothing where a tool is merely mentioned or lies elsewhere', async () => {
    await write({
      'flyway.toml': '',
      'sql/1.sql': "select '\n-- migrate:up\n'; /*\n-- +goose Up\n*/ -- we left dbmate (-- migrate:up) in 2024\n",
      'sql/2.sql': '--! no-transaction\nselect 1;',
      'db/atlas.sum': '',
      'db/seeds/1.sql': '',
    })
    expect(await names('sql')).toEqual(['1.sql', '2.sql'])
    expect(await names('db/seeds')).toEqual(['1.sql'])
  })
})

describe('compareNames', () => {
  test.each([
    [['2_x.sql', '10_x.sql', '100_x.sql']],
    [['0001.sql', '0001-b.sql', '0001_b.sql', '2.sql']],
    [['20240101120000_a.sql', '20240101120001_b.sql', '99999999999999999999999_c.sql']],
    [['V1__init.sql', 'V1.1__add.sql', 'V1.2__b.sql', 'V1.10__a.sql', 'V2__c.sql', 'V10__d.sql']],
    [['B.sql', 'a.sql', 'é.sql']],
    [['a.sql', 'a/1.sql', 'a/b/1.sql', 'a/c.sql', 'a-b/1.sql', 'a.b/1.sql']],
    [['1/b.sql', '1/c.sql', '01/a.sql'].toSorted(compareNames)],
  ])('%j', (ordered) => {
    expect(ordered.toReversed().toSorted(compareNames)).toEqual(ordered)
  })

  const name = fc
    .array(fc.constantFrom('0', '1', '01', '10', 'a', 'B', '_', '__', '-', '.', '/', 'V1', 'é', '.sql'), {
      minLength: 1,
      maxLength: 7,
    })
    .map((parts) => parts.join(''))

  test('is a total order on any names', () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareNames(a, b))).toBe(-Math.sign(compareNames(b, a)) + 0)
        if (compareNames(a, b) === 0) expect(a).toBe(b)
        if (compareNames(a, b) <= 0 && compareNames(b, c) <= 0) expect(compareNames(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 20_000, seed: 7 },
    )
  })
})

describe('nextFreeName', () => {
  test.each<[string[], string, string]>([
    [['0001_a.sql', '0007_x.sql'], '0003_add.sql', '0008_add.sql'],
    [['1.sql', '9.sql'], '5_b.sql', '10_b.sql'],
    [['0099_x.sql'], '0003_add.sql', '0100_add.sql'],
    [['V1__a.sql', 'V7__x.sql'], 'V3__add.sql', 'V8__add.sql'],
    [['V1.2__x.sql'], 'V1.1__add.sql', 'V2__add.sql'],
    [['20240301120000_b.sql'], '20240101120000_a.sql', '20240301120001_a.sql'],
    [['v2/0001_x.sql'], 'v1/0005_y.sql', 'v2/0002_y.sql'],
    [['20240301_b/migration.sql'], '20240101_a/migration.sql', '20240302_a/migration.sql'],
    [['0007_x.sql'], '0003.sql', '0008.sql'],
    [['users.sql'], 'accounts.sql', 'users_accounts.sql'],
    [['m7_x.sql'], 'add.sql', 'm8_add.sql'],
    [['0001_a.sql'], '0002_b.sql', '0002_b.sql'],
    [[], '0002_b.sql', '0002_b.sql'],
  ])('behind %j, %s becomes %s', (existing, name, expected) => {
    expect(nextFreeName(existing, name)).toBe(expected)
  })

  test('sorts behind all others, whatever they are', () => {
    const part = fc.constantFrom('0', '1', '09', '10', 'a', 'B', '_', '__', '-', '.', 'V1', 'z9')
    const segment = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
    const name = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `${segments.join('/')}.sql`)
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), name, (existing, wanted) => {
        const free = nextFreeName(existing, wanted)
        for (const other of existing) expect(compareNames(free, other)).toBeGreaterThan(0)
      }),
      { numRuns: 5000, seed: 7 },
    )
  })
})

test('a folder that may not be read is passed over, and told of', async () => {
  await write(['1.sql', 'closed/2.sql'])
  await chmod(path.join(workspace, 'closed'), 0o000)
  const source = await asNobody(() => read('.'))
  await chmod(path.join(workspace, 'closed'), 0o755)
  expect(source.files.map(({ name }) => name)).toEqual(['1.sql'])
  expect(source.skipped).toEqual([{ path: 'closed', reason: 'the folder may not be read (EACCES)' }])
})
