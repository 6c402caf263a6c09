import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { type Database, openDatabase } from '../../src/database/connect.ts'
import {
  changeAgainst,
  countTables,
  diffSnapshots,
  findLosses,
  takeSnapshot,
} from '../../src/database/inspect/index.ts'
import type { Report, SchemaSnapshot, TableCount } from '../../src/model.ts'
import { renderComment, renderSummary } from '../../src/report/index.ts'
import { autolinks, HIDDEN, rendered } from '../support/dom.ts'
import { diagramsIn, loadMermaid } from '../support/mermaid.ts'
import { baseReport } from '../support/reports.ts'
import { testRuntime } from '../support/runtime.ts'

const OPTIONS = { diagram: true, diff: true, showDetail: true }
const COUNTS = { mode: 'exact', perTableMilliseconds: 5000, totalMilliseconds: 20_000, largestBytes: 2 ** 28 } as const

const BEFORE = `
  create table customers (id bigint generated always as identity primary key, name text not null, note text);
  create table "order" (id bigint primary key, customer_id bigint not null references customers (id), price numeric(10,2));
  create table dropped (id int primary key, at timestamptz not null default now());
  create view names as select name from customers;
  create type level as enum ('low', 'high');
  insert into customers (name) values ('a'), ('b');
  insert into "order" values (1, 1, 2), (2, 2, 3);`

const AFTER = `
  alter table "order" add column "pk" text, add column "direction TB" int default 1;
  alter table customers drop column note;
  create index on "order" (pk);
  drop table dropped;
  drop view names;
  create view names as select name, id from customers;
  alter type level add value 'middle' before 'high';
  create table "a|b\`c <b>x</b> @octocat #1" ("x|y
z" text, "\\" int, "1% ""q""" bigint references customers (id), "</details>" "level");
  comment on table customers is '@octocat see #123 https://evil.example </details>';
  create function "f|"() returns text language sql as $$ select '\`\`\`\`' $$;
  insert into "order" (id, customer_id) values (3, 1);`

describe('the report of a real database', () => {
  let cluster: Cluster
  let database: Database
  let report: Report
  let before: SchemaSnapshot

  beforeAll(async () => {
    cluster = await startCluster({ version: 17 })
    database = await openDatabase(testRuntime(), { url: cluster.url() })
    await database.sql.unsafe(BEFORE).simple()
    before = await takeSnapshot(database)
    const baseline: TableCount[] = await countTables(testRuntime(), database, COUNTS)
    await database.sql.unsafe(AFTER).simple()
    const after = await takeSnapshot(database)
    const counts = await countTables(testRuntime(), database, COUNTS)
    const diff = diffSnapshots(before, after)
    const losses = findLosses({
      ...{ diff, files: [] },
      before: { snapshot: before, counts: baseline },
      now: { snapshot: after, counts },
    })
    report = baseReport({ diff, losses, snapshot: after, tables: changeAgainst(counts, baseline) })
  })

  afterAll(async () => {
    await database?.close()
    await cluster?.stop()
  })

  test('names what changed, with rows, also where SQL quotes the name', () => {
    const rows = [...rendered(renderSummary(report, OPTIONS)).body.querySelectorAll('tr')].map((row) => row.textContent)
    const line = (start: string) => rows.find((row) => row.trimStart().startsWith(start)) ?? ''
    expect(line('"order"')).toContain('🟢 new column "direction TB": integer default 1')
    expect(line('"order"')).toContain('3\u00a0(+1)')
    expect(line('customers')).toContain('🔴 dropped column note')
    expect(line('dropped')).toContain('🔴 dropped')
    expect(line('view names')).toContain('🟡 changed view names')
    expect(line('enum level')).toContain("'low', 'high' → 'low', 'middle', 'high'")
    const text = renderComment(report, OPTIONS)
    expect(text).toContain('Drops the table `dropped` (0 rows) with all data.')
    expect(text).toContain('Drops the column `customers.note` (2 rows) with all data.')
  })

  test('draws the changed tables; every diagram parses', async () => {
    const parse = await loadMermaid()
    const diagrams = [renderComment(report, OPTIONS), renderSummary(report, OPTIONS)].flatMap(diagramsIn)
    expect(diagrams).toHaveLength(2)
    for (const diagram of diagrams) expect(await parse(diagram)).toBe('er')
    expect(diagrams[0]).toMatch(/\["✎ order"\]:::changed/)
    expect(diagrams[0]).toMatch(/\["✖ dropped"\]:::removed/)
    expect(diagrams[0]).toMatch(/t\d+ }o--\|\| t\d+ : "customer_id"/)
    expect(diagrams[0]).toContain('timestamptz at')
    const whole = renderSummary({ ...report, diff: undefined as never, snapshot: before }, OPTIONS)
    for (const diagram of diagramsIn(whole)) expect(await parse(diagram)).toBe('er')
  })

  test('lets nothing from the database act', () => {
    for (const markdown of [renderComment(report, OPTIONS), renderSummary(report, OPTIONS)]) {
      const result = rendered(markdown)
      expect(autolinks(result.openText)).toEqual([])
      expect(result.elements).not.toContain('b')
      expect(result.links.filter((url) => !url.startsWith('https://console.neon.tech/'))).toEqual([])
      expect(result.body.textContent).not.toMatch(HIDDEN)
      expect([...result.body.querySelectorAll('details')]).toHaveLength(markdown.match(/^<details>/gm)?.length ?? 0)
    }
  })
})
