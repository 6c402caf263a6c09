import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../../sandbox/postgres/index.ts'
import { apply } from '../support/schema.ts'

// What pg_dump 17.6 writes: \restrict, an emptied search_path, COPY blocks with every escape, sequences set at the end.
const DUMP = `--
-- PostgreSQL database dump
--

\\restrict gVuyNfTGZ0tPa5Rd

-- Dumped from database version 17.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET row_security = off;

CREATE TABLE public.notes (
    id integer NOT NULL,
    body text,
    at timestamp with time zone DEFAULT now()
);

CREATE SEQUENCE public.notes_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.notes_id_seq OWNED BY public.notes.id;
ALTER TABLE ONLY public.notes ALTER COLUMN id SET DEFAULT nextval('public.notes_id_seq'::regclass);

--
-- Data for Name: notes; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.notes (id, body, at) FROM stdin;
1\tplain; not the end of a statement\t2026-01-01 00:00:00+00
2\ttab\\tand\\nnewline and \\\\ backslash\t\\N
3\tquote ' and $$ dollar and -- no comment and emoji 😀\t\\N
4\t\\N\t\\N
\\.

COPY public.notes (id, body) FROM stdin;
\\.

SELECT pg_catalog.setval('public.notes_id_seq', 4, true);

ALTER TABLE ONLY public.notes
    ADD CONSTRAINT notes_pkey PRIMARY KEY (id);

\\unrestrict gVuyNfTGZ0tPa5Rd
`

let cluster: Cluster
let number = 0
beforeAll(async () => {
  cluster = await startCluster({ version: 17 })
})
afterAll(() => cluster.stop())

async function freshDatabase(): Promise<{ url: string; query: (text: string) => Promise<Record<string, unknown>[]> }> {
  number += 1
  const name = `dump_${number}`
  await cluster.query(`create database ${name}`)
  return { url: cluster.url({ database: name }), query: (text) => cluster.query(text, name) }
}

describe('pg_dump output', () => {
  test.each([
    ['LF', DUMP],
    ['CRLF', DUMP.replaceAll('\n', '\r\n')],
  ])('is a valid first file (%s), and leaves the session as it was for the next one', async (_, dump) => {
    const { url, query } = await freshDatabase()
    const files = {
      '0001_dump.sql': dump,
      '0002_next.sql': 'insert into notes (body) values (current_setting($$lock_timeout$$));',
    }
    const result = await apply({ url, files })
    expect(result.failure).toBeUndefined()
    expect(result.applied).toBe(2)
    expect(await query('select id, body, at::date::text as at from notes order by id')).toEqual([
      { id: 1, body: 'plain; not the end of a statement', at: '2026-01-01' },
      { id: 2, body: 'tab\tand\nnewline and \\ backslash', at: null },
      { id: 3, body: "quote ' and $$ dollar and -- no comment and emoji 😀", at: null },
      { id: 4, body: null, at: null },
      { id: 5, body: '10s', at: expect.any(String) },
    ])
    expect((await apply({ url, files })).applied).toBe(0)
  })

  test('a bad row is an error on the place of the row, and the file is rolled back', async () => {
    const { url, query } = await freshDatabase()
    const { failure } = await apply({
      url,
      files: { '1.sql': 'create table t (i int);\ncopy t from stdin;\n1\nx\n\\.\nselect 1;' },
    })
    expect(failure).toMatchObject({ file: 'sql/1.sql', sqlstate: '22P02' })
    expect(failure?.line).toBeGreaterThanOrEqual(2)
    expect(await query("select to_regclass('t') as t")).toEqual([{ t: null }])
  })

  test('another backslash command is an error with its line and what to do', async () => {
    const { url } = await freshDatabase()
    const work = apply({ url, files: { '1.sql': 'select 1;\n\\i other.sql\n' } })
    await expect(work).rejects.toMatchObject({
      message: expect.stringContaining('\\i'),
      advice: expect.stringContaining('migrate_command'),
      location: expect.objectContaining({ file: 'sql/1.sql', line: 2 }),
    })
  })
})
