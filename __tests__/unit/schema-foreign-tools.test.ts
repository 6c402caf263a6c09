import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readSchema } from '../../src/database/schema/files/read.ts'
import { TOOLS } from '../../src/database/schema/files/tools.ts'
import { ActionError } from '../../src/runtime/errors.ts'

let workspace: string
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'schema-tools-'))
})
afterEach(() => rm(workspace, { recursive: true, force: true }))

async function read(files: Record<string, string>, entry: string) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(workspace, name)), { recursive: true })
    await writeFile(path.join(workspace, name), text)
  }
  return readSchema({ workspace, bundledDirectory: '/nowhere', entries: [entry] })
}

async function refusal(files: Record<string, string>, entry: string): Promise<ActionError> {
  const error = await read(files, entry).then(
    ({ files: taken }) => new Error(`taken: ${taken.map(({ name }) => name)}`),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ActionError)) throw error
  return error
}

const UP = 'create table people(id int primary key);\n'
const DOWN = 'drop table people;\n'

/** Folders as each tool writes them, with the folder that a user would name. */
const FOLDERS: [tool: string, entry: string, files: Record<string, string>][] = [
  [
    'dbmate',
    'db/migrations',
    { 'db/migrations/20240101000000_p.sql': `-- migrate:up\n${UP}\n-- migrate:down\n${DOWN}` },
  ],
  [
    'dbmate',
    'm',
    { 'm/1.sql': `-- migrate:up transaction:false\r\n${UP}\r\n--   migrate:down transaction:false\r\n${DOWN}` },
  ],
  [
    'goose',
    'm',
    {
      'm/00001_p.sql': `-- +goose Up\n-- +goose StatementBegin\n${UP}-- +goose StatementEnd\n\n-- +goose Down\n${DOWN}`,
    },
  ],
  ['goose', 'm', { 'm/1.sql': `--+goose up\n${UP}--   +GOOSE   down\n${DOWN}` }],
  ['sql-migrate', 'm', { 'm/1.sql': `-- +migrate Up\n${UP}\n-- +migrate Down\n${DOWN}` }],
  ['sql-migrate', 'm', { 'm/1.sql': `-- +migrate Up notransaction\n${UP}--+migrate   DOWN\n${DOWN}` }],
  [
    'tern',
    'm',
    { 'm/001_p.sql': `${UP}\n---- create above / drop below ----\n\n${DOWN}`, 'm/tern.conf': '[database]' },
  ],
  ['tern', 'm', { 'm/001_p.sql': `${UP}-- Create above/drop below\n${DOWN}` }],
  ['rambler', 'm', { 'm/01_p.sql': `-- rambler up\n\n${UP}\n-- rambler down\n\n${DOWN}` }],
  ['rambler', 'm', { 'm/01_p.sql': `${UP}--rambler  DOWN\n${DOWN}` }],
  [
    'shmig',
    'migrations',
    {
      'migrations/1470490964-p.sql': `-- Migration: p\n-- Created at: 2016-08-06 09:42:44\n-- ====  UP  ====\n\nBEGIN;\n${UP}COMMIT;\n\n-- ==== DOWN ====\n\nBEGIN;\n${DOWN}COMMIT;\n`,
    },
  ],
  ['shmig', 'm', { 'm/1.sql': `copy people from stdin;\n1\tO'Brien\n2\t-- x /*\n\\.\n-- ==== DOWN ====\n${DOWN}` }],
  ['shmig', 'm', { 'm/1.sql': `set standard_conforming_strings = off;\nselect 'it\\'s';\n-- ==== DOWN ====\n${DOWN}` }],
  ['MyBatis Migrations', 'scripts', { 'scripts/20090802210750_p.sql': `--// P\n${UP}\n--//@UNDO\n${DOWN}` }],
  [
    'MyBatis Migrations',
    'scripts',
    { 'scripts/1_p.sql': `-- // P\n${UP}\n-- //   @undo  SQL to undo goes here\n${DOWN}` },
  ],
  ['node-pg-migrate', 'm', { 'm/1_p.sql': `-- Up Migration\n${UP}\n-- Down Migration\n${DOWN}` }],
  ['node-pg-migrate', 'm', { 'm/1_p.sql': `---- Up Migration\n${UP}---- Down Migration\n${DOWN}` }],
  ['node-pg-migrate', 'm', { 'm/1_p.sql': `${UP}--- - down  \tmigration of people\n${DOWN}` }],
  [
    'pogo-migrate',
    'm',
    { 'm/1_p.sql': `-- p\n-- depends:\n\n-- migrate: apply\n${UP}\n-- migrate: rollback\n${DOWN}` },
  ],
  [
    'Play evolutions',
    'conf/evolutions/default',
    { 'conf/evolutions/default/1.sql': `# --- !Ups\n\n${UP}\n# --- !Downs\n\n${DOWN}` },
  ],
  ['Play evolutions', 'e', { 'e/1.sql': `-- People\n\n-- !Ups\n${UP}\n-- !Downs\n${DOWN}` }],
  ['Play evolutions', 'e', { 'e/1.sql': `#!Ups\n${UP}\n#!Downs\n${DOWN}` }],
  [
    'Liquibase',
    'changelog',
    { 'changelog/1.sql': `--liquibase formatted sql\n\n--changeset nvoxland:1 dbms:oracle\n${UP}--rollback ${DOWN}` },
  ],
  [
    'Liquibase',
    'changelog',
    { 'changelog/1.sql': `-- changeset me:make-people splitStatements:false endDelimiter:/\n${UP}/\n` },
  ],
  ['Liquibase', 'db', { 'db/1.sql': UP, 'db/db.changelog-master.yaml': 'databaseChangeLog:\n' }],
  ['yoyo', 'm', { 'm/0001.people.sql': `-- people\n-- depends: \n${UP}`, 'm/0001.people.rollback.sql': DOWN }],
  ['yoyo', 'm', { 'm/0001.people.sql': UP, 'm/0001.people.rollback.sql': DOWN }],
  [
    'graphile-migrate',
    'migrations/committed',
    {
      '.gmrc': '{}',
      'migrations/committed/000001.sql': `--! Previous: -\n--! Hash: sha1:0000\n\n${UP}grant select on people to :DATABASE_VISITOR;\n`,
    },
  ],
  ['graphile-migrate', 'migrations', { '.gmrc': '{}', 'migrations/current.sql': UP }],
  ['Diesel or Hasura', 'db', { 'db/2020-01-01-000000_p/up.sql': UP, 'db/2020-01-01-000000_p/down.sql': DOWN }],
  [
    'Diesel or Hasura',
    'migrations/default',
    { 'migrations/default/1700000000000_p/up.sql': UP, 'migrations/default/1700000000000_p/down.sql': DOWN },
  ],
  ['Diesel or Hasura', 'migrations', { 'diesel.toml': '', 'migrations/1_p/up.sql': UP }],
  ['db-migrate', 'sqls', { 'sqls/20200101000000-p-down.sql': DOWN, 'sqls/20200101000000-p-up.sql': UP }],
  ['db-migrate', 'm', { 'm/1_people_down.sql': DOWN, 'm/1_people_up.sql': UP }],
  ['db-migrate', 'm', { 'm/1.sql': UP, 'm/1-rollback.sql': DOWN }],
  ['postgrator', 'm', { 'm/001.do.people.sql': UP, 'm/001.undo.people.sql': DOWN }],
  ['postgrator', 'm', { 'm/1.do.sql': UP, 'm/1.undo.sql': DOWN }],
  ['dogfish', 'm', { 'm/migrate-20140101-p.sql': UP, 'm/rollback-20140101-p.sql': DOWN }],
  [
    'Sqitch',
    'deploy',
    { 'sqitch.plan': '%project=p', 'deploy/people.sql': `-- Deploy p:people to pg\nBEGIN;\n${UP}COMMIT;\n` },
  ],
  ['Sqitch', 'undo-me', { 'undo-me/people.sql': `-- Revert flipr:people from pg\nBEGIN;\n${DOWN}COMMIT;\n` }],
  ['Drizzle', 'drizzle', { 'drizzle/0000_p.sql': UP, 'drizzle/meta/_journal.json': '{}' }],
  [
    'Prisma',
    'prisma/migrations',
    { 'prisma/migrations/1_p/migration.sql': UP, 'prisma/migrations/migration_lock.toml': '' },
  ],
  ['Atlas', 'm', { 'm/1.sql': UP, 'm/atlas.sum': 'h1:' }],
  ['Atlas', 'm', { 'm/1.sql': `-- atlas:txtar\n\n-- migration.sql --\n${UP}\n-- down.sql --\n${DOWN}` }],
  ['Flyway', 'db/migration', { 'db/migration/V1__people.sql': UP, 'db/migration/U1__people.sql': DOWN }],
  ['Flyway', 'db/migration', { 'db/migration/V1__people.sql': UP }],
  ['Flyway', 'db/migration', { 'db/migration/B5__base.sql': UP }],
  ['Flyway', 'db', { 'db/beforeClean.sql': DOWN, 'db/R__v.sql': 'create view v as select 1;' }],
  ['Flyway', 'db', { 'db/afterMigrate__seed.sql': UP }],
  ['Flyway', 'db', { 'db/R__v.sql': `create view \${schema}.v as select 1;` }],
  ['another migration tool', 'm', { 'm/1.sql': `-- Up\n${UP}\n-- Down\n${DOWN}` }],
  ['another migration tool', 'm', { 'm/up_people.sql': UP, 'm/down_people.sql': DOWN }],
  ['another migration tool', 'm', { 'm/1-PeopleUp.sql': UP, 'm/1-PeopleDown.sql': DOWN }],
  ['another migration tool', 'm', { 'm/1_down_people.sql': DOWN, 'm/1_up_people.sql': UP }],
  ['another migration tool', 'm', { 'm/people.sql': UP, 'm/undo-people.sql': DOWN }],
  ['Liquibase', 'm', { 'm/1.sql': `--changeset "John Doe":1\n${UP}` }],
  ['another migration tool', 'm', { 'm/1.sql': `-- @UP\n${UP}\n-- @DOWN\n${DOWN}` }],
  [
    'another migration tool',
    'm',
    { 'm/1.sql': `-----[ migration: up ]-----\n${UP}\n-----[ migration: down ]-----\n${DOWN}` },
  ],
  ['another migration tool', 'm', { 'm/1.sql': `--- APPLY ---\n${UP}\n--- ROLLBACK SECTION ---\n${DOWN}` }],
]

describe('another tool is named, with its command, instead of its undo half being run', () => {
  test.each(FOLDERS)('%s: %s %j', async (tool, entry, files) => {
    const error = await refusal(files, entry)
    expect(error.message).toMatch(/^Could not take .+ as plain SQL: .+ says that it belongs to .+\.$/)
    expect(error.message).toContain(`belongs to ${tool}.`)
    const command = TOOLS.find(({ name }) => name === tool)
      ?.command({ folder: 'f', project: 'p' })
      .split(' ')[0]
    expect(error.advice).toContain(`with migrate_command: ${command}`)
    expect(error.location?.file).toMatch(/\.sql$/)
  })

  test('every tool of the catalogue has a folder here', () => {
    expect([...new Set(FOLDERS.map(([tool]) => tool))].sort()).toEqual(TOOLS.map(({ name }) => name).sort())
  })

  test('the line of the comment that gives it away', async () => {
    const error = await refusal({ 'm/1.sql': `${UP}\n\n-- +migrate Down\n${DOWN}` }, 'm')
    expect(error.location).toEqual({ file: 'm/1.sql', line: 4 })
  })
})

describe('a half that undoes, in a file of its own, is passed over', () => {
  test.each([
    ['1.up.sql', '1.down.sql'],
    ['1.up.sql', '1.DOWN.SQL'],
    ['1_p.sql', '1_q.undo.sql'],
    ['1_p.sql', '1_q.rollback.sql'],
    ['1_p.sql', '1_q.revert.sql'],
    ['1_p.sql', '001.undo.q.sql'],
    ['1_p.sql', '001.rollback.q.sql'],
    ['x/1.sql', 'x/down.sql'],
    ['x/1.sql', 'x/rollback.sql'],
    ['up/1.sql', 'down/1.sql'],
    ['up/1.sql', 'Down/1.sql'],
    ['1.sql', 'rollback/1.sql'],
    ['1.sql', 'rollbacks/1.sql'],
    ['1.sql', 'undo/1.sql'],
    ['1.sql', 'migrations_down/1.sql'],
    ['1.sql', 'downgrade/1-2/1.sql'],
    ['deploy/1.sql', 'revert/1.sql'],
    ['1.sql', 'U1__x.sql'],
  ])('of %s and %s only the first runs', async (forward, undo) => {
    const { files, skipped } = await read({ [`sql/${forward}`]: UP, [`sql/${undo}`]: DOWN }, 'sql')
    expect(files.map(({ name }) => name)).toEqual([forward])
    expect(skipped).toEqual([{ path: `sql/${undo}`, reason: expect.stringMatching(/undo|way forward/) }])
  })
})

test('what only looks like another tool is plain SQL', async () => {
  const files = {
    'countdown.sql': UP,
    'markdown.sql': UP,
    'breakdown.sql': UP,
    'setup.sql': UP,
    'Users__seed.sql': UP,
    'V_users.sql': UP,
    'rollback_policy.sql': UP,
    '3_rollback_on_error.sql': UP,
    'DropdownUp.sql': UP,
    'Dropdown.sql': UP,
    'DownloadedFiles.sql': UP,
    'uploadedFiles.sql': UP,
    'up.sql': UP,
    'before.sql': UP,
    'a-comment.sql': `-- Down the line this table goes away.\n${UP}-- Up to 5 rows.\n`,
    'b-rollback-notes.sql': `-- Up\n${UP}-- Rollback:\n-- drop table people;\n`,
    'c-one-heading.sql': `-- Down\n${DOWN}`,
    'd-within.sql': `select '\n-- migrate:down\n', $$\n-- +goose Down\n$$; /*\n-- +migrate Down\n*/\n`,
    'e-hash.sql': `select 5\n# 3;\nselect '{}'::jsonb\n#> '{a}';`,
    'f-separator.sql': `-- ==========\n-- people\n-- ==========\n${UP}`,
    'g-revert.sql.sql': `-- Revert the change of 2023.\n${UP}`,
    'h-migration.sql': `-- Migration of people\n${UP}`,
    'i-template.sql': `select '\${name}';`,
  }
  const source = await read(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`sql/${name}`, text])),
    'sql',
  )
  expect(source.files.map(({ name }) => name).sort()).toEqual(Object.keys(files).sort())
})

test.each(['-', '=', '--', '- ', '#', '-- =', '\n#', '-- up '])(
  'half a million times %j is read in no time',
  async (piece) => {
    const text = `select 1 -- down\n;--${piece.repeat(500_000)}\n`
    const started = performance.now()
    await read({ 'sql/1.sql': text }, 'sql')
    expect(performance.now() - started).toBeLessThan(3000)
  },
)
