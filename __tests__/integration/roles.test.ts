import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import postgres from 'postgres'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import { ensureRoles, parseRoles, type RoleResult } from '../../src/database/roles/index.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const OWNER_PASSWORD = 'owner-password'
const versions: PostgresVersion[] = [14, 15, 16, 17, 18]

describe.each(versions)('roles on PostgreSQL %i', (version) => {
  let cluster: Cluster
  let database: Database
  let url: string
  let runtime: TestRuntime
  let number = 0

  beforeAll(async () => {
    cluster = await startCluster({ version })
    // As on Neon: the owner may create roles, but is no superuser.
    await cluster.query(`create role neondb_owner login createrole createdb bypassrls password '${OWNER_PASSWORD}'`)
  })
  afterAll(async () => {
    await database?.close()
    await cluster.stop()
  })

  beforeEach(async () => {
    await database?.close()
    number += 1
    const name = `learnflow_${number}`
    for (const role of await cluster.query(
      `select rolname as name from pg_roles where rolname in ('api', 'reports')`,
    )) {
      await cluster.query(`drop owned by ${role.name}`, `learnflow_${number - 1}`)
      await cluster.query(`drop role ${role.name}`)
    }
    await cluster.query(`create database ${name} owner neondb_owner`)
    if (version === 14) {
      // Neon gives the schema to the owner of the database; from 15 on PostgreSQL does.
      await cluster.query('alter schema public owner to neondb_owner', name)
      await cluster.query('revoke create on schema public from public', name)
    }
    url = cluster.url({ database: name, user: 'neondb_owner', password: OWNER_PASSWORD })
    runtime = testRuntime()
    database = await openDatabase(runtime, { url })
    await database.sql.unsafe(`
      create table users (id bigint generated always as identity primary key, email text not null);
      create table "Odd Name" (id serial primary key);
      insert into users (email) values ('ada@example.com'), ('bob@example.com');
      create view emails as select email from users;
      create schema billing;
      create table billing.invoices (id int primary key, cents int not null);
      create schema neon_setup;
      create table neon_setup.files (name text primary key);
    `)
  })

  const ensure = (text: string, known = new Map<string, string>()) =>
    ensureRoles(runtime, { database, url, roles: parseRoles(text), known })

  /** Runs statements as a role, each alone, and gives what came of it: the rows' number or the SQLSTATE. */
  async function tryAs(login: { name: string; password: string } | undefined, statements: string[]): Promise<string[]> {
    const { name = '', password = '' } = login ?? {}
    const target = new URL(url)
    const sql = postgres(cluster.url({ database: target.pathname.slice(1), user: name, password }), {
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
    })
    try {
      const outcomes: string[] = []
      for (const statement of statements) {
        outcomes.push(
          await sql.unsafe(statement).then(
            (rows) => `ok ${rows.count}`,
            (error: { code?: string }) => String(error.code),
          ),
        )
      }
      return outcomes
    } finally {
      await sql.end({ timeout: 1 })
    }
  }

  const find = (results: RoleResult[], name: string) => results.find((result) => result.name === name)

  test('readwrite changes rows and nothing else; readonly reads only', async () => {
    const results = await ensure('api=readwrite, reports=readonly')
    expect(
      results.map(({ name, level, created, passwordChanged }) => ({ name, level, created, passwordChanged })),
    ).toEqual([
      { name: 'api', level: 'readwrite', created: true, passwordChanged: true },
      { name: 'reports', level: 'readonly', created: true, passwordChanged: true },
    ])
    const statements = [
      'select * from users',
      'select * from emails',
      'select * from billing.invoices',
      "insert into users (email) values ('eve@example.com')",
      'insert into "Odd Name" default values',
      "update users set email = 'x@example.com' where id = 3",
      'delete from users where id = 3',
    ]
    const forbidden = [
      'truncate users',
      'alter table users add column x int',
      'drop table users',
      'create table mine (id int)',
      'create schema mine',
      'create index on users (email)',
      'create role other',
      'select * from neon_setup.files',
      'set role neondb_owner',
      "select pg_read_file('PG_VERSION')",
    ]
    expect(await tryAs(find(results, 'api'), statements)).toEqual([
      'ok 2',
      'ok 2',
      'ok 0',
      'ok 1',
      'ok 1',
      'ok 1',
      'ok 1',
    ])
    const denied = await tryAs(find(results, 'api'), forbidden)
    expect(denied).toEqual(Array(10).fill('42501'))
    await tryAs(find(results, 'api'), ['grant select on users to public'])
    expect(await tryAs(find(results, 'reports'), statements)).toEqual([
      'ok 2',
      'ok 2',
      'ok 0',
      ...Array(4).fill('42501'),
    ])
    const [acl] = await database.sql.unsafe("select has_table_privilege('public', 'users', 'select') as open")
    // GRANT by someone without grant option only warns, so look at what it did.
    expect(acl?.open).toBe(false)
    const [attributes] = await database.sql.unsafe(
      "select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication from pg_roles where rolname = 'api'",
    )
    expect(Object.values(attributes ?? {})).toEqual(Array(5).fill(false))
  })

  test('reach tables that the owner makes later, without another run', async () => {
    const results = await ensure('api=readwrite, reports=readonly')
    await database.sql.unsafe(`
      create table later (id serial primary key, n int);
      create table billing.payments (id int);
      create table neon_setup.later (id int);
    `)
    const statements = [
      'select * from later',
      'select * from billing.payments',
      'insert into later (n) values (1)',
      'truncate later',
      'select * from neon_setup.later',
    ]
    expect(await tryAs(find(results, 'api'), statements)).toEqual(['ok 0', 'ok 0', 'ok 1', '42501', '42501'])
    expect(await tryAs(find(results, 'reports'), statements)).toEqual(['ok 1', 'ok 0', '42501', '42501', '42501'])
  })

  test('keep a known password that logs in and need no statement when all is right; a wrong one is replaced', async () => {
    const [first] = await ensure('api=readwrite')
    const password = first?.password ?? ''
    expect(password).toMatch(/^[A-Za-z0-9_-]{32}$/)
    expect(runtime.masks).toContain(password)
    const [second] = await ensure('api=readwrite', new Map([['api', password]]))
    expect(second).toMatchObject({ password, created: false, passwordChanged: false, changes: [] })
    const [third] = await ensure('api=readwrite', new Map([['api', 'not-the-password']]))
    expect(third).toMatchObject({ created: false, passwordChanged: true, changes: [] })
    expect(third?.password).not.toBe(password)
    await expect(tryAs({ name: 'api', password }, ['select 1'])).resolves.toEqual(['28P01'])
    await expect(tryAs(third, ['select 1'])).resolves.toEqual(['ok 1'])
    expect(runtime.lines.join('\n')).not.toContain(third?.password)
  })

  test('lose what a former level gave, now and for later tables; a new schema is granted by the next run', async () => {
    const [writer] = await ensure('api=readwrite')
    const [reader] = await ensure('api=readonly', new Map([['api', writer?.password ?? '']]))
    await database.sql.unsafe('create table later (id int); create schema fresh; create table fresh.t (id int)')
    const statements = [
      'select * from users',
      'delete from users',
      'select * from later',
      'delete from later',
      'select * from fresh.t',
    ]
    expect(await tryAs(reader, statements)).toEqual(['ok 2', '42501', 'ok 0', '42501', '42501'])
    const [again] = await ensure('api=readonly', new Map([['api', writer?.password ?? '']]))
    expect(again?.changes).toEqual([
      'GRANT USAGE ON SCHEMA fresh TO api',
      'GRANT SELECT ON TABLE fresh.t TO api',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA fresh GRANT SELECT ON SEQUENCES TO api',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA fresh GRANT SELECT ON TABLES TO api',
    ])
    expect(await tryAs(again, ['select * from fresh.t'])).toEqual(['ok 0'])
  })

  test('that others made stay as they are; the owner cannot be one', async () => {
    await database.sql.unsafe("create role reports login password 'theirs'")
    await expect(ensure('api=readwrite, reports=readonly')).rejects.toMatchObject({
      message: "Will not change role 'reports': it exists, and this action did not make it.",
      advice: expect.stringContaining('comment on role "reports" is \'Made by neon-postgres-setup\''),
    })
    expect(await tryAs({ name: 'reports', password: 'theirs' }, ['select 1'])).toEqual(['ok 1'])
    // One transaction: the role before it was undone too.
    expect(await cluster.query("select from pg_roles where rolname = 'api'")).toHaveLength(0)
    await database.sql.unsafe("comment on role reports is 'Made by neon-postgres-setup'")
    expect((await ensure('reports=readonly'))[0]).toMatchObject({ created: false, passwordChanged: true })
  })

  test('warn of tables of another owner and do what they can', async () => {
    const name = new URL(url).pathname.slice(1)
    await cluster.query('create table theirs (id int)', name)
    const [api] = await ensure('api=readwrite')
    expect(runtime.annotations).toMatchObject([
      { kind: 'warning', text: "Role 'api' gets no privileges on public.theirs: another role owns it." },
    ])
    expect(await tryAs(api, ['select * from theirs', 'select * from users'])).toEqual(['42501', 'ok 2'])
  })

  test('cannot be made by a role without the right, and say so', async () => {
    await cluster.query("create role weak login password 'weak-password'")
    const weakUrl = cluster.url({ database: new URL(url).pathname.slice(1), user: 'weak', password: 'weak-password' })
    const weak = await openDatabase(runtime, { url: weakUrl })
    try {
      const options = {
        database: weak,
        url: weakUrl,
        roles: parseRoles('api=readonly'),
        known: new Map<string, string>(),
      }
      await expect(ensureRoles(runtime, options)).rejects.toMatchObject({
        message: expect.stringMatching(/^Could not make the roles: permission denied to create role/),
        title: '42501',
        advice: expect.stringContaining('may create roles'),
      })
    } finally {
      await weak.close()
      await cluster.query('drop role weak')
    }
  })

  test('are the same after two runs at once', async () => {
    const other = await openDatabase(runtime, { url })
    try {
      const roles = parseRoles('api=readwrite, reports=readonly')
      const [known] = [await ensure('api=readwrite, reports=readonly')]
      await database.sql.unsafe('create table racing (id int)')
      const passwords = new Map(known.map(({ name, password }) => [name, password]))
      const runs = await Promise.all(
        [database, other].map((each) => ensureRoles(runtime, { database: each, url, roles, known: passwords })),
      )
      expect(runs.flat().every(({ passwordChanged }) => !passwordChanged)).toBe(true)
      expect(runs.flat().flatMap(({ changes }) => changes)).toEqual([])
      expect(await tryAs(find(known, 'api'), ['select * from racing'])).toEqual(['ok 0'])
    } finally {
      await other.close()
    }
  })
})
