import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SETUPS, type Setup } from './setups.ts'
import type { Outcome } from './stories.ts'

/** What the table tells of one set-up. */
export interface Row {
  date: string
  version: string
  problems: string[]
  secondsToEnd: number
  secondsOfNextRun: number
  told: string
  file: string
}

/** Rows by the names of the set-ups. */
export type Rows = Record<string, Row>

/** The row of an outcome of today. */
export function rowOf({ setup, problems, secondsToEnd, secondsOfNextRun, failures }: Outcome): Row {
  const { twice } = failures
  return {
    date: new Date().toISOString().slice(0, 10),
    version: versionOf(setup.package),
    ...{ problems, secondsToEnd, secondsOfNextRun },
    told: twice?.told[0] ?? '',
    file: twice?.file?.replace(/^.*\/migrations\//, 'migrations/') ?? '',
  }
}

/** The table of docs/migration-tools.md; null while a set-up has not been run. */
export function renderTable(rows: Rows): string | null {
  const lines = SETUPS.map((setup) => line(setup, rows[setup.name]))
  if (lines.includes(null)) return null
  return [
    `PostgreSQL 17, Node ${process.versions.node}.`,
    '',
    '| Set-up | Run | Holds | Query ended after | Next run took | Told of a failure | Migration named | Know |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}

function line({ name, remark = '' }: Setup, row: Row | undefined): string | null {
  if (!row) return null
  const cells = [
    `${name} ${row.version}`,
    row.date,
    row.problems.length === 0 ? 'yes' : `**no**: ${row.problems.join('; ')}`,
    `${row.secondsToEnd.toFixed(1)} s`,
    `${row.secondsOfNextRun.toFixed(1)} s`,
    row.told === '' ? 'nothing' : code(row.told),
    row.file === '' ? '' : code(row.file),
    remark,
  ]
  return `| ${cells.join(' | ')} |`
}

const code = (text: string) => `\`${text.replaceAll('|', '/').replaceAll('`', "'").slice(0, 90)}\``

function versionOf(name: string): string {
  const manifest = join(import.meta.dirname, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
