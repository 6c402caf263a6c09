/**
 * node bench/split.ts [--write]: splits a file of 5 MB into statements as the action does and with libpg-query (the
 * parser of PostgreSQL 18 as WebAssembly), checks that both found the same, and prints milliseconds and ratios as a table
 * and one line of JSON; `--write` also writes docs/benchmarks/split.md.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadModule, parseSync, scanSync } from 'libpg-query'
import { splitStatements } from '../src/database/sql/split.ts'

const MEGABYTES = 5
const RUNS = 7

// Of each kind about as much as a schema with its seed has.
const PIECES = [
  "create table if not exists app.users (\n  id bigint generated always as identity primary key, -- key; of all\n  email text not null unique check (email ~ '^[^@]+@[^@]+$'),\n  \"full name\" text default 'it''s; unknown',\n  created_at timestamptz not null default now()\n);\n",
  "insert into app.users (email, \"full name\") values ('a@example.com', 'Ann; O''Hara'), ('b@example.com', E'B\\'s; 😀');\n",
  'create or replace function app.touch() returns trigger language plpgsql as $body$\nbegin\n  new.updated_at := now(); -- ; $$\n  return new;\nend\n$body$;\n',
  'create function app.total(n int) returns bigint language sql begin atomic\n  select case when n > 0 then count(*) else 0 end from app.users; end;\n',
  '/* a comment; /* within */ a comment */\nalter table app.users add column if not exists updated_at timestamptz;\ncreate index on app.users (lower(email));\n',
]

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
await loadModule()

const piece = PIECES.join('\n')
const source = piece.repeat(Math.ceil((MEGABYTES * 1_000_000) / Buffer.byteLength(piece)))
const WAYS: Record<string, () => number> = {
  'this action': () => splitStatements(source).length,
  'libpg-query, parse': () => parseSync(source).stmts?.length ?? 0,
  'libpg-query, scan': () => scanSync(source).tokens.length,
}

const statements = WAYS['this action']?.()
if (statements !== WAYS['libpg-query, parse']?.()) throw new Error('The two ways found different statements.')

const results = Object.entries(WAYS).map(([way, run]) => {
  const times = Array.from({ length: RUNS }, () => {
    const started = performance.now()
    run()
    return performance.now() - started
  })
  return { way, milliseconds: times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0 }
})

const ours = results[0]?.milliseconds ?? 0
const table = [
  '| Way | ms | ratio |',
  '|---|--:|--:|',
  ...results.map(
    ({ way, milliseconds }) => `| ${way} | ${milliseconds.toFixed(0)} | ${(milliseconds / ours).toFixed(1)} |`,
  ),
].join('\n')
const size = Buffer.byteLength(source)
process.stdout.write(`${table}\n${JSON.stringify({ bytes: size, statements, runs: RUNS, results })}\n`)
if (values.write) {
  const document = `# Splitting a file into statements

Written by \`node bench/split.ts --write\`; run it to see the numbers of your machine.

${table}

Medians of ${RUNS} runs over one text of ${(size / 1e6).toFixed(1)} MB with ${statements?.toLocaleString('en')} statements; both found the same ones. Node ${process.versions.node}. Read
the ratios: above 1 is slower than the action. \`parse\` builds a syntax tree, which splitting does not need; \`scan\` only reads
tokens and does not yet know where a statement ends. The action bundles neither: libpg-query is 1.7 MB of WebAssembly.
`
  await writeFile(new URL('../docs/benchmarks/split.md', import.meta.url), document)
}
