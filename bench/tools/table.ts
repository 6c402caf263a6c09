import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from './stories.ts'

/** The table of docs/migration-tools.md from a run of that day. */
export function renderTable(outcomes: Outcome[], date: string): string {
  const rows = outcomes.map(({ setup, problems, secondsToEnd, secondsOfNextRun, failures }) =>
    [
      `${setup.name} ${versionOf(setup.package)}`,
      problems.length === 0 ? 'yes' : `**no**: ${problems.join('; ')}`,
      `${secondsToEnd.toFixed(1)} s`,
      `${secondsOfNextRun.toFixed(1)} s`,
      failures.twice?.told[0] ? `\`${shortened(failures.twice.told[0])}\`` : 'nothing',
      failures.twice?.file ? `\`${failures.twice.file}\`` : '',
      setup.remark ?? '',
    ].join(' | '),
  )
  return [
    `Run on ${date}, PostgreSQL 17, Node ${process.versions.node}.`,
    '',
    'Set-up | Holds | Query ended after | Next run took | Told of a failure | File named | Know',
    '--- | --- | --- | --- | --- | --- | ---',
    ...rows,
    '',
  ].join('\n')
}

const shortened = (text: string) => text.replaceAll('|', '/').replaceAll('`', "'").slice(0, 90)

function versionOf(name: string): string {
  const manifest = join(import.meta.dirname, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
