import { availableParallelism } from 'node:os'
import type { Run } from './measure.ts'

/** What one tool needed in one case; without `seconds` it did not run. */
export interface Result {
  name: string
  version: string
  how: string
  runs: Run[]
  /** Median of the runs, as is `roundTrips`. */
  seconds?: number
  roundTrips?: number
  connections?: number
  /** Seconds that a run left out would have taken, from the smaller case. */
  skippedAbout?: number
}

/** One corpus over one distance; the first result is ours. */
export interface Case {
  files: number
  roundTripMilliseconds: number
  measuredRoundTrip: number
  results: Result[]
}

/** What the run was. */
export interface About {
  date: string
  postgres: string
  quick: boolean
  full: boolean
}

/** The Markdown table of a case, under a heading. */
export function renderTable(one: Case): string {
  const ours = one.results[0]?.seconds
  const rows = one.results.map(({ name, version, runs, seconds, roundTrips, connections, skippedAbout }) => {
    const tool = `${name} ${version}`
    if (seconds === undefined || ours === undefined) {
      return `| ${tool} | not run (about ${Math.round(skippedAbout ?? 0)} s) | | | | |`
    }
    return `| ${tool} | ${seconds.toFixed(2)} | ${(seconds / ours).toFixed(1)} | ${roundTrips} | ${connections} | ${everyRun(runs)} |`
  })
  return [
    `## ${one.files.toLocaleString('en')} files, ${one.roundTripMilliseconds} ms round trip (${one.measuredRoundTrip.toFixed(1)} ms measured)`,
    '',
    '| Tool | Seconds | Ratio to ours | Round trips | Connections | Each run, s |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
  ].join('\n')
}

function everyRun(runs: Run[]): string {
  return runs.map(({ seconds }) => seconds.toFixed(2)).join(', ')
}

/** The goal beside what was measured: 200 files at 30 ms under 1 s, 20 times node-pg-migrate, 40 times dbmate. */
function renderGoal(cases: Case[]): string {
  const far = cases.find((one) => one.files === 200 && one.roundTripMilliseconds === 30)
  const seconds = (name: string) => far?.results.find((result) => result.name === name)?.seconds ?? Number.NaN
  const ours = seconds('neon-postgres-setup')
  const line = (goal: string, value: string, met: boolean) => `| ${goal} | ${value} | ${met ? 'yes' : '**no**'} |`
  const ratio = (name: string) => seconds(name) / ours
  return [
    '| Goal for 200 files at 30 ms | Measured | Met |',
    '| --- | ---: | --- |',
    line('under 1 s', `${ours.toFixed(2)} s`, ours < 1),
    ...[
      { name: 'node-pg-migrate', goal: 20 },
      { name: 'dbmate', goal: 40 },
    ].map(({ name, goal }) =>
      line(`at least ${goal} times as fast as ${name}`, `${ratio(name).toFixed(1)} times`, ratio(name) >= goal),
    ),
    '',
  ].join('\n')
}

/** The whole of `docs/benchmarks/apply.md`. */
export function renderDocument(cases: Case[], about: About): string {
  const tools = cases[0]?.results ?? []
  return `# Applying files: this action and five migration tools

Written by \`npm run bench:apply\` on ${about.date}; PostgreSQL ${about.postgres}, Node.js ${process.version}, ${availableParallelism()} cores.
\`-- --quick\` runs 200 files only and leaves this page alone, \`-- --full\` also runs what this page says was not run.

${renderGoal(cases)}
${cases.map(renderTable).join('\n')}
## How it was measured

- A file holds one statement: create table, add column, create index, insert of three rows, in turn. Every tool gets the
  same statements in its own format, and keeps its ledger.
- Each run is a new process against a new database. Seconds are wall time from the start of the process to its end, the
  median of the runs. The action's engine is bundled and minified as its dist is.
- The distance is a TCP proxy on 127.0.0.1 that holds data back for half the round trip each way. A round trip is a flight of
  client data that the server answered, login included; the TCP handshake is not counted or delayed. There is no limit of
  bandwidth and no slow start.
- No TLS for anyone (some peers cannot be told to trust a self-signed certificate), SCRAM passwords. \`fsync\`,
  \`synchronous_commit\`, \`full_page_writes\`, \`shared_buffers\` and \`max_wal_size\` are PostgreSQL's defaults.
- After each run the tables, columns, indexes, rows and ledger rows are counted; a tool that left one out ends the benchmark.
- Over a distance the peers ran once: waiting decides there, and it hardly varies.
- The machine was not kept free: where the runs of one tool lie far apart, other load is one possible cause, and a ratio is only as good as
  that spread. The number of round trips does not depend on it over a distance; at 0 ms a pipelined chain counts more,
  because the first answers are back before the last message is sent, and nobody waited for them.
- Runs that would take more than 75 s are left out without \`--full\`; their seconds are five times those of 200 files.

| Tool | How it ran |
| --- | --- |
${tools.map(({ name, version, how }) => `| ${name} ${version} | ${how} |`).join('\n')}
`
}
