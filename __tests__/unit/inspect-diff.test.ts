import { describe, expect, test } from '@jest/globals'
import { diffSnapshots } from '../../src/database/inspect/index.ts'
import type { Fact, SchemaSnapshot } from '../../src/model.ts'

const snapshot = (hash: string, ...facts: Fact[]): SchemaSnapshot => ({ hash, facts })
const table = (id: string): Fact => ({ kind: 'table', id, table: id, definition: 'table' })
const column = (of: string, name: string, position: number, definition = 'integer'): Fact => ({
  kind: 'column',
  id: `${of}.${name}`,
  table: of,
  definition,
  column: { name, position, type: definition, key: '' },
})
const named = (before: SchemaSnapshot, after: SchemaSnapshot) =>
  diffSnapshots(before, after).changes.map(({ action, kind, id }) => `${action} ${kind} ${id}`)

describe('schema comparison', () => {
  test('stops at equal hashes', () => {
    expect(diffSnapshots(snapshot('h', table('a')), snapshot('h', table('b')))).toEqual({ changes: [], unified: '' })
  })

  test('tells both definitions of what changed, and one of what came or went', () => {
    const before = snapshot('1', table('t'), column('t', 'a', 1), column('t', 'b', 2))
    const after = snapshot('2', table('t'), column('t', 'a', 1, 'bigint'), column('t', 'c', 3))
    expect(diffSnapshots(before, after).changes).toEqual([
      { action: 'changed', kind: 'column', id: 't.a', table: 't', before: 'integer', after: 'bigint' },
      { action: 'removed', kind: 'column', id: 't.b', table: 't', before: 'integer' },
      { action: 'added', kind: 'column', id: 't.c', table: 't', after: 'integer' },
    ])
  })

  test('does not take another order of columns for a difference', () => {
    const before = snapshot('1', table('t'), column('t', 'a', 1), column('t', 'b', 2))
    const after = snapshot('2', table('t'), column('t', 'b', 1), column('t', 'a', 2))
    expect(diffSnapshots(before, after)).toEqual({ changes: [], unified: '' })
  })

  test('sees a rename as one removed and one added', () => {
    expect(named(snapshot('1', table('a')), snapshot('2', table('b')))).toEqual(['removed table a', 'added table b'])
  })

  test('keeps apart what has one identity and two kinds', () => {
    const index: Fact = { kind: 'index', id: 'public.x', table: 't', definition: 'CREATE INDEX x ON t (a)' }
    const sequence: Fact = { kind: 'sequence', id: 'public.x', table: null, definition: 'as bigint' }
    expect(named(snapshot('1', table('t'), index), snapshot('2', table('t'), sequence))).toEqual([
      'removed index public.x',
      'added sequence public.x',
    ])
  })

  test('writes every kind of fact as SQL that a reader knows', () => {
    const facts: Fact[] = [
      { kind: 'schema', id: 'app', table: null, definition: 'schema' },
      { kind: 'enum', id: 'public.mood', table: null, definition: "enum ('sad', 'ok')" },
      { kind: 'table', id: 'public.t', table: 'public.t', definition: 'unlogged table\npartition by LIST (a)' },
      column('public.t', '"odd name"', 1, 'integer not null'),
      { kind: 'constraint', id: 'public.t.pk', table: 'public.t', definition: 'PRIMARY KEY ("odd name")' },
      {
        kind: 'policy',
        id: 'public.t.mine',
        table: 'public.t',
        definition: 'as permissive for all to public using (true)',
      },
      { kind: 'privilege', id: 'table public.t to " to "', table: 'public.t', definition: 'select with grant option' },
      { kind: 'privilege', id: 'owner of table public.t', table: 'public.t', definition: 'boss' },
      { kind: 'privilege', id: 'function public.f() to public', table: null, definition: 'nothing' },
      { kind: 'comment', id: 'table public.t', table: 'public.t', definition: "it's" },
      { kind: 'event trigger', id: 'e', table: null, definition: 'on sql_drop execute function public.f()' },
    ]
    expect(diffSnapshots(snapshot('1'), snapshot('2', ...facts)).unified).toBe(`--- before
+++ after
@@ -0,0 +1,18 @@
+create schema app;
+
+create type public.mood as enum ('sad', 'ok');
+
+create unlogged table public.t (
+    "odd name" integer not null,
+    constraint pk PRIMARY KEY ("odd name"),
+)
+partition by LIST (a);
+create policy mine on public.t as permissive for all to public using (true);
+alter table public.t owner to boss;
+grant select on table public.t to " to " with grant option;
+comment on table public.t is 'it''s';
+
+create event trigger e on sql_drop execute function public.f();
+
+revoke all on function public.f() from public;
+
`)
  })
})
