import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { explainFailure } from '../../src/database/migrate/command-failure.ts'
import { KEPT_LINES } from '../../src/database/migrate/process.ts'

const OUTPUTS = join(import.meta.dirname, '..', 'fixtures', 'tool-outputs')
const explain = (lines: string[]) => explainFailure({ exitCode: 1, signal: null, lastLines: lines })
const read = (name: string) =>
  explain(
    readFileSync(join(OUTPUTS, `${name}.txt`), 'utf8')
      .split('\n')
      .slice(-KEPT_LINES),
  )

const EXISTS = 'relation "pages" already exists'
const TABEL = 'syntax error at or near "tabel"'

/** Output, the line that tells why, SQLSTATE where the output has it, the migration where the output names it. */
const CORPUS: [output: string, told: string, sqlstate?: string, file?: string, line?: number][] = [
  ['real/drizzle-migrate-on-node-postgres', `error: ${EXISTS}`, '42P07'],
  ['real/drizzle-migrate-on-postgres-js', `PostgresError: ${EXISTS}`, '42P07'],
  ['real/knex', `error: create table pages (id int primary key) - ${EXISTS}`, undefined, '20240103000000_twice.js'],
  [
    'real/knex-without-transactions',
    `error: create table pages (id int primary key) - ${EXISTS}`,
    undefined,
    '20240103000000_twice.js',
  ],
  ['real/node-pg-migrate', `error: ${EXISTS}`, '42P07', '0003_twice'],
  // Its last errors are about the transaction that failed.
  ['real/node-pg-migrate-a-transaction-for-each-file', `error: ${EXISTS}`, '42P07', '0003_twice'],
  ['real/sequelize-cli', `ERROR: ${EXISTS}`, undefined, '20240103000000-twice'],
  ['real/typeorm', `error: ${EXISTS}`, '42P07', 'twice1700000000003'],
  ['real/typeorm-typo', `error: ${TABEL}`, '42601', 'typo1700000000003'],
  ['real/postgrator', `error: ${EXISTS}`, '42P07', '/work/migrations/3.do.twice.sql'],
  ['real/db-migrate', `[ERROR] AssertionError [ERR_ASSERTION]: ifError got unwanted exception: ${EXISTS}`],
  ['real/dbmate', `Error: pq: ${EXISTS} (42P07)`, '42P07', '20240103000000_twice.sql'],
  ['real/graphile-migrate', `error: ${EXISTS}`, '42P07', '000003.sql'],
  ['real/graphile-migrate-typo', `error: ${TABEL}`, '42601', '000003.sql', 1],
  [
    'real/postgres-migrations',
    `Error: An error occurred running 'twice'. Rolled back this migration. No further migrations were run. Reason: ${EXISTS}`,
    undefined,
    'twice',
  ],
  ['real/kysely-kysely-ctl', `ERROR  ${EXISTS}`, undefined, '0003_twice'],
  ['real/kysely-migrator', `error: ${EXISTS}`, '42P07', '0003_twice'],
  ['real/mikroorm', `TableExistsException: ${EXISTS}`, '42P07', 'Migration20240103000000'],
  ['real/umzug', `error: ${EXISTS}`, '42P07', '0003_twice.cjs'],
  ['real/make-psql', 'psql:db/2_notes.sql:1: ERROR:  relation "ok" already exists', undefined, 'db/2_notes.sql', 1],
  ['real/npm-run-missing-module', "Error: Cannot find module 'pg'"],
  ['real/node-syntax-error', 'SyntaxError: missing ) after argument list'],
  ['real/not-installed', 'bash: line 1: no-such-migrator: command not found'],
  ['real/psql-refused', 'psql: error: connection to server at "127.0.0.1", port 1 failed: Connection refused'],
  [
    'real/psql-password',
    'psql: error: connection to server at "127.0.0.1", port 43521 failed: FATAL:  password authentication failed for user "cloud_admin"',
  ],
  ['printed/yarn-missing-module', "Error: Cannot find module 'pg'"],
  [
    'printed/alembic',
    `sqlalchemy.exc.ProgrammingError: (psycopg2.errors.DuplicateTable) ${EXISTS}`,
    undefined,
    '/work/migrations/versions/ae1027a6acf_add_pages.py',
    18,
  ],
  [
    'printed/atlas',
    `Error: sql/migrate: executing statement "create table pages (id int primary key);" from version "20240103000000": pq: ${EXISTS}: sql/migrate: write revision: pq: ${EXISTS}`,
    undefined,
    '20240103000000',
  ],
  ['printed/diesel', `Failed to run 2024-01-03-000000_pages with: ${EXISTS}`, undefined, '2024-01-03-000000_pages'],
  ['printed/django', `django.db.utils.ProgrammingError: ${EXISTS}`, undefined, 'app.0002_pages'],
  [
    'printed/doctrine',
    `SQLSTATE[42P07]: Duplicate table: 7 ERROR:  ${EXISTS}`,
    '42P07',
    'DoctrineMigrations\\Version20240103000000',
  ],
  [
    'printed/ecto',
    `** (Postgrex.Error) ERROR 42P07 (duplicate_table) ${EXISTS}`,
    '42P07',
    '20240103000000 App.Repo.Migrations.Pages',
  ],
  ['printed/ef-core', `Npgsql.PostgresException (0x80004005): 42P07: ${EXISTS}`, '42P07', '20240103000000_Pages'],
  ['printed/flyway', `ERROR: ${TABEL}`, '42601', 'V2__add_notes.sql'],
  ['printed/golang-migrate', `error: migration failed: ${EXISTS} in line 0: create table pages (id int primary key);`],
  [
    'printed/goose',
    `2024/01/03 10:00:00 goose run: ERROR 00002_pages.sql: failed to run SQL migration: failed to execute SQL query "create table pages (id int primary key);": ERROR: ${EXISTS} (SQLSTATE 42P07)`,
    '42P07',
    '00002_pages.sql',
  ],
  [
    'printed/laravel',
    `SQLSTATE[42P07]: Duplicate table: 7 ERROR:  ${EXISTS} (Connection: pgsql, SQL: create table "pages" ("id" bigserial not null primary key))`,
    '42P07',
    '2024_01_03_000000_create_pages_table',
  ],
  [
    'printed/liquibase',
    `liquibase.exception.DatabaseException: ERROR: ${EXISTS} [Failed SQL: (0) create table pages (id int primary key)]`,
    undefined,
    'changelog.sql::2::bob',
  ],
  ['printed/prisma', `ERROR: ${EXISTS}`, '42P07', '20240103000000_pages'],
  [
    'printed/rails',
    `PG::DuplicateTable: ERROR:  ${EXISTS} (PG::DuplicateTable)`,
    undefined,
    '/work/db/migrate/20240103000000_add_pages.rb',
    3,
  ],
  ['printed/sqitch', `psql:deploy/pages.sql:5: ERROR:  ${EXISTS}`, undefined, 'deploy/pages.sql', 5],
  [
    'printed/sql-migrate',
    `Migration failed: ERROR: ${EXISTS} (SQLSTATE 42P07) handling 0002_pages.sql`,
    '42P07',
    '0002_pages.sql',
  ],
  ['printed/sqlx', `error: while executing migration 2: error returned from database: ${EXISTS}`, undefined, '2'],
  ['printed/tern', `ERROR: ${EXISTS} (SQLSTATE 42P07)`, '42P07', '002_pages.sql'],
]

describe('the line that tells why, in the output of', () => {
  test.each(CORPUS.map((entry) => [entry[0], entry] as const))('%s', (name, [, told, sqlstate, file, line]) => {
    const failure = read(name)
    expect({ told: failure.told, sqlstate: failure.sqlstate, file: failure.file, line: failure.line }).toEqual({
      ...{ told: [told], sqlstate, file, line },
    })
  })

  test.each(['real/psql', 'printed/pnpm-psql'])('%s: psql’s three lines', (name) => {
    expect(read(name)).toMatchObject({
      told: [
        'psql:db/2_notes.sql:3: ERROR:  syntax error at or near "tabel"',
        'LINE 1: create tabel notes (id int primary key);',
        '               ^',
      ],
      ...{ file: 'db/2_notes.sql', line: 3 },
    })
  })

  test('real/drizzle-drizzle-kit-migrate: which prints none, no other line stands in for it', () => {
    expect(read('real/drizzle-drizzle-kit-migrate').told).toEqual([])
  })

  test('every output of the corpus is told here', () => {
    const files = ['real', 'printed'].flatMap((folder) =>
      readdirSync(join(OUTPUTS, folder)).map((name) => `${folder}/${name.replace(/\.txt$/, '')}`),
    )
    const others = ['real/psql', 'printed/pnpm-psql', 'real/drizzle-drizzle-kit-migrate']
    expect(files.sort()).toEqual([...CORPUS.map(([name]) => name), ...others].sort())
  })
})

describe('the failure has', () => {
  test('the last thirty lines, without colours and without the empty ones at both ends', () => {
    const lines = ['', ...Array.from({ length: 40 }, (_, index) => `\u001b[31mline ${index}\u001b[0m`), '', '  ']
    const { output } = explain(lines)
    expect(output.split('\n')).toHaveLength(30)
    expect(output).toMatch(/^line 10\n/)
    expect(output).toMatch(/line 39$/)
  })

  test('the last line where none is an error', () => {
    expect(explain(['Starting', 'oh no', '']).told).toEqual(['oh no'])
  })

  test.each([
    ['a notice', 'NOTICE:  relation "a" already exists, skipping'],
    ['a hint', 'HINT:  relation "a" does not exist'],
    ['a warning of a retry', 'connect ECONNREFUSED 10.0.0.1:5432, next attempt in 1 s'],
  ])('the error, not %s behind or before it', (_, other) => {
    const real = 'ERROR:  column "x" of relation "a" does not exist'
    expect(explain([other, real, other]).told).toEqual([real])
  })

  test('no DETAIL, which has values of rows', () => {
    const line = 'error: duplicate key value violates unique constraint "a" DETAIL: Key (mail)=(a@b.c) already exists.'
    expect(explain([line, 'DETAIL:  Key (mail)=(a@b.c) already exists.']).told).toEqual([
      'error: duplicate key value violates unique constraint "a"',
    ])
  })

  test('a query that is printed with the error cut', () => {
    const [told] = explain([`error: insert into t values (${'1, '.repeat(1000)}) - relation "t" does not exist`]).told
    expect(told?.length).toBeLessThan(620)
    expect(told).toMatch(/^error: insert into t values \(1, .* … .*relation "t" does not exist$/)
  })

  test.each(['x', 'ERROR: ', ' at ', 'psql:', 'Error occurred at line 1 ', 'Migration "', 'a/', '== '])(
    'a reader who does not wait for thousands of long lines of %j',
    (word) => {
      const line = word.repeat(8000 / word.length)
      const started = performance.now()
      explain(Array.from({ length: KEPT_LINES }, () => line))
      expect(performance.now() - started).toBeLessThan(5000)
    },
  )

  test('what stands before a query that is printed with it', () => {
    const [told] = explain([`ERROR: relation "t" does not exist (query: ${'select 1; '.repeat(500)})`]).told
    expect(told).toMatch(/^ERROR: relation "t" does not exist/)
  })

  test('the way it ended', () => {
    expect(explainFailure({ exitCode: null, signal: 'SIGKILL', lastLines: [] })).toEqual({
      how: 'was ended by SIGKILL',
      ...{ told: [], output: '' },
    })
  })
})
