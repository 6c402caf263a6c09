import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, type PostgresVersion, startCluster } from '../../sandbox/postgres/index.ts'
import { startDelayProxy } from '../../sandbox/proxy/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import {
  diffSnapshots,
  readBaseline,
  saveBaseline,
  takeHash,
  takeOver,
  takeSnapshot,
} from '../../src/database/inspect/index.ts'
import type { SchemaSnapshot } from '../../src/model.ts'
import { testRuntime } from '../support/runtime.ts'

const EVERY_KIND = readFileSync(new URL('../support/every-kind.sql', import.meta.url), 'utf8')
const VIEWS = `
create view public.v with (security_invoker = true) as select u.id, u.name from public.users u;
create materialized view public.mv as select id from public.users;`
const VERSIONS: PostgresVersion[] = [14, 15, 16, 17, 18]

const clusters = new Map<PostgresVersion, Cluster>()
const clusterOf = (version: PostgresVersion) => {
  const cluster = clusters.get(version)
  if (!cluster) throw new Error(`No cluster of version ${version}.`)
  return cluster
}

async function inDatabase<T>(cluster: Cluster, name: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(testRuntime(), { url: cluster.url({ database: name }) })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

const texts = ({ facts }: SchemaSnapshot) => facts.map(({ kind, id, definition }) => `${kind} ${id}: ${definition}`)

beforeAll(async () => {
  for (const version of VERSIONS) {
    const cluster = await startCluster({ version })
    clusters.set(version, cluster)
    await cluster.query('create database every')
    await cluster.query(EVERY_KIND, 'every')
    await cluster.query('create database copy template every')
  }
})
afterAll(async () => {
  for (const cluster of clusters.values()) await cluster.stop()
})

describe('facts', () => {
  test('are all there, defined in full, and nothing that is not the user’s', async () => {
    const snapshot = await inDatabase(clusterOf(17), 'every', takeSnapshot)
    expect(texts(snapshot)).toEqual(
      readFileSync(new URL('../support/every-kind.txt', import.meta.url), 'utf8')
        .split('\n---\n')
        .map((text) => text.trimEnd()),
    )
  })

  test.each(VERSIONS)('are the same on PostgreSQL %i as on 17, save versions of extensions', async (version) => {
    const portable = (snapshot: SchemaSnapshot) => texts(snapshot).filter((text) => !text.startsWith('extension'))
    const here = await inDatabase(clusterOf(version), 'every', takeSnapshot)
    const there = await inDatabase(clusterOf(17), 'every', takeSnapshot)
    expect(portable(here)).toEqual(portable(there))
  })

  test('give equal hashes on 14 to 18 where no extension is installed', async () => {
    const hashes = new Set<string>()
    for (const version of VERSIONS) {
      await clusterOf(version).query('create database plain')
      await clusterOf(version).query(EVERY_KIND.replace('create extension hstore;', ''), 'plain')
      hashes.add(await inDatabase(clusterOf(version), 'plain', takeHash))
    }
    expect([...hashes]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  })

  test('of views are printed otherwise by 14 and 15 than by 16 to 18, which qualify fewer columns', async () => {
    const printed: Partial<Record<PostgresVersion, string[]>> = {}
    for (const version of VERSIONS) {
      const views = version === 14 ? VIEWS.replace('with (security_invoker = true)', '') : VIEWS
      await clusterOf(version).query('create database views template every')
      await clusterOf(version).query(views, 'views')
      const { facts } = await inDatabase(clusterOf(version), 'views', takeSnapshot)
      printed[version] = facts
        .filter(({ kind }) => /view$/.test(kind))
        .map(({ kind, id, definition }) => `${kind} ${id} ${definition}`)
    }
    const early = 'materialized view public.mv as\n SELECT users.id\n   FROM public.users'
    expect(printed[14]).toEqual([early, 'view public.v as\n SELECT u.id,\n    u.name\n   FROM public.users u'])
    expect(printed[15]).toEqual([
      early,
      'view public.v with (security_invoker=true)\nas\n SELECT u.id,\n    u.name\n   FROM public.users u',
    ])
    for (const version of [16, 17, 18] as const) {
      expect(printed[version]).toEqual([
        'materialized view public.mv as\n SELECT id\n   FROM public.users',
        'view public.v with (security_invoker=true)\nas\n SELECT id,\n    name\n   FROM public.users u',
      ])
    }
  })

  test('of columns carry place, type and key; of foreign keys what they reference', async () => {
    const { facts } = await inDatabase(clusterOf(18), 'every', takeSnapshot)
    const columns = facts
      .filter(({ kind, table }) => kind === 'column' && table === 'public.users')
      .map(({ column }) => column)
    expect(columns.toSorted((a, b) => (a?.position ?? 0) - (b?.position ?? 0))).toEqual([
      { name: 'id', position: 1, type: 'bigint', key: 'PK' },
      { name: 'email', position: 2, type: 'public.email', key: '' },
      { name: 'name', position: 3, type: 'text', key: 'UK' },
      { name: 'mood', position: 4, type: 'public.mood', key: '' },
      { name: 'born', position: 5, type: 'timestamp with time zone', key: '' },
      { name: 'lower_name', position: 6, type: 'text', key: '' },
      { name: 'n', position: 7, type: 'integer', key: '' },
      { name: 'big', position: 8, type: 'text', key: '' },
    ])
    const odd = facts.find(({ column }) => column?.name === 'sel|ect')
    expect(odd).toMatchObject({ id: 'shop."Odd ""name"."sel|ect"', column: { key: 'FK' } })
    expect(facts.filter(({ references }) => references)).toEqual([
      expect.objectContaining({ kind: 'constraint', table: 'shop."Odd ""name"', references: 'public.users' }),
    ])
  })
})

describe('a copy', () => {
  test.each(VERSIONS)('of a database has its hash, on PostgreSQL %i', async (version) => {
    const [original, copy] = await Promise.all([
      inDatabase(clusterOf(version), 'every', takeSnapshot),
      inDatabase(clusterOf(version), 'copy', takeSnapshot),
    ])
    expect(copy).toEqual(original)
    // What takes nothing over has the hash that the server made of it.
    const same = { snapshot: original, counts: [] }
    expect(takeOver(same, same, same).snapshot).toEqual(original)
    expect(diffSnapshots(original, copy)).toEqual({ changes: [], unified: '' })
  })

  test('differs by what was done to it, and no more', async () => {
    const cluster = clusterOf(18)
    await cluster.query('create database changed template every')
    await cluster.query(
      `alter table public.users add column zip int not null default 3, drop column lower_name;
       alter table public.ul rename to ul2;
       alter table public.users add constraint positive check (id > 0), add not null big;
       update neon_setup.ledger set n = 1; create table neon_setup.more (i int); create table neon.more (i int);`,
      'changed',
    )
    const diff = diffSnapshots(
      await inDatabase(cluster, 'every', takeSnapshot),
      await inDatabase(cluster, 'changed', takeSnapshot),
    )
    expect(diff.changes.map(({ action, kind, id, from }) => `${action} ${kind} ${id} ${from ?? ''}`.trim())).toEqual([
      'changed table public.ul2 public.ul',
      'changed column public.users.big',
      'removed column public.users.lower_name',
      'added column public.users.zip',
      'added constraint public.users.positive',
    ])
    expect(diff.unified).toContain(
      '\n-create unlogged table public.ul (\n+create unlogged table public.ul2 (\n     a integer,\n',
    )
    expect(diff.unified).toContain('\n+    zip integer default 3 not null,\n')
  })
})

describe('Neon’s own', () => {
  test('roles, what they own and what they were granted is left out, for a user who is not one of them', async () => {
    const cluster = clusterOf(17)
    await cluster.query(
      `create role owner_of_it login password 'secret-of-owner'; create role neon_superuser; create role databricks_reader`,
    )
    await cluster.query('create database neondb owner owner_of_it')
    const ask = async () => {
      const url = cluster.url({ database: 'neondb', user: 'owner_of_it', password: 'secret-of-owner' })
      const database = await openDatabase(testRuntime(), { url })
      try {
        return await takeSnapshot(database)
      } finally {
        await database.close()
      }
    }
    await cluster.query('set role owner_of_it; create table public.mine (i int)', 'neondb')
    const before = await ask()
    // As compute_ctl does it, connected as the cluster's superuser.
    await cluster.query(
      `create table public.health_check (id serial primary key, updated_at timestamptz default now());
       create function public.health_check_write_succeeds() returns int language sql as 'select 1';
       create schema theirs; create table theirs.x (i int); alter schema public owner to owner_of_it;
       alter default privileges in schema public grant all on tables to neon_superuser with grant option;
       alter default privileges in schema public grant all on sequences to neon_superuser with grant option;
       grant select on public.mine to neon_superuser, databricks_reader;
       create schema neon; create schema neon_migration; revoke all on schema neon_migration from public`,
      'neondb',
    )
    const after = await ask()
    expect(after.facts).toEqual(before.facts)
    expect(after.hash).toBe(before.hash)
    expect(before.facts.map(({ id }) => id)).toContain('public.mine')
    // A user may hand a table to neon_superuser, of which every role of the console is a member; it stays the user's.
    await cluster.query('alter table public.mine owner to neon_superuser', 'neondb')
    expect(diffSnapshots(before, await ask()).changes).toEqual([
      expect.objectContaining({ action: 'added', id: 'owner of table public.mine', after: 'neon_superuser' }),
    ])
  })
})

describe('looking', () => {
  test('takes one round trip for the hash and one for the snapshot, and leaves the session as it was', async () => {
    const cluster = clusterOf(17)
    const proxy = await startDelayProxy({ targetPort: cluster.port, roundTripMilliseconds: 0 })
    const url = new URL(cluster.url({ database: 'every' }))
    url.port = String(proxy.port)
    const database = await openDatabase(testRuntime(), {
      url: url.href,
      settings: { search_path: 'shop', timezone: 'Asia/Tokyo', datestyle: 'German' },
    })
    try {
      proxy.reset()
      const hash = await takeHash(database)
      expect(proxy.roundTrips()).toBe(1)
      const snapshot = await takeSnapshot(database)
      expect(proxy.roundTrips()).toBe(2)
      expect(snapshot.hash).toBe(hash)
      expect(hash).toBe(await inDatabase(cluster, 'every', takeHash))
      const settings = await database.sql.unsafe(
        `select current_setting('search_path') s, current_setting('timezone') t, current_setting('datestyle') d, current_setting('jit') j`,
      )
      expect(settings[0]).toEqual({ s: 'shop', t: 'Asia/Tokyo', d: 'German, DMY', j: 'on' })
    } finally {
      await database.close()
      await proxy.close()
    }
  })
})

describe('the baseline of a branch', () => {
  test('is kept in our own schema, the first one stays, and it is no difference', async () => {
    const cluster = clusterOf(16)
    await cluster.query('create database based')
    await cluster.query(
      EVERY_KIND.replace('create schema neon_setup;', 'create schema other;').replaceAll('neon_setup.', 'other.'),
      'based',
    )
    await inDatabase(cluster, 'based', async (database) => {
      expect(await readBaseline(database, 'br-1')).toBeNull()
      const snapshot = await takeSnapshot(database)
      const counts = [
        { schema: 'a', name: 'b"', kind: 'table', rows: 3, precision: 'exact', visibleOnly: false, bytes: 8192 },
      ] as const
      await saveBaseline(database, 'br-1', { snapshot, counts: [...counts] })
      await saveBaseline(database, 'br-1', { snapshot: { hash: 'later', facts: [] }, counts: [] })
      await saveBaseline(database, 'br-2', { snapshot: { hash: 'two', facts: [] }, counts: [] })
      const kept = await readBaseline(database, 'br-1')
      expect(kept).toEqual({
        takenAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        snapshot,
        counts,
      })
      expect((await readBaseline(database, 'br-2'))?.snapshot.hash).toBe('two')
      expect(await readBaseline(database, 'br-3')).toBeNull()
      expect(await takeHash(database)).toBe(snapshot.hash)
    })
  })

  test('of version 1.0.0, without identities, is read, and compared by name in the kinds that it knew', async () => {
    const cluster = clusterOf(17)
    await cluster.query('create database aged template every')
    await cluster.query(`create publication there_before; alter table public.users alter n set statistics 7`, 'aged')
    await inDatabase(cluster, 'aged', async (database) => {
      const { facts } = await takeSnapshot(database)
      const early = facts
        .filter(({ kind, id }) => !['publication', 'setting'].includes(kind) && id !== 'extension hstore')
        .map(({ identity: _identity, secret: _secret, ...fact }) => fact)
      await saveBaseline(database, 'br-aged', { snapshot: { hash: 'of then', facts: early }, counts: [] })
      const kept = (await readBaseline(database, 'br-aged'))?.snapshot as SchemaSnapshot
      expect(diffSnapshots(kept, await takeSnapshot(database))).toEqual({ changes: [], unified: '' })
      await database.sql.unsafe('alter table public.ul add b int; alter table public.par rename to parent').simple()
      const told = diffSnapshots(kept, await takeSnapshot(database)).changes.map(
        ({ action, kind, id }) => `${action} ${kind} ${id}`,
      )
      expect(told).toEqual(
        expect.arrayContaining(['added column public.ul.b', 'removed table public.par', 'added table public.parent']),
      )
    })
  })

  test('is made by several runs at once', async () => {
    const cluster = clusterOf(18)
    await cluster.query('create database raced')
    const baseline = { snapshot: { hash: 'h', facts: [] }, counts: [] }
    await Promise.all(
      Array.from({ length: 8 }, () =>
        inDatabase(cluster, 'raced', (database) => saveBaseline(database, 'br', baseline)),
      ),
    )
    expect((await inDatabase(cluster, 'raced', (database) => readBaseline(database, 'br')))?.snapshot.hash).toBe('h')
  })
})
