import { describe, expect, test } from '@jest/globals'
import { diffDumps } from '../../src/database/inspect/index.ts'

const dump = (body: string, token = 'a') => `--
-- PostgreSQL database dump
--

\\restrict ${token}

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

${body}

\\unrestrict ${token}
`

const MAIN = dump(`--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id bigint NOT NULL,
    email text DEFAULT 'a,b (c)'::text NOT NULL,
    CONSTRAINT users_email_check CHECK ((email <> ''::text))
);

ALTER TABLE public.users OWNER TO neondb_owner;
ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX users_email_idx ON public.users USING btree (email);
CREATE FUNCTION public.f(a integer, b numeric(10,2)) RETURNS integer
    LANGUAGE sql AS $$ select 1; $$;`)

const told = (before: string, after: string) =>
  diffDumps(before, after).changes.map(({ action, kind, id, table }) => [action, kind, id, table])

describe('the difference of two dumps', () => {
  test('equal schemas are none, although each dump has another token', () => {
    expect(diffDumps(MAIN, MAIN.replaceAll('strict a', 'strict b'))).toEqual({ changes: [], unified: '' })
  })

  test('other owners are none, and no diff stands above "no schema change"', () => {
    const theirs = MAIN.replaceAll('OWNER TO neondb_owner', 'OWNER TO deploy')
    expect(theirs).not.toBe(MAIN)
    expect(diffDumps(MAIN, theirs)).toEqual({ changes: [], unified: '' })
  })

  test('a column, a table with its parts, an index, a changed default and a dropped function are told as things', () => {
    const after = MAIN.replace('NOT NULL,\n    CONSTRAINT', 'NOT NULL,\n    points integer DEFAULT 0,\n    CONSTRAINT')
      .replace("'a,b (c)'", "'none'")
      .replace(/CREATE FUNCTION[\s\S]*?\$\$;/, '')
      .replace(
        'CREATE INDEX',
        `CREATE TABLE public."Badges" (
    id integer NOT NULL
);
ALTER TABLE ONLY public."Badges" ADD CONSTRAINT "Badges_pkey" PRIMARY KEY (id);
CREATE UNIQUE INDEX "badges;x" ON public."Badges" USING btree (id);
CREATE INDEX`,
      )
    expect(told(MAIN, after)).toEqual([
      ['removed', 'function', 'public.f(a integer, b numeric(10,2))', null],
      ['added', 'table', 'public."Badges"', 'public."Badges"'],
      ['added', 'column', 'public."Badges".id', 'public."Badges"'],
      ['changed', 'column', 'public.users.email', 'public.users'],
      ['added', 'column', 'public.users.points', 'public.users'],
      ['added', 'constraint', 'public."Badges"."Badges_pkey"', 'public."Badges"'],
      ['added', 'index', 'public."badges;x"', 'public."Badges"'],
    ])
    expect(diffDumps(MAIN, after).unified).toMatch(/^\+ {4}points integer DEFAULT 0,$/m)
  })

  test.each([
    ['CREATE VIEW public.v AS\n SELECT 1;', 'view', 'public.v', 'public.v'],
    ['CREATE MATERIALIZED VIEW public.m AS\n SELECT 1\n  WITH NO DATA;', 'materialized view', 'public.m', 'public.m'],
    ["CREATE TYPE public.mood AS ENUM (\n    'ok'\n);", 'enum', 'public.mood', null],
    ['CREATE TYPE public.pair AS (\n\ta integer\n);', 'type', 'public.pair', null],
    ['CREATE DOMAIN public.d AS text;', 'domain', 'public.d', null],
    ['CREATE SEQUENCE public.s\n    START WITH 1;', 'sequence', 'public.s', null],
    [
      'CREATE TRIGGER t BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.g();',
      'trigger',
      'public.users.t',
      'public.users',
    ],
    ['CREATE POLICY p ON public.users FOR SELECT USING (true);', 'policy', 'public.users.p', 'public.users'],
    ['CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;', 'extension', 'pg_trgm', null],
    ['CREATE SCHEMA app;', 'schema', 'app', null],
    ["COMMENT ON TABLE public.users IS 'all; of them';", 'comment', 'TABLE public.users', null],
    [
      'GRANT SELECT ON TABLE public.users TO reader;',
      'privilege',
      'GRANT SELECT ON TABLE public.users TO reader',
      null,
    ],
    ['CREATE PUBLICATION p FOR ALL TABLES;', 'object', 'PUBLICATION p FOR ALL TABLES', null],
  ])('%s', (sql, kind, id, table) => {
    const after = MAIN.replace('\n\n\\unrestrict', `\n${sql}\n\n\\unrestrict`)
    expect(told(MAIN, after)).toEqual([['added', kind, id, table]])
    expect(told(after, MAIN)).toEqual([['removed', kind, id, table]])
  })

  test('a partition that is attached and row-level security that is turned on change their table', () => {
    const child = 'CREATE TABLE public.child (\n    id bigint NOT NULL\n);'
    const before = dump(child)
    const after = dump(
      `${child}\nALTER TABLE ONLY public.users ATTACH PARTITION public.child FOR VALUES FROM (1) TO (2);\nALTER TABLE public.child ENABLE ROW LEVEL SECURITY;`,
    )
    expect(told(before, after)).toEqual([['changed', 'table', 'public.child', 'public.child']])
  })

  test("the action's own schema is no difference, in neither form; what the user built on it is", () => {
    const own = `CREATE SCHEMA neon_setup;
CREATE TABLE neon_setup.migrations (
    name text NOT NULL
);
COMMENT ON TABLE neon_setup.migrations IS 'kept by';
ALTER TABLE ONLY neon_setup.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
CREATE INDEX i ON neon_setup.migrations USING btree (name);
GRANT USAGE ON SCHEMA neon_setup TO reader;
ALTER TABLE neon_setup.migrations OWNER TO neondb_owner;`
    const with_ = (more: string) => MAIN.replace('CREATE TABLE public.users', `${more}\nCREATE TABLE public.users`)
    expect(diffDumps(MAIN, with_(own))).toEqual({ changes: [], unified: '' })
    const view = 'CREATE VIEW public.done AS\n SELECT name FROM neon_setup.migrations;'
    expect(told(MAIN, with_(`${own}\n${view}`))).toEqual([['added', 'view', 'public.done', 'public.done']])
    expect(told(MAIN, with_('CREATE TABLE public.neon_setup (\n    i integer\n);')).length).toBe(2)
  })
})
