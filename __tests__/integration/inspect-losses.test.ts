import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import { countTables, diffSnapshots, type Facts, findLosses, takeSnapshot } from '../../src/database/inspect/index.ts'
import type { RowsWritten } from '../../src/model.ts'
import { alerts } from '../../src/report/alerts.ts'
import { baseReport } from '../support/reports.ts'
import { testRuntime } from '../support/runtime.ts'

const COUNTS = { mode: 'exact', perTableMilliseconds: 5000, totalMilliseconds: 20_000, largestBytes: 2 ** 28 } as const

const BEFORE = `
create table users (id int primary key, name text); insert into users select g, 'x' from generate_series(1, 500) g;
create table orders (id int, note text); insert into orders select g, 'x' from generate_series(1, 600) g;
create table empty (i int);
create table ev (a int, note text) partition by range (a);
create table ev_1 partition of ev for values from (0) to (100); insert into ev select g, 'x' from generate_series(0, 39) g;
create table ev_2 partition of ev for values from (100) to (200); insert into ev select g, 'x' from generate_series(100, 109) g;
create table loose (a int, note text); insert into loose values (300, 'x');
create index ev_note on ev (note); create index loose_note on loose (note);
create table child (extra int) inherits (users);`

/** A file, with what is watched when it runs; what the comparison says and the warnings above it. */
interface Story {
  sql: string
  rows?: RowsWritten[]
  changes: string[]
  alerts: string[]
}

const deleted = (table: string, count: number, inserted = 0): RowsWritten => ({
  table,
  inserted,
  updated: 0,
  deleted: count,
})

const STORIES: Record<string, Story> = {
  'a column dropped and added under its name, inside DO': {
    sql: 'do $$ begin alter table users drop column name; alter table users add column name text; end $$',
    changes: ['changed column public.users.name (replaced)'],
    alerts: ['Drops and makes anew the column `users.name` (500 rows) with all data that was in it.'],
  },
  'a renamed table and column, whose rows stay': {
    sql: 'alter table users rename to members; alter table members rename column name to full_name',
    changes: [
      'changed table public.members (was public.users)',
      'changed column public.members.full_name (was public.users.name)',
    ],
    alerts: [],
  },
  'a column dropped and added in a table that is renamed as well': {
    sql: 'alter table users rename to members; alter table members drop column name; alter table members add column name text',
    changes: ['changed table public.members (was public.users)', 'changed column public.members.name (replaced)'],
    alerts: ['Drops and makes anew the column `members.name` (500 rows) with all data that was in it.'],
  },
  'a column dropped in a table that is renamed as well': {
    sql: 'alter table users rename to members; alter table members drop column name',
    changes: ['changed table public.members (was public.users)', 'removed column public.users.name'],
    alerts: ['Drops the column `members.name` (500 rows) with all data.'],
  },
  'a table dropped and made anew with fewer rows': {
    sql: `create table users_new (id int primary key, name text); insert into users_new select * from only users limit 400;
      drop table child; drop table users; alter table users_new rename to users`,
    changes: [
      'changed table public.users (replaced)',
      'removed table public.child',
      'removed column public.child.extra',
      'added constraint public.users.users_new_pkey',
      'removed constraint public.users.users_pkey',
    ],
    alerts: [
      'Drops the table `child` (0 rows) with all data.',
      'The table `users` was dropped and made anew: 500 → 400 rows.',
    ],
  },
  'rows deleted while it was watched': {
    sql: 'delete from orders',
    rows: [deleted('public.orders', 600)],
    changes: [],
    alerts: ['600 rows of `orders` deleted.'],
  },
  'rows deleted in a partition': {
    sql: 'delete from ev where a < 10',
    rows: [deleted('public.ev_1', 10)],
    changes: [],
    alerts: ['10 rows of `ev_1` deleted.'],
  },
  'rows deleted by a tool that nobody watched': {
    sql: 'delete from orders where id <= 100',
    changes: [],
    alerts: ['100 rows of `orders` are gone, 500 are left.'],
  },
  'a table truncated and filled again': {
    sql: `truncate orders; insert into orders select g, 'y' from generate_series(1, 700) g`,
    rows: [deleted('public.orders', 0, 700)],
    changes: [],
    alerts: ['600 rows of `orders` are gone, 700 are left.'],
  },
  'rows that the same files had inserted': {
    sql: 'insert into empty values (1), (2); delete from empty where i = 1',
    rows: [deleted('public.empty', 1, 2)],
    changes: [],
    alerts: [],
  },
  'dropped tables with their rows': {
    sql: 'drop table orders; drop table empty',
    changes: [
      'removed table public.empty',
      'removed column public.empty.i',
      'removed table public.orders',
      'removed column public.orders.id',
      'removed column public.orders.note',
    ],
    alerts: ['Drops the tables `empty` (0 rows) and `orders` (600 rows) with all data.'],
  },
  'a dropped partition': {
    sql: 'drop table ev_1',
    changes: ['removed table public.ev_1'],
    alerts: ['Drops the table `ev_1` (40 rows) with all data.'],
  },
  'a table attached as a partition': {
    sql: 'alter table ev attach partition loose for values from (200) to (400)',
    changes: ['changed table public.loose: attached to public.ev as a partition FOR VALUES FROM (200) TO (400)'],
    alerts: [],
  },
  'a partition detached, which keeps its rows': {
    sql: 'alter table ev detach partition ev_1',
    changes: ['changed table public.ev_1: detached from public.ev; it keeps its rows'],
    alerts: [],
  },
  'a child that inherits no more': {
    sql: 'alter table child no inherit users',
    changes: ['changed table public.child: inherits from public.users no more'],
    alerts: [],
  },
  'a partition with a default of its own': {
    sql: 'alter table ev_1 alter note set default 2',
    changes: ['changed column public.ev_1.note: not as its parent has it any more'],
    alerts: [],
  },
}

describe('what is lost', () => {
  let cluster: Cluster
  let database: Database
  let before: Facts

  const look = async (): Promise<Facts> => ({
    snapshot: await takeSnapshot(database),
    counts: await countTables(testRuntime(), database, COUNTS),
  })

  beforeAll(async () => {
    cluster = await startCluster({ version: 17 })
    await cluster.query(BEFORE)
    database = await openDatabase(testRuntime(), { url: cluster.url() })
    before = await look()
  })
  afterAll(async () => {
    await database?.close()
    await cluster?.stop()
  })

  test.each(Object.keys(STORIES))('%s', async (name) => {
    const story = STORIES[name] as Story
    await database.sql.unsafe(`begin; ${story.sql}`).simple()
    try {
      const now = await look()
      const diff = diffSnapshots(before.snapshot, now.snapshot)
      const files = [{ rows: story.rows ?? [] }]
      const losses = findLosses({ before, now, diff, files })
      expect(alerts(baseReport({ diff, losses, warnings: [] }))).toEqual(story.alerts)
      const told = diff.changes.map(({ action, kind, id, from, replaced, note }) =>
        [
          `${action} ${kind} ${id}`,
          from ? ` (was ${from})` : '',
          replaced ? ' (replaced)' : '',
          note ? `: ${note}` : '',
        ].join(''),
      )
      expect(told.sort()).toEqual(story.changes.sort())
    } finally {
      await database.sql.unsafe('rollback').simple()
    }
  })
})
